/**
 * Scores boosting on rows that did not choose when it stopped. A fold whose early stopping used the rows that score it
 * is flattered, the more the fewer they are. So each fold predicts with the round that the other folds of the same deal
 * kept on average. The members do not change; only the reported score becomes honest.
 */
import { respondFrom } from "../model/members.ts";
import { responseWidth } from "../model/response.ts";
import type { CandidateConfig } from "./candidate-configs.ts";
import type { ScoredFold } from "./entry.ts";
import type { TrainingData } from "./training-data.ts";

/** Rows times outputs; above it a fold has enough rows that a round more or less hardly matters. */
const MOST_TRAILED = 5000;

export function keepsTrail(data: TrainingData, candidateConfig: CandidateConfig): boolean {
  if (candidateConfig.family !== "boosting" || data.once < 2) return false;
  return data.rows.length * responseWidth(data.target) <= MOST_TRAILED;
}

/** By fold of one deal: the response at the others' mean round, or null if the trail or the others are missing. */
export function answersByOthersRounds(deal: ScoredFold[]): (Float64Array | null)[] {
  const kept = deal.map(({ member }) => (member.kind === "boosting" ? member.model.rounds : 0));
  const sum = kept.reduce((total, rounds) => total + rounds, 0);
  return deal.map(({ member, trail }, i) => {
    if (member.kind !== "boosting" || !trail?.length || deal.length < 2) return null;
    const round = Math.max(1, Math.round((sum - kept[i]) / (deal.length - 1)));
    return respondFrom(member, trail[Math.min(round, trail.length) - 1]);
  });
}

/** Scores the folds of the latest deal again; `once`: folds of a deal. When it is complete, its trails are dropped. */
export function settleDeal(
  folds: readonly ScoredFold[],
  once: number,
  score: (fold: number, response: Float64Array) => number,
): void {
  const from = Math.floor((folds.length - 1) / once) * once;
  const deal = folds.slice(from);
  answersByOthersRounds(deal).forEach((response, i) => {
    if (response) Object.assign(deal[i], { response, score: score(from + i, response) });
    if (deal.length === once) deal[i].trail = null;
  });
}
