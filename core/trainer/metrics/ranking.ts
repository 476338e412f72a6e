/**
 * Computes metrics of probabilities: area under the ROC curve, average precision, log loss and Brier score as
 * scikit-learn defines them.
 */
import { type Outcome, rowsByProbability, totalWeight } from "./outcome.ts";

/** Area under the ROC curve of one class against the rest, ties counted half; NaN if only one side is present. */
function areaUnderRoc(outcome: Outcome, classIndex: number): number {
  const { truth, weights, classes } = outcome;
  const probabilities = outcome.probabilities!;
  const order = rowsByProbability(outcome, classIndex);
  let [positives, negatives, area] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = probabilities[order[start] * classes + classIndex];
    let [tiedPositives, tiedNegatives, end] = [0, 0, start];
    for (; end < order.length && probabilities[order[end] * classes + classIndex] === score; end++) {
      const weight = weights ? weights[order[end]] : 1;
      if (truth[order[end]] === classIndex) tiedPositives += weight;
      else tiedNegatives += weight;
    }
    area += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : Number.NaN;
}

/** Binary: for the second class. More classes: each against the rest, averaged without weights (ovr, macro). */
export function rocAuc(outcome: Outcome): number {
  if (outcome.classes === 2) return areaUnderRoc(outcome, 1);
  return meanOverClasses(outcome, areaUnderRoc);
}

/** Sum over thresholds of precision times the recall gained, without interpolation. */
function averagePrecisionOf(outcome: Outcome, classIndex: number): number {
  const { truth, weights, classes } = outcome;
  const probabilities = outcome.probabilities!;
  const order = rowsByProbability(outcome, classIndex);
  let [positives, seen, sum] = [0, 0, 0];
  for (let start = 0; start < order.length; ) {
    const score = probabilities[order[start] * classes + classIndex];
    let [gained, end] = [0, start];
    for (; end < order.length && probabilities[order[end] * classes + classIndex] === score; end++) {
      const weight = weights ? weights[order[end]] : 1;
      seen += weight;
      if (truth[order[end]] === classIndex) gained += weight;
    }
    positives += gained;
    if (gained > 0) sum += (positives / seen) * gained;
    start = end;
  }
  return positives > 0 ? sum / positives : Number.NaN;
}

/** Binary: for the second class; more classes: macro average. */
export function averagePrecision(outcome: Outcome): number {
  if (outcome.classes === 2) return averagePrecisionOf(outcome, 1);
  return meanOverClasses(outcome, averagePrecisionOf);
}

/** Mean negative logarithm of the true class's probability, clipped at the precision of a double. */
export function logLoss(outcome: Outcome): number {
  const { truth, weights, classes } = outcome;
  const probabilities = outcome.probabilities!;
  let sum = 0;
  for (let row = 0; row < truth.length; row++) {
    const probability = probabilities[row * classes + truth[row]];
    const clipped = Math.min(Math.max(probability, Number.EPSILON), 1 - Number.EPSILON);
    sum -= Math.log(clipped) * (weights ? weights[row] : 1);
  }
  return sum / totalWeight(outcome);
}

/** Mean squared error of the probabilities: binary for the second class, otherwise summed over the classes. */
export function brierScore(outcome: Outcome): number {
  const { truth, weights, classes } = outcome;
  const probabilities = outcome.probabilities!;
  let sum = 0;
  for (let row = 0; row < truth.length; row++) {
    let squares = 0;
    for (let k = classes === 2 ? 1 : 0; k < classes; k++) {
      squares += (probabilities[row * classes + k] - (truth[row] === k ? 1 : 0)) ** 2;
    }
    sum += squares * (weights ? weights[row] : 1);
  }
  return sum / totalWeight(outcome);
}

function meanOverClasses(
  outcome: Outcome,
  measure: (outcome: Outcome, classIndex: number) => number,
): number {
  let [sum, present] = [0, 0];
  for (let k = 0; k < outcome.classes; k++) {
    const value = measure(outcome, k);
    if (Number.isNaN(value)) continue;
    sum += value;
    present++;
  }
  return present > 0 ? sum / present : Number.NaN;
}
