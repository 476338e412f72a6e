/**
 * Detects a column that is the target with some cells changed: numbers that are equal in most rows, or labels that map
 * to one class each, such as a second record of the answer.
 */
import type { Column } from "../../csv/types.ts";
import type { Target } from "../samples.ts";

/** Share of rows in which the numbers must be equal; unrelated numbers with this many values rarely are. */
const EQUAL = 0.8;
const LEAST_DISTINCT = 20;
/** Share of rows in which labels must agree with the class, and of a majority guess's errors that must be avoided. */
const AGREED = 0.95;
const MOST_ERRORS_LEFT = 0.15;
/** Labels beyond one per class: a rare error. */
const MOST_LABELS_MORE = 2;
const LEAST_ROWS = 50;

/** A copy may have gaps: this share of the rows must be filled. */
const LEAST_FILLED = 0.1;

/** Share of the filled rows in which the column equals the target; null if it is not a near copy. */
export function nearCopy(column: Column, target: Target): number | null {
  if (target.values.length < LEAST_ROWS) return null;
  if (target.task === "regression")
    return "values" in column ? equalShare(column.values, target.values) : null;
  if ("values" in column) return classShare(column.values, target);
  const filled = Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : code));
  return classShare(filled, target);
}

/** Counts only rows without the commonest value: zeros beside zeros prove nothing. */
function equalShare(values: Float64Array, truth: Float64Array): number | null {
  const counts = new Map<number, number>();
  for (const value of truth) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size < LEAST_DISTINCT) return null;
  const [commonest] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  let [equal, rows] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    if (truth[row] === commonest || Number.isNaN(values[row])) continue;
    rows++;
    if (Math.abs(values[row] - truth[row]) <= 1e-9 * Math.max(1, Math.abs(truth[row]))) equal++;
  }
  const least = Math.max(LEAST_ROWS, LEAST_FILLED * (truth.length - counts.get(commonest)!));
  return rows >= least && equal >= EQUAL * rows ? equal / rows : null;
}

/** Rows whose value is that of their class, if each class has its own value. */
function classShare(values: ArrayLike<number>, { values: truth, classes }: Target): number | null {
  const counts = new Map<number, Float64Array>();
  const all = new Float64Array(classes.length);
  let filled = 0;
  for (let row = 0; row < truth.length; row++) {
    if (Number.isNaN(values[row])) continue;
    filled++;
    let count = counts.get(values[row]);
    if (!count) {
      if (counts.size === classes.length + MOST_LABELS_MORE) return null;
      count = new Float64Array(classes.length);
      counts.set(values[row], count);
    }
    count[truth[row]]++;
    all[truth[row]]++;
  }
  const bests = [...counts.values()].map((count) => count.indexOf(Math.max(...count)));
  if (new Set(bests).size < classes.length) return null;
  const agreed = [...counts.values()].reduce((sum, count) => sum + Math.max(...count), 0) / filled;
  const guessed = Math.max(...all) / filled;
  if (filled < Math.max(LEAST_ROWS, LEAST_FILLED * truth.length)) return null;
  return agreed >= AGREED && 1 - agreed <= MOST_ERRORS_LEFT * (1 - guessed) ? agreed : null;
}
