/**
 * With a store whose results come late and in any order: no drawing claims to be newer than it is, none goes back, a
 * viewer's position never covers what it has not seen, and in the end everybody shows the same.
 */

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../../core/events/event-log.ts";
import { follow } from "../../../core/events/follow.ts";
import type { PanelKey } from "../../../core/events/panel-names.ts";
import { ALL_VISIBLE, Privacy } from "../../../core/events/privacy.ts";
import type { DrawingKey } from "../../../core/live/audiences.ts";
import { Live, type LiveClock } from "../../../core/live/live.ts";
import { Sockets } from "../../../core/live/sockets.ts";
import type { Viewer } from "../../../core/live/viewer.ts";
import { readConfig } from "../../../core/operations/config.ts";
import type { Store } from "../../../core/store/database.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";
import { seeded } from "../../harness/app.ts";
import { DelayedStore } from "../../harness/delayed-store.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const PANELS: PanelKey[] = ["metrics", "activity", "datasets"];
const EVENTS = 60;
/** Twenty times as fast: as much is published while a viewer is greeted as in a busy second. */
const FAST_CLOCK: LiveClock = {
  now: () => performance.now() * 20,
  after: (ms, tick) => void setTimeout(tick, ms / 20),
};

let folder: string;
let plain: Store;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-late-"));
  plain = await openSqlite(folder);
  await plain.run("INSERT INTO settings (name, value) VALUES ('count', '0')");
});
afterEach(async () => {
  await plain.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Each event makes one panel stale, in turn. */
const panelOf = (seq: number) => PANELS[seq % PANELS.length]!;

/** The last event up to this one that the panel must show. */
function lastOf(key: PanelKey, seq: number): number {
  for (let n = seq; n > 0; n--) if (panelOf(n) === key) return n;
  return 0;
}

const COUNT = "SELECT value FROM settings WHERE name = 'count'";

/** One change and its event: the n-th event has the count n. */
async function happen(log: EventLog): Promise<void> {
  await log.record(async (tx) => {
    await tx.run("UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE name = 'count'");
    await tx.append("dataset.deleted", { datasetId: "d", name: "n" });
  });
}

async function world(seed: number) {
  const random = seeded(seed);
  const store = new DelayedStore(plain, random);
  const log = await EventLog.open(store, Date.now);
  const failed = (error: unknown) => {
    throw error;
  };
  const drawing = new Set<DrawingKey>();
  const live = new Live({
    clock: FAST_CLOCK,
    lastSeq: () => log.lastSeq,
    draw: async (key) => {
      expect(drawing.has(key)).toBe(false);
      drawing.add(key);
      const count = (await store.get<{ value: string }>(COUNT))!.value;
      drawing.delete(key);
      return `<p id="${key}">${count}</p>`;
    },
    publish: (drawings, watermark) => sockets.publish(drawings, watermark),
    failed: (_, error) => failed(error),
  });
  log.subscribe((seq, stale) => {
    if (stale.length) live.markStale(seq, [panelOf(seq)]);
  });
  const config = readConfig({ DATA_DIR: folder });
  const publish = (topic: string, message: string) => server.publish(topic, message);
  const privacy = await Privacy.open(store, log, failed);
  const sockets = new Sockets({ config, log, privacy, live, publish, now: Date.now, hear() {}, failed });
  const server = Bun.serve<Viewer>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, bun) => {
      const access = { hold: () => () => {}, mayPredict: false, viewScope: ALL_VISIBLE };
      const visitor = { address: "127.0.0.1", origin: "", ...access };
      bun.upgrade(request, { data: sockets.admit(new URL(request.url), visitor) });
    },
    websocket: sockets.handlers(),
  });
  const close = async () => {
    sockets.stop();
    await server.stop(true);
  };
  return { random, log, live, url: `ws://127.0.0.1:${server.port}`, close };
}

interface Message {
  seq?: number;
  watermark: number;
  panels?: Record<string, number>;
  content?: string;
}

/** As live.js does: what is not newer is dropped, and a position is believed. */
class Page {
  readonly shown = new Map<string, { seq: number; count: number }>();
  position = 0;
  socket: WebSocket | null = null;
  readonly faults: string[] = [];

  open(url: string): void {
    const since = this.shown.size ? `&since=${this.position}&epoch=${this.epoch}` : "";
    this.socket = new WebSocket(`${url}/?panels=${PANELS.join(",")}${since}`);
    this.socket.onmessage = ({ data }) =>
      this.take(JSON.parse(data as string) as Message & { epoch?: string });
  }

