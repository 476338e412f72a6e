/**
 * Fits kernel models: kernel ridge regression, and logistic regression on the same features: a Gaussian around each of
 * a few hundred landmark rows (Williams and Seeger 2001), with width and penalty chosen by generalised cross-validation
 * (Golub, Heath and Wahba 1979). Beats trees if few rows lie on a smooth surface.
 */

import { sampleRows } from "../../random.ts";
import type { Checkpoint, Random, SparseRows, Task } from "../../samples.ts";
import { fitLinear, standardization } from "../linear/linear.ts";
import { factorize, solveLower, solveUpper, traceOfInverse, whiten } from "./dense.ts";

export interface NystroemModel {
  outputs: number;
  /** Columns of the design. */
  columns: number;
  /** landmarks x columns, clipped. */
  landmarks: Float32Array;
  /** A landmark's feature is exp(-gamma x squared distance). */
  gamma: number;
  /** Weight of the curve's squared norm, as alpha in scikit-learn's kernel ridge. */
  penalty: number;
  /** landmarks x outputs */
  weights: Float64Array;
  intercept: Float64Array;
}

export interface NystroemOptions {
  task: Task;
  classes: number;
  random: Random;
  /** What each row counts, 1 on average; absent: once. */
  weights?: Float64Array;
  checkpoint: Checkpoint;
  stop?: AbortSignal;
}

/** All of few rows, a few hundred of more: time grows with the cube. */
export const landmarksFor = (rows: number) => Math.min(rows, 320, Math.floor(150 + rows / 20));
/** In units of one over the mean squared distance to a landmark. */
const GAMMAS = [0.3, 1, 2.5];
const PENALTIES = [1e-3, 1e-2, 0.1, 0.5, 2, 10];
/**
 * Effective parameters count a little more than once, as the price of choosing between many fits (Craven and Wahba).
 */
const CAUTION = 1.2;
const JITTER = 1e-6;
export const MOST_DEVIATIONS = 4;
const BLOCK_ROWS = 256;

interface Fitted {
  gamma: number;
  penalty: number;
  /** Lower factor of the kernel between landmarks. */
  factor: Float64Array;
  /** In whitened features, landmarks x columns of y. */
  whitened: Float64Array[];
  score: number;
}

/** Fits to `truth` (class index or number), one entry per row of the design. */
export async function fitNystroem(
  design: SparseRows,
  truth: Float64Array,
  options: NystroemOptions,
): Promise<NystroemModel> {
  const rows = truth.length;
  const x = dense(design);
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const chosen = sampleRows(order, landmarksFor(rows), options.random);
  const landmarks = rowsOf(x, chosen, design.columns);
  const squared = await squaredDistances(x, landmarks, {
    columns: design.columns,
    checkpoint: options.checkpoint,
  });
  const centred = centre(truth, options);
  const mean = squared.reduce((sum, value) => sum + value, 0) / squared.length || 1;
  let best: Fitted | null = null;
  for (const width of GAMMAS) {
    const fitted = await fitWidth({ squared, chosen, centred, gamma: width / mean, options });
    if (!best || fitted.score < best.score) best = fitted;
    if (options.stop?.aborted) break;
  }
  const shape = { columns: design.columns, landmarks, gamma: best!.gamma, penalty: best!.penalty };
  if (options.task !== "regression")
    return { ...shape, ...(await classify(squared, truth, { best: best!, options })) };
  const weights = solveUpper(best!.factor, best!.whitened[0]);
  return { ...shape, outputs: 1, weights, intercept: Float64Array.of(centred.means[0]) };
}

/** The dense design, values clipped: an outlier would be far from every landmark. */
function dense({ columns, starts, indices, values }: SparseRows): Float32Array {
  const rows = starts.length - 1;
  const x = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      x[row * columns + indices[i]] = Math.min(Math.max(values[i], -MOST_DEVIATIONS), MOST_DEVIATIONS);
    }
  }
  return x;
}

function rowsOf(x: Float32Array, rows: Int32Array, columns: number): Float32Array {
  const taken = new Float32Array(rows.length * columns);
  rows.forEach((row, i) => {
    taken.set(x.subarray(row * columns, (row + 1) * columns), i * columns);
  });
  return taken;
}

/** rows x landmarks */
async function squaredDistances(
  x: Float32Array,
  landmarks: Float32Array,
  { columns, checkpoint }: { columns: number; checkpoint: Checkpoint },
): Promise<Float32Array> {
  const [rows, count] = [x.length / columns, landmarks.length / columns];
  const squared = new Float32Array(rows * count);
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    await checkpoint();
    fillDistances(x, landmarks, { columns, from, to: Math.min(rows, from + BLOCK_ROWS), squared });
  }
  return squared;
}

