/** Checks that a signed token opens its panel until it expires, and that a tampered one opens nothing. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { signEmbedToken, verifyEmbedToken } from "../../../../core/http/identity/embeds/embed-token.ts";

const SECRET = "a secret of the portal";
const GRANT = { panel: "stages:r1", expires: 1_000_000 };

test("is valid before its expiry, and expired from then on", () => {
  const token = signEmbedToken(GRANT, SECRET);
  expect(token).toBe(encodeURIComponent(token));
  expect(verifyEmbedToken(token, SECRET, 999_999)).toEqual({ state: "valid", ...GRANT });
  expect(verifyEmbedToken(token, SECRET, 1_000_000)).toEqual({ state: "expired", ...GRANT });
});

test("a token signed with another secret is invalid, even after it expired", () => {
  const token = signEmbedToken(GRANT, "another");
  expect(verifyEmbedToken(token, SECRET, 0)).toEqual({ state: "invalid" });
  expect(verifyEmbedToken(token, SECRET, 2_000_000)).toEqual({ state: "invalid" });
});

test("with any character changed, and any other text, is invalid", () => {
  const token = signEmbedToken(GRANT, SECRET);
  const changed = fc.tuple(fc.nat(token.length - 1), fc.constantFrom(..."ABCxyz019-_.")).map(([at, char]) => {
    return token.slice(0, at) + char + token.slice(at + 1);
  });
  fc.assert(
    fc.property(fc.oneof(changed, fc.string(), fc.constant("")), (text) => {
      fc.pre(
        Buffer.from(text.split(".")[2] ?? "", "base64url").compare(
          Buffer.from(token.split(".")[2]!, "base64url"),
        ) !== 0 || text.split(".")[1] !== token.split(".")[1],
      );
      expect(verifyEmbedToken(text, SECRET, 0)).toEqual({ state: "invalid" });
    }),
  );
});
