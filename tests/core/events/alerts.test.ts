/** Checks that an alert is raised once, at most once a minute, and resolved when its cause is gone. */
import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { type Alert, Alerts } from "../../../core/events/alerts.ts";
import { EventLog } from "../../../core/events/event-log.ts";
import { openLogger } from "../../../core/platform/logger.ts";
import { trimAlerts } from "../../../core/store/alerts.ts";
import type { Store } from "../../../core/store/database.ts";
import { openSqlite } from "../../../core/store/sqlite/database.ts";

const logger = openLogger("silent");
/** Moves the clock; what a timer began then has been written. */
async function pass(ms: number): Promise<void> {
  jest.advanceTimersByTime(ms);
  for (let i = 0; i < 3; i++) await store.transaction(async () => {});
}

let folder: string;
let store: Store;
let log: EventLog;
let alerts: Alerts;
beforeEach(async () => {
  jest.useFakeTimers({ now: 1_700_000_000_000 });
  folder = mkdtempSync(join(tmpdir(), "signalbox-alerts-"));
  store = await openSqlite(folder);
  log = await EventLog.open(store, Date.now);
  alerts = new Alerts({ store, log, logger, now: Date.now });
});
afterEach(async () => {
  alerts.stop();
  await store.close();
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
const told = async () => (await log.read(0, 100_000)).map(({ type }) => type);
const sentences = async () =>
  (await log.activity(Number.MAX_SAFE_INTEGER, 100)).map(({ sentence }) => sentence);

test("a repeated problem is one event, one row, one alert; so is its end", async () => {
  for (let look = 0; look < 50; look++) {
    await alerts.raise(DRIFT);
    await pass(10_000);
  }
  expect(await told()).toEqual(["alert.raised"]);
  expect(await alerts.active()).toMatchObject([DRIFT]);
  await alerts.resolve("drift", "crew");
  await alerts.resolve("drift", "crew");
  await alerts.resolve("drift", "nobody");
  expect(await told()).toEqual(["alert.raised", "alert.resolved"]);
  expect(await sentences()).toEqual(["Resolved: age has drifted.", "age has drifted."]);
  expect(await alerts.active()).toEqual([]);
});

test("a condition that returns within a minute is reported after it, also across a restart", async () => {
  await alerts.raise(DRIFT);
  await alerts.resolve("drift", "crew");
  await pass(30_000);
  await alerts.raise(DRIFT);
  expect(await alerts.active()).toEqual([]);
  alerts.stop();
  alerts = new Alerts({ store, log, logger, now: Date.now });
  await alerts.start();
  await pass(29_000);
  expect(await told()).toEqual(["alert.raised", "alert.resolved"]);
  await pass(1000);
  expect(await told()).toEqual(["alert.raised", "alert.resolved", "alert.raised"]);
  expect(await alerts.active()).toMatchObject([DRIFT]);
});

test("a condition that starts and ends within a minute is not reported", async () => {
  await alerts.raise(DRIFT);
  await alerts.resolve("drift", "crew");
  await alerts.raise(DRIFT);
  await alerts.resolve("drift", "crew");
  await pass(600_000);
  expect(await told()).toEqual(["alert.raised", "alert.resolved"]);
});

test("a worse severity raises the alert again, a milder one does not", async () => {
  await alerts.raise(DRIFT);
  await pass(60_000);
  await alerts.raise({ ...DRIFT, severity: "error" });
  await alerts.raise(DRIFT);
  expect((await log.read(0, 9)).map(({ data }) => data.severity)).toEqual(["warning", "error"]);
  expect(await alerts.active()).toMatchObject([{ severity: "error" }]);
});

test("a dismissed alert returns only after its cause ended and came back", async () => {
  await alerts.raise(DRIFT);
  await alerts.dismiss((await alerts.active())[0]!.id);
  await pass(3_600_000);
  await alerts.raise(DRIFT);
  expect(await alerts.active()).toEqual([]);
  await alerts.resolve("drift", "crew");
  await alerts.raise(DRIFT);
  expect(await told()).toEqual(["alert.raised", "alert.dismissed", "alert.raised"]);
  await expect(alerts.dismiss("nothing")).rejects.toThrow("does not exist");
});

test("whatever is measured, a subject is reported at most once a minute, and the last state is right", async () => {
  const measured = fc.array(
    fc.record({ value: fc.double({ min: 0, max: 1, noNaN: true }), ms: fc.nat(20_000) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );
  await fc.assert(
    fc.asyncProperty(measured, fc.uuid(), async (looks, subject) => {
      const from = log.lastSeq;
      for (const { value, ms } of looks) {
        await alerts.check({ ...DRIFT, subject }, { value, limit: 0.5, worse: "above" });
        await pass(ms);
      }
      await pass(60_000);
      const times = (await log.read(from, 1000, "alert.raised")).map(({ at }) => Date.parse(at));
      for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(60_000);
      const last = looks.at(-1)!.value;
      const stands = (await alerts.active()).some((alert) => alert.subject === subject);
      if (last > 0.5) expect(stands).toBe(true);
      if (last <= 0.475) expect(stands).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test("a value close to its limit raises no repeated alerts, whichever side is bad", async () => {
  for (let look = 0; look < 100; look++) {
    await alerts.check(DRIFT, { value: look % 2 ? 0.505 : 0.495, limit: 0.5, worse: "above" });
    await alerts.check(
      { ...DRIFT, code: "live-figures" },
      { value: look % 2 ? 0.81 : 0.79, limit: 0.8, worse: "below" },
    );
    await pass(10_000);
  }
  expect(await told()).toEqual(["alert.raised", "alert.raised"]);
});

test("finished items are deleted after the retention period, current ones are not", async () => {
  await alerts.raise(DRIFT);
  await alerts.raise({ ...DRIFT, subject: "other" });
  await alerts.resolve("drift", "other");
  expect(await trimAlerts(store, Date.now() + 1)).toBe(1);
  expect(await alerts.active()).toHaveLength(1);
});
