/** Who may come in: every method, site, origin and host that matters, as a table. */
import { describe, expect, test } from "bun:test";
import { guardRequest } from "../../../core/http/security.ts";
import { readConfig } from "../../../core/operations/config.ts";
import { AppError } from "../../../core/platform/errors.ts";

const LOCAL = readConfig({ ALLOWED_HOSTS: "box.lan", PUBLIC_URL: "https://ml.example.com/tools" });
const OPEN = readConfig({ HOST: "0.0.0.0", ALLOW_ANONYMOUS: "1" });

function outcome(method: string, headers: Record<string, string>, config = LOCAL): string {
  const request = new Request("http://127.0.0.1:8000/api/train", { method });
  const all = new Headers({ host: "127.0.0.1:8000", ...headers });
  Object.defineProperty(request, "headers", { value: all });
  try {
    guardRequest(request, config, () => "");
    return "in";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe("hosts", () => {
  test.each([
    ["127.0.0.1:8000", "in"],
    ["localhost:8000", "in"],
    ["LOCALHOST", "in"],
    ["[::1]:8000", "in"],
    ["box.lan", "in"],
    ["box.lan:8000", "in"],
    ["ml.example.com", "in"],
    ["evil.example", "host"],
    ["127.0.0.1.evil.example", "host"],
    ["localhost.evil.example:8000", "host"],
    ["10.0.0.5:8000", "host"],
    ["127.0.0.1:8000, evil.example", "host"],
    ["", "host"],
    ["user@127.0.0.1", "host"],
    ["127.0.0.1:8000/x", "host"],
  ])("%p on loopback: %s", (host, expected) => {
    expect(outcome("GET", { host })).toBe(expected);
  });

  test.each([
    ["10.0.0.5:8000", "in"],
    ["[fe80::1]:8000", "in"],
    ["evil.example", "host"],
  ])("%p on a network: %s", (host, expected) => {
    expect(outcome("GET", { host }, OPEN)).toBe(expected);
  });
});

describe("origins", () => {
  const OURS = "http://127.0.0.1:8000";
  const CASES: [string, string | null, string | null, string][] = [];
  for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
    CASES.push(
      [method, null, null, "in"],
      [method, null, OURS, "in"],
      [method, null, "https://ml.example.com", "in"],
      [method, null, "http://127.0.0.1:3000", "forbidden"],
      [method, null, "http://evil.example", "forbidden"],
      [method, null, "null", "forbidden"],
      [method, "same-origin", OURS, "in"],
      [method, "none", null, "in"],
      [method, "same-site", OURS, "forbidden"],
      [method, "cross-site", null, "forbidden"],
      [method, "cross-site", "https://ml.example.com", "in"],
    );
  }
  CASES.push(["GET", "cross-site", "http://evil.example", "in"], ["HEAD", "cross-site", null, "in"]);

  test.each(CASES)("%s, site %p, origin %p: %s", (method, site, origin, expected) => {
    const headers = { ...(site && { "sec-fetch-site": site }), ...(origin && { origin }) };
    expect(outcome(method, headers)).toBe(expected);
  });

  test.each([
    [OURS, "in"],
    ["http://evil.example", "forbidden"],
    ["null", "forbidden"],
  ])("a socket from %p: %s", (origin, expected) => {
    expect(outcome("GET", { upgrade: "websocket", origin })).toBe(expected);
  });

  test("a socket without Origin, from a program, is accepted", () => {
    expect(outcome("GET", { upgrade: "WebSocket" })).toBe("in");
  });
});
