/**
 * Scores boosting on rows that did not choose when it stopped, and forests by temperatures that others chose. A fold
 * whose early stopping used the rows that score it is flattered, the more the fewer they are. So each fold predicts with
 * the round that the other folds of the same deal kept on average. The members do not change; only the reported score
 * becomes honest. A forest's votes are too certain or too timid by about as much in every fold: each fold is scaled by
 * what the others of its deal need.
 */
import type { MetricName } from "../metrics/index.ts";
import { applyCalibration, fitTemperature, type Judged, type LogitScaling } from "../model/calibration.ts";
import { type Member, respondFrom } from "../model/members.ts";
import { responseWidth } from "../model/response.ts";
import { spreadRows } from "../random.ts";
import { targetRows } from "../samples.ts";
import type { CandidateConfig } from "./candidate-configs.ts";
import { type Entry, outcomeOf, type ScoredFold, scoreOf } from "./entry.ts";
import type { TrainingData } from "./training-data.ts";

/** Rows times outputs; above it a fold has enough rows that a round more or less hardly matters. */
const MOST_TRAILED = 5000;

export function keepsTrail(data: TrainingData, candidateConfig: CandidateConfig): boolean {
  if (candidateConfig.family !== "boosting" || data.once < 2) return false;
  return data.rows.length * responseWidth(data.target) <= MOST_TRAILED;
}

/** The metric of a response for a fold's validation rows. */
export function scoreFold(
  { target, folds }: TrainingData,
  metric: MetricName,
  { fold, response }: { fold: number; response: Float64Array },
): number {
  return scoreOf(metric, outcomeOf(target, folds[fold].valid, response));
}

/** Scores the current deal's folds again, each as the others settle it; the last drops the trails. */
export function settleDeal(data: TrainingData, entry: Entry, metric: MetricName): void {
  const { once } = data;
  const from = Math.floor((entry.folds.length - 1) / once) * once;
  const deal = entry.folds.slice(from);
  const scaled = answersByOthersScaling(data, deal, from);
  answersByOthersRounds(deal).forEach((byRounds, i) => {
    const response = byRounds ?? scaled[i];
    if (scaled[i]) deal[i].unscaled ??= deal[i].response;
    if (response) {
      const score = scoreFold(data, metric, { fold: from + i, response });
      Object.assign(deal[i], { response, score });
    }
    if (deal.length === once) deal[i].trail = null;
  });
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

/** Rows of all folds together that choose a temperature: it is one number. */
const MOST_SCALED_ROWS = 2000;

/**
 * By fold of one deal that begins at `from`: a forest's response as the others would scale it; null for other learners
 * and numbers. A single fold chooses for itself.
 */
function answersByOthersScaling(
  data: TrainingData,
  deal: readonly ScoredFold[],
  from: number,
): (Float64Array | null)[] {
  if (data.target.task === "regression" || deal.some(({ member }) => member.kind !== "forest"))
    return deal.map(() => null);
  const judged = deal.map((fold, i) => judgedOf(data, fold, { fold: from + i, folds: deal.length }));
  return deal.map(({ response, unscaled = response }, i) => {
    const others = deal.length > 1 ? judged.filter((_, other) => other !== i) : judged;
    return applyCalibration(fitTemperature(others, data.target.classes.length), unscaled);
  });
}

/** The member with the scaling that its candidate's folds need, where it is a forest that predicts classes. */
export function withScaling(data: TrainingData, entry: Entry, member: Member): Member {
  const scaling = scalingOf(data, entry);
  return scaling && member.kind === "forest" ? { ...member, scaling } : member;
}

/** A response of another member of the same candidate, scaled in the same way. */
export function scaledAs(data: TrainingData, entry: Entry, response: Float64Array): Float64Array {
  const scaling = scalingOf(data, entry);
  return scaling ? applyCalibration(scaling, response) : response;
}

function scalingOf(data: TrainingData, { folds }: Entry): LogitScaling | null {
  const scored = folds.slice(0, data.folds.length);
  if (data.target.task === "regression" || !scored.every(({ member }) => member.kind === "forest"))
    return null;
  const judged = scored.map((one, fold) => judgedOf(data, one, { fold, folds: scored.length }));
  return fitTemperature(judged, data.target.classes.length);
}

/** Some of a fold's rows, with the response before it was scaled. */
function judgedOf(
  { target, folds }: TrainingData,
  { response, unscaled = response }: ScoredFold,
  at: { fold: number; folds: number },
): Judged {
  const { valid } = folds[at.fold];
  const width = responseWidth(target);
  const places = spreadRows(valid.length, Math.ceil(MOST_SCALED_ROWS / at.folds));
  const { values: truth, weights } = targetRows(
    target,
    places.map((place) => valid[place]),
  );
  const probabilities = new Float64Array(places.length * width);
  places.forEach((place, i) => {
    probabilities.set(unscaled.subarray(place * width, (place + 1) * width), i * width);
  });
  return { probabilities, truth, weights };
}
