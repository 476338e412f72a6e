/**
 * Schedules over kills and triggers, on servers in separate processes: nothing happens twice, nothing is lost, and what
 * could have is reported.
 */
import { afterEach, expect, test } from "bun:test";
import { SQL } from "bun";
import type { ScheduleRunView } from "../../../../core/models/schedules/schedule-views.ts";
import { openHarness, passengersCsv } from "../../../harness/app.ts";
import { inTime } from "../../../harness/deadline.ts";
import { ownSchema, postgresUrl } from "../../../harness/postgres.ts";
import { ServerProcess } from "../../../harness/process.ts";
import { startS3 } from "../../../harness/s3.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Files to fetch and requests that arrive; a request waits at the gate while there is one. */
function startGate(files: Record<string, string>) {
  const heard: { path: string; body: string }[] = [];
  const gate = { closed: null as Promise<void> | null, arrived: () => {} };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 120,
    fetch: async (request) => {
      const path = new URL(request.url).pathname;
      const body = await request.text();
      heard.push({ path, body });
      gate.arrived();
      await gate.closed;
      return new Response(files[path] ?? "");
    },
  });
  closing.push(() => server.stop(true));
  const close = () => {
    const [open, arrived] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    Object.assign(gate, { closed: open.promise, arrived: arrived.resolve });
    return {
      arrived: inTime(arrived.promise, "a request at the gate"),
      open: () => {
        gate.closed = null;
        open.resolve();
      },
    };
  };
  return { home: server.url.href, heard, close, files };
}

