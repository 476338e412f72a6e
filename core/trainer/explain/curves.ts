/** Computes the points of ROC, precision-recall, calibration and residual plots, at most a hundred each. */
import { quantile } from "../metrics/bootstrap.ts";
import { type Outcome, rowsByProbability } from "../metrics/outcome.ts";

const MOST_POINTS = 100;
const BINS = 10;

/** Counts after each distinct threshold, descending. */
function cumulative(
  outcome: Outcome,
  classIndex: number,
): { threshold: number; hits: number; taken: number }[] {
  const { truth, classes } = outcome;
  const probabilities = outcome.probabilities!;
  const order = rowsByProbability(outcome, classIndex);
  const steps: { threshold: number; hits: number; taken: number }[] = [];
  let hits = 0;
  order.forEach((row, i) => {
    if (truth[row] === classIndex) hits++;
    const threshold = probabilities[row * classes + classIndex];
    const next = order[i + 1];
    if (next === undefined || probabilities[next * classes + classIndex] !== threshold) {
      steps.push({ threshold, hits, taken: i + 1 });
    }
  });
  return steps;
}

/** [false positive rate, true positive rate], from (0, 0) to (1, 1). */
export function rocCurve(outcome: Outcome, classIndex: number): [number, number][] {
  const steps = cumulative(outcome, classIndex);
  const positives = steps[steps.length - 1].hits;
  const negatives = outcome.truth.length - positives;
  const points = steps.map(({ hits, taken }): [number, number] => [
    negatives > 0 ? (taken - hits) / negatives : 0,
    positives > 0 ? hits / positives : 0,
  ]);
  return thin([[0, 0], ...points]);
}

/** [recall, precision], recall ascending. */
export function precisionRecallCurve(outcome: Outcome, classIndex: number): [number, number][] {
  const steps = cumulative(outcome, classIndex);
  const positives = steps[steps.length - 1].hits;
  return thin(
    steps.map(({ hits, taken }): [number, number] => [positives > 0 ? hits / positives : 0, hits / taken]),
  );
}

/** Ten bins of equal width: predicted probability and observed share. Empty bins are left out. */
export function calibrationCurve(
  outcome: Outcome,
  classIndex: number,
): { predicted: number; observed: number; rows: number }[] {
  const { truth, classes } = outcome;
  const bins = Array.from({ length: BINS }, () => ({ predicted: 0, observed: 0, rows: 0 }));
  for (let row = 0; row < truth.length; row++) {
    const probability = outcome.probabilities![row * classes + classIndex];
    const bin = bins[Math.min(BINS - 1, Math.floor(probability * BINS))];
    bin.predicted += probability;
    bin.observed += truth[row] === classIndex ? 1 : 0;
    bin.rows++;
  }
  return bins
    .filter((bin) => bin.rows > 0)
    .map(({ predicted, observed, rows }) => ({
      predicted: predicted / rows,
      observed: observed / rows,
      rows,
    }));
}

/** A histogram of truth minus prediction, its quantiles, and up to 300 pairs for a scatter plot. */
export function residualSummary(outcome: Outcome): Record<string, unknown> {
  const residuals = outcome.truth.map((truth, row) => truth - outcome.values[row]);
  const sorted = residuals.slice().sort();
  const [low, high] = [quantile(sorted, 0.005), quantile(sorted, 0.995)];
  const counts = new Array<number>(20).fill(0);
  for (const residual of residuals) {
    const share = high > low ? (residual - low) / (high - low) : 0.5;
    counts[Math.min(19, Math.max(0, Math.floor(share * 20)))]++;
  }
  const step = Math.max(1, Math.ceil(residuals.length / 300));
  const pairs: [number, number][] = [];
  for (let row = 0; row < residuals.length; row += step)
    pairs.push([outcome.truth[row], outcome.values[row]]);
  const quantiles = Object.fromEntries(
    [0.05, 0.25, 0.5, 0.75, 0.95].map((q) => [`p${100 * q}`, quantile(sorted, q)]),
  );
  return { low, high, counts, quantiles, pairs };
}

function thin<T>(points: T[]): T[] {
  if (points.length <= MOST_POINTS) return points;
  const step = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * step)]);
}
