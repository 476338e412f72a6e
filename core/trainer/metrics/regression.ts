/** Computes metrics of predicted numbers: R2 and the errors by scikit-learn's definitions. */
import { type Outcome, sortedRows, totalWeight } from "./outcome.ts";

/** 1 - residual over total sum of squares; NaN for a constant truth. */
export function r2(outcome: Outcome): number {
  const mean = weightedMean(outcome, (truth) => truth);
  const total = weightedMean(outcome, (truth) => (truth - mean) ** 2);
  return total > 0 ? 1 - meanSquaredError(outcome) / total : Number.NaN;
}

export const meanSquaredError = (o: Outcome) => weightedMean(o, (truth, value) => (truth - value) ** 2);
export const rootMeanSquaredError = (o: Outcome) => Math.sqrt(meanSquaredError(o));
export const meanAbsoluteError = (o: Outcome) => weightedMean(o, (truth, value) => Math.abs(truth - value));

/** Mean of |error| / |truth|; a truth of zero is divided by machine epsilon, as scikit-learn does. */
export function meanAbsolutePercentageError(outcome: Outcome): number {
  return weightedMean(
    outcome,
    (truth, value) => Math.abs(truth - value) / Math.max(Math.abs(truth), Number.EPSILON),
  );
}

/** Below this share of the mean size, an error as a share of the truth means nothing. */
const NEAR_ZERO = 0.01;

/** Whether some true value is so small relative to the others that dividing by it would measure that row alone. */
export function comesNearZero(truth: Float64Array): boolean {
  let [least, sum] = [Number.POSITIVE_INFINITY, 0];
  for (const value of truth) {
    least = Math.min(least, Math.abs(value));
    sum += Math.abs(value);
  }
  return least <= (NEAR_ZERO * sum) / truth.length;
}

/** Without weights the usual median; with integer weights the median of the repeated rows. */
export function medianAbsoluteError(outcome: Outcome): number {
  const { truth, values, weights } = outcome;
  const { errors, order } = sortedErrors(truth, values);
  const total = totalWeight(outcome);
  let seen = 0;
  for (let i = 0; i < order.length; i++) {
    seen += weights ? weights[order[i]] : 1;
    if (seen > total / 2) return errors[order[i]];
    if (seen < total / 2) continue;
    let next = i + 1;
    while (weights && weights[order[next]] === 0) next++;
    return (errors[order[i]] + errors[order[next]]) / 2;
  }
  return Number.NaN;
}

const sorted = new WeakMap<Float64Array, { truth: Float64Array; errors: Float64Array; order: Int32Array }>();

/** Cached with the values, because a bootstrap asks hundreds of times. */
function sortedErrors(
  truth: Float64Array,
  values: Float64Array,
): { errors: Float64Array; order: Int32Array } {
  const known = sorted.get(values);
  if (known?.truth === truth) return known;
  const errors = truth.map((t, row) => Math.abs(t - values[row]));
  const made = { truth, errors, order: sortedRows(errors) };
  sorted.set(values, made);
  return made;
}

/** NaN if the truth is constant. */
export function explainedVariance(outcome: Outcome): number {
  const mean = weightedMean(outcome, (truth) => truth);
  const bias = weightedMean(outcome, (truth, value) => truth - value);
  const total = weightedMean(outcome, (truth) => (truth - mean) ** 2);
  const left = weightedMean(outcome, (truth, value) => (truth - value - bias) ** 2);
  return total > 0 ? 1 - left / total : Number.NaN;
}

function weightedMean(outcome: Outcome, term: (truth: number, value: number) => number): number {
  const { truth, values, weights } = outcome;
  let sum = 0;
  for (let row = 0; row < truth.length; row++) {
    sum += term(truth[row], values[row]) * (weights ? weights[row] : 1);
  }
  return sum / totalWeight(outcome);
}
