/**
 * Bounds on predictions: an interval for a number, else a set of classes, that contains the truth with the requested
 * probability. Split conformal prediction (Vovk et al. 2005; Lei et al. 2018) on the cross-validated predictions of the
 * race. A number's error is divided by the spread expected for its row (Papadopoulos et al. 2011), which trees learn
 * from those errors, so that intervals are wider where the model is less certain. A class belongs to the set if its
 * probability is at least what the true class had in that share of rows (Sadinle et al. 2019): the smallest sets,
 * sometimes empty.
 */
import type { Table } from "../../csv/types.ts";
import { runThrough } from "../cancellation.ts";
import type { Encoder } from "../encoding/columns.ts";
import { type EncodedTable, encodeRows } from "../encoding/encoder.ts";
import { treeSamples } from "../encoding/supervised.ts";
import type { Samples } from "../samples.ts";
import { type Member, type MemberInputs, memberResponses } from "./members.ts";

export type Bounds = NumberBounds | ClassBounds;

export interface NumberBounds {
  kind: "number";
  /** The features that predict the spread; the columns as the tested model saw them. */
  encoder: Encoder;
  /** Each predicts the logarithm of a row's spread; averaged. Empty: the same spread for all rows. */
  spread: Member[];
  /** The mean of those logarithms over the calibration rows, and how much weight a row's own value has, 0..1. */
  center: number;
  belief: number;
  /** Ascending: (truth - prediction) / spread of held-out rows, all or an even sample. */
  scores: Float64Array;
  /** The number of held-out rows. */
  rows: number;
}

export interface ClassBounds {
  kind: "classes";
  /** Ascending: 1 - the probability of the true class. */
  scores: Float64Array;
  rows: number;
}

/** By row of a table. */
export type RowBounds =
  | { kind: "number"; low: Float64Array; high: Float64Array }
  | { kind: "classes"; sets: number[][] };

/** Scores that are kept: ranks are exact to a fiftieth of a percent. */
const MOST_SCORES = 5000;
/** The share of the misses that fall below the interval: the one that makes it shortest. */
const TAILS = [0.2, 0.35, 0.5, 0.65, 0.8];

/** The number of kept scores, ascending. */
export function keptScores(scores: Float64Array): Float64Array {
  const sorted = scores.slice().sort();
  if (sorted.length <= MOST_SCORES) return sorted;
  const step = (sorted.length - 1) / (MOST_SCORES - 1);
  return Float64Array.from({ length: MOST_SCORES }, (_, i) => sorted[Math.round(i * step)]);
}

/** The highest level that this many rows can support, with a tail at each end. */
export function highestLevel({ kind, rows }: Bounds): number {
  return kind === "number" ? 1 - 2 / (rows + 1) : rows / (rows + 1);
}

/** What is added to a prediction, in spreads: from below to above. */
export function scoreRange({ scores, rows }: NumberBounds, level: number): [number, number] {
  let best: [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const tail of TAILS) {
    const missed = (1 - level) * (rows + 1);
    const low = scoreAt(scores, rows, tail * missed);
    const high = scoreAt(scores, rows, rows + 1 - (1 - tail) * missed);
    if (high - low < best[1] - best[0]) best = [low, high];
  }
  return best;
}

/** The score at a rank from 1 to `rows`, interpolated if the rank is fractional. */
function scoreAt(scores: Float64Array, rows: number, rank: number): number {
  const at = rows > 1 ? ((rank - 1) / (rows - 1)) * (scores.length - 1) : 0;
  if (at < 0) return Number.NEGATIVE_INFINITY;
  if (at > scores.length - 1) return Number.POSITIVE_INFINITY;
  const below = Math.floor(at);
  const above = Math.min(scores.length - 1, below + 1);
  return scores[below] + (at - below) * (scores[above] - scores[below]);
}

/** The probability from which a class belongs to a set. */
export function leastProbability({ scores, rows }: ClassBounds, level: number): number {
  return 1 - Math.min(1, scoreAt(scores, rows, Math.min(rows, level * (rows + 1))));
}

export interface BoundedRows {
  table: Table;
  /** The model's predictions for the table's rows. */
  answers: Float64Array;
  probabilities: Float64Array | null;
  level: number;
  /** By row, if they are known already: they are the same for every level. */
  spreads?: Float64Array | null;
}

/** By row, an interval or a set of classes. */
export function boundRows(bounds: Bounds, given: BoundedRows): RowBounds {
  const { table, answers, probabilities, level } = given;
  if (bounds.kind === "classes") {
    const least = leastProbability(bounds, level);
    const width = probabilities!.length / table.rows;
    const sets = Array.from({ length: table.rows }, (_, row) =>
      Array.from({ length: width }, (_, k) => k).filter((k) => probabilities![row * width + k] >= least),
    );
    return { kind: "classes", sets };
  }
  const [below, above] = scoreRange(bounds, level);
  const spreads = given.spreads ?? spreadsOf(bounds, encodeRows(bounds.encoder, table), answers);
  return {
    kind: "number",
    low: answers.map((answer, row) => answer + below * spreads[row]),
    high: answers.map((answer, row) => answer + above * spreads[row]),
  };
}

/** The expected size of each row's error, relative to the usual. */
export function spreadsOf(bounds: NumberBounds, encoded: EncodedTable, answers: Float64Array): Float64Array {
  const { spread, center, belief } = bounds;
  const logs = spread.length ? logSpreads(spread, spreadSamples(encoded, answers)) : null;
  return answers.map((_, row) => Math.exp(center + (logs ? belief * (logs[row] - center) : 0)));
}

function logSpreads(members: readonly Member[], samples: Samples): Float64Array {
  return logSpreadsAt(
    members,
    samples,
    Int32Array.from({ length: samples.rows }, (_, row) => row),
  );
}

/** The mean of the members' outputs for these rows. */
export function logSpreadsAt(members: readonly Member[], samples: Samples, rows: Int32Array): Float64Array {
  const sums = new Float64Array(rows.length);
  for (const member of members) {
    const answered = runThrough(memberResponses(member, inputsOf(samples), rows));
    for (let row = 0; row < sums.length; row++) sums[row] += answered[row] / members.length;
  }
  return sums;
}

/** The spread's features: the columns, and the prediction itself. */
export function spreadSamples(encoded: EncodedTable, answers: Float64Array): Samples {
  const { rows, features } = treeSamples(encoded, []);
  return { rows, features: [...features, { name: "prediction", kind: "number", values: answers }] };
}

function inputsOf(samples: Samples): MemberInputs {
  const encoded = { samples, origins: new Int32Array(), texts: [] };
  const design = { features: [], columns: 0 };
  return { task: "regression", encoded, design, supervised: [], samples: new Map([[-1, samples]]) };
}
