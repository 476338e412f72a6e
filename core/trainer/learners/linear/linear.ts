/**
 * Fits regularised linear models: ridge, logistic and multinomial regression over a sparse design: mean loss plus l2 /
 * (2 rows) times the squared weights, the intercept unpenalised, minimised by L-BFGS. Passes over the rows have
 * checkpoints between blocks.
 */

import { inBlocks, runPaced, runThrough, type Steps } from "../../cancellation.ts";
import type { Checkpoint, SparseRows, Task } from "../../samples.ts";
import { minimize, type Objective } from "./lbfgs.ts";
import { MOST_NEWTON_COLUMNS, newtonStep } from "./newton.ts";

/**
 * Weights by column, outputs side by side: weights[column * outputs + k]. A margin is the weighted sum plus the
 * intercept.
 */
export interface LinearModel {
  outputs: number;
  columns: number;
  weights: Float64Array;
  intercept: Float64Array;
  l2: number;
}

export interface LinearOptions {
  task: Task;
  classes: number;
  /** As 1 / C in scikit-learn's logistic regression, alpha in its ridge. */
  l2: number;
  /** What each row counts; absent: once. */
  weights?: Float64Array;
  checkpoint: Checkpoint;
  /** When aborted, ends after the current step with the weights so far. */
  stop?: AbortSignal;
}

/** Fits to `truth` (class index or number), one entry per row of the design. */
export async function fitLinear(
  design: SparseRows,
  truth: Float64Array,
  options: LinearOptions,
): Promise<LinearModel> {
  const outputs = options.task === "multiclass" ? options.classes : 1;
  const { checkpoint, stop } = options;
  const used = await runPaced(usedColumns(design), checkpoint);
  const center =
    options.task === "regression" ? standardization(truth, options.weights) : { mean: 0, scale: 1 };
  const scaled = options.task === "regression" ? truth.map((y) => (y - center.mean) / center.scale) : truth;
  const point = new Float64Array((used.design.columns + 1) * outputs);
  const objective = objectiveOf(used.design, scaled, { ...options, outputs });
  if (outputs > 1 || used.design.columns > MOST_NEWTON_COLUMNS) {
    if (options.task !== "regression")
      point.set(guessedMargins(truth, outputs, options.weights), point.length - outputs);
    await minimize(objective, point, { maxIterations: 200, tolerance: 1e-6, checkpoint, stop });
  } else await fitByNewton(used.design, point, { truth: scaled, objective, options });
  for (let i = 0; i < point.length; i++) point[i] *= center.scale;
  const intercept = point.slice(used.design.columns * outputs);
  if (options.task === "regression") intercept[0] += center.mean;
  const weights = new Float64Array(design.columns * outputs);
  used.columns.forEach((column, i) => {
    for (let k = 0; k < outputs; k++) weights[column * outputs + k] = point[i * outputs + k];
  });
  return { outputs, columns: design.columns, weights, intercept, l2: options.l2 };
}

/** Intercepts that predict the class shares: a fit that is stopped early is never worse than guessing. */
function guessedMargins(truth: Float64Array, outputs: number, weights?: Float64Array): Float64Array {
  const counts = new Float64Array(Math.max(2, outputs)).fill(1);
  for (let row = 0; row < truth.length; row++) counts[truth[row]] += weights ? weights[row] : 1;
  if (outputs === 1) return Float64Array.of(Math.log(counts[1] / counts[0]));
  const logs = counts.map(Math.log);
  const mean = logs.reduce((sum, log) => sum + log, 0) / outputs;
  return logs.map((log) => log - mean);
}

const NEWTON_STEPS = 25;

/** One output and few columns; halves steps that overshoot. */
async function fitByNewton(
  design: SparseRows,
  point: Float64Array,
  given: { truth: Float64Array; objective: Objective; options: LinearOptions },
): Promise<void> {
  const { truth, objective, options } = given;
  const { weights } = options;
  const total = totalWeight(truth.length, weights);
  const scratch = new Float64Array(point.length);
  let value = await objective.evaluate(point, scratch);
  for (let iteration = 0; iteration < NEWTON_STEPS; iteration++) {
    await options.checkpoint();
    const slopes = new Float64Array(truth.length);
    const all = { from: 0, to: truth.length };
    addMargins(design, point, { margins: slopes, outputs: 1, ...all });
    const curvatures = options.task === "regression" ? (weights ?? null) : curvaturesOf(slopes, weights);
    const part = { outputs: 1, ...all, weights };
    if (options.task === "regression") squaredSlopes(slopes, truth, part);
    else logisticSlopes(slopes, truth, part);
    const given = { slopes, curvatures, total, penalty: options.l2 / total };
    const step = await runPaced(newtonStep(design, point, given), options.checkpoint);
    const before = point.slice();
    let next = Number.POSITIVE_INFINITY;
    for (let share = 1; share > 1e-4 && !(next <= value); share /= 2) {
      for (let i = 0; i < point.length; i++) point[i] = before[i] + share * step[i];
      next = await objective.evaluate(point, scratch);
    }
    if (!(next <= value)) point.set(before);
    if (!(value - next > 1e-9 * Math.max(1e-3, value))) return;
    value = next;
    if (options.stop?.aborted) return;
  }
}

