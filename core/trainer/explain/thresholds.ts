/**
 * Counts right and wrong predictions at about two hundred thresholds, so that a page can weigh mistakes against each
 * other without the rows.
 */
import { type Outcome, rowsByProbability } from "../metrics/outcome.ts";

/**
 * What predicting the second class from `threshold` on (probability >= threshold) gets right and wrong, in test rows.
 */
export interface ThresholdCounts {
  threshold: number;
  tp: number;
  fp: number;
  tn: number;
  fn: number;
}

const GRID = 100;
const QUANTILES = 100;

/**
 * Ascending: every hundredth from 0 to 1, probabilities of rows evenly by rank (for rare classes, where the grid is too
 * coarse), and `used`, the threshold that the model uses. Two classes only.
 */
export function thresholdCounts(outcome: Outcome, used: number): ThresholdCounts[] {
  const ascending = rowsByProbability(outcome, 1).slice().reverse();
  const probabilities = Float64Array.from(ascending, (row) => outcome.probabilities![2 * row + 1]);
  const rows = ascending.length;
  const thresholds = new Set([used]);
  for (let step = 0; step <= GRID; step++) thresholds.add(step / GRID);
  for (let step = 0; step < QUANTILES; step++)
    thresholds.add(probabilities[Math.floor(((step + 0.5) / QUANTILES) * rows)]);
  const positives = outcome.truth.reduce((sum, truth) => sum + truth, 0);
  let [below, missed] = [0, 0];
  return Array.from(thresholds)
    .sort((a, b) => a - b)
    .map((threshold) => {
      for (; below < rows && probabilities[below] < threshold; below++)
        missed += outcome.truth[ascending[below]];
      const tp = positives - missed;
      return { threshold, tp, fp: rows - below - tp, tn: below - missed, fn: missed };
    });
}
