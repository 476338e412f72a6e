/** Checks that a client gets the format that it accepts, whatever its Accept header looks like. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { preferredCoding, preferredType, wantedForm } from "../../../core/http/negotiate.ts";

const TYPES = ["text/plain", "text/html", "application/json"] as const;

test.each([
  [null, "text/plain"],
  ["", "text/plain"],
  ["*/*", "text/plain"],
  ["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"],
  ["application/json, text/plain, */*", "application/json"],
  ["text/*, application/json", "application/json"],
  ["*/*;q=0.9, text/html;q=0.1", "text/plain"],
  ["text/html;q=0.5, application/json;q=0.6", "application/json"],
  ["text/plain;q=0, */*", "text/html"],
  ["Application/JSON", "application/json"],
  ["application/json;charset=utf-8", "application/json"],
  ['application/json;profile="a, text/html;q=0";q=0.5, text/plain;version=0.0.4;q=0.4', "application/json"],
  ["image/png", null],
  ["*/*;q=0", null],
  ["nonsense", null],
  [",;q", null],
])("among text, HTML and JSON, Accept %p gets %p", (accept, expected) => {
  expect(preferredType(accept, TYPES) as string | null).toBe(expected);
});

test.each([
  [null, false],
  ["gzip", true],
  ["br, GZIP;q=0.1", true],
  ["gzip;q=0, *", false],
  ["*", true],
  ["identity", false],
])("Accept-Encoding %p accepts gzip: %p", (header, expected) => {
  expect(preferredCoding(header, ["gzip"])).toBe(expected ? "gzip" : null);
});

test("whatever a header contains, the format is one of ours or none", () => {
  const pieces = fc.constantFrom("text/html", "*/*", "x", ";", ",", "q=", "0.5", '"', "\\", "=", " ");
  const header = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 20 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(header, (accept) => {
      expect([null, ...TYPES]).toContain(preferredType(accept, TYPES));
      expect([null, "gzip"]).toContain(preferredCoding(accept, ["gzip"]));
    }),
  );
});

test("a client that accepts problem+json gets JSON", () => {
  const headers = { accept: "text/html, application/problem+json;q=0.1" };
  expect(wantedForm(new Request("http://x/", { headers }))).toBe("json");
});