  private epoch = "";

  private take({ epoch, watermark, panels = {}, content = "" }: Message & { epoch?: string }): void {
    if (epoch) this.epoch = epoch;
    for (const [key, seq] of Object.entries(panels)) {
      const count = Number(new RegExp(`id="${key}">(\\d+)<`).exec(content)?.[1]);
      if (count < lastOf(key as PanelKey, seq)) this.faults.push(`${key} says ${count} at ${seq}`);
      const before = this.shown.get(key);
      if (before && before.seq > seq) this.faults.push(`${key} goes back from ${before.seq} to ${seq}`);
      else this.shown.set(key as PanelKey, { seq, count });
    }
    this.position = Math.max(this.position, watermark);
    for (const key of PANELS)
      if ((this.shown.get(key)?.count ?? -1) < lastOf(key, this.position))
        this.faults.push(`${key} shows ${this.shown.get(key)?.count}, and was told ${this.position}`);
  }
}

test.each(SEEDS)("viewers that come and go while events happen (seed %d)", async (seed) => {
  const { random, log, url, close } = await world(seed);
  const pages = Array.from({ length: 8 }, () => new Page());
  const happened: Promise<void>[] = [];
  for (let n = 0; n < EVENTS; n++) {
    happened.push(happen(log));
    const page = pages[Math.floor(random() * pages.length)]!;
    if (page.socket?.readyState === WebSocket.OPEN) page.socket.close();
    else if (page.socket?.readyState !== WebSocket.CONNECTING) page.open(url);
    await Bun.sleep(random() * 8);
  }
  await Promise.all(happened);
  for (const page of pages)
    if (page.socket?.readyState !== WebSocket.OPEN && page.socket?.readyState !== WebSocket.CONNECTING)
      page.open(url);
  const isThere = (page: Page) =>
    PANELS.every((key) => (page.shown.get(key)?.count ?? -1) >= lastOf(key, EVENTS));
  const deadline = performance.now() + 10_000;
  while (!pages.every(isThere) && performance.now() < deadline) await Bun.sleep(5);
  expect(pages.flatMap(({ faults }) => faults)).toEqual([]);
  expect(pages.map(isThere)).toEqual(pages.map(() => true));
  for (const page of pages) page.socket?.close();
  await close();
});

test.each(SEEDS)("a follower has every event once, in order, whoever appends (seed %d)", async (seed) => {
  const { random, log, close } = await world(seed);
  const heard: number[] = [];
  log.subscribe((seq) => heard.push(seq));
  const abort = new AbortController();
  const followed = Array.from({ length: 4 }, async () => {
    const seqs: number[] = [];
    for await (const entries of follow(log, { since: 0, isEndless: true, signal: abort.signal })) {
      seqs.push(...entries.map((entry) => entry.seq));
      if (seqs.length >= EVENTS) break;
    }
    return seqs;
  });
  // Events of another server reach this log only when it reads on.
  const other = await EventLog.open(new DelayedStore(plain, random), Date.now);
  const all = Array.from({ length: EVENTS }, async () => {
    await Bun.sleep(random() * 60);
    const writer = random() < 0.4 ? other : log;
    await happen(writer);
    // What this log acknowledged it shows at once.
    if (writer === log) expect(log.lastSeq).toBeGreaterThan(0);
  });
  await Promise.all(all);
  // As when it is woken; nothing more happens, so a follower that missed the last one would wait for ever.
  await log.catchUp(EVENTS);
  const numbers = Array.from({ length: EVENTS }, (_, i) => i + 1);
  const late = setTimeout(() => abort.abort(), 5000);
  for (const seqs of await Promise.all(followed)) expect(seqs).toEqual(numbers);
  clearTimeout(late);
  expect(heard).toEqual(numbers);
  abort.abort();
  await close();
});

test("an event that comes while the log is read wakes its follower", async () => {
  const { log, close } = await world(1);
  const entries = log.entries.bind(log);
  let isFirst = true;
  log.entries = async (...asked) => {
    const found = await entries(...asked);
    if (isFirst) {
      isFirst = false;
      await happen(log);
    }
    return found;
  };
  const abort = AbortSignal.timeout(5000);
  for await (const [entry] of follow(log, { since: 0, isEndless: true, signal: abort })) {
    expect(entry?.seq).toBe(1);
    break;
  }
  expect(abort.aborted).toBe(false);
  await close();
});
