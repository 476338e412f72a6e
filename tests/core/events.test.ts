/** Is the log numbered without a gap, for ever, and does state never change without its event? */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EVENT_NAMES, EVENTS, EventLog } from "../../core/events.ts";
import { follow } from "../../core/follow.ts";
import { parsePanelKey } from "../../core/panels.ts";
import { Store } from "../../core/store/database.ts";
import { trimEvents } from "../../core/store/log.ts";

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

const tick = () => log.append("metrics.sampled", { values: { cpu: 1 } });

describe("the log", () => {
  test("numbers rise by one, across restarts and after retention emptied it", () => {
    for (let i = 0; i < 5; i++) tick();
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    trimEvents(store, { before: Number.MAX_SAFE_INTEGER, keep: 0 });
    expect(log.read(0, 100)).toEqual([]);
    const { epoch } = log;
    store.close();
    store = Store.open(folder);
    log = new EventLog(store, () => 1_700_000_000_000);
    tick();
    expect(log.read(0, 100).map(({ seq }) => seq)).toEqual([6]);
    expect(log.epoch).toBe(epoch);
    expect(log.isTruncated(2)).toBe(true);
    expect(log.isTruncated(5)).toBe(false);
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
    for (let i = 0; i < 1200; i++) tick();
    const abort = new AbortController();
    const seen: number[] = [];
    for await (const event of follow(log, { since: 0, isEndless: true, signal: abort.signal })) {
      seen.push(event!.seq);
      if (event!.seq === 600) for (let i = 0; i < 300; i++) tick();
      if (event!.seq === 1500) setTimeout(tick, 1);
      if (event!.seq === 1501) abort.abort();
    }
    expect(seen).toEqual(Array.from({ length: 1501 }, (_, i) => i + 1));
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