function curvaturesOf(margins: Float64Array, weights?: Float64Array): Float64Array {
  if (!weights) return margins.map(logisticCurvature);
  return margins.map((margin, row) => weights[row] * logisticCurvature(margin));
}

/** What the rows count together. */
function totalWeight(rows: number, weights?: Float64Array): number {
  return weights ? weights.reduce((sum, weight) => sum + weight, 0) : rows;
}

function logisticCurvature(margin: number): number {
  const probability = 1 / (1 + Math.exp(-margin));
  return Math.max(probability * (1 - probability), 1e-9);
}

/** The columns that are nonzero in some row, renumbered: a column that is zero throughout keeps weight zero. */
function* usedColumns(design: SparseRows): Steps<{ design: SparseRows; columns: Int32Array }> {
  const place = new Int32Array(design.columns).fill(-1);
  const columns: number[] = [];
  const indices = new Int32Array(design.indices.length);
  yield* inBlocks(indices.length, indices.length, (from, to) => {
    for (let i = from; i < to; i++) {
      const column = design.indices[i];
      if (place[column] < 0) place[column] = columns.push(column) - 1;
      indices[i] = place[column];
    }
  });
  return { design: { ...design, indices, columns: columns.length }, columns: Int32Array.from(columns) };
}

/** Weighted mean and standard deviation of the target; the scale of a constant target is 1. */
export function standardization(
  truth: Float64Array,
  weights?: Float64Array,
): { mean: number; scale: number } {
  const total = totalWeight(truth.length, weights);
  const share = (row: number) => (weights ? weights[row] : 1) / total;
  let mean = 0;
  for (let row = 0; row < truth.length; row++) mean += truth[row] * share(row);
  let variance = 0;
  for (let row = 0; row < truth.length; row++) variance += (truth[row] - mean) ** 2 * share(row);
  return { mean, scale: Math.sqrt(variance) || 1 };
}

/** Rows [from, to) of a pass. */
interface Part {
  outputs: number;
  from: number;
  to: number;
  weights?: Float64Array;
}

function objectiveOf(
  design: SparseRows,
  truth: Float64Array,
  options: Pick<LinearOptions, "task" | "l2" | "checkpoint" | "weights"> & { outputs: number },
): Objective {
  const rows = truth.length;
  const { outputs, weights: counted } = options;
  const total = totalWeight(rows, counted);
  const penalty = options.l2 / total;
  const margins = new Float64Array(rows * outputs);
  const slopes =
    options.task === "regression" ? squaredSlopes : outputs === 1 ? logisticSlopes : softmaxSlopes;
  const cost = 2 * (design.indices.length + rows) * outputs;
  return {
    async evaluate(point, gradient) {
      gradient.fill(0);
      let value = 0;
      const pass = inBlocks(rows, cost, (from, to) => {
        addMargins(design, point, { margins, outputs, from, to });
        value += slopes(margins, truth, { outputs, from, to, weights: counted });
        addGradient(design, margins, { gradient, outputs, from, to });
      });
      await runPaced(pass, options.checkpoint);
      value /= total;
      const weights = design.columns * outputs;
      for (let i = 0; i < weights; i++) {
        gradient[i] = gradient[i] / total + penalty * point[i];
        value += (penalty / 2) * point[i] * point[i];
      }
      for (let i = weights; i < point.length; i++) gradient[i] /= total;
      return value;
    },
  };
}

/** margins = design x weights + intercept. */
function addMargins(design: SparseRows, point: Float64Array, into: Part & { margins: Float64Array }): void {
  const { starts, indices, values, columns } = design;
  const { margins, outputs, from, to } = into;
  if (outputs === 1) {
    addSingleMargins(design, point, into);
    return;
  }
  for (let row = from; row < to; row++) {
    for (let k = 0; k < outputs; k++) margins[row * outputs + k] = point[columns * outputs + k];
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const at = indices[i] * outputs;
      for (let k = 0; k < outputs; k++) margins[row * outputs + k] += values[i] * point[at + k];
    }
  }
}

