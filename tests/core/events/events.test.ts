/** Checks that the log is numbered without a gap, and that state never changes without its event. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../../core/events/event-log.ts";
import { EVENT_NAMES, EVENTS } from "../../../core/events/events.ts";
import { follow, HEARTBEAT_MS } from "../../../core/events/follow.ts";
import { parsePanelKey } from "../../../core/events/panel-names.ts";
import { AppError } from "../../../core/platform/errors.ts";
import type { Lease } from "../../../core/platform/leases.ts";
import type { Store } from "../../../core/store/database.ts";
import { trimEvents } from "../../../core/store/log.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";
import { inTime } from "../../harness/deadline.ts";

let folder: string;
let store: Store;
let log: EventLog;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-events-"));
  store = await openSqlite(folder);
  log = await EventLog.open(store, () => 1_700_000_000_000);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** One transaction, as a training's reports come. */
const ticks = (count: number) =>
  log.record(async (tx) => {
    for (let i = 0; i < count; i++) await tx.append("metrics.sampled", { values: { cpu: i } });
  });
const tick = () => log.append("metrics.sampled", { values: { cpu: 1 } });

describe("the log", () => {
  test("numbers rise by one, across restarts and after retention emptied it", async () => {
    for (let i = 0; i < 5; i++) await tick();
    expect((await log.read(0, 100)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    await trimEvents(store, { before: Number.MAX_SAFE_INTEGER, keep: 0, limit: 100 });
    expect(await log.read(0, 100)).toEqual([]);
    const { epoch } = log;
    await store.close();
    store = await openSqlite(folder);
    log = await EventLog.open(store, () => 1_700_000_000_000);
    await tick();
    expect((await log.read(0, 100)).map(({ seq }) => seq)).toEqual([6]);
    expect(log.epoch).toBe(epoch);
    expect(await log.resume(2, epoch)).toEqual({ since: 2, truncated: true });
    expect(await log.resume(5, epoch)).toEqual({ since: 5, truncated: false });
  });

  test("a position of another log, or from the future, starts at the last event", async () => {
    await tick();
    await tick();
    expect(await log.resume(1, "other")).toEqual({ since: 2, truncated: true });
    expect(await log.resume(9, null)).toEqual({ since: 2, truncated: true });
  });

  test("is trimmed from the front only, a few rows at a time, whatever the clock does", async () => {
    const times = [10, 20, 90, 30, 40, 95];
    const log = await EventLog.open(store, () => times.shift()!);
    for (let i = 0; i < 6; i++) await log.append("metrics.sampled", { values: {} });
    const bound = { before: 50, keep: 100, limit: 1 };
    const kept = async () => (await log.entries(0, 10)).map(({ seq }) => seq);
    expect(await trimEvents(store, bound)).toBe(1);
    expect(await kept()).toEqual([2, 3, 4, 5, 6]);
    expect([await trimEvents(store, bound), await trimEvents(store, bound)]).toEqual([1, 0]);
    expect(await kept()).toEqual([3, 4, 5, 6]);
    expect(await trimEvents(store, { before: 0, keep: 1, limit: 100 })).toBe(3);
    expect(await kept()).toEqual([6]);
  });

  test("an entry's text equals the event as read", async () => {
    await log.append("dataset.deleted", { datasetId: "d1", name: 'a "b" \u2028 ü.csv' });
    expect(JSON.parse((await log.entries(0, 1))[0]!.json)).toEqual((await log.read(0, 1))[0]);
  });

  test("an event of a failed transaction does not exist, and the next one gets its number", async () => {
    await tick();
    const heard: number[] = [];
    log.subscribe((seq) => heard.push(seq));
    const failing = log.record(async (tx) => {
      await tx.append("metrics.sampled", { values: {} });
      throw new Error("the state could not be written");
    });
    await expect(failing).rejects.toThrow("could not be written");
    expect(heard).toEqual([]);
    await tick();
    expect((await log.read(0, 100)).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(heard).toEqual([2]);
  });

  test("a follower gets every event once, in order, whatever its pace", async () => {
    await ticks(1200);
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const entries of follow(log, { since: 0, isEndless: true, signal: abort.signal })) {
      for (const { seq } of entries) {
        seen.push(seq);
        if (seq === 600) await ticks(300);
        if (seq === 1500) setTimeout(tick, 1);
        if (seq === 1501) abort.abort();
      }
    }
    expect(seen).toEqual(Array.from({ length: 1501 }, (_, i) => i + 1));
  });
});

test("a follower whose access ends while the log is read ends at once, with the reason", async () => {
  const entries = log.entries.bind(log);
  let end = (_reason: AppError) => {};
  log.entries = async (...range) => {
    const found = await entries(...range);
    end(new AppError("unauthorized", "Your access has expired"));
    return found;
  };
  const hold: Lease = (ends) => {
    end = ends;
    return () => {};
  };
  const { signal } = new AbortController();
  const next = follow(log, { since: log.lastSeq, isEndless: true, signal, hold }).next();
  await expect(inTime(next, "the follower's end", HEARTBEAT_MS / 2)).rejects.toThrow("has expired");
});

describe("a follower of a rare type", () => {
  test("searches what it has seen once, and ends when the log does", async () => {
    await tick();
    await log.append("dataset.deleted", { datasetId: "d1", name: "x" });
    await ticks(300);
    const seen: string[] = [];
    const { signal } = new AbortController();
    for await (const entries of follow(log, { since: 0, type: "dataset.deleted", isEndless: true, signal })) {
      seen.push(...entries.map(({ type }) => type));
      if (seen.length === 1)
        setTimeout(() => log.append("dataset.deleted", { datasetId: "d2", name: "y" }), 1);
      else await log.close();
    }
    expect(seen).toEqual(["dataset.deleted", "dataset.deleted"]);
    expect(log.followers).toBe(0);
  });
});

describe("EVENTS", () => {
  test.each(EVENT_NAMES)("%s is a noun and a past participle", (name) => {
    expect(name).toMatch(/^[a-z]+\.([a-z]+ed|rolledback|undone|left|ran)$/);
  });

  test.each(EVENT_NAMES)("%s marks only existing panels as stale", (name) => {
    const sample = new Proxy({}, { get: (_, field) => (field === "rows" || field === "score" ? 1 : "x") });
    const keys = (EVENTS[name].stale as (data: unknown) => string[])(sample);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(parsePanelKey(key)).not.toBeNull();
  });
});
