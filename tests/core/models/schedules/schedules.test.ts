/** Schedules with a moved clock: each due time runs once, also on two hosts and after an outage, or is told. */
import { afterEach, expect, test } from "bun:test";
import { dueAfter } from "../../../../core/models/schedules/due.ts";
import { claimDue, findSchedule, listScheduleRuns } from "../../../../core/store/schedules.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

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

/** A file that grows by a row each time that it is asked for. */
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
  harness = await openHarness({ SOURCE_HOSTS: "127.0.0.1" }, () => clock);
  const url = `${server.url.href}crew.csv`;
  const source = await harness.signalbox.sources.create({ name: "crew", url }, "tests");
  return { harness, sourceId: source.id, asked: () => asked };
}

test("a night: every due time runs once, whoever else looks at the same moment", async () => {
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
  // Another host that looked at the same due time comes too late.
  const { nextAt: due } = (await findSchedule(store, id))!;
  const claims = [1, 2].map(() => claimDue(store, { id, dueAt: due!, nextAt: due! + HOUR }));
  expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1);
}, 60_000);

test("times that passed during an outage are done by one run", async () => {
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

test("a source that is down is told, and the alert ends with the next success", async () => {
  const { harness, sourceId } = await openWithSource();
  const { schedules, alerts } = harness.signalbox;
  const request = { name: "hourly", action: "refresh", sourceId, cron: "0 * * * *" } as const;
  const { id } = await schedules.create(request, "tests");
  await fetch(`${server!.url.href}down`);
  clock += HOUR;
  await schedules.tick();
  await schedules.settled();
  expect((await schedules.find(id)).last).toMatchObject({ status: "failed" });
  expect((await alerts.standing()).map(({ code }) => code).sort()).toEqual(["schedule", "source"]);
  await fetch(`${server!.url.href}down`);
  clock += HOUR;
  await schedules.tick();
  await schedules.settled();
  expect((await schedules.find(id)).last).toMatchObject({ status: "done" });
  expect(await alerts.standing()).toEqual([]);
}, 60_000);

test("what a killed server had begun is begun again by the next look, once", async () => {
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
  expect((await harness.eventsSince(0)).filter(({ type }) => type === "schedule.finished")).toHaveLength(1);
}, 60_000);

test("a new file trains, the versions are compared, and the rule is followed", async () => {
  clock = START;
  harness = await openHarness({}, () => clock);
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
  // The same file again is no new one.
  await schedules.tick();
  expect(await schedules.runsOf(id, 10)).toHaveLength(1);
  expect((await datasets.find(datasetId)).version).toBe(2);
  expect(sources).toBeDefined();
}, 120_000);

test("a time in a zone keeps its hour when the clocks change", async () => {
  const next = async (at: string) =>
    new Date(
      (await dueAfter({ cron: "0 3 * * *", timeZone: "Europe/Berlin" }, Date.parse(at)))!,
    ).toISOString();
  expect(await next("2026-03-27T12:00:00Z")).toBe("2026-03-28T02:00:00.000Z");
  expect(await next("2026-03-29T12:00:00Z")).toBe("2026-03-30T01:00:00.000Z");
  await expect(dueAfter({ cron: "61 * * * *" }, START)).rejects.toThrow("cannot be read");
  await expect(dueAfter({ cron: "0 3 * * *", timeZone: "Mars/Base" }, START)).rejects.toThrow(
    "cannot be read",
  );
});
