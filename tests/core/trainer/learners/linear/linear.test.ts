/**
 * Checks that the linear fit finds scikit-learn's optimum. Frozen from scikit-learn 1.9.1 on the sequence made
 * below:
 *
 *   X = [[next(g) - .5 for _ in range(3)] for _ in range(40)]; y = 2 * X[:, 0] - X[:, 1] + .4 * (next(g) - .5)
 *   LogisticRegression(C=2, tol=1e-12).fit(X, y > 0); ... .fit(X, np.digitize(y, [-.4, .4])); Ridge(alpha=2).fit(X, y)
 */
import { expect, test } from "bun:test";
import { minimize } from "../../../../../core/trainer/learners/linear/lbfgs.ts";
import {
  fitLinear,
  type LinearOptions,
  predictLinear,
} from "../../../../../core/trainer/learners/linear/linear.ts";
import { respond } from "../../../../../core/trainer/model/response.ts";
import type { SparseRows } from "../../../../../core/trainer/samples.ts";

const ROWS = 40;
const { x, y } = data();

function data(): { x: number[][]; y: number[] } {
  let state = 17n;
  const next = () => {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    return Number(state) / 2147483648;
  };
  const x = Array.from({ length: ROWS }, () => [next() - 0.5, next() - 0.5, next() - 0.5]);
  return { x, y: x.map(([a, b]) => 2 * a - b + 0.4 * (next() - 0.5)) };
}

function design(rows: number[][]): SparseRows {
  const columns = rows[0].length;
  return {
    columns,
    starts: Int32Array.from({ length: rows.length + 1 }, (_, i) => i * columns),
    indices: Int32Array.from({ length: rows.length * columns }, (_, i) => i % columns),
    values: Float32Array.from(rows.flat()),
  };
}

const fit = (truth: number[], options: Omit<LinearOptions, "checkpoint">) =>
  fitLinear(design(x), Float64Array.from(truth), { ...options, checkpoint: () => {} });

function close(actual: ArrayLike<number>, expected: number[]): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(actual[i]).toBeCloseTo(expected[i], 3);
}

test("ridge", async () => {
  const model = await fit(y, { task: "regression", classes: 0, l2: 2 });
  close(model.weights, [1.1471047377, -0.5492251501, -0.0135603283]);
  close(model.intercept, [-0.0076978599]);
});

test("logistic", async () => {
  const model = await fit(
    y.map((value) => (value > 0 ? 1 : 0)),
    { task: "binary", classes: 2, l2: 0.5 },
  );
  close(model.weights, [3.8521884356, -1.2217078015, -0.1581813913]);
  close(model.intercept, [-0.0297904721]);
});

test("multinomial", async () => {
  const classes = y.map((value) => (value < -0.4 ? 0 : value < 0.4 ? 1 : 2));
  const model = await fit(classes, { task: "multiclass", classes: 3, l2: 0.5 });
  const shares = respond("multiclass", predictLinear(model, design(x.slice(0, 2))), 3);
  close(shares, [0.1322157492, 0.4219187374, 0.4458655134, 0.4279495503, 0.4362038528, 0.1358465968]);
});

test("a column that is zero in every row keeps weight zero", async () => {
  const wide = { ...design(x), columns: 9 };
  const model = await fitLinear(wide, Float64Array.from(y), {
    task: "regression",
    classes: 0,
    l2: 1,
    checkpoint: () => {},
  });
  expect(Array.from(model.weights.subarray(3))).toEqual([0, 0, 0, 0, 0, 0]);
});

test("L-BFGS finds the minimum of Rosenbrock's valley", async () => {
  const point = Float64Array.of(-1.2, 1);
  const objective = {
    evaluate([a, b]: Float64Array, gradient: Float64Array) {
      gradient[0] = -400 * a * (b - a * a) - 2 * (1 - a);
      gradient[1] = 200 * (b - a * a);
      return 100 * (b - a * a) ** 2 + (1 - a) ** 2;
    },
  };
  await minimize(objective, point, { maxIterations: 200, tolerance: 1e-7, checkpoint: () => {} });
  close(point, [1, 1]);
});

test("a fit of several classes that is stopped at once is no worse than guessing", async () => {
  const labels = y.map((_, row): number => (row % 10 < 7 ? 0 : row % 10 < 9 ? 1 : 2));
  const model = await fit(labels, {
    ...{ task: "multiclass", classes: 3, l2: 1 },
    stop: AbortSignal.abort(),
  });
  const answers = respond("multiclass", predictLinear(model, design(x)), 3);
  const loss = (of: (row: number) => number) =>
    labels.reduce((sum, _, row) => sum - Math.log(of(row)) / ROWS, 0);
  const guessing = loss((row) => labels.filter((label) => label === labels[row]).length / ROWS);
  expect(loss((row) => answers[3 * row + labels[row]])).toBeLessThan(guessing + 1e-3);
});
