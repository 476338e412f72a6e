/**
 * Describes the training rows in at most 20 bins per column. Kept with a version, so that later rows can be held
 * against them. Bins are equally wide from the 1st to the 99th percentile with an open one at each end; where nearly
 * all values fall into one of them, they hold equally many rows instead; few values get a bin each.
 */
import type { Column, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { spreadRows } from "../random.ts";

export interface NumberReference {
  /** "length": of a text, in characters. Dates in epoch ms. */
  kind: "number" | "date" | "length";
  column: string;
  /** Rising; a value falls into the bin of as many edges as are not above it. */
  edges: number[];
  /** edges.length + 1 */
  counts: number[];
  missing: number;
  /** Least and greatest value. */
  range: [number, number];
  /** Every value was a whole number. */
  isWhole: boolean;
}

export interface CategoryReference {
  kind: "category";
  column: string;
  /** Commonest first. */
  labels: string[];
  /** One a label, then all others together. */
  counts: number[];
  missing: number;
  /** Share of labels never seen that is to be expected: those seen once, by the rows (Good 1953). */
  unseen: number;
}

export type ColumnReference = NumberReference | CategoryReference;

export interface TrainingReference {
  columns: ColumnReference[];
  /** The answers for the test rows: those for the training rows would be too sure. */
  answers: ColumnReference;
}

const MOST_BINS = 20;
/** A bin that holds more than this share hides what happens in it. */
const FULLEST = 0.4;

/** Rows that are looked at, and cells of all columns together: bins of a sample are those of all. */
const MOST_ROWS = 50_000;
const MOST_CELLS = 1e6;
const LEAST_ROWS = 1000;

/** `rows` of the table, or a part of them evenly spread, and the column of the answers. */
export function trainingReference(table: Table, rows: Int32Array, answers: Column): TrainingReference {
  const all = Int32Array.from({ length: lengthOf(answers) }, (_, row) => row);
  const seen = spreadRows(rows.length, referenceRows(table, rows.length)).map((i) => rows[i]);
  return {
    columns: table.columns.map((column) => withRange(columnReference(column, seen), column, rows)),
    answers: columnReference(answers, all),
  };
}

/** How many of so many rows are looked at. */
export function referenceRows({ columns }: Table, rows: number): number {
  const most = Math.max(LEAST_ROWS, Math.min(MOST_ROWS, MOST_CELLS / Math.max(1, columns.length)));
  return Math.min(rows, Math.floor(most));
}

/** The least and greatest value of all rows. */
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

export function columnReference(column: Column, rows: Int32Array): ColumnReference {
  if (column.type === "number" || column.type === "date")
    return numberReference(column.name, column.type, taken(column.values, rows));
  if ("values" in column) throw new TypeError(`${column.name} has numbers and is no ${column.type}.`);
  if (column.type !== "text") return categoryReference(column, rows);
  const lengths = column.labels.map((label) => label.length);
  return numberReference(
    column.name,
    "length",
    Float64Array.from(rows, (row) => lengths[column.codes[row]] ?? Number.NaN),
  );
}

/** A loop: for thousands of columns a callback for each cell takes a second. */
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

/** Values in each bin: sorted as they are, a search for each edge tells. */
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

/** The value below which that share of the training rows lies, as far as the bins tell. */
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

/** The share of the training rows that lies below the value. */
export function rankOf({ edges, counts, range }: NumberReference, value: number): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const bin = binOf(edges, value);
  const below = counts.slice(0, bin).reduce((sum, count) => sum + count, 0);
  const [from, to] = spanOf({ edges, range }, bin);
  const inside = to > from ? Math.min(1, Math.max(0, (value - from) / (to - from))) : 0.5;
  return (below + inside * counts[bin]) / Math.max(1, all);
}

/** Open bins reach to the least and the greatest value. */
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
