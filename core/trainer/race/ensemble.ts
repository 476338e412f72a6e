/**
 * Builds an ensemble of candidates by greedy selection with replacement (Caruana et al. 2004) on predictions for
 * held-out rows. Its score is measured across folds: the weights used on a fold were chosen on the other folds.
 */
import { goodness, type MetricName } from "../metrics/index.ts";
import { responseWidth } from "../model/response.ts";
import { spreadRows } from "../random.ts";
import { type Entry, outcomeOf, scoreOf } from "./entry.ts";
import type { TrainingData } from "./training-data.ts";

export interface Blend {
  /** Weights of the entries, summing to 1; entries without weight are left out. */
  parts: { entry: Entry; weight: number }[];
  foldScores: number[];
}

const PICKS = 25;
/**
 * The best single entry must be ahead by this many standard errors of the paired difference to be used alone: being the
 * best of many flatters its score, while the ensemble's is measured on folds that its weights have not seen.
 */
const NOISE_ERRORS = 0.5;

/** The blend that the cross-validated predictions favour: one entry alone, or several. Entries must have every fold. */
export function chooseBlend(data: TrainingData, entries: Entry[], metric: MetricName): Blend {
  const best = bestEntry(entries, metric, data.folds.length);
  const alone = { parts: [{ entry: best, weight: 1 }], foldScores: scoresOf(best, data) };
  const rivals = entries.filter((entry) => entry.candidateConfig.family !== "baseline");
  if (rivals.length < 2 || best.candidateConfig.family === "baseline") return alone;
  const evidence = data.folds.map((_, fold) => evidenceOf(data, rivals, fold));
  const foldScores = data.folds.map(({ valid }, held) => {
    const others = data.folds.length > 1 ? evidence.filter((_, fold) => fold !== held) : evidence;
    const responses = rivals.map((entry) => entry.folds[held].response);
    return scoreOf(metric, outcomeOf(data.target, valid, mix(responses, greedyWeights(others))));
  });
  if (behind(foldScores, alone.foldScores, metric)) return alone;
  const weights = greedyWeights(evidence);
  const parts = rivals.map((entry, i) => ({ entry, weight: weights[i] })).filter((part) => part.weight > 0);
  return parts.length > 1 ? { parts, foldScores } : alone;
}

/** What a blend of these entries would consist of, without scoring it; entries must have every fold. */
export function likelyParts(data: TrainingData, entries: Entry[]): Blend["parts"] {
  if (entries.length === 0) return [];
  const weights = greedyWeights(data.folds.map((_, fold) => evidenceOf(data, entries, fold)));
  return entries.map((entry, i) => ({ entry, weight: weights[i] })).filter(({ weight }) => weight > 0);
}

/** The entry with the best mean over the first `folds`. */
function bestEntry(entries: Entry[], metric: MetricName, folds: number): Entry {
  const mean = (entry: Entry) =>
    entry.folds.slice(0, folds).reduce((sum, fold) => sum + goodness(metric, fold.score), 0) / folds;
  return entries.reduce((best, entry) => (mean(entry) > mean(best) ? entry : best));
}

const scoresOf = (entry: Entry, data: TrainingData) =>
  entry.folds.slice(0, data.folds.length).map((fold) => fold.score);

/** Whether the mean of the paired differences is below zero by more than noise. With one fold, any loss counts. */
function behind(scores: number[], than: number[], metric: MetricName): boolean {
  const differences = scores.map((score, i) => goodness(metric, score) - goodness(metric, than[i]));
  const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
  if (differences.length < 2) return mean <= 0;
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (differences.length - 1);
  return mean < -NOISE_ERRORS * Math.sqrt(variance / differences.length);
}

/**
 * What choosing weights needs from one fold. The loss is smooth, so that a few hundred rows do not mislead: the squared
 * error, which is a sum over pairs of entries, or the log loss, which uses only the true class.
 */
interface Evidence {
  /** What the rows count together. */
  rows: number;
  /** Sums of products of errors, entries x entries; null for classes. */
  products: Float64Array | null;
  /** By entry, the probability of each row's class. */
  likelihoods: Float64Array[];
  /** What each of these rows counts; null: once. */
  counted: Float64Array | null;
}

/** Weights are chosen on this many rows of all folds, evenly spread. */
const MOST_WEIGHED_ROWS = 20_000;

