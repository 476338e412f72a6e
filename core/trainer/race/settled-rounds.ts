/**
 * Scores boosting on rows that did not choose when it stopped. A fold that stops early on the rows that score it is
 * flattered, the more the fewer they are. So each fold answers in the round that the other folds of the same deal kept
 * on average. The members stay as they are: only what is told of them becomes honest.
 */
import { respondFrom } from "../model/members.ts";
import { responseWidth } from "../model/response.ts";
import type { CandidateConfig } from "./candidate-configs.ts";
import type { ScoredFold } from "./entry.ts";
import type { TrainingData } from "./training-data.ts";

/** Rows times outputs; above it a fold has rows enough that a round more or less says little. */
const MOST_TRAILED = 5000;

export function keepsTrail(data: TrainingData, candidateConfig: CandidateConfig): boolean {
  if (candidateConfig.family !== "boosting" || data.once < 2) return false;
  return data.rows.length * responseWidth(data.target) <= MOST_TRAILED;
}

/** By fold of one deal: the response in the others' mean round, or null where the trail or the others are missing. */
export function answersByOthersRounds(deal: ScoredFold[]): (Float64Array | null)[] {
  const kept = deal.map(({ member }) => (member.kind === "boosting" ? member.model.rounds : 0));
  const sum = kept.reduce((total, rounds) => total + rounds, 0);
  return deal.map(({ member, trail }, i) => {
    if (member.kind !== "boosting" || !trail?.length || deal.length < 2) return null;
    const round = Math.max(1, Math.round((sum - kept[i]) / (deal.length - 1)));
    return respondFrom(member, trail[Math.min(round, trail.length) - 1]);
  });
}
