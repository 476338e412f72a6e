/**
 * Checks that a forest gives a class that none of its trees votes for a small probability, so that it can join an
 * ensemble.
 */
import { expect, test } from "bun:test";
import { predictTrees } from "../../../../../core/trainer/learners/trees/batch-predictor.ts";
import { trainForest } from "../../../../../core/trainer/learners/trees/forest.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { Samples, Target } from "../../../../../core/trainer/samples.ts";

const ROWS = 600;
const CLASSES = 7;

/** Seven classes in order along a number, with noise about it: neighbours are confused. */
function noisy(): { samples: Samples; target: Target } {
  const random = seededRandom(11);
  const x = Float64Array.from({ length: ROWS }, random);
  const noise = Float64Array.from({ length: ROWS }, random);
  const values = x.map((value) => Math.max(0, Math.min(6, Math.floor(7 * value + 2.5 * (random() - 0.5)))));
  return {
    samples: {
      rows: ROWS,
      features: [
        { name: "x", kind: "number", values: x },
        { name: "noise", kind: "number", values: noise },
      ],
    },
    target: { task: "multiclass", values, classes: [..."abcdefg"] },
  };
}

const rows = (from: number, to: number) => Int32Array.from({ length: to - from }, (_, i) => from + i);

async function lossWith(trees: number, extraTrees: boolean): Promise<{ loss: number; guess: number }> {
  const { samples, target } = noisy();
  const [train, test] = [rows(0, 400), rows(400, ROWS)];
  const params = { trees, extraTrees, bootstrap: !extraTrees };
  const forest = await trainForest(samples, target, {
    ...{ params, trainRows: train, random: seededRandom(1), checkpoint: () => {} },
  });
  const shares = new Float64Array(CLASSES);
  for (const row of train) shares[target.values[row]] += 1 / train.length;
  const response = predictTrees(forest, samples, test);
  let [loss, guess] = [0, 0];
  test.forEach((row, i) => {
    const k = target.values[row];
    loss -= Math.log(response[i * CLASSES + k]) / test.length;
    guess -= Math.log(shares[k]) / test.length;
    const sum = response.subarray(i * CLASSES, (i + 1) * CLASSES).reduce((a, b) => a + b);
    expect(sum).toBeCloseTo(1, 10);
  });
  return { loss, guess };
}

test.each([false, true])("its log loss beats guessing, extra trees %p", async (extraTrees) => {
  const { loss, guess } = await lossWith(100, extraTrees);
  expect(loss).toBeLessThan(0.8 * guess);
});

test("one tree alone is never certain", async () => {
  const { loss, guess } = await lossWith(1, true);
  expect(loss).toBeLessThan(1.2 * guess);
});
