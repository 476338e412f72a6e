/** The comparison of runs over HTTP: as JSON, as CSV and as a page, by run id and by version, with its refusals. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { RunComparison } from "../../../../../core/training/results/compare-runs.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

let harness: Harness;
let ids: string[] = [];
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(400))).json()) as { id: string };
  const train = async (exclude: string[]) => {
    const request = { datasetId: dataset.id, budgetRounds: 20, name: "crew", exclude };
    return ((await (await harness.send("POST", "/api/train?wait=1", request)).json()) as { id: string }).id;
  };
  ids = [await train(["Sex", "Class"]), await train([])];
}, 60_000);
afterAll(() => harness.close());

test("the run that knows the columns that matter is better on the shared test rows", async () => {
  const comparison = await harness.json<RunComparison>(`/api/compare?runs=${ids.join(",")}`);
  expect(comparison.runs.map(({ id }) => id)).toEqual(ids);
  expect(comparison.settings[0]).toMatchObject({ differs: true });
  expect(comparison.settings.find(({ name }) => name === "exclude")!.values).toEqual(["Sex, Class", null]);
  expect(comparison.paired[0]).toMatchObject({ run: 1, rows: 80, verdict: "better" });
  expect(comparison.metrics.find(({ name }) => name === "roc_auc")!.best).toBe(1);
  expect(comparison.disagreements.length).toBeGreaterThan(0);
  const sex = comparison.importance.find(({ column }) => column === "Sex")!;
  expect(sex.values[0]).toBeNull();
  expect(sex.values[1]).toBeGreaterThan(0);
});

test("versions are named by model and number, and repeated parameters work like commas", async () => {
  const named = await harness.json<RunComparison>("/api/compare?runs=crew:1&runs=crew:2");
  expect(named.runs.map(({ id }) => id)).toEqual(ids);
});

test("as CSV it has one row per figure and one column per run", async () => {
  const answer = await harness.ask(`/api/compare?runs=${ids.join(",")}`, { headers: { accept: "text/csv" } });
  const [header, first] = (await answer.text()).split("\r\n");
  expect(header).toBe("figure,crew version 1,crew version 2");
  expect(first!.split(",")).toHaveLength(3);
});

test("the page shows both versions and says which is better", async () => {
  const answer = await harness.ask(`/compare?runs=${ids.join(",")}`, { headers: { accept: "text/html" } });
  const html = await answer.text();
  expect(answer.status).toBe(200);
  expect(html).toContain("crew version 2 is better than crew version 1");
});

test.each([
  ["", 400, "Choose two to five runs, not"],
  ["one", 400, "Choose two to five runs, not"],
  ["no,such", 404, "Run no does not exist"],
  ["crew:1,crew:9", 404, "Version 9 of crew does not exist"],
])("?runs=%s is refused with %d", async (runs, status, detail) => {
  const answer = await harness.ask(`/compare?runs=${runs}`);
  expect(answer.status).toBe(status);
  expect(((await answer.json()) as { detail: string }).detail).toContain(detail);
});
