/**
 * Ranks candidates, and says which of them may be compared. One order for every list: those scored on the deciding
 * folds, then those that were stopped early, then the baseline. A lead within noise counts as level.
 */

import type { Candidate } from "../../trainer/contract.ts";
import { goodness, isMetricName, type MetricName } from "../../trainer/metrics/index.ts";

/** `stopped`: scored on fewer folds than the deciding ones, so its score is less certain. */
export type Group = "compared" | "stopped" | "baseline";

export interface LeaderboardEntry extends Candidate {
  group: Group;
  /** Not worse than the first by more than noise; the first itself has none. */
  isLevel: boolean;
}

export interface RankingOptions {
  metric: string | null;
  /** Folds on which candidates are compared; null: as many as the most advanced one has. */
  folds: number | null;
  /** The winner's name, once it is decided. */
  best: string | null;
}

const ORDER: readonly Group[] = ["compared", "stopped", "baseline"];

/** Best first. For a candidate with more scores, only the deciding folds count. */
export function rankCandidates(
  candidates: readonly Candidate[],
  options: RankingOptions,
): LeaderboardEntry[] {
  const raced = candidates.filter(({ family }) => family !== "baseline");
  const farthest = Math.max(0, ...raced.map(({ foldScores }) => foldScores.length));
  const folds = Math.min(options.folds ?? farthest, farthest);
  const metric = options.metric !== null && isMetricName(options.metric) ? options.metric : null;
  const grouped = candidates.map((candidate): LeaderboardEntry => {
    const group = groupOf(candidate, folds);
    const told = group === "stopped" ? candidate : onFolds(candidate, folds);
    return { ...told, group, isLevel: false };
  });
  const worth = ({ score }: Candidate) => (metric === null ? score : goodness(metric, score));
  const place = ({ name, group }: LeaderboardEntry) => (name === options.best ? -1 : ORDER.indexOf(group));
  grouped.sort((a, b) => place(a) - place(b) || worth(b) - worth(a));
  const [first] = grouped;
  return grouped.map((entry) => ({
    ...entry,
    isLevel: entry !== first && entry.group === "compared" && isWithinNoise(first!, entry, metric),
  }));
}

function groupOf({ family, foldScores }: Candidate, folds: number): Group {
  if (family === "baseline") return "baseline";
  return foldScores.length >= folds ? "compared" : "stopped";
}

function onFolds(candidate: Candidate, folds: number): Candidate {
  const { foldScores } = candidate;
  if (foldScores.length <= folds || folds < 1) return candidate;
  const told = foldScores.slice(0, folds);
  return { ...candidate, foldScores: told, ...spreadOf(told) };
}

function spreadOf(scores: readonly number[]): { score: number; std: number } {
  const score = mean(scores);
  return { score, std: Math.sqrt(mean(scores.map((value) => (value - score) ** 2))) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Two-sided 95 % of Student's t, by degrees of freedom from 1. */
const T = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * The corrected resampled t-test (Nadeau and Bengio 2003) on the same folds: training sets overlap, so fold differences
 * vary less than those of new data would.
 */
function isWithinNoise(first: Candidate, other: Candidate, metric: MetricName | null): boolean {
  const folds = Math.min(first.foldScores.length, other.foldScores.length);
  if (folds < 2) return true;
  const worth = (score: number) => (metric === null ? score : goodness(metric, score));
  const gains = Array.from(
    { length: folds },
    (_, k) => worth(first.foldScores[k]!) - worth(other.foldScores[k]!),
  );
  const gain = mean(gains);
  const variance = gains.reduce((sum, value) => sum + (value - gain) ** 2, 0) / (folds - 1);
  const error = Math.sqrt(variance * (1 / folds + 1 / (folds - 1)));
  return gain <= (T[Math.min(folds - 1, T.length) - 1] ?? 2) * error;
}
