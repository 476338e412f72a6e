/** Checks what a race expects of folds: own folds first, then the family's, in the measure of this machine. */
import { expect, test } from "bun:test";
import type { CandidateConfig, Family } from "../../../../core/trainer/race/candidate-configs.ts";
import { type Entry, newEntry } from "../../../../core/trainer/race/entry.ts";
import { usualFitMs } from "../../../../core/trainer/race/fit-cost.ts";
import { FoldCosts } from "../../../../core/trainer/race/forecast.ts";
import type { TrainingData } from "../../../../core/trainer/race/training-data.ts";

const ROWS = 1000;
const data = {
  encoded: { samples: { rows: ROWS, features: [{ kind: "number" }, { kind: "number" }] }, texts: [] },
  target: { task: "regression", classes: [] },
  rows: new Int32Array(ROWS),
  folds: [{ train: new Int32Array(800), valid: new Int32Array(200) }],
  design: { columns: 2 },
  once: 8,
} as unknown as TrainingData;

function entryOf(family: Family, durations: number[]): Entry {
  const candidateConfig = { name: family, family, params: { trees: 100 } } as unknown as CandidateConfig;
  return newEntry(
    candidateConfig,
    durations.map((durationMs) => ({ durationMs, score: 0.5 }) as Entry["folds"][number]),
  );
}

test("a candidate costs what its own folds did, the first of which also warms up", () => {
  const [warm, once] = [entryOf("boosting", [900, 100, 200]), entryOf("boosting", [100])];
  const costs = new FoldCosts(data, [warm, once]);
  expect(costs.of(warm)).toBe(150);
  expect(costs.of(once)).toBeCloseTo((100 * 150) / 900, 6);
  expect(new FoldCosts(data, [once]).of(once)).toBe(80);
});

test("an untried one costs what its kind does here: twice as much on a machine half as fast", () => {
  const slow = entryOf("boosting", []);
  const usual = usualFitMs(data, slow.candidateConfig);
  const measured = entryOf("boosting", [0, 2 * usual]);
  const network = entryOf("network", []);
  const costs = new FoldCosts(data, [measured, slow, network]);
  expect(costs.of(slow)).toBeCloseTo(2 * usual, 6);
  expect(costs.of(network)).toBeCloseTo(2 * usualFitMs(data, network.candidateConfig), 6);
});

test("each deciding rung lets the better half through, and repeats are for those that would repeat", () => {
  const field = Array.from({ length: 8 }, () => entryOf("boosting", [0, 10]));
  const costs = new FoldCosts(data, field);
  const ahead = { leaders: [], field, rungs: [2, 3, 8], telling: 2 };
  // Half of eight and one spared meet the third fold; half of those five, rounded up, and one the other five.
  expect(costs.fieldMs(ahead)).toBeCloseTo(10 * (5 + 5 * 4), 6);
  expect(costs.repeatsMs({ ...ahead, rungs: [2, 3, 8, 16] }, "r2")).toBeCloseTo(8 * 4 * 10, 6);
});