function fillDistances(
  x: Float32Array,
  landmarks: Float32Array,
  at: { columns: number; from: number; to: number; squared: Float32Array },
): void {
  const { columns, squared } = at;
  const count = landmarks.length / columns;
  for (let row = at.from; row < at.to; row++) {
    for (let m = 0; m < count; m++) {
      let sum = 0;
      for (let j = 0; j < columns; j++) {
        const difference = x[row * columns + j] - landmarks[m * columns + j];
        sum += difference * difference;
      }
      squared[row * count + m] = sum;
    }
  }
}

/** The number, or one column per class (for two classes: the second), without its mean. */
function centre(
  truth: Float64Array,
  { task, classes, weights }: NystroemOptions,
): { columns: Float64Array[]; means: number[] } {
  const raw =
    task === "regression"
      ? [truth]
      : task === "binary"
        ? [truth]
        : Array.from({ length: classes }, (_, k) => truth.map((value) => (value === k ? 1 : 0)));
  const means = raw.map((column) => standardization(column, weights).mean);
  return { columns: raw.map((column, k) => column.map((value) => value - means[k])), means };
}

/** Ridge in the whitened features for every penalty; keeps the one with the best generalised cross-validation score. */
async function fitWidth(given: {
  squared: Float32Array;
  chosen: Int32Array;
  centred: { columns: Float64Array[] };
  gamma: number;
  options: NystroemOptions;
}): Promise<Fitted> {
  const { squared, chosen, centred, gamma, options } = given;
  const size = chosen.length;
  const rows = squared.length / size;
  const between = new Float64Array(size * size);
  chosen.forEach((row, i) => {
    for (let j = 0; j < size; j++) between[i * size + j] = Math.exp(-gamma * squared[row * size + j]);
    between[i * size + i] += JITTER;
  });
  const factor = factorize(between, size);
  const { gram, products } = await sums(given, size);
  const a = whiten(factor, gram, size);
  await options.checkpoint();
  const right = products.map((product) => solveLower(factor, product));
  const { weights } = options;
  const spread = centred.columns.map((column) =>
    column.reduce((sum, value, row) => sum + value * value * (weights ? weights[row] : 1), 0),
  );
  let best: Fitted | null = null;
  for (const penalty of PENALTIES) {
    await options.checkpoint();
    const system = a.slice();
    for (let i = 0; i < size; i++) system[i * size + i] += penalty;
    const root = factorize(system, size);
    const whitened = right.map((b) => solveUpper(root, solveLower(root, b.slice())));
    const parameters = 1 + size - penalty * traceOfInverse(root, size);
    const left = Math.max(rows - CAUTION * parameters, 1e-3 * rows);
    const error = whitened.reduce((sum, w, k) => sum + residual(a, { w, b: right[k], spread: spread[k] }), 0);
    const score = error / left ** 2;
    if (!best || score < best.score) best = { gamma, penalty, factor, whitened, score };
  }
  return best!;
}

/** |y|² - 2 w'b + w'Aw */
function residual(
  a: Float64Array,
  { w, b, spread }: { w: Float64Array; b: Float64Array; spread: number },
): number {
  const size = w.length;
  let sum = spread;
  for (let i = 0; i < size; i++) {
    let row = 0;
    for (let j = 0; j < size; j++) row += a[i * size + j] * w[j];
    sum += w[i] * (row - 2 * b[i]);
  }
  return Math.max(sum, 0);
}

/** K'K (lower triangle) and K'y. */
async function sums(
  given: {
    squared: Float32Array;
    centred: { columns: Float64Array[] };
    gamma: number;
    options: NystroemOptions;
  },
  size: number,
): Promise<{ gram: Float64Array; products: Float64Array[] }> {
  const rows = given.squared.length / size;
  const into = {
    gram: new Float64Array(size * size),
    products: given.centred.columns.map(() => new Float64Array(size)),
  };
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    await given.options.checkpoint();
    addSums(given, into, { from, to: Math.min(rows, from + BLOCK_ROWS), size });
  }
  return into;
}

function addSums(
  given: {
    squared: Float32Array;
    centred: { columns: Float64Array[] };
    gamma: number;
    options: NystroemOptions;
  },
  { gram, products }: { gram: Float64Array; products: Float64Array[] },
  { from, to, size }: { from: number; to: number; size: number },
): void {
  const { squared, centred, gamma, options } = given;
  const bumps = new Float64Array(size);
  for (let row = from; row < to; row++) {
    const weight = options.weights ? options.weights[row] : 1;
    for (let m = 0; m < size; m++) bumps[m] = Math.exp(-gamma * squared[row * size + m]);
    for (let i = 0; i < size; i++) {
      const bump = weight * bumps[i];
      const at = i * size;
      for (let j = 0; j <= i; j++) gram[at + j] += bump * bumps[j];
    }
    products.forEach((product, k) => {
      const y = weight * centred.columns[k][row];
      for (let m = 0; m < size; m++) product[m] += bumps[m] * y;
    });
  }
}