async function post<T>(server: ServerProcess, path: string, body?: unknown, method = "POST"): Promise<T> {
  const answer = await server.ask(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Its newest run once it has ended. */
function ended(server: ServerProcess, id: string): Promise<ScheduleRunView> {
  const look = async () => {
    for (;;) {
      const { items } = await server.json<{ items: ScheduleRunView[] }>(`/api/schedules/${id}/runs`);
      if (items[0] && items[0].status !== "running") return items[0];
      await Bun.sleep(100);
    }
  };
  return inTime(look(), "the end of a schedule's run", 90_000);
}

async function startServer(settings: Record<string, string> = {}): Promise<ServerProcess> {
  const server = new ServerProcess({
    SOURCE_HOSTS: "127.0.0.1",
    SECRET_KEY: "the same on every server",
    ...settings,
  });
  closing.push(() => server.remove());
  await server.start();
  return server;
}

async function trainCrew(server: ServerProcess, sourceUrl: string) {
  const source = await post<{ id: string; datasetId: string }>(server, "/api/sources", {
    name: "crew",
    url: sourceUrl,
  });
  const train = { datasetId: source.datasetId, name: "crew", target: "Survived", budgetRounds: 5 };
  await post(server, "/api/train?wait=1", train);
  await post(server, "/api/models/crew/live", { version: 1 }, "PUT");
  return source;
}

test("a refresh, a training and a scoring that a kill interrupted are done once by the next server", async () => {
  const gate = startGate({ "/crew.csv": passengersCsv(200), "/rows.csv": passengersCsv(900, 5) });
  const s3 = startS3("key", "secret-of-s3");
  closing.push(() => s3.stop());
  const server = await startServer();
  const { id: sourceId, datasetId } = await trainCrew(server, `${gate.home}crew.csv`);
  const rows = await post<{ id: string }>(server, "/api/sources", {
    name: "rows",
    url: `${gate.home}rows.csv`,
  });
  const make = async (body: Record<string, unknown>) =>
    (await post<{ id: string }>(server, "/api/schedules", { name: "s", cron: "0 0 1 1 *", ...body })).id;
  const cutOff = async (id: string) => {
    const closed = gate.close();
    await post(server, `/api/schedules/${id}/run`);
    await closed.arrived;
    await server.end("SIGKILL");
    closed.open();
    await server.start();
    return ended(server, id);
  };

  const refresh = await make({ action: "refresh", sourceId });
  gate.files["/crew.csv"] = passengersCsv(260);
  expect(await cutOff(refresh)).toMatchObject({ status: "done" });
  expect(await server.json(`/api/datasets/${datasetId}`)).toMatchObject({ version: 2, rows: 260 });

  const retrain = await make({ action: "retrain", model: "crew", sourceId });
  gate.files["/crew.csv"] = passengersCsv(300);
  expect(await cutOff(retrain)).toMatchObject({
    status: "done",
    sentence: expect.stringContaining("Version 2"),
  });
  const runs = await server.json<{ items: unknown[] }>("/api/runs");
  expect(runs.items).toHaveLength(2);

  const score = { action: "score", model: "crew", sourceId: rows.id };
  const toObject = await make({ ...score, to: { url: "s3://data/out.csv", ...s3.keys } });
  const scored = await cutOff(toObject);
  expect(scored).toMatchObject({ status: "done", sentence: expect.stringContaining("900 rows scored") });
  const lines = new TextDecoder().decode(s3.objects.get("/data/out.csv")).trim().split("\n");
  expect(lines.slice(1).map((line) => line.split(",")[0])).toEqual(
    Array.from({ length: 900 }, (_, k) => `P${1000 + k}`),
  );

  // Interrupted while its link is being sent: it may have arrived, so it is reported and not sent again.
  const toHook = await make({ ...score, datasetId, sourceId: undefined, to: { url: `${gate.home}hook` } });
  expect(await cutOff(toHook)).toMatchObject({
    status: "failed",
    sentence: expect.stringContaining("check whether it arrived"),
  });
  expect(gate.heard.filter(({ path }) => path === "/hook")).toHaveLength(1);
  await post(server, `/api/schedules/${toHook}/run`);
  expect(await ended(server, toHook)).toMatchObject({ status: "done", hasResult: true });
  const note = JSON.parse(gate.heard.findLast(({ path }) => path === "/hook")!.body) as {
    url: string;
    rows: number;
  };
  const result = await (await fetch(note.url)).text();
  expect([note.rows, result.trim().split("\n").length]).toEqual([300, 301]);
  const { items: alerts } = await server.json<{ items: unknown[] }>("/api/alerts");
  expect(alerts.map((alert) => (alert as { code: string }).code)).not.toContain("schedule");
  // On a cluster a claim of a killed server is free after 20 seconds.
}, 600_000);

test("two servers on one database: each due time is done once, also after one of them died", async () => {
  const schema = await ownSchema();
  closing.push(() => schema.drop());
  let clock = Date.parse("2026-03-01T00:30:00Z");
  const gate = startGate({ "/crew.csv": passengersCsv(60) });
  const settings = { DATABASE_URL: schema.url, SECRET_KEY: "the same on both", SOURCE_HOSTS: "127.0.0.1" };
  const servers = [await openHarness(settings, () => clock), await openHarness(settings, () => clock)];
  for (const server of servers) closing.push(() => server.close());
  const [first, second] = servers.map(({ signalbox }) => signalbox);
  const source = await first!.sources.create({ name: "crew", url: `${gate.home}crew.csv` }, "tests");
  const { id } = await second!.schedules.create(
    { name: "hourly", action: "refresh", sourceId: source.id, cron: "0 * * * *" },
    "tests",
  );
  for (let hour = 0; hour < 6; hour++) {
    clock += 3_600_000;
    await Promise.all([first!.schedules.tick(), second!.schedules.tick()]);
    await Promise.all([first!.schedules.settled(), second!.schedules.settled()]);
    await Promise.all([first!.schedules.tick(), second!.schedules.tick()]);
  }
  const runs = await first!.schedules.runsOf(id, 50);
  expect(runs.map(({ status }) => status)).toEqual(Array(6).fill("done"));
  expect(gate.heard).toHaveLength(6);
}, 120_000);

test("rows that are scored into a table are counted, in order, and appended or replaced as requested", async () => {
  const gate = startGate({ "/crew.csv": passengersCsv(200), "/rows.csv": passengersCsv(3000, 9) });
  const server = await startServer();
  await trainCrew(server, `${gate.home}crew.csv`);
  const rows = await post<{ id: string }>(server, "/api/sources", {
    name: "rows",
    url: `${gate.home}rows.csv`,
  });
  const url = await postgresUrl();
  const host = new URL(url).host;
  expect(host).toContain("127.0.0.1");
  const table = `scored_${crypto.randomUUID().slice(0, 8)}`;
  const sql = new SQL(url);
  closing.push(async () => {
    await sql.unsafe(`drop table if exists ${table}`);
    await sql.close({ timeout: 1 });
  });
  const scoring = { action: "score", model: "crew", sourceId: rows.id, cron: "0 0 1 1 *" };
  const once = async (mode: string) => {
    const { id } = await post<{ id: string }>(server, "/api/schedules", {
      ...{ ...scoring, name: mode },
      to: { url, table, mode },
    });
    await post(server, `/api/schedules/${id}/run`);
    expect(await ended(server, id)).toMatchObject({ status: "done" });
    return (await sql.unsafe(
      `select "Id" as id, pg_typeof("probability_1")::text as type from ${table}`,
    )) as {
      id: string;
      type: string;
    }[];
  };
  const [first] = await once("replace");
  expect(first).toEqual({ id: "P1000", type: "double precision" });
  const again = await once("replace");
  // A table has no order of its own once rows were replaced.
  expect(again.map(({ id }) => id).sort()).toEqual(Array.from({ length: 3000 }, (_, k) => `P${1000 + k}`));
  expect(await once("append")).toHaveLength(6000);
}, 180_000);
