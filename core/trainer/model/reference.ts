/**
 * Describes the training rows in at most 20 bins per column, stored with a version so that later rows can be compared
 * with them. Bins are equally wide from the 1st to the 99th percentile with an open one at each end; if nearly all
 * values fall into one of them, bins hold equally many rows instead; a column with few values gets one bin per value.
 */
import type { Column, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { spreadRows } from "../random.ts";

export interface NumberReference {
  /** "length": of a text, in characters. Dates in epoch ms. */
  kind: "number" | "date" | "length";
  column: string;
  /** Ascending; a value's bin is the number of edges that are not above it. */
  edges: number[];
  /** edges.length + 1 */
  counts: number[];
  missing: number;
  /** Minimum and maximum. */
  range: [number, number];
  /** True if every value was an integer. */
  isWhole: boolean;
}

export interface CategoryReference {
  kind: "category";
  column: string;
  /** Commonest first. */
  labels: string[];
  /** One per label, then one for all others. */
  counts: number[];
  missing: number;
  /** Expected share of labels never seen: the share of rows whose label occurs once (Good 1953). */
  unseen: number;
}

export type ColumnReference = NumberReference | CategoryReference;

export interface TrainingReference {
  columns: ColumnReference[];
  /** The predictions for the test rows: those for the training rows would be too certain. */
  answers: ColumnReference;
}

const MOST_BINS = 20;
/** A bin that holds more than this share hides what happens inside it. */
const FULLEST = 0.4;

/** The maximum number of rows examined, and of cells over all columns: a sample gives the same bins. */
const MOST_ROWS = 50_000;
const MOST_CELLS = 1e6;
const LEAST_ROWS = 1000;

/** `rows` of the table, or an even sample of them, and the column of predictions. */
export function trainingReference(table: Table, rows: Int32Array, answers: Column): TrainingReference {
  const all = Int32Array.from({ length: lengthOf(answers) }, (_, row) => row);
  const seen = spreadRows(rows.length, referenceRows(table, rows.length)).map((i) => rows[i]);
  return {
    columns: table.columns.map((column) => withRange(columnReference(column, seen), column, rows)),
    answers: columnReference(answers, all),
  };
}

/** How many of this many rows are examined. */
export function referenceRows({ columns }: Table, rows: number): number {
  const most = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, MOST_CELLS / Math.max(1, columns.length)));
  return Math.min(rows, Math.floor(most));
}

/** The minimum and maximum over all rows. */
function withRange(reference: ColumnReference, column: Column, rows: Int32Array): ColumnReference {
  if (reference.kind === "category" || reference.kind === "length" || !("values" in column)) return reference;
  let [least, greatest] = reference.range;
  for (const row of rows) {
    const value = column.values[row];
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return { ...reference, range: [least, greatest] };
}

const lengthOf = (column: Column) => ("values" in column ? column.values : column.codes).length;

/** Bins the values of the given rows; texts are binned by their length. */
export function columnReference(column: Column, rows: Int32Array): ColumnReference {
  if (column.type === "number" || column.type === "date")
    return numberReference(column.name, column.type, taken(column.values, rows));
  if ("values" in column) throw new TypeError(`${column.name} has numbers and is not a ${column.type}.`);
  if (column.type !== "text") return categoryReference(column, rows);
  const lengths = column.labels.map((label) => label.length);
  return numberReference(
    column.name,
    "length",
    Float64Array.from(rows, (row) => lengths[column.codes[row]] ?? Number.NaN),
  );
}

/** A loop: for thousands of columns a callback per cell takes a second. */
function taken(values: Float64Array, rows: Int32Array): Float64Array {
  const some = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) some[i] = values[rows[i]];
  return some;
}

