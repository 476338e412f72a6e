/** Checks that every learner counts a row by its weight: a weighted row is as good as a repeated one. */
import { describe, expect, test } from "bun:test";
import { crossTargetEncoding, fitTargetEncoding } from "../../../../core/trainer/encoding/target-encoding.ts";
import { fitLinear, predictLinear } from "../../../../core/trainer/learners/linear/linear.ts";
import { fitNystroem, predictNystroem } from "../../../../core/trainer/learners/nystroem/nystroem.ts";
import { predictTrees } from "../../../../core/trainer/learners/trees/batch-predictor.ts";
import {
  linkMargins,
  predictBoosting,
  trainBoosting,
} from "../../../../core/trainer/learners/trees/boosting.ts";
import { trainForest } from "../../../../core/trainer/learners/trees/forest.ts";
import { fitCalibration, fitIsotonicCalibration } from "../../../../core/trainer/model/calibration.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Samples, SparseRows, Target, Task } from "../../../../core/trainer/samples.ts";
import { goOn } from "./trees/tree-data.ts";

const ROWS = 300;
const CLASSES = { binary: ["a", "b"], multiclass: ["a", "b", "c"], regression: [] };

interface Made {
  x: number[][];
  y: number[];
  /** Whole numbers, so that rows can be repeated instead. */
  times: number[];
}

function made(task: Task): Made {
  const random = seededRandom(3);
  // In tenths: so few values that all of them are bins, however many rows there are.
  const tenth = () => Math.floor(10 * random()) / 10;
  const x = Array.from({ length: ROWS }, () => [tenth(), tenth(), tenth()]);
  const y = x.map(([a, b]) => {
    const score = 2 * a! - b! + 0.4 * random();
    if (task === "regression") return score;
    return task === "binary" ? Number(score > 0.7) : score > 1 ? 2 : Number(score > 0.4);
  });
  return { x, y, times: x.map(() => 2 + Math.floor(random() * 2)) };
}

/** Each row as often as it counts. */
const repeated = <T>(rows: T[], times: number[]): T[] =>
  rows.flatMap((row, i) => Array.from({ length: times[i]! }, () => row));

function samplesOf(x: number[][]): Samples {
  const features = [0, 1, 2].map((f) => ({
    name: `x${f}`,
    kind: "number" as const,
    values: Float64Array.from(x, (row) => row[f]!),
  }));
  return { rows: x.length, features };
}

function targetOf(task: Task, y: number[], times?: number[]): Target {
  const total = times?.reduce((sum, n) => sum + n, 0) ?? 1;
  return {
    ...{ task, values: Float64Array.from(y), classes: CLASSES[task] },
    ...(times && { weights: Float64Array.from(times, (n) => (n * y.length) / total) }),
  };
}

const designOf = (x: number[][]): SparseRows => ({
  columns: 3,
  starts: Int32Array.from({ length: x.length + 1 }, (_, i) => 3 * i),
  indices: Int32Array.from({ length: 3 * x.length }, (_, i) => i % 3),
  values: Float32Array.from(x.flat()),
});

const all = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row);

function expectNear(one: Float64Array, other: Float64Array, most: number): void {
  const worst = one.reduce((far, value, i) => Math.max(far, Math.abs(value - other[i]!)), 0);
  expect(worst).toBeLessThan(most);
}

const apart = (one: Float64Array, other: Float64Array) =>
  one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / one.length;