/** Near even odds the logistic loss has a quarter of the squared loss's curvature. */
const LOGISTIC_SHARE = 0.25;
const LEAST_L2 = 0.05;

/** Logistic or multinomial regression in the whitened features. */
async function classify(
  squared: Float32Array,
  truth: Float64Array,
  { best, options }: { best: Fitted; options: NystroemOptions },
): Promise<Pick<NystroemModel, "outputs" | "weights" | "intercept">> {
  const size = best.whitened[0].length;
  const values = Float32Array.from(squared, (distance) => Math.exp(-best.gamma * distance));
  const row = new Float64Array(size);
  for (let at = 0; at < values.length; at += size) {
    if (at % (BLOCK_ROWS * size) === 0) await options.checkpoint();
    row.set(values.subarray(at, at + size));
    values.set(solveLower(best.factor, row), at);
  }
  const design: SparseRows = {
    columns: size,
    starts: Int32Array.from({ length: truth.length + 1 }, (_, i) => i * size),
    indices: Int32Array.from(values, (_, at) => at % size),
    values,
  };
  const { task, classes, checkpoint, stop, weights: counted } = options;
  const l2 = Math.max(LEAST_L2, LOGISTIC_SHARE * best.penalty);
  const {
    outputs,
    weights: whitened,
    intercept,
  } = await fitLinear(design, truth, { task, classes, l2, checkpoint, stop, weights: counted });
  const weights = new Float64Array(whitened.length);
  for (let k = 0; k < outputs; k++) {
    const column = solveUpper(
      best.factor,
      Float64Array.from({ length: size }, (_, m) => whitened[m * outputs + k]),
    );
    for (let m = 0; m < size; m++) weights[m * outputs + k] = column[m];
  }
  return { outputs, weights, intercept };
}

/** Raw margins of each row of the design, rows x outputs. */
export function predictNystroem(model: NystroemModel, design: SparseRows): Float64Array {
  const { columns, landmarks, gamma, weights, outputs, intercept } = model;
  const x = dense(design);
  const [rows, count] = [x.length / columns, landmarks.length / columns];
  const margins = new Float64Array(rows * outputs);
  const squared = new Float32Array(count);
  for (let row = 0; row < rows; row++) {
    fillDistances(x.subarray(row * columns, (row + 1) * columns), landmarks, {
      columns,
      from: 0,
      to: 1,
      squared,
    });
    for (let k = 0; k < outputs; k++) margins[row * outputs + k] = intercept[k];
    for (let m = 0; m < count; m++) {
      const bump = Math.exp(-gamma * squared[m]);
      for (let k = 0; k < outputs; k++) margins[row * outputs + k] += bump * weights[m * outputs + k];
    }
  }
  return margins;
}

const PATH_STEPS = 24;

/**
 * How much each column of the design moved a row's margins away from those of the average row: integrated gradients
 * (Sundararajan et al. 2017) along the straight line between them, by the midpoint rule; columns x outputs.
 */
export function nystroemContributions(
  model: NystroemModel,
  design: SparseRows,
): { base: Float64Array; moved: Float64Array } {
  const { columns, outputs, landmarks, gamma, weights } = model;
  const x = dense(design);
  const origin = {
    columns,
    starts: Int32Array.of(0, 0),
    indices: new Int32Array(0),
    values: new Float32Array(0),
  };
  const base = predictNystroem(model, origin);
  const moved = new Float64Array(columns * outputs);
  const count = landmarks.length / columns;
  for (let step = 0; step < PATH_STEPS; step++) {
    const share = (step + 0.5) / PATH_STEPS;
    for (let m = 0; m < count; m++) {
      let squared = 0;
      for (let j = 0; j < columns; j++) squared += (share * x[j] - landmarks[m * columns + j]) ** 2;
      const slope = (2 * gamma * Math.exp(-gamma * squared)) / PATH_STEPS;
      for (let j = 0; j < columns; j++) {
        const pull = slope * (landmarks[m * columns + j] - share * x[j]) * x[j];
        for (let k = 0; k < outputs; k++) moved[j * outputs + k] += pull * weights[m * outputs + k];
      }
    }
  }
  return {
    base,
    moved: sumTo(
      moved,
      predictNystroem(model, design).map((margin, k) => margin - base[k]),
    ),
  };
}

/** The midpoint rule's error is distributed by size, so that the columns sum exactly. */
export function sumTo(moved: Float64Array, totals: Float64Array): Float64Array {
  const outputs = totals.length;
  totals.forEach((total, k) => {
    let [sum, size] = [0, 0];
    for (let at = k; at < moved.length; at += outputs) {
      sum += moved[at];
      size += Math.abs(moved[at]);
    }
    if (size === 0) return;
    for (let at = k; at < moved.length; at += outputs)
      moved[at] += ((total - sum) * Math.abs(moved[at])) / size;
  });
  return moved;
}
