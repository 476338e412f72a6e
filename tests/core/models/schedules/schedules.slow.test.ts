/** Schedules with a changed clock: each due time runs once, also on two hosts and after an outage, or is reported. */
import { afterEach, expect, test } from "bun:test";
import { dueAfter, dueTimes } from "../../../../core/models/schedules/due.ts";
import { claimDue, findSchedule, listScheduleRuns } from "../../../../core/store/schedules.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

/** A cluster stores no credentials without it. */
const SECRET = { SECRET_KEY: "the same on every server" };
const HOUR = 3_600_000;
const START = Date.parse("2026-03-01T00:30:00Z");

let clock = START;
let harness: Harness | null = null;
let server: ReturnType<typeof Bun.serve> | null = null;
afterEach(async () => {
  await harness?.close();
  server?.stop(true);
  [harness, server] = [null, null];
});

/** A file that grows by a row with each request. */
async function openWithSource(): Promise<{ harness: Harness; sourceId: string; asked: () => number }> {
  clock = START;
  let asked = 0;
  let isDown = false;
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      if (new URL(request.url).pathname === "/down") {
        isDown = !isDown;
        return new Response("");
      }
      if (isDown) return new Response("gone", { status: 503 });
      asked += 1;
      return new Response(passengersCsv(60 + asked));
    },
  });
  harness = await openHarness({ ...SECRET, SOURCE_HOSTS: "127.0.0.1" }, () => clock);
  const url = `${server.url.href}crew.csv`;
  const source = await harness.signalbox.sources.create({ name: "crew", url }, "tests");
  return { harness, sourceId: source.id, asked: () => asked };
}

test("over a night, every due time runs once, whoever else checks at the same moment", async () => {
  const { harness, sourceId, asked } = await openWithSource();
  const { schedules, store } = harness.signalbox;
  const request = { name: "hourly", action: "refresh", sourceId, cron: "0 * * * *" } as const;
  const { id, nextAt } = await schedules.create(request, "tests");
  expect(nextAt).toBe("2026-03-01T01:00:00.000Z");
  for (let step = 0; step < 16; step++) {
    await Promise.all([schedules.tick(), schedules.tick()]);
    await schedules.settled();
    clock += HOUR / 2;
  }
  const runs = await listScheduleRuns(store, { scheduleId: id, limit: 100 });
  expect(runs.map(({ status }) => status)).toEqual(Array(8).fill("done"));
  expect(new Set(runs.map(({ dueAt }) => dueAt)).size).toBe(8);
  expect(asked()).toBe(8);
  // Another host that checked the same due time comes too late.
  const { nextAt: due } = (await findSchedule(store, id))!;
  const claims = [1, 2].map(() => claimDue(store, { id, dueAt: due!, nextAt: due! + HOUR }));
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
}, 60_000);

test("times that passed during an outage are made up by one run", async () => {
  const { harness, sourceId, asked } = await openWithSource();
  const { schedules, store } = harness.signalbox;
  const request = { name: "hourly", action: "refresh", sourceId, cron: "0 * * * *" } as const;
  const { id } = await schedules.create(request, "tests");
  clock += 9 * HOUR;
  await schedules.tick();
  await schedules.settled();
  expect(asked()).toBe(1);
  expect(await listScheduleRuns(store, { scheduleId: id, limit: 9 })).toHaveLength(1);
  expect((await schedules.find(id)).nextAt).toBe("2026-03-01T10:00:00.000Z");
}, 60_000);

test("a source that is down is reported, and the alert ends with the next success", async () => {
  const { harness, sourceId } = await openWithSource();
  const { schedules, alerts } = harness.signalbox;
  const request = { name: "hourly", action: "refresh", sourceId, cron: "0 * * * *" } as const;
  const { id } = await schedules.create(request, "tests");
  await fetch(`${server!.url.href}down`);
  clock += HOUR;
  await schedules.tick();
  await schedules.settled();
  expect((await schedules.find(id)).last).toMatchObject({ status: "failed" });
  expect((await alerts.active()).map(({ code }) => code).sort()).toEqual(["schedule", "source"]);
  await fetch(`${server!.url.href}down`);
  clock += HOUR;
  await schedules.tick();
  await schedules.settled();
  expect((await schedules.find(id)).last).toMatchObject({ status: "done" });
  expect(await alerts.active()).toEqual([]);
}, 60_000);

