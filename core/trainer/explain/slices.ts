/**
 * Finds segments of rows with more mistakes than elsewhere: slices of the test rows by one column (a label, a quarter
 * of a number's range, missing), sorted by how far the mean error differs from the rest (Welch's t).
 */

import type { Column, Table } from "../../csv/types.ts";
import { plain } from "../../platform/figures.ts";
import { quantile } from "../metrics/bootstrap.ts";
import type { Outcome } from "../metrics/outcome.ts";

export interface Slice {
  column: string;
  /** What the rows have in common, as text: "= female", "12 to 30", "missing". */
  where: string;
  rows: number;
  /** Share of wrong classes, or mean absolute error, in the slice and in all other rows. */
  error: number;
  elsewhere: number;
}

const LEAST_ROWS = 20;
const MOST_SLICES = 8;
/** A smaller difference may be chance, because many slices are compared. */
const LEAST_T = 3;

/** Most significant first. An error is a wrong class, or the absolute difference of a number. */
export function errorSlices(table: Table, outcome: Outcome): Slice[] {
  const errors = outcome.truth.map((truth, row) =>
    outcome.task === "regression"
      ? Math.abs(truth - outcome.values[row])
      : truth === outcome.values[row]
        ? 0
        : 1,
  );
  const whole = new Moments();
  for (const error of errors) whole.add(error);
  const judged = table.columns.flatMap((column) => judgeColumn(column, errors, whole));
  judged.sort((a, b) => b.t - a.t);
  return judged.slice(0, MOST_SLICES).map(({ t: _, ...slice }) => slice);
}

type Judged = Slice & { t: number };

/** One pass over the rows for all slices of the column. */
function judgeColumn(column: Column, errors: Float64Array, whole: Moments): Judged[] {
  if (column.type === "text" || column.type === "date") return [];
  const { cutOf, names } = "values" in column ? quarters(column.values) : labels(column);
  const slices = names.map(() => new Moments());
  for (let row = 0; row < errors.length; row++) slices[cutOf(row)].add(errors[row]);
  return slices.flatMap((inside, cut) => judge(column.name, names[cut], { inside, whole }));
}

interface Cuts {
  /** Index into names of the slice that a row belongs to. */
  cutOf: (row: number) => number;
  names: string[];
}

function quarters(values: Float64Array): Cuts {
  const sorted = values.filter(Number.isFinite).sort();
  const edges =
    sorted.length === 0 ? [] : [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share)))];
  const inner = edges.slice(1, -1);
  const names = ["missing", ...edges.slice(1).map((to, i) => `${plain(edges[i])} to ${plain(to)}`)];
  if (names.length === 1) names.push(plain(edges[0] ?? 0));
  const cutOf = (row: number) => {
    if (Number.isNaN(values[row])) return 0;
    let cut = 1;
    while (cut <= inner.length && values[row] > inner[cut - 1]) cut++;
    return cut;
  };
  return { cutOf, names };
}

function labels({ codes, labels: words }: Extract<Column, { codes: Int32Array }>): Cuts {
  return { cutOf: (row) => codes[row] + 1, names: ["missing", ...words.map((word) => `= ${word}`)] };
}

function judge(column: string, where: string, given: { inside: Moments; whole: Moments }): Judged[] {
  const { inside } = given;
  const outside = given.whole.without(inside);
  if (inside.count < LEAST_ROWS || outside.count < LEAST_ROWS) return [];
  const spread = Math.sqrt(inside.variance() / inside.count + outside.variance() / outside.count);
  const t = spread > 0 ? (inside.mean() - outside.mean()) / spread : 0;
  if (t < LEAST_T) return [];
  return [{ column, where, rows: inside.count, error: inside.mean(), elsewhere: outside.mean(), t }];
}

/** Running count, mean and variance. */
class Moments {
  count = 0;
  private sum = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.squares += value * value;
  }

  without(part: Moments): Moments {
    const rest = new Moments();
    rest.count = this.count - part.count;
    rest.sum = this.sum - part.sum;
    rest.squares = this.squares - part.squares;
    return rest;
  }

  mean = () => this.sum / this.count;
  variance = () => Math.max(0, this.squares / this.count - this.mean() ** 2);
}
