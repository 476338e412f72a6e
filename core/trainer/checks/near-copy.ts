/**
 * Detects a column that is the target with some cells changed. Numbers that are equal in most rows, or labels that
 * stand for one class each: what a second bookkeeping of the answer looks like.
 */
import type { Column } from "../../csv/types.ts";
import type { Target } from "../samples.ts";

/** Share of rows in which numbers must be equal; other numbers of so many values hardly ever are. */
const EQUAL = 0.8;
const LEAST_DISTINCT = 20;
/** Share of rows in which labels must stand for the class, and of the errors of always guessing that must be left. */
const AGREED = 0.95;
const MOST_ERRORS_LEFT = 0.15;
/** Labels beside one a class: missing, and a rare slip. */
const MOST_LABELS_MORE = 2;
const LEAST_ROWS = 50;

/** Share of the rows in which the column says the target; null where it is no near copy. */
export function nearCopy(column: Column, target: Target): number | null {
  if (target.values.length < LEAST_ROWS) return null;
  if (target.task === "regression")
    return "values" in column ? equalShare(column.values, target.values) : null;
  return classShare("values" in column ? column.values : column.codes, target);
}

/** Of the rows that do not hold the commonest value: zeros beside zeros say nothing. */
function equalShare(values: Float64Array, truth: Float64Array): number | null {
  const counts = new Map<number, number>();
  for (const value of truth) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size < LEAST_DISTINCT) return null;
  const [commonest] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a));
  let [equal, rows] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    if (truth[row] === commonest) continue;
    rows++;
    if (Math.abs(values[row] - truth[row]) <= 1e-9 * Math.max(1, Math.abs(truth[row]))) equal++;
  }
  return rows >= LEAST_ROWS && equal >= EQUAL * rows ? equal / rows : null;
}

/** Rows whose value is that of their class, where each class has its own value. */
function classShare(values: ArrayLike<number>, { values: truth, classes }: Target): number | null {
  const counts = new Map<number, Float64Array>();
  const all = new Float64Array(classes.length);
  for (let row = 0; row < truth.length; row++) {
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
  const agreed = [...counts.values()].reduce((sum, count) => sum + Math.max(...count), 0) / truth.length;
  const guessed = Math.max(...all) / truth.length;
  return agreed >= AGREED && 1 - agreed <= MOST_ERRORS_LEFT * (1 - guessed) ? agreed : null;
}