function numberReference(
  column: string,
  kind: NumberReference["kind"],
  values: Float64Array,
): NumberReference {
  const sorted = values.filter(Number.isFinite).sort();
  const edges = edgesOf(sorted);
  return {
    ...{ kind, column, edges, counts: countsOf(edges, sorted) },
    missing: values.length - sorted.length,
    range: sorted.length ? [sorted[0], sorted[sorted.length - 1]] : [0, 0],
    isWhole: sorted.every(Number.isInteger),
  };
}

function edgesOf(sorted: Float64Array): number[] {
  if (sorted.length === 0) return [];
  const distinct = firstDistinct(sorted);
  if (distinct.length <= MOST_BINS) return distinct.slice(1).map((value, i) => (distinct[i] + value) / 2);
  const [low, high] = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  const inner = MOST_BINS - 2;
  const even = Array.from({ length: inner + 1 }, (_, i) => low + ((high - low) * i) / inner);
  if (high > low && fullest(even, sorted) <= FULLEST) return even;
  const ranks = Array.from({ length: MOST_BINS - 1 }, (_, i) => quantile(sorted, (i + 1) / MOST_BINS));
  return [...new Set(ranks)];
}

function firstDistinct(sorted: Float64Array): number[] {
  const distinct: number[] = [];
  for (const value of sorted) {
    if (value !== distinct.at(-1)) distinct.push(value);
    if (distinct.length > MOST_BINS) break;
  }
  return distinct;
}

function fullest(edges: number[], sorted: Float64Array): number {
  return Math.max(...countsOf(edges, sorted)) / sorted.length;
}

/** Number of values in each bin: they are sorted, so each edge is searched once. */
function countsOf(edges: number[], sorted: Float64Array): number[] {
  const below = [0, ...edges.map((edge) => valuesBelow(sorted, edge)), sorted.length];
  return below.slice(1).map((count, bin) => count - below[bin]);
}

function valuesBelow(sorted: Float64Array, edge: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] < edge) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** How many edges are not above the value. */
export function binOf(edges: readonly number[], value: number): number {
  let from = 0;
  let to = edges.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (edges[middle] <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The quantile of the training rows at a share, as exact as the bins allow. */
export function quantileOf({ edges, counts, range }: NumberReference, share: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const inBin = counts[bin] / Math.max(1, all);
    if (inBin > 0 && below + inBin >= share) {
      const [from, to] = spanOf({ edges, range }, bin);
      return from + ((to - from) * (share - below)) / inBin;
    }
    below += inBin;
  }
  return range[1];
}

/** The share of the training rows below the value. */
export function rankOf({ edges, counts, range }: NumberReference, value: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const bin = binOf(edges, value);
  const below = counts.slice(0, bin).reduce((sum, count) => sum + count, 0);
  const [from, to] = spanOf({ edges, range }, bin);
  const inside = to > from ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 0.5;
  return (below + inside * counts[bin]) / Math.max(1, all);
}

/** Open bins extend to the minimum and the maximum. */
function spanOf({ edges, range }: Pick<NumberReference, "edges" | "range">, bin: number): [number, number] {
  return [edges[bin - 1] ?? range[0], edges[bin] ?? range[1]];
}

function categoryReference(
  { name, codes, labels }: Extract<Column, { codes: Int32Array }>,
  rows: Int32Array,
): CategoryReference {
  const byCode = new Array<number>(labels.length).fill(0);
  let missing = 0;
  for (const row of rows) {
    if (codes[row] < 0) missing++;
    else byCode[codes[row]]++;
  }
  const ranked = Array.from(byCode.keys())
    .filter((code) => byCode[code] > 0)
    .sort((a, b) => byCode[b] - byCode[a] || a - b);
  const shown = ranked.slice(0, MOST_BINS - 1);
  const others = ranked.slice(shown.length).reduce((sum, code) => sum + byCode[code], 0);
  const once = ranked.filter((code) => byCode[code] === 1).length;
  return {
    ...{ kind: "category", column: name, missing },
    labels: shown.map((code) => labels[code]),
    counts: [...shown.map((code) => byCode[code]), others],
    unseen: once / Math.max(1, rows.length - missing),
  };
}