function evidenceOf(data: TrainingData, entries: readonly Entry[], fold: number): Evidence {
  const { valid } = data.folds[fold];
  const places = spreadRows(valid.length, Math.ceil(MOST_WEIGHED_ROWS / data.folds.length));
  const { values, task, weights } = data.target;
  const counted = weights ? Float64Array.from(places, (place) => weights[valid[place]]) : null;
  const width = responseWidth(data.target);
  const answers = entries.map(({ folds }) => {
    const { response } = folds[fold];
    return task === "regression"
      ? Float64Array.from(
          places,
          (place, i) => (response[place] - values[valid[place]]) * (counted ? Math.sqrt(counted[i]) : 1),
        )
      : Float64Array.from(places, (place) => response[place * width + values[valid[place]]]);
  });
  const isNumber = task === "regression";
  return {
    rows: counted ? counted.reduce((sum, weight) => sum + weight, 0) : places.length,
    products: isNumber ? productsOf(answers) : null,
    likelihoods: isNumber ? [] : answers,
    counted: isNumber ? null : counted,
  };
}

function productsOf(errors: readonly Float64Array[]): Float64Array {
  const count = errors.length;
  const products = new Float64Array(count * count);
  for (let i = 0; i < count; i++)
    for (let j = i; j < count; j++) {
      let sum = 0;
      for (let row = 0; row < errors[i].length; row++) sum += errors[i][row] * errors[j][row];
      products[i * count + j] = sum;
      products[j * count + i] = sum;
    }
  return products;
}

/** Shares of PICKS picks, each the one that helps most; the best prefix is used. */
function greedyWeights(evidence: readonly Evidence[]): Float64Array {
  const first = evidence[0];
  const count = first.products ? Math.sqrt(first.products.length) : first.likelihoods.length;
  const losses = first.products ? squaredLosses(evidence, count) : logLosses(evidence, count);
  const picked = new Float64Array(count);
  let [best, bestLoss] = [picked, Number.POSITIVE_INFINITY];
  for (let pick = 1; pick <= PICKS; pick++) {
    let [chosen, chosenLoss] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const value = losses.with(i, pick);
      if (value < chosenLoss) [chosen, chosenLoss] = [i, value];
    }
    picked[chosen]++;
    losses.take(chosen);
    if (chosenLoss < bestLoss - 1e-9) [best, bestLoss] = [picked.map((n) => n / pick), chosenLoss];
  }
  return best;
}

interface Losses {
  /** The mean loss of all picks so far and this one; `picks`: how many that makes. */
  with: (entry: number, picks: number) => number;
  take: (entry: number) => void;
}

function squaredLosses(evidence: readonly Evidence[], count: number): Losses {
  const products = new Float64Array(count * count);
  for (const { products: some } of evidence)
    for (let at = 0; at < products.length; at++) products[at] += some![at];
  const rows = evidence.reduce((sum, one) => sum + one.rows, 0);
  const beside = new Float64Array(count);
  let squares = 0;
  const grown = (entry: number) => squares + 2 * beside[entry] + products[entry * count + entry];
  return {
    with: (entry, picks) => grown(entry) / (picks * picks * rows),
    take: (entry) => {
      squares = grown(entry);
      for (let other = 0; other < count; other++) beside[other] += products[entry * count + other];
    },
  };
}

function logLosses(evidence: readonly Evidence[], count: number): Losses {
  const likelihoods = Array.from({ length: count }, (_, entry) =>
    concatenate(evidence.map((one) => one.likelihoods[entry])),
  );
  const sums = new Float64Array(likelihoods[0].length);
  const counted = evidence[0].counted ? concatenate(evidence.map((one) => one.counted!)) : null;
  return {
    with: (entry, picks) =>
      counted
        ? countedLogLoss(sums, likelihoods[entry], { picks, counted })
        : meanLogLoss(sums, likelihoods[entry], picks),
    take: (entry) => {
      for (let row = 0; row < sums.length; row++) sums[row] += likelihoods[entry][row];
    },
  };
}

const LEAST_LIKELIHOOD = 1e-12;
/** This many factors multiplied stay within a double: one logarithm is enough. */
const MULTIPLIED = 16;

/** The loss of the mean of `picks` predictions: `sums` of all but the last, and the last. */
function meanLogLoss(sums: Float64Array, last: Float64Array, picks: number): number {
  let [loss, product] = [0, 1];
  for (let row = 0; row < sums.length; row++) {
    product *= Math.max((sums[row] + last[row]) / picks, LEAST_LIKELIHOOD);
    if (row % MULTIPLIED === MULTIPLIED - 1) {
      loss -= Math.log(product);
      product = 1;
    }
  }
  return (loss - Math.log(product)) / sums.length;
}

/** The same with weighted rows. */
function countedLogLoss(
  sums: Float64Array,
  last: Float64Array,
  { picks, counted }: { picks: number; counted: Float64Array },
): number {
  let [loss, total] = [0, 0];
  for (let row = 0; row < sums.length; row++) {
    total += counted[row];
    loss -= counted[row] * Math.log(Math.max((sums[row] + last[row]) / picks, LEAST_LIKELIHOOD));
  }
  return loss / total;
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

function concatenate(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Predictions of a blend for held-out rows, averaged if a row was held out more than once; NaN if it never was. */
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
