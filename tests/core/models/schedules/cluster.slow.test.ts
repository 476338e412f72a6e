/** Schedules and sources of two servers on one database: stopped from either, read from either, secrets of one key. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceView } from "../../../../core/datasets/sources/source-view.ts";
import type { ScheduleRunView } from "../../../../core/models/schedules/schedule-views.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { inTime } from "../../../harness/deadline.ts";
import { ownSchema } from "../../../harness/postgres.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Serves the file at once, or keeps a client waiting until it is released or disconnects. */
function startGate(csv: string) {
  const state = { isOpen: true, arrived: Promise.withResolvers<void>(), gone: Promise.withResolvers<void>() };
  const notes: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 120,
    fetch: async (request) => {
      if (request.method !== "GET") {
        notes.push(await request.text());
        return new Response("");
      }
      if (state.isOpen) return new Response(csv);
      request.signal.addEventListener("abort", () => state.gone.resolve());
      state.arrived.resolve();
      await state.gone.promise;
      return new Response(csv);
    },
  });
  closing.push(() => server.stop(true));
  closing.push(() => state.gone.resolve());
  return { home: server.url.href, state, notes };
}

async function openTwo(settings: Record<string, string> = {}): Promise<[Harness, Harness]> {
  const schema = await ownSchema();
  closing.push(() => schema.drop());
  const storage = mkdtempSync(join(tmpdir(), "signalbox-shared-"));
  closing.push(() => rmSync(storage, { recursive: true, force: true }));
  const shared = { DATABASE_URL: schema.url, STORAGE_URL: `file://${storage}`, SOURCE_HOSTS: "127.0.0.1" };
  const open = async () => {
    const harness = await openHarness({ ...shared, SECRET_KEY: "the same on both", ...settings });
    closing.push(() => harness.close());
    return harness;
  };
  return [await open(), await open()];
}

const made = async <T>(harness: Harness, path: string, body: unknown): Promise<T> => {
  const answer = await harness.send("POST", path, body);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
};

async function trained(harness: Harness): Promise<string> {
  const { id } = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as { id: string };
  await harness.send("POST", "/api/train?wait=1", { datasetId: id, name: "crew", budgetRounds: 5 });
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
  return id;
}

test("a refresh that runs on one server is stopped on the other, and is free at once", async () => {
  const [first, second] = await openTwo();
  const { home, state } = startGate(passengersCsv(50));
  const { id } = await made<{ id: string }>(first, "/api/sources", { name: "slow", url: `${home}slow.csv` });
  state.isOpen = false;
  const refreshed = first.send("POST", `/api/sources/${id}/refresh`, {});
  await inTime(state.arrived.promise, "the request of the refresh");
  expect((await second.json<SourceView>(`/api/sources/${id}`)).status).toBe("refreshing");
  expect((await second.send("POST", `/api/sources/${id}/stop`, {})).status).toBe(202);
  expect((await refreshed).status).toBe(409);
  expect(await second.json<SourceView>(`/api/sources/${id}`)).toMatchObject({
    status: "failed",
    lastError: expect.stringContaining("stopped"),
  });
  expect((await second.send("POST", `/api/sources/${id}/stop`, {})).status).toBe(409);
  state.isOpen = true;
  state.gone.resolve();
  expect((await second.send("POST", `/api/sources/${id}/refresh`, {})).status).toBe(200);
}, 60_000);

