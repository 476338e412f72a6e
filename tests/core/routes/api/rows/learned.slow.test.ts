/**
 * Checks that no version is measured on rows that it was trained on: 3,300 rows of which 30 % are copies, two versions
 * that learned from all of them, outcomes of old rows and of new ones, and the comparisons of both.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { MonitoringView } from "../../../../../core/routes/data/monitoring-view.ts";
import type { RunComparison } from "../../../../../core/training/results/compare-runs.ts";
import { type Harness, openHarness, seeded } from "../../../../harness/app.ts";

const ROWS = 3300;
const DISTINCT = 2310;

interface Row {
  a: number;
  b: number;
  c: string;
}
interface Trained {
  id: string;
  refit: { rows: number } | { reason: string };
  comparison: { rows: number; metrics: object; sentence: string } | null;
  findings: { code: string }[];
}

let harness: Harness;
let datasetId: string;
const random = seeded(8);
const made = (): Row => ({
  a: Math.round(random() * 1e6) / 1000,
  b: Math.round(random() * 1e6) / 1000,
  c: `k${Math.floor(random() * 5)}`,
});
const distinct = Array.from({ length: DISTINCT }, made);
const old = Array.from({ length: ROWS }, (_, i) => distinct[i % DISTINCT]!);
const truth = ({ a, b }: Row) => (a + b + 200 * (random() - 0.5) > 1000 ? "yes" : "no");
const train = async (options: object) =>
  (await (
    await harness.send("POST", "/api/train?wait=1", {
      datasetId,
      name: "copies",
      budgetRounds: 20,
      ...options,
    })
  ).json()) as Trained;

beforeAll(async () => {
  harness = await openHarness();
  const lines = old.map((row) => `${row.a},${row.b},${row.c},${truth(row)}`);
  const file = await harness.upload("copies.csv", ["a,b,c,y", ...lines].join("\n"));
  datasetId = ((await file.json()) as { id: string }).id;
}, 300_000);
afterAll(() => harness.close());

test("a new version is compared on rows that neither tested model learned from, or not at all", async () => {
  const first = await train({ seed: 1 });
  expect(first.refit).toMatchObject({ rows: ROWS });
  expect(first.findings.map(({ code }) => code)).toContain("duplicate_rows");
  expect(first.comparison).toBeNull();
  const other = await train({ seed: 2 });
  // Of a fifth of the rows the previous version has not learned from a fifth.
  expect(other.comparison!.rows).toBeGreaterThan(0.1 * 0.2 * ROWS);
  expect(other.comparison!.rows).toBeLessThan(0.3 * 0.2 * ROWS);
  const { paired } = await harness.json<RunComparison>(`/api/compare?runs=${first.id},${other.id}`);
  expect(paired[0]!.rows).toBeLessThan(0.3 * 0.2 * ROWS);
}, 600_000);

async function report(rows: readonly Row[]): Promise<void> {
  const answer = await harness.send("POST", "/api/models/copies/predict", { rows });
  const { predictions } = (await answer.json()) as { predictions: { id: string }[] };
  await harness.signalbox.challenger.settled();
  const lines = predictions.map(({ id }, i) => `${id},${truth(rows[i]!)}`);
  const told = await harness.ask("/api/predictions/actuals", {
    ...{ method: "POST", headers: { "content-type": "text/csv" }, body: ["id,actual", ...lines].join("\n") },
  });
  expect(told.status).toBe(200);
}

test("outcomes of rows that a version was trained on score neither it nor its challenger", async () => {
  await harness.send("PUT", "/api/models/copies/live", { version: 1, confirm: true });
  await harness.send("PUT", "/api/models/copies/challenger", { version: 2 });
  await report(old.slice(-60));
  const known = await harness.json<MonitoringView>("/panels/watch.json?of=copies");
  expect(known.live).toMatchObject({ outcomes: 60, learned: 60, measured: 0, figures: [] });
  expect(known.challenge).toMatchObject({ compared: 0, learned: 60, figures: [], verdict: "unclear" });
  expect(known.challenge!.sentence).toStartWith("Cannot be compared yet: 0 of 30 outcomes");
  const html = await (await harness.ask("/models/copies", { headers: { accept: "text/html" } })).text();
  expect(html).toContain("60 outcomes not counted: the model was trained on these rows.");
  await report(Array.from({ length: 40 }, made));
  const both = await harness.json<MonitoringView>("/panels/watch.json?of=copies");
  expect(both.live).toMatchObject({ outcomes: 100, learned: 60, measured: 40 });
  expect(both.live.figures.length).toBeGreaterThan(0);
  expect(both.challenge).toMatchObject({ compared: 40, learned: 60 });
}, 300_000);

test("a single outcome, reported alone, knows its row too", async () => {
  const answer = await harness.send("POST", "/api/models/copies/predict", old[5]!);
  const { predictions } = (await answer.json()) as { predictions: { id: string }[] };
  await harness.send("POST", `/api/predictions/${predictions[0]!.id}/actual`, { actual: "yes" });
  const { live } = await harness.json<MonitoringView>("/panels/watch.json?of=copies");
  expect(live).toMatchObject({ outcomes: 101, learned: 61, measured: 40 });
});

test("without a refit the rows of the test set still score the version", async () => {
  const { refit, comparison } = await train({ seed: 1, refit: false });
  // The split of the live version: both were tested on the same rows, before its refit.
  expect(comparison).toMatchObject({ version: 1, rows: 0.2 * ROWS });
  expect(refit).toMatchObject({ reason: expect.stringContaining("refit") });
  await harness.send("PUT", "/api/models/copies/challenger", { version: null });
  await harness.send("PUT", "/api/models/copies/live", { version: 3, confirm: true });
  await report(distinct.slice(0, 300));
  const { live } = await harness.json<MonitoringView>("/panels/watch.json?of=copies");
  expect(live.outcomes).toBe(300);
  expect(live.learned).toBeGreaterThan(200);
  expect(live.measured).toBe(live.outcomes - live.learned);
}, 300_000);
