/**
 * Divides rows into folds that keep the class shares, keep a group (and with it exact duplicates) on one side, and
 * never let the future predict the past if rows are ordered by time.
 */
import { shuffledPlaces } from "../random.ts";
import type { Random, Target } from "../samples.ts";

export interface Fold {
  train: Int32Array;
  valid: Int32Array;
}

export interface FoldOptions {
  folds: number;
  random: Random;
  /** Rows with the same number stay together; null: each row is its own group. Indexed by row, not by position. */
  groups: Int32Array | null;
  /** By row: values that are spread evenly over the folds besides the target; absent: the target alone. */
  strata?: Int32Array | null;
  /** Only this many are made; all if absent. */
  first?: number;
  /** Rows that every fold learns from and none validates on, besides those dealt. */
  learned?: Int32Array;
}

/**
 * Every row is in exactly one `valid`; classes (or fifths of a numeric target) are spread evenly, also where groups hold
 * rows of several. Fewer groups give fewer folds.
 */
export function stratifiedFolds(rows: Int32Array, target: Target, options: FoldOptions): Fold[] {
  const { folds, random } = options;
  const strata = withStrata(strataOf(rows, target), rows, options.strata ?? null);
  const units = unitsOf(rows, options.groups);
  const makeup = makeupOf(units, strata);
  const foldOf = new Int32Array(units.sizes.length);
  const sizes = new Float64Array(folds);
  const dealt = Array.from({ length: makeup.strata }, () => new Float64Array(folds));
  const mixed = new Float64Array(folds);
  const order = dealingOrder(units.sizes, random);
  for (let at = 0; at < order.length; at++) {
    const unit = order[at];
    const from = makeup.starts[unit];
    const to = makeup.starts[unit + 1];
    let beside = mixed;
    // Of a single stratum, the counts compare as their shares do.
    if (to - from === 1) beside = dealt[makeup.of[from]];
    else {
      mixed.fill(0);
      for (let i = from; i < to; i++) {
        const share = makeup.counts[i] / makeup.totals[makeup.of[i]];
        for (let fold = 0; fold < folds; fold++) mixed[fold] += share * dealt[makeup.of[i]][fold];
      }
    }
    const fold = emptiest(beside, sizes);
    foldOf[unit] = fold;
    for (let i = from; i < to; i++) dealt[makeup.of[i]][fold] += makeup.counts[i];
    sizes[fold] += units.sizes[unit];
  }
  const made = Array.from({ length: Math.min(folds, options.first ?? folds) }, (_, fold) =>
    sidesOf(rows, { fold, size: sizes[fold], foldAt: (i) => foldOf[units.of[i]] }),
  );
  return made
    .map(({ train, valid }) => ({ train: withRows(train, options.learned), valid }))
    .filter(({ train, valid }) => train.length > 0 && valid.length > 0);
}

function sidesOf(
  rows: Int32Array,
  { fold, size, foldAt }: { fold: number; size: number; foldAt: (position: number) => number },
): Fold {
  const sides = { train: new Int32Array(rows.length - size), valid: new Int32Array(size) };
  let train = 0;
  let valid = 0;
  for (let i = 0; i < rows.length; i++) {
    if (foldAt(i) === fold) sides.valid[valid++] = rows[i];
    else sides.train[train++] = rows[i];
  }
  return sides;
}

function withRows(rows: Int32Array, others: Int32Array | undefined): Int32Array {
  if (!others?.length) return rows;
  const all = new Int32Array(rows.length + others.length);
  all.set(rows);
  all.set(others, rows.length);
  return all.sort();
}

/** Forward chaining over rows in order of time: fold k learns from the blocks before block k + 1 and predicts it. */
export function timeFolds(ordered: Int32Array, folds: number): Fold[] {
  const block = ordered.length / (folds + 1);
  return Array.from({ length: folds }, (_, k) => ({
    train: ordered.slice(0, Math.round(block * (k + 1))),
    valid: ordered.slice(Math.round(block * (k + 1)), Math.round(block * (k + 2))),
  }));
}

/** Class by position; for numbers a fifth by rank, so that every fold sees small and large targets alike. */
function strataOf(rows: Int32Array, target: Target): Int32Array {
  const strata = new Int32Array(rows.length);
  if (target.task !== "regression") {
    for (let i = 0; i < rows.length; i++) strata[i] = target.values[rows[i]];
    return strata;
  }
  const sorted = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) sorted[i] = target.values[rows[i]];
  const values = sorted.slice();
  sorted.sort();
  const edges = [0.2, 0.4, 0.6, 0.8].map((share) => sorted[Math.floor(share * rows.length)]);
  for (let i = 0; i < rows.length; i++) for (const edge of edges) if (values[i] >= edge) strata[i]++;
  return strata;
}

