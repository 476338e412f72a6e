/**
 * Builds an ensemble of candidates.
 *
 * Greedy selection with replacement (Caruana et al. 2004) on the answers for held-out rows. Its score is measured
 * across folds: the weights that answer for a fold were chosen on the other folds.
 */
import { goodness, type MetricName } from "../metrics/index.ts";
import { responseWidth } from "../model/response.ts";
import type { Target } from "../samples.ts";
import { type Entry, outcomeOf, scoreOf } from "./entry.ts";
import type { TrainingData } from "./training-data.ts";

export interface Blend {
  /** Weights of the entries, summing to 1; entries with none are left out. */
  parts: { entry: Entry; weight: number }[];
  foldScores: number[];
}

const PICKS = 25;
/**
 * The best alone must be ahead by so many standard errors of the paired difference to be taken alone: being the best
 * of many flatters its score, while the ensemble's is measured on folds that its weights have not seen.
 */
const NOISE_ERRORS = 0.5;

/** The blend that the race's answers favour: one entry alone, or several. Entries must have every fold. */
export function chooseBlend(data: TrainingData, entries: Entry[], metric: MetricName): Blend {
  const best = bestEntry(entries, metric, data.folds.length);
  const alone = { parts: [{ entry: best, weight: 1 }], foldScores: scoresOf(best, data) };
  const rivals = entries.filter((entry) => entry.candidateConfig.family !== "baseline");
  if (rivals.length < 2 || best.candidateConfig.family === "baseline") return alone;
  const pools = data.folds.map((_, fold) => poolOf(data, rivals, [fold]));
  const loss = lossFor(data.target);
  const foldScores = pools.map((pool, held) => {
    const others = data.folds.length > 1 ? poolOf(data, rivals, otherFolds(data, held)) : pool;
    const weights = greedyWeights(others, loss);
    return scoreOf(metric, outcomeOf(data.target, pool.rows, mix(pool.responses, weights)));
  });
  if (behind(foldScores, alone.foldScores, metric)) return alone;
  const weights = greedyWeights(poolOf(data, rivals, [...data.folds.keys()]), loss);
  const parts = rivals.map((entry, i) => ({ entry, weight: weights[i] })).filter((part) => part.weight > 0);
  return parts.length > 1 ? { parts, foldScores } : alone;
}

/** What a blend of these would be made of, without a judgement of it; entries must have every fold. */
export function likelyParts(data: TrainingData, entries: Entry[]): Blend["parts"] {
  if (entries.length === 0) return [];
  const weights = greedyWeights(poolOf(data, entries, [...data.folds.keys()]), lossFor(data.target));
  return entries.map((entry, i) => ({ entry, weight: weights[i] })).filter(({ weight }) => weight > 0);
}

/** The entry with the best mean over the first `folds`. */
export function bestEntry(entries: Entry[], metric: MetricName, folds: number): Entry {
  const mean = (entry: Entry) =>
    entry.folds.slice(0, folds).reduce((sum, fold) => sum + goodness(metric, fold.score), 0) / folds;
  return entries.reduce((best, entry) => (mean(entry) > mean(best) ? entry : best));
}

const scoresOf = (entry: Entry, data: TrainingData) =>
  entry.folds.slice(0, data.folds.length).map((fold) => fold.score);

/** Is the mean of the paired differences below zero by more than noise? One fold cannot tell: then any loss counts. */
function behind(scores: number[], than: number[], metric: MetricName): boolean {
  const differences = scores.map((score, i) => goodness(metric, score) - goodness(metric, than[i]));
  const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
  if (differences.length < 2) return mean <= 0;
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (differences.length - 1);
  return mean < -NOISE_ERRORS * Math.sqrt(variance / differences.length);
}

interface Pool {
  rows: Int32Array;
  /** One an entry, rows x width. */
  responses: Float64Array[];
  truth: Float64Array;
  width: number;
}

function poolOf(data: TrainingData, entries: Entry[], folds: number[]): Pool {
  const rows = concatenate(folds.map((fold) => data.folds[fold].valid));
  const responses = entries.map((entry) =>
    concatenateNumbers(folds.map((fold) => entry.folds[fold].response)),
  );
  const truth = Float64Array.from(rows, (row) => data.target.values[row]);
  return { rows, responses, truth, width: responseWidth(data.target) };
}

const otherFolds = (data: TrainingData, held: number) =>
  [...data.folds.keys()].filter((fold) => fold !== held);

type Loss = (pool: Pool, response: Float64Array) => number;

/** What the weights minimise: log loss or squared error; smooth, so that a few hundred rows do not mislead. */
function lossFor(target: Target): Loss {
  if (target.task === "regression") {
    return ({ truth }, response) => {
      let sum = 0;
      for (let i = 0; i < truth.length; i++) sum += (truth[i] - response[i]) ** 2;
      return sum / truth.length;
    };
  }
  return ({ truth, width }, response) => {
    let sum = 0;
    for (let i = 0; i < truth.length; i++) sum -= Math.log(Math.max(response[i * width + truth[i]], 1e-12));
    return sum / truth.length;
  };
}

/** Shares of PICKS picks, each the one that helps most; the best prefix counts. */
function greedyWeights(pool: Pool, loss: Loss): Float64Array {
  const count = pool.responses.length;
  const picked = new Float64Array(count);
  let [best, bestLoss] = [picked, Number.POSITIVE_INFINITY];
  const sum = new Float64Array(pool.truth.length * pool.width);
  const trial = new Float64Array(sum.length);
  for (let pick = 1; pick <= PICKS; pick++) {
    let [chosen, chosenLoss] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const response = pool.responses[i];
      for (let at = 0; at < sum.length; at++) trial[at] = (sum[at] + response[at]) / pick;
      const value = loss(pool, trial);
      if (value < chosenLoss) [chosen, chosenLoss] = [i, value];
    }
    picked[chosen]++;
    const response = pool.responses[chosen];
    for (let at = 0; at < sum.length; at++) sum[at] += response[at];
    if (chosenLoss < bestLoss - 1e-9) [best, bestLoss] = [picked.map((n) => n / pick), chosenLoss];
  }
  return best;
}

/** Weighted sum of responses. */
export function mix(responses: Float64Array[], weights: ArrayLike<number>): Float64Array {
  const mixed = new Float64Array(responses[0].length);
  responses.forEach((response, i) => {
    if (weights[i] === 0) return;
    for (let at = 0; at < mixed.length; at++) mixed[at] += weights[i] * response[at];
  });
  return mixed;
}

function concatenate(parts: Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function concatenateNumbers(parts: Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Answers of a blend for held-out rows, averaged where a row was held out more than once; NaN where it never was. */
export function outOfFold(data: TrainingData, parts: Blend["parts"]): Float64Array {
  const width = responseWidth(data.target);
  const sums = new Float64Array(data.target.values.length * width);
  const counts = new Float64Array(data.target.values.length);
  data.folds.forEach(({ valid }, fold) => {
    const mixed = mix(
      parts.map(({ entry }) => entry.folds[fold].response),
      parts.map(({ weight }) => weight),
    );
    valid.forEach((row, i) => {
      counts[row]++;
      for (let k = 0; k < width; k++) sums[row * width + k] += mixed[i * width + k];
    });
  });
  return sums.map((sum, at) => sum / counts[Math.floor(at / width)]);
}
