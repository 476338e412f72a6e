/**
 * Checks that each subscribed event is posted once, in order, signed, whatever the receiver does, and over
 * restarts.
 */
import { afterEach, beforeEach, expect, setSystemTime, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { EventLog } from "../../../core/events/event-log.ts";
import type { EventName } from "../../../core/events/events.ts";
import { Privacy } from "../../../core/events/privacy.ts";
import { MAX_ATTEMPTS } from "../../../core/operations/alert-routes/ordered-delivery.ts";
import { isWebAddress, Webhooks } from "../../../core/operations/webhooks.ts";
import { openLogger } from "../../../core/platform/logger.ts";
import type { Store } from "../../../core/store/database.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";

const NOW = 1_700_000_000_000;
const SECRET = "a secret of the test";
const ANONYMOUS = { url: "", secret: "", types: [] };

interface Post {
  headers: Headers;
  body: string;
}

let folder: string;
let store: Store;
let log: EventLog;
let webhooks: Webhooks;
let posts: Post[];
/** Status of each response; 200 when it is empty. */
let answers: number[];
let waits: number[];
let heard: () => void;
let receiver: ReturnType<typeof listen>;

function listen() {
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      posts.push({ headers: request.headers, body: await request.text() });
      const status = answers.shift() ?? 200;
      setImmediate(heard);
      return new Response(null, { status, headers: { location: "/elsewhere" } });
    },
  });
}

async function open({
  url,
  secret,
  types,
}: {
  url: string;
  secret: string;
  types: EventName[];
} = ANONYMOUS): Promise<void> {
  webhooks = new Webhooks({
    store,
    log,
    privacy: await Privacy.open(store, log, () => {}),
    configured: { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, WEBHOOK_TYPES: types },
    logger: openLogger("silent"),
    now: () => NOW,
    workerId: "w1",
    wait: async (ms) => void waits.push(ms),
  });
  await webhooks.start();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-webhooks-"));
  store = await openSqlite(folder);
  log = await EventLog.open(store, () => NOW);
  posts = [];
  answers = [];
  waits = [];
  heard = () => {};
  receiver = listen();
});
afterEach(async () => {
  await webhooks.stop();
  receiver.stop(true);
  await store.close();
  rmSync(folder, { recursive: true });
});

const address = () => `http://127.0.0.1:${receiver.port}/hook`;
const happen = (name: string) => log.append("dataset.deleted", { datasetId: "d", name });
const names = () => posts.map(({ body }) => (JSON.parse(body) as { data: { name: string } }).data.name);

/**
 * The result of the specification's own library for a post, at the time of its signature; it throws if the signature is
 * wrong.
 */
function verified({ headers, body }: Post, receiving: Webhook): unknown {
  setSystemTime(NOW);
  try {
    return receiving.verify(body, headers.toJSON());
  } finally {
    setSystemTime();
  }
}

/** Resolves when that many posts have come and the last has been noted. */
async function received(count: number, delivered: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (posts.length < count || (await webhooks.list())[0]!.delivered < delivered) {
    if (performance.now() > deadline) throw new Error(`${posts.length} of ${count} posts came in 10 s`);
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.race([promise, Bun.sleep(10)]);
  }
}

test("events from now on that match, in order, each signed over id, time and body", async () => {
  await open();
  await happen("before");
  await webhooks.create({ url: address(), types: ["dataset.deleted"], secret: SECRET });
  await happen("first");
  await log.append("metrics.sampled", { values: {} });
  await happen("second");
  await received(2, 2);
  expect(names()).toEqual(["first", "second"]);
  const { headers, body } = posts[1]!;
  expect(JSON.parse(body)).toEqual((await log.read(3, 1))[0]);
  expect(headers.get("webhook-id")).toBe(`${log.epoch}-4`);
  expect(verified(posts[1]!, new Webhook(SECRET, { format: "raw" }))).toEqual(JSON.parse(body));
  expect(JSON.stringify(await webhooks.list())).not.toContain(SECRET);
});

