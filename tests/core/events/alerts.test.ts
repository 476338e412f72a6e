/** Is an alert told once, at most once a minute, and gone when its reason is? */
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Alert, Alerts } from "../../../core/events/alerts.ts";
import { EventLog } from "../../../core/events/event-log.ts";
import { trimAlerts } from "../../../core/store/alerts.ts";
import { Store } from "../../../core/store/database.ts";

let folder: string;
let store: Store;
let log: EventLog;
let alerts: Alerts;
beforeEach(() => {
  jest.useFakeTimers({ now: 1_700_000_000_000 });
  folder = mkdtempSync(join(tmpdir(), "signalbox-alerts-"));
  store = Store.open(folder);
  log = new EventLog(store, Date.now);
  alerts = new Alerts({ store, log, now: Date.now });
});
afterEach(() => {
  alerts.stop();
  store.close();
  rmSync(folder, { recursive: true });
  jest.useRealTimers();
});

const DRIFT: Alert = {
  code: "drift",
  subject: "crew",
  severity: "warning",
  sentence: "age has drifted.",
  action: { label: "Look", method: "get", path: "/models/crew" },
};
const told = () => log.read(0, 100_000).map(({ type }) => type);
const sentences = () => log.activity(Number.MAX_SAFE_INTEGER, 100).map(({ sentence }) => sentence);

test("what is seen again and again is one event, one row, one alert; its end is told too", () => {
  for (let look = 0; look < 50; look++) {
    alerts.raise(DRIFT);
    jest.advanceTimersByTime(10_000);
  }
  expect(told()).toEqual(["alert.raised"]);
  expect(alerts.standing()).toMatchObject([DRIFT]);
  alerts.resolve("drift", "crew");
  alerts.resolve("drift", "crew");
  alerts.resolve("drift", "nobody");
  expect(told()).toEqual(["alert.raised", "alert.resolved"]);
  expect(sentences()).toEqual(["Resolved: age has drifted.", "age has drifted."]);
  expect(alerts.standing()).toEqual([]);
});

test("one that comes back within the minute waits for it, over a restart too, and is told if it still stands", () => {
  alerts.raise(DRIFT);
  alerts.resolve("drift", "crew");
  jest.advanceTimersByTime(30_000);
  alerts.raise(DRIFT);
  expect(alerts.standing()).toEqual([]);
  alerts.stop();
  alerts = new Alerts({ store, log, now: Date.now });
  alerts.start();
  jest.advanceTimersByTime(29_000);
  expect(told()).toEqual(["alert.raised", "alert.resolved"]);
  jest.advanceTimersByTime(1000);
  expect(told()).toEqual(["alert.raised", "alert.resolved", "alert.raised"]);
  expect(alerts.standing()).toMatchObject([DRIFT]);
});

test("one that came and went within the minute is not told", () => {
  alerts.raise(DRIFT);
  alerts.resolve("drift", "crew");
  alerts.raise(DRIFT);
  alerts.resolve("drift", "crew");
  jest.advanceTimersByTime(600_000);
  expect(told()).toEqual(["alert.raised", "alert.resolved"]);
});

test("a worse one is told anew, a milder one is not", () => {
  alerts.raise(DRIFT);
  jest.advanceTimersByTime(60_000);
  alerts.raise({ ...DRIFT, severity: "error" });
  alerts.raise(DRIFT);
  expect(log.read(0, 9).map(({ data }) => data.severity)).toEqual(["warning", "error"]);
  expect(alerts.standing()).toMatchObject([{ severity: "error" }]);
});

test("a dismissed one stays away until its reason ends and comes back", () => {
  alerts.raise(DRIFT);
  alerts.dismiss(alerts.standing()[0]!.id);
  jest.advanceTimersByTime(3_600_000);
  alerts.raise(DRIFT);
  expect(alerts.standing()).toEqual([]);
  alerts.resolve("drift", "crew");
  alerts.raise(DRIFT);
  expect(told()).toEqual(["alert.raised", "alert.dismissed", "alert.raised"]);
  expect(() => alerts.dismiss("nothing")).toThrow("no alert");
});

test("whatever is measured, one subject is told at most once a minute, and the last look is right", () => {
  const measured = fc.array(
    fc.record({ value: fc.double({ min: 0, max: 1, noNaN: true }), ms: fc.nat(20_000) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  fc.assert(
    fc.property(measured, fc.uuid(), (looks, subject) => {
      const from = log.lastSeq;
      for (const { value, ms } of looks) {
        alerts.check({ ...DRIFT, subject }, { value, limit: 0.5, worse: "above" });
        jest.advanceTimersByTime(ms);
      }
      jest.advanceTimersByTime(60_000);
      const times = log.read(from, 1000, "alert.raised").map(({ at }) => Date.parse(at));
      for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(60_000);
      const last = looks.at(-1)!.value;
      const stands = alerts.standing().some((alert) => alert.subject === subject);
      if (last > 0.5) expect(stands).toBe(true);
      if (last <= 0.475) expect(stands).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test("a value near its limit makes no storm, whichever side is the bad one", () => {
  for (let look = 0; look < 100; look++) {
    alerts.check(DRIFT, { value: look % 2 ? 0.505 : 0.495, limit: 0.5, worse: "above" });
    alerts.check(
      { ...DRIFT, code: "live-figures" },
      { value: look % 2 ? 0.81 : 0.79, limit: 0.8, worse: "below" },
    );
    jest.advanceTimersByTime(10_000);
  }
  expect(told()).toEqual(["alert.raised", "alert.raised"]);
});

test("what is over is forgotten with the log's age, what stands is not", () => {
  alerts.raise(DRIFT);
  alerts.raise({ ...DRIFT, subject: "other" });
  alerts.resolve("drift", "other");
  expect(trimAlerts(store, Date.now() + 1)).toBe(1);
  expect(alerts.standing()).toHaveLength(1);
});