test("what a killed server had started is restarted by the next check, once", async () => {
  const { harness, sourceId, asked } = await openWithSource();
  const { schedules, store } = harness.signalbox;
  const request = { name: "hourly", action: "refresh", sourceId, cron: "0 * * * *" } as const;
  const { id } = await schedules.create(request, "tests");
  // As a process leaves it that dies between its claim and its end.
  const held = { id: "lost", scheduleId: id, dueAt: clock, startedAt: clock, heldUntil: clock + 60_000 };
  const { insertScheduleRun } = await import("../../../../core/store/schedules.ts");
  await insertScheduleRun(store, held);
  await schedules.tick();
  expect((await schedules.find(id)).last).toMatchObject({ status: "running" });
  clock += 61_000;
  await schedules.tick();
  await schedules.settled();
  const { last } = await schedules.find(id);
  expect(last).toMatchObject({ status: "done" });
  expect(asked()).toBe(1);
  expect((await harness.eventsSince(0)).filter(({ type }) => type === "schedule.ran")).toHaveLength(1);
}, 60_000);

test("a new file trains, the versions are compared, and the rule is followed", async () => {
  clock = START;
  harness = await openHarness(SECRET, () => clock);
  const { schedules, runs, models, datasets, sources } = harness.signalbox;
  const { id: datasetId } = (await (await harness.upload("crew.csv", passengersCsv(300))).json()) as {
    id: string;
  };
  const first = await runs.train({ datasetId, name: "crew", target: "Survived", budgetSeconds: 2 });
  await runs.ended(first.id);
  await models.deploy("crew", 1);
  const request = {
    name: "on arrival",
    action: "retrain",
    model: "crew",
    datasetId,
    on: "new-file",
  } as const;
  const { id } = await schedules.create({ ...request, rule: "challenger" }, "tests");
  await schedules.tick();
  expect((await schedules.find(id)).last).toBeNull();
  const body = passengersCsv(900, 7);
  const answer = await harness.ask("/api/datasets/crew.csv", { method: "PUT", body });
  expect(answer.status).toBe(201);
  expect(await answer.json()).toMatchObject({
    version: 2,
    rows: 900,
    changes: { rows: { from: 300, to: 900 } },
  });
  await schedules.tick();
  await schedules.settled();
  const { last } = await schedules.find(id);
  expect(last).toMatchObject({ status: "done", sentence: expect.stringContaining("Version 2") });
  expect((await models.find("crew")).challengerVersion).toBe(2);
  expect((await models.find("crew")).liveVersion).toBe(1);
  // The same file again is not a new one.
  await schedules.tick();
  expect(await schedules.runsOf(id, 10)).toHaveLength(1);
  expect((await datasets.find(datasetId)).version).toBe(2);
  expect(sources).toBeDefined();
}, 120_000);

