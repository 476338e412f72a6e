/**
 * Estimates how long the rest of a race takes. The rungs that are still ahead are walked through with as many entries
 * as each lets on, at what each entry's folds have cost so far. It decides nothing: the race ends when its own rules
 * end it.
 */
import { type Entry, isRival } from "./entry.ts";

/** What is still to come, as the race sees it. */
export interface Ahead {
  /** They meet every fold once, whatever the others do. */
  leaders: readonly Entry[];
  /** Who else is still in the race. */
  field: readonly Entry[];
  /** Folds that each of them meets, rung by rung, lowest first. */
  rungs: readonly number[];
  /** Folds that deal out every row once; what lies above repeats them. */
  once: number;
}

/** Front runners, the linear leader and what else an ensemble would take: for them folds are repeated. */
const CONTENDERS = 4;
/** The best of each family stays beside the better half. */
const SPARED = 1;

/** Milliseconds of one thread. */
export function raceLeftMs(ahead: Ahead, seen: readonly Entry[]): number {
  const { leaders, rungs, once } = ahead;
  const cost = costsOf(seen);
  const field = ahead.field.filter(isRival).map((entry) => ({ folds: entry.folds.length, ms: cost(entry) }));
  let sum = leaders.reduce((ms, entry) => ms + Math.max(0, once - entry.folds.length) * cost(entry), 0);
  let share = 1;
  for (const rung of rungs) {
    for (const entry of field) {
      sum += share * Math.max(0, rung - entry.folds) * entry.ms;
      entry.folds = Math.max(entry.folds, rung);
    }
    const staying = field.length * share;
    if (rung < once) share *= Math.min(1, (Math.ceil(staying / 2) + SPARED) / Math.max(1, staying));
    else share *= Math.min(1, CONTENDERS / Math.max(1, staying));
  }
  return sum;
}

/** What a fold of an entry costs: as its own did, else as those of its family, else as those of all learners. */
function costsOf(seen: readonly Entry[]): (entry: Entry) => number {
  const meanOf = (entries: readonly Entry[]) => {
    const folds = entries.flatMap((entry) => entry.folds.map(({ durationMs }) => durationMs));
    return folds.length ? folds.reduce((total, ms) => total + ms, 0) / folds.length : null;
  };
  const rivals = seen.filter(isRival);
  const heavy = rivals.filter(({ candidateConfig }) => candidateConfig.family !== "linear");
  const otherwise = meanOf(heavy) ?? meanOf(rivals) ?? 0;
  return (entry) =>
    meanOf([entry]) ??
    meanOf(rivals.filter(({ candidateConfig }) => candidateConfig.family === entry.candidateConfig.family)) ??
    otherwise;
}