test("a receiver that follows Standard Webhooks accepts our signature, and nothing that was changed", async () => {
  const secret = `whsec_${btoa("a key of twenty-four bytes")}`;
  await open();
  await webhooks.create({ url: address(), types: [], secret });
  await happen("first");
  await received(1, 1);
  const [post] = posts;
  const receiving = new Webhook(secret);
  expect(verified(post!, receiving)).toEqual(JSON.parse(post!.body));
  const headers = new Headers(post!.headers);
  headers.set("webhook-id", "another");
  for (const changed of [
    { ...post!, body: post!.body.replace("first", "other") },
    { ...post!, headers },
  ])
    expect(() => verified(changed, receiving)).toThrow(WebhookVerificationError);
  expect(() => verified(post!, new Webhook(SECRET, { format: "raw" }))).toThrow(WebhookVerificationError);
});

test("a failed delivery is retried with growing pauses, and later events wait", async () => {
  await open();
  await webhooks.create({ url: address(), types: [] });
  answers = [500, 404, 302];
  await happen("first");
  await happen("second");
  await received(5, 2);
  expect(names()).toEqual(["first", "first", "first", "first", "second"]);
  waits.forEach((ms, index) => {
    expect(ms).toBeGreaterThanOrEqual(800 * 2 ** index);
    expect(ms).toBeLessThanOrEqual(1200 * 2 ** index);
  });
  expect(waits).toHaveLength(3);
  expect((await webhooks.list())[0]).toMatchObject({
    delivered: 2,
    givenUp: 0,
    attempts: 0,
    lastError: null,
  });
});

test("an event is dropped after many attempts, and the log says so", async () => {
  await open();
  await webhooks.create({ url: address(), types: [] });
  answers = Array<number>(MAX_ATTEMPTS).fill(500);
  await happen("poison");
  await happen("next");
  await received(MAX_ATTEMPTS + 1, 1);
  expect((await webhooks.list())[0]).toMatchObject({ delivered: 1, givenUp: 1, lastError: null });
});

test("a restart loses nothing and repeats nothing that was delivered", async () => {
  await open();
  await webhooks.create({ url: address(), types: [] });
  await happen("first");
  await received(1, 1);
  await webhooks.stop();
  await happen("while it was down");
  await open();
  await happen("after");
  await received(3, 3);
  expect(names()).toEqual(["first", "while it was down", "after"]);
});

test("a webhook from the environment is delivered to, and only the environment removes it", async () => {
  await open({ url: address(), secret: SECRET, types: ["dataset.deleted"] });
  await happen("first");
  await received(1, 1);
  expect((await webhooks.list())[0]).toMatchObject({ id: "environment", isLocked: true });
  await expect(webhooks.delete("environment")).rejects.toThrow("set by WEBHOOK_URL");
  await webhooks.stop();
  await open();
  expect(await webhooks.list()).toEqual([]);
});

test("there are at most twenty webhooks, and a deleted one gets no events", async () => {
  await open();
  const made = Array.from({ length: 20 }, () => webhooks.create({ url: address(), types: [] }));
  const [first] = await Promise.all(made);
  await expect(webhooks.create({ url: address(), types: [] })).rejects.toThrow("limit of 20 webhooks");
  await webhooks.delete(first!.id);
  await expect(webhooks.delete(first!.id)).rejects.toThrow("does not exist");
  await happen("one");
  await received(19, 1);
  expect(posts).toHaveLength(19);
});

test.each([
  ["https://example.com/hook", true],
  ["http://10.0.0.7:9000/x?y=1", true],
  ["file:///etc/passwd", false],
  ["ftp://example.com", false],
  ["javascript:alert(1)", false],
  ["https://user:word@example.com", false],
  ["//example.com", false],
  ["example.com", false],
])("%s is an address to post to: %p", (url, expected) => {
  expect(isWebAddress(url)).toBe(expected);
});
