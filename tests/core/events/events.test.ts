/** Is the log numbered without a gap, for ever, and does state never change without its event? */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../../core/events/event-log.ts";
import { EVENT_NAMES, EVENTS } from "../../../core/events/events.ts";
import { follow } from "../../../core/events/follow.ts";
import { parsePanelKey } from "../../../core/events/panel-names.ts";
import { Store } from "../../../core/store/database.ts";
import { trimEvents } from "../../../core/store/log.ts";

let folder: string;
let store: Store;
let log: EventLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-events-"));
  store = Store.open(folder);
  log = new EventLog(store, () => 1_700_000_000_000);
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

/** One transaction, as a training's reports come. */
const ticks = (count: number) =>
  log.record((append) => {
    for (let i = 0; i < count; i++) append("metrics.sampled", { values: { cpu: i } });
  });
const tick = () => log.append("metrics.sampled", { values: { cpu: 1 } });

describe("the log", () => {
  test("numbers rise by one, across restarts and after retention emptied it", () => {
    for (let i = 0; i < 5; i++) tick();
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    trimEvents(store, { before: Number.MAX_SAFE_INTEGER, keep: 0, limit: 100 });
    expect(log.read(0, 100)).toEqual([]);
    const { epoch } = log;
    store.close();
    store = Store.open(folder);
    log = new EventLog(store, () => 1_700_000_000_000);
    tick();
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([6]);
    expect(log.epoch).toBe(epoch);
    expect(log.resume(2, epoch)).toEqual({ since: 2, truncated: true });
    expect(log.resume(5, epoch)).toEqual({ since: 5, truncated: false });
  });

  test("a position of another log, or from the future, means the present", () => {
    tick();
    tick();
    expect(log.resume(1, "other")).toEqual({ since: 2, truncated: true });
    expect(log.resume(9, null)).toEqual({ since: 2, truncated: true });
  });

  test("is trimmed from the front only, a few rows at a time, whatever the clock did", () => {
    const times = [10, 20, 90, 30, 40, 95];
    const log = new EventLog(store, () => times.shift()!);
    for (let i = 0; i < 6; i++) log.append("metrics.sampled", { values: {} });
    const bound = { before: 50, keep: 100, limit: 1 };
    const kept = () => log.entries(0, 10).map(({ seq }) => seq);
    expect(trimEvents(store, bound)).toBe(1);
    expect(kept()).toEqual([2, 3, 4, 5, 6]);
    expect([trimEvents(store, bound), trimEvents(store, bound)]).toEqual([1, 0]);
    expect(kept()).toEqual([3, 4, 5, 6]);
    expect(trimEvents(store, { before: 0, keep: 1, limit: 100 })).toBe(3);
    expect(kept()).toEqual([6]);
  });

  test("an entry's text is the event as it is read", () => {
    log.append("dataset.deleted", { datasetId: "d1", name: 'a "b" \u2028 ü.csv' });
    expect(JSON.parse(log.entries(0, 1)[0]!.json)).toEqual(log.read(0, 1)[0]);
  });

  test("an event whose transaction fails never was, and its number is used by the next", () => {
    tick();
    const heard: number[] = [];
    log.subscribe((seq) => heard.push(seq));
    expect(() =>
      log.record((append) => {
        append("metrics.sampled", { values: {} });
        throw new Error("the state could not be written");
      }),
    ).toThrow("could not be written");
    expect(heard).toEqual([]);
    tick();
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([1, 2]);
    expect(heard).toEqual([2]);
  });

  test("a follower gets every event once, in order, whatever its pace", async () => {
    ticks(1200);
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const entries of follow(log, { since: 0, isEndless: true, signal: abort.signal })) {
      for (const { seq } of entries) {
        seen.push(seq);
        if (seq === 600) ticks(300);
        if (seq === 1500) setTimeout(tick, 1);
        if (seq === 1501) abort.abort();
      }
    }
    expect(seen).toEqual(Array.from({ length: 1501 }, (_, i) => i + 1));
  });
});

describe("a follower of a rare type", () => {
  test("searches what it has seen once, and ends when the log does", async () => {
    tick();
    log.append("dataset.deleted", { datasetId: "d1", name: "x" });
    ticks(300);
    const seen: string[] = [];
    const { signal } = new AbortController();
    for await (const entries of follow(log, { since: 0, type: "dataset.deleted", isEndless: true, signal })) {
      seen.push(...entries.map(({ type }) => type));
      if (seen.length === 1)
        setTimeout(() => log.append("dataset.deleted", { datasetId: "d2", name: "y" }), 1);
      else log.close();
    }
    expect(seen).toEqual(["dataset.deleted", "dataset.deleted"]);
    expect(log.followers).toBe(0);
  });
});

describe("EVENTS", () => {
  test.each(EVENT_NAMES)("%s is a noun and a past participle", (name) => {
    expect(name).toMatch(/^[a-z]+\.([a-z]+ed|rolledback)$/);
  });

  test.each(EVENT_NAMES)("%s makes panels stale that exist", (name) => {
    const sample = new Proxy({}, { get: (_, field) => (field === "rows" || field === "score" ? 1 : "x") });
    const keys = (EVENTS[name].stale as (data: unknown) => string[])(sample);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(parsePanelKey(key)).not.toBeNull();
  });
});
