/**
 * Checks that each client is limited separately, learns when to retry, and is identified through trusted proxies only.
 */
import { afterEach, expect, test } from "bun:test";
import type { Problem } from "../../../../core/http/problem.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

const ADMIN = "the admin of these tests";
const NEAR = "203.0.113.5";
const FAR = "198.51.100.7";

let harness: Harness | null = null;
afterEach(() => harness?.close());

const predict = (from: string, headers: Record<string, string> = {}) =>
  harness!.ask("/api/models/none/predict", { method: "POST", headers, body: "" }, from);

const statuses = async (asked: Promise<Response>[]) => (await Promise.all(asked)).map(({ status }) => status);

test("beyond the limit: 429 with Retry-After and a fix; headers count down before", async () => {
  harness = await openHarness({ RATE_PREDICT: "2" });
  const first = await predict(NEAR);
  expect(first.status).toBe(404);
  expect(first.headers.get("ratelimit-policy")).toBe('"predict";q=2;w=60');
  expect(first.headers.get("ratelimit")).toBe('"predict";r=1;t=30');
  expect(first.headers.get("ratelimit-limit")).toBe("2");
  expect(first.headers.get("ratelimit-remaining")).toBe("1");
  await predict(NEAR);
  const refused = await predict(NEAR);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeWithin(29, 31);
  expect((await refused.json()) as Problem).toMatchObject({ fix: expect.stringContaining("RATE_PREDICT") });
  expect(await statuses([predict(FAR)])).toEqual([404]);
});

test("by default only the network is limited; a limit that is set applies to everyone", async () => {
  harness = await openHarness();
  expect((await predict("127.0.0.1")).headers.has("ratelimit")).toBe(false);
  expect((await predict(NEAR)).headers.get("ratelimit-limit")).toBe("12000");
  await harness.close();
  harness = await openHarness({ RATE_PREDICT: "1" });
  expect(await statuses([predict("127.0.0.1"), predict("127.0.0.1")])).toEqual([404, 429]);
});

test("each kind has its own limit", async () => {
  const settings = { RATE_UPLOAD: "1", RATE_TRAIN: "1", RATE_SOCKET: "1" };
  harness = await openHarness(settings);
  const { ask } = harness;
  for (const [method, path] of [
    ["POST", "/api/upload"],
    ["POST", "/api/train"],
    ["GET", "/ws"],
  ] as const) {
    expect((await ask(path, { method })).status).not.toBe(429);
    expect((await ask(path, { method })).status).toBe(429);
  }
  expect((await ask("/datasets", { method: "POST", headers: { accept: "text/html" } })).status).toBe(429);
});

test("a client's address is read only from a trusted proxy's header", async () => {
  harness = await openHarness({ RATE_PREDICT: "1", TRUSTED_PROXIES: "10.0.0.0/8" });
  const through = (chain: string, peer = "10.0.0.1") => predict(peer, { "x-forwarded-for": chain });
  expect(await statuses([through(NEAR), through(FAR), through(NEAR)])).toEqual([404, 404, 429]);
  expect(await statuses([through(`1.1.1.1, ${NEAR}`), through(`${FAR}, 10.0.0.2`)])).toEqual([429, 429]);
  expect(await statuses([through("5.5.5.5", "192.0.2.1"), through("6.6.6.6", "192.0.2.1")])).toEqual([
    404, 429,
  ]);
});

test("each token has its own limit, whatever its address", async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN, RATE_PREDICT: "1" });
  const make = async (name: string) =>
    (await harness!.signalbox.tokens.create({ name, scopes: ["predict"] }, "tests")).token;
  const [one, other] = [await make("one"), await make("other")].map((token) => ({
    authorization: `Bearer ${token}`,
  }));
  const first = await statuses([predict(NEAR, one)]);
  expect([
    ...first,
    ...(await statuses([predict(FAR, one)])),
    ...(await statuses([predict(NEAR, other)])),
  ]).toEqual([404, 429, 404]);
});

test("guessing slows an address down; generated tokens and sessions are not locked out", async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN, RATE_SIGN_IN: "3" });
  const { token } = await harness.signalbox.tokens.create({ name: "made", scopes: ["read"] }, "tests");
  const show = (shown: string, from: string) =>
    harness!.ask("/api/runs", { headers: { authorization: `Bearer ${shown}` } }, from);
  expect(await statuses([show("a", NEAR), show("b", NEAR), show("c", NEAR)])).toEqual([401, 401, 401]);
  const refused = await show("d", NEAR);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await statuses([show(ADMIN, NEAR), show(token, NEAR), show(ADMIN, FAR)])).toEqual([429, 200, 200]);
  const body = `token=${encodeURIComponent(ADMIN)}`;
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
  };
  const form = { method: "POST", headers: { ...headers, accept: "text/html" }, body };
  const page = await harness.ask("/sign-in", form, NEAR);
  expect(page.status).toBe(429);
  expect(await page.text()).toContain("Wait");
  expect((await harness.ask("/sign-in", form, FAR)).status).toBe(303);
});

test("a failed sign-in says how many attempts are left", async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN, RATE_SIGN_IN: "2" });
  const headers = { authorization: "Bearer wrong" };
  const answer = await harness.ask("/api/runs", { headers }, NEAR);
  expect(answer.status).toBe(401);
  expect(answer.headers.get("ratelimit-remaining")).toBe("1");
});