/** Each pair of both is a stratum. */
function withStrata(strata: Int32Array, rows: Int32Array, more: Int32Array | null): Int32Array {
  if (!more) return strata;
  const known = new Map<string, number>();
  return strata.map((stratum, i) => {
    const pair = `${stratum} ${more[rows[i]]}`;
    return known.getOrInsertComputed(pair, () => known.size);
  });
}

/** How many rows of which stratum each unit holds: entries starts[unit] .. starts[unit + 1]. */
interface Makeup {
  strata: number;
  /** Rows by stratum. */
  totals: Float64Array;
  starts: Int32Array;
  of: Int32Array;
  counts: Float64Array;
}

function makeupOf({ of, sizes }: Units, strata: Int32Array): Makeup {
  const count = strata.reduce((most, stratum) => Math.max(most, stratum + 1), 0);
  const totals = new Float64Array(count);
  for (const stratum of strata) totals[stratum]++;
  const { order, firsts } = positionsByUnit(of, sizes);
  const starts = new Int32Array(sizes.length + 1);
  const [ofEntry, counts] = [new Int32Array(strata.length), new Float64Array(strata.length)];
  let entries = 0;
  for (let unit = 0; unit < sizes.length; unit++) {
    const from = entries;
    for (let i = firsts[unit]; i < firsts[unit] + sizes[unit]; i++) {
      const stratum = strata[order[i]];
      let at = from;
      while (at < entries && ofEntry[at] !== stratum) at++;
      if (at === entries) ofEntry[entries++] = stratum;
      counts[at]++;
    }
    starts[unit + 1] = entries;
  }
  return { strata: count, totals, starts, of: ofEntry, counts };
}

/** The positions of each unit side by side. */
function positionsByUnit(of: Int32Array, sizes: Int32Array): { order: Int32Array; firsts: Int32Array } {
  const firsts = new Int32Array(sizes.length);
  for (let unit = 1; unit < sizes.length; unit++) firsts[unit] = firsts[unit - 1] + sizes[unit - 1];
  const next = firsts.slice();
  const order = new Int32Array(of.length);
  for (let i = 0; i < of.length; i++) order[next[of[i]]++] = i;
  return { order, firsts };
}

interface Units {
  /** Unit by position. */
  of: Int32Array;
  sizes: Int32Array;
}

function unitsOf(rows: Int32Array, groups: Int32Array | null): Units {
  const of = new Int32Array(rows.length);
  if (!groups) {
    for (let i = 0; i < of.length; i++) of[i] = i;
    return { of, sizes: new Int32Array(rows.length).fill(1) };
  }
  const unitOf = new Int32Array(groups.reduce((most, group) => Math.max(most, group), -1) + 1).fill(-1);
  const sizes = new Int32Array(rows.length);
  let count = 0;
  for (let i = 0; i < of.length; i++) {
    const group = groups[rows[i]];
    if (unitOf[group] < 0) unitOf[group] = count++;
    of[i] = unitOf[group];
    sizes[of[i]]++;
  }
  return { of, sizes: sizes.slice(0, count) };
}

/** Shuffled, large units first: small ones then even the folds out. */
function dealingOrder(sizes: Int32Array, random: Random): Int32Array {
  const order = shuffledPlaces(sizes.length, random);
  // Ties keep the shuffled order: another seed deals other groups.
  const many = order.filter((unit) => sizes[unit] > 1).sort((a, b) => sizes[b] - sizes[a]);
  if (many.length === 0) return order;
  const all = new Int32Array(order.length);
  all.set(many);
  all.set(
    order.filter((unit) => sizes[unit] === 1),
    many.length,
  );
  return all;
}

/** The fold with the fewest rows of this stratum; ties: the one with the fewest rows in total. */
function emptiest(inStratum: Float64Array, sizes: Float64Array): number {
  let best = 0;
  for (let fold = 1; fold < sizes.length; fold++) {
    const difference = inStratum[fold] - inStratum[best] || sizes[fold] - sizes[best];
    if (difference < 0) best = fold;
  }
  return best;
}
