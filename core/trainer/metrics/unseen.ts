/**
 * Adds rows that the test set did not contain, for the pessimistic end of an interval. A bootstrap can draw nothing
 * worse than its sample: from 600 correct predictions it makes an interval of width zero. But among n further rows,
 * about one is worse than all that were seen (the reasoning behind the rule of three). So a replicate gets such rows as
 * often as chance would: for classes like those seen, but with another class; for numbers with the largest error,
 * continued by the tail of the errors.
 */
import type { Random } from "../samples.ts";
import type { Outcome } from "./outcome.ts";

export interface WithUnseen {
  /** The given rows, then the unseen ones. */
  outcome: Outcome;
  /** Number of unseen rows; 0 if nothing worse is known. */
  unseen: number;
}

/** Distinct unseen rows that each replicate draws from. */
const KINDS = 8;
/** Beyond it one row would decide the interval (`bench accuracy` says how often intervals hold). */
const HEAVIEST_TAIL = 0.35;

/** The outcome's rows, then up to eight that are worse than any of them. */
export function withUnseen(outcome: Outcome, random: Random): WithUnseen {
  const rows = outcome.truth.length;
  if (rows === 0) return { outcome, unseen: 0 };
  return outcome.task === "regression" ? withLargerErrors(outcome) : withOtherClasses(outcome, random);
}

/** Adds them to the weights of a replicate: a Poisson number with mean one, as for rows of which one is expected. */
export function drawUnseen(weights: Float64Array, unseen: number, random: Random): void {
  const seen = weights.length - unseen;
  for (let chance = random(); chance > 1 / Math.E; chance *= random())
    weights[seen + Math.floor(random() * unseen)]++;
}

function withOtherClasses(outcome: Outcome, random: Random): WithUnseen {
  const { truth, values, probabilities, classes } = outcome;
  const rows = Array.from({ length: KINDS }, () => Math.floor(random() * truth.length));
  const others = rows.map((row) => otherClass(outcome, truth[row], random));
  return {
    unseen: KINDS,
    outcome: {
      ...outcome,
      truth: joined(truth, others),
      values: joined(
        values,
        rows.map((row) => values[row]),
      ),
      probabilities:
        probabilities &&
        joined(
          probabilities,
          rows.flatMap((row) => [...probabilities.subarray(row * classes, (row + 1) * classes)]),
        ),
    },
  };
}

/** As frequent as among the rows of other classes. */
function otherClass({ truth, classes }: Outcome, known: number, random: Random): number {
  for (let tries = 0; tries < truth.length; tries++) {
    const drawn = truth[Math.floor(random() * truth.length)];
    if (drawn !== known) return drawn;
  }
  return (known + 1) % classes;
}

function withLargerErrors(outcome: Outcome): WithUnseen {
  const { truth, values } = outcome;
  const errors = truth.map((value, row) => Math.abs(values[row] - value));
  const worst = errors.reduce((best, error, row) => (error > errors[best] ? row : best), 0);
  if (!(errors[worst] > 0)) return { outcome, unseen: 0 };
  const tail = tailOf(errors);
  const factors = Array.from({ length: KINDS }, (_, kind) => ((kind + 0.5) / KINDS) ** -tail);
  const error = values[worst] - truth[worst];
  return {
    unseen: KINDS,
    outcome: {
      ...outcome,
      truth: joined(
        truth,
        factors.map(() => truth[worst]),
      ),
      values: joined(
        values,
        factors.map((factor) => truth[worst] + factor * error),
      ),
    },
  };
}

/** Hill's estimate (1975) from the largest errors, as many as the square root of all: about 0.2 for normal ones. */
function tailOf(errors: Float64Array): number {
  const sorted = errors.toSorted();
  const most = Math.max(4, Math.round(Math.sqrt(errors.length)));
  const above = sorted.slice(-most);
  const from = sorted[sorted.length - most - 1];
  if (!(from > 0)) return HEAVIEST_TAIL;
  const mean = above.reduce((sum, error) => sum + Math.log(error / from), 0) / most;
  return Math.min(HEAVIEST_TAIL, mean);
}

function joined(values: Float64Array, further: readonly number[]): Float64Array {
  const all = new Float64Array(values.length + further.length);
  all.set(values);
  all.set(further, values.length);
  return all;
}
