/** Checks that pages of listed origins may call the API and read its errors, and pages of other origins may not. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../harness/app.ts";

const PORTAL = "https://portal.example";
const STRANGER = "https://evil.example";
const ADMIN = "the admin of these tests";

let listed: Harness;
let every: Harness;
beforeAll(async () => {
  listed = await openHarness({ CORS_ORIGINS: PORTAL });
  every = await openHarness({ CORS_ORIGINS: "*", AUTH: "token", ADMIN_TOKEN: ADMIN });
});
afterAll(() => Promise.all([listed.close(), every.close()]));

test.each([
  ["/api/runs", 200],
  ["/api/runs/none", 404],
  ["/api/nothing", 404],
  ["/panels/metrics", 200],
])("%s is allowed for a listed origin, with the headers that its script may read", async (path, status) => {
  const answer = await listed.ask(path, { headers: { origin: PORTAL } });
  expect(answer.status).toBe(status);
  expect(answer.headers.get("access-control-allow-origin")).toBe(PORTAL);
  expect(answer.headers.get("access-control-allow-credentials")).toBe("true");
  expect(answer.headers.get("access-control-expose-headers")).toMatch(/Link.*Location.*ETag.*RateLimit/);
  expect(answer.headers.get("vary")).toContain("origin");
});

test("an unlisted origin can read nothing and change nothing", async () => {
  const answer = await listed.ask("/api/runs", { headers: { origin: STRANGER } });
  expect(answer.headers.has("access-control-allow-origin")).toBe(false);
  const post = (origin: string) =>
    listed.ask("/api/upload", {
      method: "POST",
      headers: { origin, "sec-fetch-site": "cross-site" },
      body: "a",
    });
  const refused = await post(STRANGER);
  expect(refused.status).toBe(403);
  expect(refused.headers.has("access-control-allow-origin")).toBe(false);
  expect((await post(PORTAL)).status).toBe(422);
});

test("a refusal of the host or the origin has every header too", async () => {
  const answer = await listed.ask("/api/runs", { headers: { origin: PORTAL, host: "evil.example" } });
  expect(answer.status).toBe(421);
  expect(answer.headers.get("access-control-allow-origin")).toBe(PORTAL);
  expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(answer.headers.get("x-request-id")).toMatch(/.+/);
});

test("a preflight is answered before the client is identified", async () => {
  const headers = {
    origin: PORTAL,
    "access-control-request-method": "PATCH",
    "access-control-request-headers": "authorization, if-match",
  };
  const answer = await listed.ask("/api/datasets/x", { method: "OPTIONS", headers });
  expect(answer.status).toBe(204);
  expect(answer.headers.get("access-control-allow-origin")).toBe(PORTAL);
  expect(answer.headers.get("access-control-allow-methods")).toContain("PATCH");
  expect(answer.headers.get("access-control-allow-headers")).toBe("authorization, if-match");
  const stranger = { ...headers, origin: STRANGER };
  const unknown = await listed.ask("/api/datasets/x", { method: "OPTIONS", headers: stranger });
  expect(unknown.headers.has("access-control-allow-origin")).toBe(false);
});

test("* allows every origin to call with a token, never with cookies", async () => {
  const authorization = `Bearer ${ADMIN}`;
  const answer = await every.ask("/api/runs", { headers: { origin: STRANGER, authorization } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
  const post = (headers: Record<string, string>) =>
    every.ask("/api/upload", { method: "POST", headers: { origin: STRANGER, ...headers }, body: "a" });
  expect((await post({ authorization })).status).toBe(422);
  const { cookie } = await every.signalbox.tokens.signIn(ADMIN);
  expect((await post({ cookie: `signalbox-8000=${cookie}` })).status).toBe(403);
  const refused = await every.ask("/api/runs", { headers: { origin: STRANGER } });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe("*");
});

test("without CORS_ORIGINS there is no such header", async () => {
  const none = await openHarness();
  const answer = await none.ask("/api/runs", { headers: { origin: PORTAL } });
  expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  await none.close();
});
