/**
 * Computes metrics of classification that follow from the confusion matrix, by scikit-learn's definitions
 * (zero_division = 0).
 */
import { confusionMatrix, type Outcome } from "./outcome.ts";

interface Counts {
  hit: number;
  predicted: number;
  actual: number;
}

export function accuracy(outcome: Outcome): number {
  const counts = countsByClass(outcome);
  return sum(counts, (c) => c.hit) / sum(counts, (c) => c.actual);
}

/** Mean recall over the classes that occur in the truth. */
export function balancedAccuracy(outcome: Outcome): number {
  const present = countsByClass(outcome).filter((c) => c.actual > 0);
  return sum(present, recallOf) / present.length;
}

/** Binary: for the second class. More classes: the mean over those that occur (macro). */
export const precision = (outcome: Outcome) => averaged(outcome, precisionOf);
export const recall = (outcome: Outcome) => averaged(outcome, recallOf);
export const f1 = (outcome: Outcome) => averaged(outcome, f1Of);

/** Mean F1 over the classes that occur in the truth or among the predictions. */
export function f1Macro(outcome: Outcome): number {
  const present = occurring(outcome);
  return sum(present, f1Of) / present.length;
}

/** Matthews correlation coefficient, for any number of classes (Gorodkin 2004). */
export function matthews(outcome: Outcome): number {
  const counts = countsByClass(outcome);
  const total = sum(counts, (c) => c.actual);
  const hits = sum(counts, (c) => c.hit);
  const cross = sum(counts, (c) => c.actual * c.predicted);
  const actual = total ** 2 - sum(counts, (c) => c.actual ** 2);
  const predicted = total ** 2 - sum(counts, (c) => c.predicted ** 2);
  return actual * predicted === 0 ? 0 : (hits * total - cross) / Math.sqrt(actual * predicted);
}

function averaged(outcome: Outcome, measure: (counts: Counts) => number): number {
  if (outcome.classes === 2) return measure(countsByClass(outcome)[1]);
  const present = occurring(outcome);
  return sum(present, measure) / present.length;
}

function occurring(outcome: Outcome): Counts[] {
  return countsByClass(outcome).filter((c) => c.actual > 0 || c.predicted > 0);
}

function countsByClass(outcome: Outcome): Counts[] {
  const { classes } = outcome;
  const matrix = confusionMatrix(outcome);
  return Array.from({ length: classes }, (_, k) => {
    let [actual, predicted] = [0, 0];
    for (let other = 0; other < classes; other++) {
      actual += matrix[k * classes + other];
      predicted += matrix[other * classes + k];
    }
    return { hit: matrix[k * classes + k], actual, predicted };
  });
}

const precisionOf = (c: Counts) => (c.predicted > 0 ? c.hit / c.predicted : 0);
const recallOf = (c: Counts) => (c.actual > 0 ? c.hit / c.actual : 0);
const f1Of = (c: Counts) => (c.actual + c.predicted > 0 ? (2 * c.hit) / (c.actual + c.predicted) : 0);

function sum(counts: Counts[], value: (counts: Counts) => number): number {
  return counts.reduce((total, c) => total + value(c), 0);
}
