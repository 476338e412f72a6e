/**
 * Tracks one candidate's progress: predictions on held-out rows, a score per fold, and the members that may become the
 * model.
 */

import { goodness, METRICS, type MetricName } from "../metrics/index.ts";
import type { Outcome } from "../metrics/outcome.ts";
import type { Member } from "../model/members.ts";
import { decide, responseWidth } from "../model/response.ts";
import type { Target } from "../samples.ts";
import type { CandidateConfig } from "./candidate-configs.ts";

export interface ScoredFold {
  member: Member;
  /** Predictions for the fold's validation rows, in order: rows x width. */
  response: Float64Array;
  score: number;
  /** The response before it was scaled; absent: it was not. */
  unscaled?: Float64Array;
  durationMs: number;
  /** Milliseconds of it for what all candidates of its kind share; absent in runs started by an older version. */
  preparedMs?: number;
  /** Rounds or trees that were trained, including those discarded by early stopping. */
  rounds: number;
  /** Margins of the validation rows after each round, until the folds of this deal have decided which round counts. */
  trail: Float64Array[] | null;
}

export interface Entry {
  candidateConfig: CandidateConfig;
  folds: ScoredFold[];
  /** Whether its present state was reported. */
  told: boolean;
}

export function newEntry(candidateConfig: CandidateConfig, folds: ScoredFold[]): Entry {
  return { candidateConfig, folds, told: false };
}

export const isRival = (entry: Entry) => entry.candidateConfig.family !== "baseline";

/** Over the first so many folds. */
export function meanGoodness(entry: Entry, folds: number, metric: MetricName): number {
  const scores = entry.folds.slice(0, folds).map((fold) => goodness(metric, fold.score));
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

const PERFECT = 1e-4;

/** Perfect on these folds: no other candidate can do better, so none need try. */
export function isPerfect(entry: Entry, folds: number, metric: MetricName): boolean {
  const best = METRICS[metric].better === "greater" ? 1 : 0;
  return Math.abs(best - Math.abs(meanGoodness(entry, folds, metric))) < PERFECT;
}

/** The outcome that the race's metric is computed from, for some rows. */
export function outcomeOf(target: Target, rows: Int32Array, response: Float64Array): Outcome {
  const width = responseWidth(target);
  return {
    task: target.task,
    classes: target.classes.length,
    truth: Float64Array.from(rows, (row) => target.values[row]),
    values: decide(target.task, response, width),
    probabilities: target.task === "regression" ? null : response,
    weights: target.scoreWeights ? Float64Array.from(rows, (row) => target.scoreWeights![row]) : null,
  };
}

/** Whether the metric is defined for these rows: some need two classes, or numbers that differ. */
export function canMeasure(metric: MetricName, target: Target, rows: Int32Array): boolean {
  const width = responseWidth(target);
  const response = Float64Array.from({ length: rows.length * width }, () => 1 / width);
  return Number.isFinite(METRICS[metric].measure(outcomeOf(target, rows, response)));
}

/** The metric; a guess's score if the fold cannot tell (only one class, a constant number). */
export function scoreOf(metric: MetricName, outcome: Outcome): number {
  const score = METRICS[metric].measure(outcome);
  if (Number.isFinite(score)) return score;
  return metric === "roc_auc" ? 0.5 : 0;
}