function addSingleMargins(
  design: SparseRows,
  point: Float64Array,
  { margins, from, to }: Part & { margins: Float64Array },
): void {
  const { starts, indices, values, columns } = design;
  for (let row = from; row < to; row++) {
    let margin = point[columns];
    for (let i = starts[row]; i < starts[row + 1]; i++) margin += values[i] * point[indices[i]];
    margins[row] = margin;
  }
}

/** gradient += transposed design x slopes. */
function addGradient(
  design: SparseRows,
  slopes: Float64Array,
  into: Part & { gradient: Float64Array },
): void {
  const { starts, indices, values, columns } = design;
  const { gradient, outputs, from, to } = into;
  if (outputs === 1) {
    addSingleGradient(design, slopes, into);
    return;
  }
  for (let row = from; row < to; row++) {
    for (let k = 0; k < outputs; k++) gradient[columns * outputs + k] += slopes[row * outputs + k];
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const at = indices[i] * outputs;
      for (let k = 0; k < outputs; k++) gradient[at + k] += values[i] * slopes[row * outputs + k];
    }
  }
}

function addSingleGradient(
  design: SparseRows,
  slopes: Float64Array,
  { gradient, from, to }: Part & { gradient: Float64Array },
): void {
  const { starts, indices, values, columns } = design;
  for (let row = from; row < to; row++) {
    const slope = slopes[row];
    gradient[columns] += slope;
    for (let i = starts[row]; i < starts[row + 1]; i++) gradient[indices[i]] += values[i] * slope;
  }
}

/** Each of these returns the summed loss and turns margins into its derivatives, in place, times what each row counts. */
function squaredSlopes(margins: Float64Array, truth: Float64Array, { from, to, weights }: Part): number {
  let loss = 0;
  for (let row = from; row < to; row++) {
    const weight = weights ? weights[row] : 1;
    margins[row] -= truth[row];
    loss += (weight * margins[row] ** 2) / 2;
    margins[row] *= weight;
  }
  return loss;
}

function logisticSlopes(margins: Float64Array, truth: Float64Array, { from, to, weights }: Part): number {
  let loss = 0;
  for (let row = from; row < to; row++) {
    const weight = weights ? weights[row] : 1;
    const signed = truth[row] > 0 ? margins[row] : -margins[row];
    loss += weight * (signed > 0 ? Math.log1p(Math.exp(-signed)) : Math.log1p(Math.exp(signed)) - signed);
    margins[row] = weight * (1 / (1 + Math.exp(-margins[row])) - truth[row]);
  }
  return loss;
}

function softmaxSlopes(
  margins: Float64Array,
  truth: Float64Array,
  { outputs, from, to, weights }: Part,
): number {
  let loss = 0;
  for (let row = from; row < to; row++) {
    const weight = weights ? weights[row] : 1;
    const at = row * outputs;
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < outputs; k++) most = Math.max(most, margins[at + k]);
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += Math.exp(margins[at + k] - most);
    const logSum = most + Math.log(sum);
    loss += weight * (logSum - margins[at + truth[row]]);
    for (let k = 0; k < outputs; k++) margins[at + k] = Math.exp(margins[at + k] - logSum);
    margins[at + truth[row]] -= 1;
    for (let k = 0; weights && k < outputs; k++) margins[at + k] *= weight;
  }
  return loss;
}

/** Raw margins of each row of the design, rows x outputs. */
export function predictLinear(model: LinearModel, design: SparseRows): Float64Array {
  return runThrough(linearMargins(model, design));
}

/** As above in steps, for many rows. */
export function* linearMargins(model: LinearModel, design: SparseRows): Steps<Float64Array> {
  const { starts, indices, values } = design;
  const { outputs, weights, intercept } = model;
  const rows = starts.length - 1;
  const margins = new Float64Array(rows * outputs);
  yield* inBlocks(rows, indices.length * outputs, (from, to) => {
    for (let row = from; row < to; row++) {
      for (let k = 0; k < outputs; k++) {
        let margin = intercept[k];
        for (let i = starts[row]; i < starts[row + 1]; i++)
          margin += values[i] * weights[indices[i] * outputs + k];
        margins[row * outputs + k] = margin;
      }
    }
  });
  return margins;
}
