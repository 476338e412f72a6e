/** Comparing runs: who leads, what differs, and what may be concluded from the rows that both were tested on. */
import { expect, test } from "bun:test";
import type { RunOptions, TestedRows } from "../../../../core/trainer/contract.ts";
import { type ComparedRun, compareRuns } from "../../../../core/training/results/compare-runs.ts";

const OPTIONS: RunOptions = {
  target: "left",
  task: null,
  features: null,
  exclude: [],
  budgetSeconds: 10,
  budgetRounds: null,
  split: "random",
  splitColumn: null,
  seed: 0,
  metric: null,
  positiveClass: null,
  costs: null,
};

function run(number: number, change: Partial<ComparedRun> = {}, tested?: TestedRows): ComparedRun {
  return {
    ...{ id: `r${number}`, number, datasetId: "d", datasetVersion: 1, datasetName: "crew.csv" },
    ...{ modelName: "crew", version: number, task: "binary", metric: "roc_auc", best: "Boosting" },
    ...{ options: OPTIONS, metrics: { roc_auc: 0.8, log_loss: 0.5 }, intervals: {}, baseline: {} },
    evaluation: { classes: ["no", "yes"], ...(tested && { tested }) },
    ...change,
  };
}

/** Rows 0, 1, … that all hold class 1, predicted with these likelihoods. */
function testedWith(likelihoods: number[], from = 0): TestedRows {
  return {
    rows: likelihoods.map((_, i) => from + i),
    truth: likelihoods.map(() => 1),
    answers: likelihoods.map((likelihood) => Number(likelihood >= 0.5)),
    likelihoods,
  };
}

const even = (rows: number, likelihood: number) => Array.from({ length: rows }, () => likelihood);

test("a run that gives the true class more probability on the same rows is better, and the other way round worse", () => {
  const [good, bad] = [testedWith(even(100, 0.9)), testedWith(even(100, 0.6))];
  const [better] = compareRuns([run(1, {}, bad), run(2, {}, good)]).paired;
  expect(better).toMatchObject({ run: 1, rows: 100, reason: null, verdict: "better" });
  expect(better!.difference).toBeCloseTo(Math.log(0.6) - Math.log(0.9), 9);
  expect(compareRuns([run(1, {}, good), run(2, {}, bad)]).paired[0]!.verdict).toBe("worse");
});

test("a difference within noise is level, with the same interval each time", () => {
  const mixed = Array.from({ length: 200 }, (_, i) => (i % 2 ? 0.8 : 0.6));
  const runs = [run(1, {}, testedWith(even(200, 0.69))), run(2, {}, testedWith(mixed))];
  const [level] = compareRuns(runs).paired;
  expect(level!.verdict).toBe("level");
  expect(compareRuns(runs).paired[0]).toEqual(level!);
});

test("only rows that both have count, and too few are no test", () => {
  const apart = compareRuns([
    run(1, {}, testedWith(even(100, 0.9))),
    run(2, {}, testedWith(even(100, 0.6), 60)),
  ]).paired[0]!;
  expect(apart.rows).toBe(40);
  const [few] = compareRuns([
    run(1, {}, testedWith(even(100, 0.9))),
    run(2, {}, testedWith(even(100, 0.6), 90)),
  ]).paired;
  expect(few).toMatchObject({
    rows: 0,
    verdict: null,
    reason: expect.stringContaining("cannot be compared: only 10 rows were in both test sets"),
  });
});

test.each([
  ["other data", { datasetVersion: 2 }, "The two runs used different data."],
  ["another target", { options: { ...OPTIONS, target: "age" } }, "The two runs predict different things."],
])("runs with %s are not tested against each other", (_, change, reason) => {
  const tested = testedWith(even(100, 0.9));
  const { paired, disagreements } = compareRuns([run(1, {}, tested), run(2, change, tested)]);
  expect(paired[0]).toMatchObject({ rows: 0, verdict: null, reason });
  expect(disagreements).toEqual([]);
});

test("differing settings come first, and a missing one is automatic", () => {
  const { settings } = compareRuns([
    run(1),
    run(2, { options: { ...OPTIONS, seed: 7, exclude: ["age", "id"] } }),
  ]);
  expect(settings.filter(({ differs }) => differs)).toEqual([
    { name: "exclude", values: [null, "age, id"], differs: true },
    { name: "seed", values: ["0", "7"], differs: true },
  ]);
  expect(settings[0]!.differs && settings[1]!.differs).toBe(true);
});

test("the leader of a figure is the greatest, or the least where less is better; equal figures have none", () => {
  const { metrics } = compareRuns([
    run(1, { metrics: { roc_auc: 0.8, log_loss: 0.4, accuracy: 0.7 } }),
    run(2, { metrics: { roc_auc: 0.9, log_loss: 0.5, accuracy: 0.7 } }),
  ]);
  expect(metrics.map(({ name, best }) => [name, best])).toEqual([
    ["roc_auc", 1],
    ["log_loss", 0],
    ["accuracy", null],
  ]);
});

test("rows with the largest difference between predictions come first, numbered and labelled as in the file", () => {
  const first = testedWith([0.9, 0.9, 0.9, 0.9], 10);
  const second = testedWith([0.8, 0.1, 0.9, 0.4], 10);
  expect(compareRuns([run(1, {}, first), run(2, {}, second)]).disagreements).toEqual([
    { row: 12, truth: "yes", answers: ["yes", "no"] },
    { row: 14, truth: "yes", answers: ["yes", "no"] },
    { row: 11, truth: "yes", answers: ["yes", "yes"] },
  ]);
});