test("drift and low live accuracy train once; a version is deployed only if it is better, otherwise the reason is given", async () => {
  clock = START;
  harness = await openHarness(SECRET, () => clock);
  const { schedules, runs, models, alerts } = harness.signalbox;
  const flipped = passengersCsv(600, 3).replace(/,([01])$/gm, (_, label) => `,${1 - Number(label)}`);
  const { id: datasetId } = (await (await harness.upload("crew.csv", flipped)).json()) as { id: string };
  const first = await runs.train({ datasetId, name: "crew", target: "Survived", budgetRounds: 10 });
  await runs.ended(first.id);
  await models.deploy("crew", 1);
  const retrain = { action: "retrain", model: "crew", datasetId, rule: "deploy" } as const;
  const onDrift = await schedules.create({ ...retrain, name: "drift", on: "drift" }, "tests");
  const below = { on: "accuracy", metric: "accuracy", below: 0.7 } as const;
  const onAccuracy = await schedules.create({ ...retrain, name: "accuracy", ...below }, "tests");
  const look = async () => {
    await schedules.tick();
    await schedules.settled();
  };
  await look();
  const drifts = { code: "drift", subject: "crew", severity: "warning" } as const;
  const action = { label: "Open model", method: "get", path: "/models/crew" } as const;
  await alerts.raise({ ...drifts, sentence: "crew drifts.", action });
  await look();
  await look();
  const told = await schedules.runsOf(onDrift.id, 9);
  expect(told.map(({ status, sentence }) => [status, sentence])).toEqual([
    [
      "done",
      expect.stringMatching(
        /Version 2 .*It was not deployed, because it is not better by more than chance\.$/,
      ),
    ],
  ]);
  expect((await models.find("crew")).liveVersion).toBe(1);
  // Before the outcomes: the schedules' own timer may check right after them.
  expect(
    (await harness.ask("/api/datasets/crew.csv", { method: "PUT", body: passengersCsv(600, 3) })).status,
  ).toBe(201);
  // The actual outcomes are the opposite: the live version learned from labels that were swapped.
  const truth = passengersCsv(400, 8).trim().split("\n");
  const rows = truth.slice(1).map((line) => line.split(","));
  const body = [
    truth[0]!.replace(",Survived", ""),
    ...rows.map((cells) => cells.slice(0, -1).join(",")),
  ].join("\n");
  const predicted = await harness.ask("/api/models/crew/predict", {
    ...{ method: "POST", body, headers: { "content-type": "text/csv", accept: "application/x-ndjson" } },
  });
  const ids = (await predicted.text())
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { prediction_id: string }).prediction_id);
  const outcomes = ["id,actual", ...ids.map((id, k) => `${id},${rows[k]!.at(-1)}`)].join("\n");
  const reported = await harness.ask("/api/predictions/actuals", {
    ...{ method: "POST", body: outcomes, headers: { "content-type": "text/csv" } },
  });
  expect(reported.status).toBeLessThan(300);
  await look();
  await look();
  const [run, ...others] = await schedules.runsOf(onAccuracy.id, 9);
  expect([run, others]).toEqual([
    expect.objectContaining({ status: "done", sentence: expect.stringContaining("Version 3 is now live.") }),
    [],
  ]);
  expect((await models.find("crew")).liveVersion).toBe(3);
}, 180_000);

test("a time that a clock change skips comes at the end of the gap; one that occurs twice comes once", async () => {
  const times = async (cron: string, at: string, count: number) => {
    const zone = { cron, timeZone: "Europe/Berlin" };
    const due = await dueTimes(zone, { after: Date.parse(at), count });
    return due.map((time) => new Date(time).toISOString().slice(0, 16));
  };
  const spring = ["2027-03-27T01:30", "2027-03-28T01:00", "2027-03-29T00:30"];
  expect(await times("30 2 * * *", "2027-03-26T12:00:00Z", 3)).toEqual(spring);
  const autumn = ["2027-10-30T00:30", "2027-10-31T00:30", "2027-11-01T01:30"];
  expect(await times("30 2 * * *", "2027-10-29T12:00:00Z", 3)).toEqual(autumn);
  // What comes every hour comes in both hours.
  const hourly = ["2027-10-31T00:00", "2027-10-31T01:00", "2027-10-31T02:00"];
  expect(await times("0 * * * *", "2027-10-30T23:10:00Z", 3)).toEqual(hourly);
});

test("a time in a zone keeps its hour when the clocks change", async () => {
  const next = async (at: string) =>
    new Date(
      (await dueAfter({ cron: "0 3 * * *", timeZone: "Europe/Berlin" }, Date.parse(at)))!,
    ).toISOString();
  expect(await next("2026-03-27T12:00:00Z")).toBe("2026-03-28T02:00:00.000Z");
  expect(await next("2026-03-29T12:00:00Z")).toBe("2026-03-30T01:00:00.000Z");
  await expect(dueAfter({ cron: "61 * * * *" }, START)).rejects.toThrow("cannot be read");
  await expect(dueAfter({ cron: "0 3 * * *", timeZone: "Mars/Base" }, START)).rejects.toThrow(
    "is not a time zone",
  );
});
