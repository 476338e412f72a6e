/**
 * Learns the bounds of a model from its errors on held-out rows, never from rows that the model had learned. The spread
 * of a row is learned across separate folds, so that no row is judged by its own error.
 */
import type { Encoder } from "../encoding/columns.ts";
import type { EncodedTable } from "../encoding/encoder.ts";
import { type BinnedSamples, binInSteps } from "../learners/trees/binning.ts";
import { trainBoosting } from "../learners/trees/boosting.ts";
import { shuffledPlaces } from "../random.ts";
import type { Checkpoint, Random, Samples, Target } from "../samples.ts";
import {
  type ClassBounds,
  keptScores,
  logSpreadsAt,
  type NumberBounds,
  scoreRange,
  spreadSamples,
} from "./bounds.ts";
import type { Member } from "./members.ts";

export interface HeldAnswers {
  /** Rows of the encoded table. */
  rows: Int32Array;
  /** One per row: the number, or the true class's probability. */
  answers: Float64Array;
  truth: Float64Array;
}

export interface SpreadOptions {
  encoder: Encoder;
  encoded: EncodedTable;
  random: Random;
  checkpoint: Checkpoint;
  /** True if there is no time for another fold; all rows then have the same spread. */
  isOver: () => boolean;
}

const FOLDS = 4;
/** Too few rows cannot show where errors are larger. */
const LEAST_ROWS = 100;
export const MOST_SPREAD_ROWS = 12_000;
/** As a share of the median error: nearly right counts as slightly wrong, not as infinitely certain. */
const LEAST_ERROR = 0.01;
const BELIEFS = [0, 0.25, 0.5, 0.75, 1, 1.25];
const MAX_BINS = 64;
const JUDGED_LEVEL = 0.9;
/** Row-dependent intervals are used if their score is at most this multiple of the best. */
const NEAR = 1.005;
const SPREAD_PARAMS = {
  learningRate: 0.06,
  maxRounds: 150,
  maxLeafNodes: 8,
  patience: 15,
  l2Regularization: 1,
  columnFraction: 0.8,
} as const;

/** From the probabilities that the true classes of held-out rows were given. */
export function classBounds(given: Float64Array): ClassBounds {
  return { kind: "classes", scores: keptScores(given.map((p) => 1 - p)), rows: given.length };
}

/** Rejects with the checkpoint's error. */
export async function numberBounds(held: HeldAnswers, options: SpreadOptions): Promise<NumberBounds> {
  const errors = held.truth.map((truth, i) => truth - held.answers[i]);
  const learned = await learnSpread(held, errors, options);
  const { encoder } = options;
  if (!learned) {
    const scores = keptScores(errors);
    return {
      kind: "number",
      encoder: { columns: [] },
      spread: [],
      center: 0,
      belief: 0,
      scores,
      rows: errors.length,
    };
  }
  const { members, logs } = learned;
  const center = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const tried = BELIEFS.map((belief) => {
    const spreads = logs.map((log) => Math.exp(center + belief * (log - center)));
    const scores = keptScores(errors.map((error, i) => error / spreads[i]));
    const bounds: NumberBounds = {
      kind: "number",
      encoder,
      spread: members,
      center,
      belief,
      scores,
      rows: errors.length,
    };
    return { bounds, score: intervalScore(bounds, { errors, spreads }) };
  });
  const least = Math.min(...tried.map(({ score }) => score));
  return tried.findLast(({ score }) => score <= least * NEAR)!.bounds;
}

/**
 * The interval score (Winkler 1972; Gneiting and Raftery 2007): the mean width, plus, for each truth outside, its
 * distance times two over the miss rate. Minimal if each row's interval is right for that row; the mean width alone
 * would be minimal if hard rows were left out.
 */
function intervalScore(
  bounds: NumberBounds,
  { errors, spreads }: { errors: Float64Array; spreads: Float64Array },
): number {
  const [low, high] = scoreRange(bounds, JUDGED_LEVEL);
  let sum = 0;
  for (let i = 0; i < errors.length; i++) {
    const missed = Math.max(low * spreads[i] - errors[i], errors[i] - high * spreads[i], 0);
    sum += (high - low) * spreads[i] + (2 / (1 - JUDGED_LEVEL)) * missed;
  }
  return sum / errors.length;
}

/** Null if there are too few rows, no errors, or no time. `logs`: one per held-out row. */
async function learnSpread(
  held: HeldAnswers,
  errors: Float64Array,
  { encoded, random, checkpoint, isOver }: SpreadOptions,
): Promise<{ members: Member[]; logs: Float64Array } | null> {
  const sizes = errors.map(Math.abs);
  const floor = LEAST_ERROR * sizes.toSorted()[sizes.length >> 1];
  if (sizes.length < LEAST_ROWS || !(floor > 0) || isOver()) return null;
  const { rows } = encoded.samples;
  const samples = spreadSamples(encoded, byRow(rows, held.rows, held.answers));
  const values = byRow(
    rows,
    held.rows,
    sizes.map((size) => Math.log(size + floor)),
  );
  const target: Target = { task: "regression", values, classes: [] };
  const order = shuffledPlaces(held.rows.length, random);
  const [learned, rest] = [order.subarray(0, MOST_SPREAD_ROWS), order.subarray(MOST_SPREAD_ROWS)];
  const rowsAt = (places: Int32Array) => places.map((place) => held.rows[place]);
  const binned = await binInSteps(samples, { rows: rowsAt(learned), maxBins: MAX_BINS, random, checkpoint });
  const members: Member[] = [];
  const logs = new Float64Array(held.rows.length);
  const read = (by: readonly Member[], places: Int32Array) => {
    const answered = logSpreadsAt(by, samples, rowsAt(places));
    places.forEach((place, i) => {
      logs[place] = answered[i];
    });
  };
  for (let fold = 0; fold < FOLDS; fold++) {
    if (isOver()) return null;
    const places = learned.filter((_, i) => i % FOLDS === fold);
    const train = rowsAt(learned.filter((_, i) => i % FOLDS !== fold));
    const given = { train, valid: rowsAt(places), random, checkpoint, binned };
    const member = await fitSpread(samples, target, given);
    members.push(member);
    read([member], places);
  }
  // No member has learned from these rows.
  await checkpoint();
  read(members, rest);
  return { members, logs };
}

function byRow(count: number, rows: Int32Array, given: Float64Array): Float64Array {
  const values = new Float64Array(count).fill(Number.NaN);
  rows.forEach((row, i) => {
    values[row] = given[i];
  });
  return values;
}

async function fitSpread(
  samples: Samples,
  target: Target,
  given: {
    train: Int32Array;
    valid: Int32Array;
    random: Random;
    checkpoint: Checkpoint;
    binned: BinnedSamples;
  },
): Promise<Member> {
  const { train, valid, random, checkpoint, binned } = given;
  const minSamplesLeaf = Math.max(10, Math.floor(train.length / 60));
  const params = { ...SPREAD_PARAMS, minSamplesLeaf, maxBins: MAX_BINS };
  const model = await trainBoosting(samples, target, {
    ...{ params, trainRows: train, validRows: valid, random, checkpoint, binned },
  });
  return { kind: "boosting", model, supervised: -1, transform: { kind: "none" } };
}
