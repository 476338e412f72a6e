/** Checks that of two conflicting requests at the same moment one is refused, and nothing is left half done. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { tableCsv } from "../../../chaos/journey.ts";
import { type Harness, openHarness } from "../../../harness/app.ts";

let harness: Harness;
beforeEach(async () => {
  harness = await openHarness();
});
afterEach(() => harness.close());

const csv = tableCsv(1);
const files = () => readdirSync(join(harness.folder, "datasets"));

async function uploaded(): Promise<string> {
  return ((await (await harness.upload("crew.csv", csv)).json()) as { id: string }).id;
}

test("the same bytes on many connections are one dataset", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => harness.upload("crew.csv", csv)));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(7).fill(200), 201]);
  const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id));
  expect(new Set(ids).size).toBe(1);
  expect(files()).toEqual([`${ids[0]}.csv`]);
});

test("a dataset that is deleted while it is read is gone, and no refusal is reported", async () => {
  const { seq } = await harness.json<{ seq: number }>("/api/status");
  const accepted = await harness.ask("/api/upload?name=crew.csv&wait=0", { method: "POST", body: csv });
  const { id } = (await accepted.json()) as { id: string };
  expect((await harness.ask(`/api/datasets/${id}`, { method: "DELETE" })).status).toBe(204);
  expect((await harness.upload("crew.csv", csv)).status).toBe(201);
  const types = (await harness.eventsSince(seq)).map(({ type }) => type);
  expect(types).toContain("dataset.deleted");
  expect(types).not.toContain("dataset.rejected");
  expect(files().length).toBe(1);
});

test("no run starts with a dataset that is being deleted", async () => {
  const id = await uploaded();
  const deleting = harness.ask(`/api/datasets/${id}`, { method: "DELETE" });
  const training = harness.send("POST", "/api/train", { datasetId: id, target: "stays", budgetRounds: 1 });
  const [deleted, trained] = [(await deleting).status, (await training).status];
  const { items } = await harness.json<{ items: unknown[] }>("/api/runs");
  if (deleted === 204) expect({ trained, runs: items.length }).toEqual({ trained: 404, runs: 0 });
  else expect({ deleted, trained, runs: items.length }).toEqual({ deleted: 409, trained: 202, runs: 1 });
});

test("a version that was deployed meanwhile is not deleted", async () => {
  const datasetId = await uploaded();
  const train = () =>
    harness.send("POST", "/api/train?wait=1", { datasetId, target: "stays", name: "crew", budgetRounds: 1 });
  for (const _ of [1, 2]) expect((await train()).status).toBe(200);
  await harness.send("PUT", "/api/models/crew/live", { version: 1, confirm: true });
  const [deleted, deployed] = await Promise.all([
    harness.ask("/api/models/crew/versions/2", { method: "DELETE" }),
    harness.send("PUT", "/api/models/crew/live", { version: 2, confirm: true }),
  ]);
  const { liveVersion } = await harness.json<{ liveVersion: number }>("/api/models/crew");
  const row = { age: 30, fare: 80, region: "north" };
  expect((await harness.send("POST", "/api/models/crew/predict", row)).status).toBe(200);
  if (deleted.status === 204)
    expect({ deployed: deployed.status, liveVersion }).toEqual({ deployed: 404, liveVersion: 1 });
  else expect({ deleted: deleted.status, liveVersion }).toEqual({ deleted: 409, liveVersion: 2 });
});

test("two simultaneous cancellations of a run record one event", async () => {
  const datasetId = await uploaded();
  const { seq } = await harness.json<{ seq: number }>("/api/status");
  const begun = await harness.send("POST", "/api/train", { datasetId, target: "stays", budgetSeconds: 20 });
  const { id } = (await begun.json()) as { id: string };
  const cancel = async () => (await harness.ask(`/api/runs/${id}`, { method: "DELETE" })).status;
  expect((await Promise.all([cancel(), cancel()])).sort()).toEqual([202, 409]);
  const told = (await harness.eventsSince(seq)).filter(({ type }) => type === "run.cancelled");
  expect(told.length).toBe(1);
});
