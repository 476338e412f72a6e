/** Checks that a proxy is trusted only with the secret, and only for headers that nobody else can have written. */
import { expect, test } from "bun:test";
import { identityOfProxy } from "../../../../core/http/identity/proxy.ts";
import { ConfigError, readConfig } from "../../../../core/operations/config.ts";
import { AppError } from "../../../../core/platform/errors.ts";

const SETTINGS = {
  AUTH: "proxy",
  TRUSTED_PROXIES: "10.0.0.1",
  TRUSTED_AUTH_HEADER: "X-User",
  TRUSTED_AUTH_SECRET: "between us",
  TRUSTED_ROLE_HEADER: "X-Role",
  TRUSTED_ADMINS: "root",
  TRUSTED_TRAINERS: "tina, root",
};
const SECRET: [string, string] = ["x-trusted-auth-secret", "between us"];

/** "name:scopes", null, or the error's code. */
function outcome(
  headers: [string, string][],
  further: { peer?: boolean; settings?: Record<string, string> } = {},
) {
  const config = readConfig({ ...SETTINGS, ...further.settings });
  try {
    const asked = { config, isTrustedPeer: further.peer ?? true, now: 0 };
    const identity = identityOfProxy(new Headers(headers), asked);
    return identity && `${identity.name}:${identity.scopes}`;
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

test.each<[string, [string, string][], string | null]>([
  ["without a header", [SECRET], null],
  ["a name", [SECRET, ["X-User", "ada"]], "ada:read,predict"],
  ["a name with a role", [SECRET, ["X-User", "ada"], ["X-Role", "trainer"]], "ada:train,deploy,sources"],
  ["an unknown role is the default", [SECRET, ["X-User", "ada"], ["X-Role", "emperor"]], "ada:read,predict"],
  ["a listed trainer", [SECRET, ["X-User", "tina"]], "tina:train,deploy,sources"],
  ["a listed admin", [SECRET, ["X-User", "root"], ["X-Role", "viewer"]], "root:admin"],
  ["no secret", [["X-User", "ada"]], "unauthorized"],
  [
    "another secret",
    [
      ["X-User", "ada"],
      [SECRET[0], "between u"],
    ],
    "unauthorized",
  ],
  ["the secret twice", [SECRET, SECRET, ["X-User", "ada"]], "unauthorized"],
  ["the name twice", [SECRET, ["X-User", "ada"], ["X-User", "root"]], "unauthorized"],
  ["the role twice", [SECRET, ["X-User", "ada"], ["X-Role", "viewer"], ["X-Role", "admin"]], "unauthorized"],
  ["an underscore beside it", [SECRET, ["X-User", "ada"], ["X_User", "root"]], "unauthorized"],
  ["an underscore alone", [SECRET, ["X_User", "root"]], "unauthorized"],
  ["an underscore in the role", [SECRET, ["X-User", "ada"], ["X_Role", "admin"]], "unauthorized"],
  ["a name that is too long", [SECRET, ["X-User", "a".repeat(201)]], "unauthorized"],
])("%s", (_name, headers, expected) => {
  expect(outcome(headers)).toBe(expected);
});

test("identity headers from an untrusted address are ignored", () => {
  expect(outcome([SECRET, ["X-User", "root"]], { peer: false })).toBe(null);
});

test("roles are read only from the configured header, and people without one can be refused", () => {
  const headers: [string, string][] = [SECRET, ["X-User", "ada"], ["X-Role", "admin"]];
  expect(outcome(headers, { settings: { TRUSTED_ROLE_HEADER: "" } })).toBe("ada:read,predict");
  const strict = { TRUSTED_DEFAULT_ROLE: "none", TRUSTED_ROLE_HEADER: "" };
  expect(outcome(headers, { settings: strict })).toBe("forbidden");
});

test.each([
  [{ TRUSTED_PROXIES: "" }, "TRUSTED_PROXIES"],
  [{ TRUSTED_PROXIES: "10.0.0.0/33" }, "TRUSTED_PROXIES"],
  [{ TRUSTED_PROXIES: "proxy.lan" }, "TRUSTED_PROXIES"],
  [{ TRUSTED_AUTH_SECRET: "" }, "TRUSTED_AUTH_SECRET"],
  [{ TRUSTED_AUTH_HEADER: "X_User" }, "TRUSTED_AUTH_HEADER"],
  [{ TRUSTED_DEFAULT_ROLE: "root" }, "TRUSTED_DEFAULT_ROLE"],
])("the setting %p is refused", (settings, name) => {
  expect(() => readConfig({ ...SETTINGS, ...settings })).toThrow(ConfigError);
  expect(() => readConfig({ ...SETTINGS, ...settings })).toThrow(name);
});