test("a scoring and a retraining that run on one server are stopped on the other, and end nowhere else", async () => {
  const [first, second] = await openTwo();
  const { home, state } = startGate(passengersCsv(50));
  const datasetId = await trained(first);
  const source = await made<{ id: string }>(first, "/api/sources", { name: "rows", url: `${home}rows.csv` });
  const scoring = { action: "score", model: "crew", sourceId: source.id, cron: "0 0 1 1 *" };
  const score = await made<{ id: string }>(first, "/api/schedules", {
    ...{ ...scoring, name: "score", to: { url: `${home}hook` } },
  });
  state.isOpen = false;
  const run = await made<ScheduleRunView>(first, `/api/schedules/${score.id}/run`, {});
  await inTime(state.arrived.promise, "the request of the scoring");
  expect(await made<ScheduleRunView>(second, `/api/schedule-runs/${run.id}/stop`, {})).toMatchObject({
    status: "stopped",
  });
  await first.signalbox.schedules.settled();
  const runsOf = async (harness: Harness, id: string) =>
    (await harness.json<{ items: ScheduleRunView[] }>(`/api/schedules/${id}/runs`)).items;
  expect(await runsOf(first, score.id)).toMatchObject([{ status: "stopped", hasResult: false }]);
  expect((await second.send("POST", `/api/schedule-runs/${run.id}/stop`, {})).status).toBe(409);
  expect((await second.send("POST", "/api/schedule-runs/none/stop", {})).status).toBe(404);

  const retrain = await made<{ id: string }>(second, "/api/schedules", {
    ...{ name: "retrain", action: "retrain", model: "crew", datasetId, cron: "0 0 1 1 *" },
  });
  const training = await made<ScheduleRunView>(second, `/api/schedules/${retrain.id}/run`, {});
  expect(await made<ScheduleRunView>(first, `/api/schedule-runs/${training.id}/stop`, {})).toMatchObject({
    status: "stopped",
  });
  await second.signalbox.schedules.settled();
  expect(await runsOf(second, retrain.id)).toMatchObject([{ status: "stopped" }]);
  const { items } = await first.json<{ items: { id: string; status: string }[] }>("/api/runs");
  expect(items.filter(({ id }) => id === training.id).map(({ status }) => status)).not.toContain("finished");
  expect((await first.json<{ versions: unknown[] }>("/api/models/crew")).versions).toHaveLength(1);
}, 120_000);

test("the result of a scoring for a webhook is read from any server", async () => {
  const [first, second] = await openTwo();
  const { home, notes } = startGate("");
  const datasetId = await trained(first);
  const { id } = await made<{ id: string }>(first, "/api/schedules", {
    ...{ name: "score", action: "score", model: "crew", datasetId, cron: "0 0 1 1 *" },
    to: { url: `${home}hook` },
  });
  const run = await made<ScheduleRunView>(first, `/api/schedules/${id}/run`, {});
  await first.signalbox.schedules.settled();
  expect(JSON.parse(notes[0]!)).toMatchObject({ model: "crew", version: 1, rows: 200 });
  const result = await second.ask(`/api/schedule-runs/${run.id}/result`, { headers: { accept: "*/*" } });
  expect(result.status).toBe(200);
  expect((await result.text()).trim().split(/\r?\n/)).toHaveLength(201);
}, 120_000);

test("without SECRET_KEY a cluster stores no credentials, and says what to set; without credentials it needs none", async () => {
  const [first] = await openTwo({ SECRET_KEY: "" });
  const url = `${startGate("").home}x.csv`;
  await made(first, "/api/sources", { name: "open", url });
  for (const secret of [
    { url, headers: { authorization: "Bearer x" } },
    { url: `${url}?token=x` },
    { url: "postgres://reader@127.0.0.1/shop", query: "select 1", password: "x" },
  ]) {
    const refused = await first.send("POST", "/api/sources", { name: "closed", ...secret });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ fix: expect.stringContaining("SECRET_KEY") });
  }
  const route = { name: "ops", channel: "slack", to: "https://hooks.example.com/secret" };
  expect((await first.send("POST", "/api/alert-routes", route)).status).toBe(409);
}, 60_000);

test("a server with another SECRET_KEY does not start beside one that runs, and takes it into use alone", async () => {
  const schema = await ownSchema();
  closing.push(() => schema.drop());
  const open = (key: string) => openHarness({ DATABASE_URL: schema.url, SECRET_KEY: key });
  const first = await open("the first of the keys");
  await expect(open("another one of the keys")).rejects.toThrow("SECRET_KEY differs from that of server");
  const same = await open("the first of the keys");
  await same.close();
  await first.close();
  const alone = await open("another one of the keys");
  await alone.close();
}, 60_000);
