/** Is each wanted event posted once, in order, signed, whatever the receiver does, and over restarts? */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../../core/events/event-log.ts";
import type { EventName } from "../../../core/events/events.ts";
import { isWebAddress, MAX_ATTEMPTS, Webhooks } from "../../../core/operations/webhooks.ts";
import { openLogger } from "../../../core/platform/logger.ts";
import { Store } from "../../../core/store/database.ts";

const NOW = 1_700_000_000_000;
const SECRET = "a secret of the test";
const NOBODY = { url: "", secret: "", types: [] };

interface Post {
  headers: Headers;
  body: string;
}

let folder: string;
let store: Store;
let log: EventLog;
let webhooks: Webhooks;
let posts: Post[];
/** Status of each answer; 200 when it is empty. */
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

function open({ url, secret, types }: { url: string; secret: string; types: EventName[] } = NOBODY): void {
  webhooks = new Webhooks({
    store,
    log,
    configured: { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, WEBHOOK_TYPES: types },
    logger: openLogger("silent"),
    now: () => NOW,
    wait: async (ms) => void waits.push(ms),
  });
  webhooks.start();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-webhooks-"));
  store = Store.open(folder);
  log = new EventLog(store, () => NOW);
  posts = [];
  answers = [];
  waits = [];
  heard = () => {};
  receiver = listen();
});
afterEach(() => {
  webhooks.stop();
  receiver.stop(true);
  store.close();
  rmSync(folder, { recursive: true });
});

const address = () => `http://127.0.0.1:${receiver.port}/hook`;
const happen = (name: string) => log.append("dataset.deleted", { datasetId: "d", name });
const names = () => posts.map(({ body }) => (JSON.parse(body) as { data: { name: string } }).data.name);

/** Resolves when that many posts have come and the last has been noted. */
async function received(count: number, delivered: number): Promise<void> {
  while (posts.length < count || webhooks.list()[0]!.delivered < delivered) {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.race([promise, Bun.sleep(10)]);
  }
}

test("events from now on, those that are wanted, in order, each signed over id, time and body", async () => {
  open();
  happen("before");
  webhooks.create({ url: address(), types: ["dataset.deleted"], secret: SECRET });
  happen("first");
  log.append("metrics.sampled", { values: {} });
  happen("second");
  await received(2, 2);
  expect(names()).toEqual(["first", "second"]);
  const { headers, body } = posts[1]!;
  expect(JSON.parse(body)).toEqual(log.read(3, 1)[0]);
  expect(headers.get("webhook-id")).toBe(`${log.epoch}-4`);
  const signed = `${log.epoch}-4.${NOW / 1000}.${body}`;
  const expected = createHmac("sha256", SECRET).update(signed).digest("base64");
  expect(headers.get("webhook-signature")).toBe(`v1,${expected}`);
  expect(JSON.stringify(webhooks.list())).not.toContain(SECRET);
});

test("what fails is tried again with growing pauses, and holds back what comes after it", async () => {
  open();
  webhooks.create({ url: address(), types: [] });
  answers = [500, 404, 302];
  happen("first");
  happen("second");
  await received(5, 2);
  expect(names()).toEqual(["first", "first", "first", "first", "second"]);
  waits.forEach((ms, index) => {
    expect(ms).toBeGreaterThanOrEqual(800 * 2 ** index);
    expect(ms).toBeLessThanOrEqual(1200 * 2 ** index);
  });
  expect(waits).toHaveLength(3);
  expect(webhooks.list()[0]).toMatchObject({ delivered: 2, givenUp: 0, attempts: 0, lastError: null });
});

test("after many attempts an event is given up, and said so", async () => {
  open();
  webhooks.create({ url: address(), types: [] });
  answers = Array<number>(MAX_ATTEMPTS).fill(500);
  happen("poison");
  happen("next");
  await received(MAX_ATTEMPTS + 1, 1);
  expect(webhooks.list()[0]).toMatchObject({ delivered: 1, givenUp: 1, lastError: null });
});

test("a restart loses nothing and repeats nothing that was taken", async () => {
  open();
  webhooks.create({ url: address(), types: [] });
  happen("first");
  await received(1, 1);
  webhooks.stop();
  happen("while it was down");
  open();
  happen("after");
  await received(3, 3);
  expect(names()).toEqual(["first", "while it was down", "after"]);
});

test("the environment's address is served, and only the environment ends it", async () => {
  open({ url: address(), secret: SECRET, types: ["dataset.deleted"] });
  happen("first");
  await received(1, 1);
  expect(webhooks.list()[0]).toMatchObject({ id: "environment", isLocked: true });
  expect(() => webhooks.delete("environment")).toThrow("set by WEBHOOK_URL");
  webhooks.stop();
  open();
  expect(webhooks.list()).toEqual([]);
});

test("there are no more than twenty, and a deleted one hears nothing", async () => {
  open();
  const [first] = Array.from({ length: 20 }, () => webhooks.create({ url: address(), types: [] }));
  expect(() => webhooks.create({ url: address(), types: [] })).toThrow("20 webhooks already");
  webhooks.delete(first!.id);
  expect(() => webhooks.delete(first!.id)).toThrow("There is no webhook");
  happen("one");
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
