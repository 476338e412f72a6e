/**
 * Types for what a metric is computed from: the truth and the predictions, optionally with a weight for each row. The
 * bootstrap resamples by weights without copying: a row drawn twice has weight two.
 */
import type { Task } from "../samples.ts";

export interface Outcome {
  task: Task;
  /** Number of classes; 0 for regression. */
  classes: number;
  /** Regression: the number. Classification: the class index. Length rows. */
  truth: Float64Array;
  /** The predictions, in the same form. */
  values: Float64Array;
  /** rows x classes, row-major; null for regression. */
  probabilities: Float64Array | null;
  /** Null: every row counts once. */
  weights: Float64Array | null;
}

const orders = new WeakMap<Float64Array, Map<number, Int32Array>>();

/**
 * Rows by descending probability of a class; cached with the probabilities, because a bootstrap asks hundreds of times.
 */
export function rowsByProbability(outcome: Outcome, classIndex: number): Int32Array {
  const { probabilities, classes } = outcome;
  if (!probabilities) throw new Error("This metric needs probabilities.");
  let known = orders.get(probabilities);
  if (!known) {
    known = new Map();
    orders.set(probabilities, known);
  }
  let order = known.get(classIndex);
  if (!order) {
    const rows = probabilities.length / classes;
    const keys = Float64Array.from({ length: rows }, (_, row) => -probabilities[row * classes + classIndex]);
    order = sortedRows(keys);
    known.set(classIndex, order);
  }
  return order;
}

/** Indices that sort `keys` ascending, stable. */
export function sortedRows(keys: Float64Array): Int32Array {
  const order = Int32Array.from({ length: keys.length }, (_, row) => row);
  return order.sort((a, b) => keys[a] - keys[b] || a - b);
}

/** Sum of the weights; the number of rows if there are none. */
export function totalWeight(outcome: Outcome): number {
  if (!outcome.weights) return outcome.truth.length;
  let total = 0;
  for (const weight of outcome.weights) total += weight;
  return total;
}

/** classes x classes, row-major: rows are the truth, columns the prediction. */
export function confusionMatrix(outcome: Outcome): Float64Array {
  const { truth, values, classes, weights } = outcome;
  const matrix = new Float64Array(classes * classes);
  for (let row = 0; row < truth.length; row++) {
    matrix[truth[row] * classes + values[row]] += weights ? weights[row] : 1;
  }
  return matrix;
}
