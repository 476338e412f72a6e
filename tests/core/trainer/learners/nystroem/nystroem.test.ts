/** Checks that the smooth learner is kernel ridge regression, follows curves, and that its contributions sum up. */
import { expect, test } from "bun:test";
import {
  factorize,
  solveLower,
  solveUpper,
  traceOfInverse,
  whiten,
} from "../../../../../core/trainer/learners/nystroem/dense.ts";
import {
  fitNystroem,
  nystroemContributions,
  predictNystroem,
} from "../../../../../core/trainer/learners/nystroem/nystroem.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { SparseRows, Task } from "../../../../../core/trainer/samples.ts";

const checkpoint = () => {};

function designOf(rows: number[][]): SparseRows {
  const columns = rows[0].length;
  return {
    columns,
    starts: Int32Array.from({ length: rows.length + 1 }, (_, i) => i * columns),
    indices: Int32Array.from({ length: rows.length * columns }, (_, i) => i % columns),
    values: Float32Array.from(rows.flat()),
  };
}

function points(count: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => [4 * random() - 2, 4 * random() - 2]);
}

const options = (task: Task, classes = 0) => ({ task, classes, random: seededRandom(1), checkpoint });

test("dense systems: factor, solutions, whitening and trace agree with the definition", () => {
  const matrix = Float64Array.of(4, 2, 1, 2, 5, 3, 1, 3, 6);
  const factor = factorize(matrix.slice(), 3);
  const b = Float64Array.of(1, -2, 3);
  const x = solveUpper(factor, solveLower(factor, b.slice()));
  for (let i = 0; i < 3; i++) {
    expect(matrix[i * 3] * x[0] + matrix[i * 3 + 1] * x[1] + matrix[i * 3 + 2] * x[2]).toBeCloseTo(b[i], 12);
  }
  const identity = whiten(factor, matrix, 3);
  for (const [at, value] of identity.entries()) expect(value).toBeCloseTo(at % 4 === 0 ? 1 : 0, 12);
  const columns = [0, 1, 2].map((k) => Float64Array.from({ length: 3 }, (_, i) => (i === k ? 1 : 0)));
  const trace = columns.reduce((sum, unit, k) => sum + solveUpper(factor, solveLower(factor, unit))[k], 0);
  expect(traceOfInverse(factor, 3)).toBeCloseTo(trace, 12);
});

test("if every row is a landmark it equals kernel ridge regression", async () => {
  const rows = points(60, 2);
  const y = Float64Array.from(rows, ([a, b]) => Math.sin(2 * a) + b + 5);
  const design = designOf(rows);
  const model = await fitNystroem(design, y, options("regression"));
  const kernel = (p: number[], q: number[]) =>
    Math.exp(-model.gamma * ((p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2));
  const system = Float64Array.from({ length: 3600 }, (_, at) => {
    const [i, j] = [Math.floor(at / 60), at % 60];
    return kernel(rows[i], rows[j]) + (i === j ? model.penalty : 0);
  });
  const mean = y.reduce((a, b) => a + b) / 60;
  const root = factorize(system, 60);
  const dual = solveUpper(
    root,
    solveLower(
      root,
      y.map((value) => value - mean),
    ),
  );
  predictNystroem(model, design).forEach((answer, i) => {
    const naive = mean + dual.reduce((sum, weight, j) => sum + weight * kernel(rows[i], rows[j]), 0);
    expect(answer).toBeCloseTo(naive, 2);
  });
});

test("it follows a curved surface from a few hundred noisy rows", async () => {
  const truth = ([a, b]: number[]) => Math.sin(2 * a) * b + a;
  const random = seededRandom(5);
  const rows = points(250, 3);
  const y = Float64Array.from(rows, (row) => truth(row) + 0.2 * (random() - 0.5));
  const model = await fitNystroem(designOf(rows), y, options("regression"));
  const fresh = points(300, 4);
  const answers = predictNystroem(model, designOf(fresh));
  const error = fresh.reduce((sum, row, i) => sum + (answers[i] - truth(row)) ** 2, 0) / 300;
  expect(Math.sqrt(error)).toBeLessThan(0.08);
});

test("rings are told apart, two of them and three", async () => {
  const rows = points(160, 6);
  const ring = ([a, b]: number[], classes: number) =>
    Math.min(classes - 1, Math.floor((a * a + b * b) / 1.5));
  for (const [task, classes] of [
    ["binary", 2],
    ["multiclass", 3],
  ] as const) {
    const y = Float64Array.from(rows, (row) => ring(row, classes));
    const model = await fitNystroem(designOf(rows), y, options(task, classes));
    const fresh = points(300, 7);
    const margins = predictNystroem(model, designOf(fresh));
    const right = fresh.filter((row, i) => {
      if (classes === 2) return margins[i] > 0 === (ring(row, 2) === 1);
      const own = [...margins.subarray(3 * i, 3 * i + 3)];
      return own.indexOf(Math.max(...own)) === ring(row, 3);
    });
    expect(right.length).toBeGreaterThan(260);
  }
});

test("contributions and base sum to the margin, and a column that does not matter gets next to none", async () => {
  const rows = points(120, 8);
  const y = Float64Array.from(rows, ([a]) => a ** 3);
  const model = await fitNystroem(designOf(rows), y, options("regression"));
  const row = designOf([[1.5, -1]]);
  const { base, moved } = nystroemContributions(model, row);
  expect(base[0] + moved[0] + moved[1]).toBeCloseTo(predictNystroem(model, row)[0], 9);
  expect(Math.abs(moved[1])).toBeLessThan(0.15 * Math.abs(moved[0]));
});
