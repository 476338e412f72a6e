/** Pages say that what they refer to was deleted, instead of linking to it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
let dataset: string;
let runs: string[];
beforeAll(async () => {
  harness = await openHarness();
  dataset = ((await (await harness.upload("crew.csv", passengersCsv(200))).json()) as { id: string }).id;
  runs = [];
  for (const seed of [1, 2]) {
    const body = { datasetId: dataset, budgetRounds: 5, name: "crew", seed };
    runs.push(((await (await harness.send("POST", "/api/train?wait=1", body)).json()) as { id: string }).id);
  }
}, 60_000);
afterAll(() => harness.close());

const html = async (path: string, status = 200) => {
  const answer = await harness.ask(path, { headers: { accept: "text/html" } });
  expect([path, answer.status]).toEqual([path, status]);
  return answer.text();
};
const remove = async (path: string) =>
  expect((await harness.ask(path, { method: "DELETE" })).status).toBe(204);

test("a version: its run, the list of runs, and its own address", async () => {
  expect(await html(`/runs/${runs[0]}`)).toContain("/models/crew?version=1");
  await remove("/api/models/crew/versions/1?now=1");
  const page = await html(`/runs/${runs[0]}`);
  expect(page).toContain("crew version 1 was deleted");
  expect(page).not.toContain("/models/crew?version=1");
  expect(await html("/runs")).not.toContain("/models/crew?version=1");
  expect(await html("/runs")).toContain("/models/crew?version=2");
  expect(await html("/models/crew?version=1", 404)).toContain("crew version 1 was deleted");
  expect(await html("/models/crew?version=7", 404)).toContain("crew has no version 7");
  const run = await harness.json(`/api/runs/${runs[0]}`);
  expect(run).toMatchObject({ versionDeleted: true, datasetDeleted: false });
});

test("a run: its version's page", async () => {
  expect(await html("/models/crew")).toContain(`/runs/${runs[1]}`);
  await remove(`/api/runs/${runs[1]}?delete=1&now=1`);
  const page = await html("/models/crew");
  expect(page).toContain("a run that was deleted");
  expect(page).not.toContain(`href="/runs/${runs[1]}"`);
});

test("a dataset: its run's page, the list of runs, and its own address", async () => {
  await remove(`/api/datasets/${dataset}?now=1`);
  for (const path of [`/runs/${runs[0]}`, "/runs"]) {
    const page = await html(path);
    expect([path, page.includes("(deleted)"), page.includes(`/datasets/${dataset}`)]).toEqual([
      path,
      true,
      false,
    ]);
  }
  expect(await html(`/datasets/${dataset}`, 404)).toContain("was deleted");
});

test("a model: its run's page", async () => {
  await remove("/api/models/crew?now=1");
  const page = await html(`/runs/${runs[0]}`);
  expect(page).not.toContain("/models/crew?");
});
