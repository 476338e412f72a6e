/**
 * Measures whether the last rows of a file look like the first: Kolmogorov-Smirnov distance of numbers, total variation
 * distance of labels, between the first and the last fifth of the rows in file order.
 */
import type { Column } from "../../csv/types.ts";
import { spreadRows } from "../random.ts";

const SHARE = 0.2;
const MOST_LABELS = 50;
/** Rows sampled from each end, evenly spread. */
const MOST_ROWS = 20_000;

/** 0: identical; 1: nothing in common. NaN if a side has too few values, or there are too many labels to tell. */
export function driftOf(
  column: Pick<Column, "name"> & ({ values: Float64Array } | { codes: Int32Array }),
): number {
  if ("values" in column) {
    const [first, last] = ends(column.values);
    return smirnov(first.filter(Number.isFinite).sort(), last.filter(Number.isFinite).sort());
  }
  const [first, last] = ends(column.codes);
  const labels = new Set([...first, ...last]);
  if (labels.size > MOST_LABELS || first.length < 20) return Number.NaN;
  let distance = 0;
  for (const label of labels) distance += Math.abs(shareOf(first, label) - shareOf(last, label)) / 2;
  return distance;
}

function ends<T extends Float64Array | Int32Array>(values: T): [T, T] {
  const count = Math.floor(values.length * SHARE);
  const some = spreadRows(count, MOST_ROWS);
  const last = values.length - count;
  return [some.map((i) => i), some.map((i) => last + i)].map((rows) => taken(values, rows)) as [T, T];
}

function taken(values: Float64Array | Int32Array, rows: Int32Array) {
  if (values instanceof Int32Array) return Int32Array.from(rows, (row) => values[row]);
  return Float64Array.from(rows, (row) => values[row]);
}

const shareOf = (codes: Int32Array, label: number) =>
  codes.reduce((count, code) => count + (code === label ? 1 : 0), 0) / codes.length;

function smirnov(first: Float64Array, last: Float64Array): number {
  if (first.length < 20 || last.length < 20) return Number.NaN;
  let [i, j, most] = [0, 0, 0];
  while (i < first.length && j < last.length) {
    const value = Math.min(first[i], last[j]);
    while (i < first.length && first[i] === value) i++;
    while (j < last.length && last[j] === value) j++;
    most = Math.max(most, Math.abs(i / first.length - j / last.length));
  }
  return most;
}