describe.each(["regression", "binary", "multiclass"] as const)("%s", (task) => {
  const { x, y, times } = made(task);
  const more = { x: repeated(x, times), y: repeated(y, times) };

  test("boosting grows the trees of the repeated rows", async () => {
    const fit = async (rows: number[][], target: Target) => {
      const model = await trainBoosting(samplesOf(rows), target, {
        params: { maxRounds: 15, minSamplesLeaf: 1, maxLeafNodes: 4 },
        trainRows: all(rows.length),
        validRows: null,
        random: seededRandom(1),
        checkpoint: goOn,
      });
      return linkMargins(model, predictBoosting(model, samplesOf(x), all(ROWS)));
    };
    const weighted = await fit(x, targetOf(task, y, times));
    expectNear(weighted, await fit(more.x, targetOf(task, more.y)), 2e-3);
    expect(apart(weighted, await fit(x, targetOf(task, y)))).toBeGreaterThan(2e-3);
  });

  test("the losses that boosting reports are those of the repeated rows, validation rows included", async () => {
    const losses = async (rows: number[][], target: Target, held: Int32Array) => {
      const told: number[][] = [];
      await trainBoosting(samplesOf(rows), target, {
        params: { maxRounds: 3, minSamplesLeaf: 1 },
        trainRows: all(rows.length).filter((row) => !held.includes(row)),
        validRows: held,
        random: seededRandom(1),
        checkpoint: goOn,
        onRound: ({ train, valid }) => told.push([train, valid!]),
      });
      return Float64Array.from(told.flat());
    };
    const half = ROWS / 2;
    const first = times.slice(0, half).reduce((sum, n) => sum + n, 0);
    const weighted = await losses(x, targetOf(task, y, times), all(ROWS).subarray(half));
    const others = await losses(more.x, targetOf(task, more.y), all(more.x.length).subarray(first));
    expectNear(weighted, others, 4e-3);
  });

  test("a linear model has the weights of the repeated rows", async () => {
    const fit = async (rows: number[][], target: Target, l2: number) => {
      const { values, weights, classes } = target;
      const model = await fitLinear(designOf(rows), values, {
        ...{ task, classes: classes.length, l2, weights, checkpoint: goOn },
      });
      return predictLinear(model, designOf(x));
    };
    // The penalty is per row: more rows have proportionally more of it.
    const weighted = await fit(x, targetOf(task, y, times), 1);
    expectNear(weighted, await fit(more.x, targetOf(task, more.y), more.x.length / ROWS), 2e-3);
    expect(apart(weighted, await fit(x, targetOf(task, y), 1))).toBeGreaterThan(1e-3);
  });

  test.each([true, false])(
    "a forest comes near that of the repeated rows (bootstrap: %p)",
    async (bootstrap) => {
      const fit = async (rows: number[][], target: Target, seed: number) => {
        const model = await trainForest(samplesOf(rows), target, {
          params: { trees: 400, minSamplesLeaf: 5, bootstrap, extraTrees: !bootstrap },
          trainRows: all(rows.length),
          random: seededRandom(seed),
          checkpoint: goOn,
        });
        return predictTrees(model, samplesOf(x), all(ROWS));
      };
      // Half of the rows have weight zero: they must have no influence.
      const lied = targetOf(
        task,
        y.map((value, i) => (i % 2 ? value : task === "regression" ? -9 : 0)),
      );
      lied.weights = Float64Array.from(y, (_, i) => (i % 2 ? 2 : 0));
      const honest = x.map((row, i) => ({ row, y: y[i]! })).filter((_, i) => i % 2);
      const weighted = await fit(x, lied, 1);
      const alone = await fit(
        honest.map(({ row }) => row),
        targetOf(
          task,
          honest.map(({ y: value }) => value),
        ),
        2,
      );
      expect(apart(weighted, alone)).toBeLessThan(0.06);
    },
  );

  test("a kernel model uses only rows with weight", async () => {
    const lied = y.map((value, i) => (i % 2 ? value : task === "regression" ? -9 : 0));
    const weights = Float64Array.from(y, (_, i) => (i % 2 ? 2 : 0));
    const odd = <T>(rows: T[]) => rows.filter((_, i) => i % 2);
    const fit = async (rows: number[][], truth: number[], counted?: Float64Array) => {
      const model = await fitNystroem(designOf(rows), Float64Array.from(truth), {
        ...{ task, classes: CLASSES[task].length, random: seededRandom(1), checkpoint: goOn },
        ...(counted && { weights: counted }),
      });
      return predictNystroem(model, designOf(odd(x)));
    };
    const truth = Float64Array.from(odd(y));
    const [weighted, alone] = [await fit(x, lied, weights), await fit(odd(x), odd(y))];
    const right = (margins: Float64Array) => {
      if (task === "regression") return 1 - apart(margins, truth);
      const width = margins.length / truth.length;
      return (
        truth.filter((label, i) => {
          const own = margins.subarray(i * width, (i + 1) * width);
          return (width === 1 ? Number(own[0]! > 0) : own.indexOf(Math.max(...own))) === label;
        }).length / truth.length
      );
    };
    expect(right(weighted)).toBeGreaterThan(right(alone) - 0.03);
    expect(right(await fit(x, lied))).toBeLessThan(right(weighted) - 0.1);
  });

  test("target means are those of the repeated rows", async () => {
    const codes = Int32Array.from(x, ([a]) => Math.floor(a! * 4));
    const category = (of: Int32Array) => ({ feature: 0, codes: of, labels: 4 });
    const heavy = times.map((n) => n * 1000);
    const one = targetOf(task, y);
    one.weights = Float64Array.from(heavy);
    const weighted = fitTargetEncoding(category(codes), one, all(ROWS));
    const long = Int32Array.from(repeated([...codes], times));
    const target = targetOf(task, more.y);
    target.weights = new Float64Array(more.y.length).fill(1000);
    const others = fitTargetEncoding(category(long), target, all(long.length));
    expectNear(weighted.means, others.means, 1e-9);
    expectNear(weighted.prior, others.prior, 1e-9);
    const crossed = await crossTargetEncoding(category(codes), one, {
      ...{ rows: all(ROWS), random: seededRandom(1), checkpoint: goOn },
    });
    expect(crossed.columns[0]!.every(Number.isFinite)).toBe(true);
  });
});

test("calibration is that of the repeated rows", () => {
  const { y, times } = made("binary");
  const random = seededRandom(8);
  const pairs = y.map((label) => {
    const p = Math.min(0.99, Math.max(0.01, 0.3 * label + 0.6 * random()));
    return [1 - p, p];
  });
  const weights = Float64Array.from(times);
  const [flat, long] = [Float64Array.from(pairs.flat()), Float64Array.from(repeated(pairs, times).flat())];
  const [truth, longTruth] = [Float64Array.from(y), Float64Array.from(repeated(y, times))];
  const platt = fitCalibration({ task: "binary", classes: ["a", "b"] }, flat, truth, weights);
  const other = fitCalibration({ task: "binary", classes: ["a", "b"] }, long, longTruth);
  expect(platt.slope).toBeCloseTo(other.slope, 6);
  expect(platt.offset[1]).toBeCloseTo(other.offset[1]!, 6);
  expect(fitIsotonicCalibration(flat, truth, weights)).toEqual(fitIsotonicCalibration(long, longTruth));
});
