/**
 * Where does the model err more than elsewhere? Slices of the test rows by one column (a label, a quarter of a number,
 * missing), those first whose mean error stands out most from the rest (Welch's t).
 */
import type { Column, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import type { Outcome } from "../metrics/outcome.ts";

export interface Slice {
  column: string;
  /** What the rows have in common, in words: "= female", "12 to 30", "missing". */
  where: string;
  rows: number;
  /** Share of wrong classes, or mean absolute error, in the slice and in all other rows. */
  error: number;
  elsewhere: number;
}

const LEAST_ROWS = 20;
const MOST_SLICES = 8;
/** A slice that stands out less may well be chance, given how many are looked at. */
const LEAST_T = 3;

export function errorSlices(table: Table, outcome: Outcome): Slice[] {
  const errors = outcome.truth.map((truth, row) =>
    outcome.task === "regression"
      ? Math.abs(truth - outcome.values[row])
      : truth === outcome.values[row]
        ? 0
        : 1,
  );
  return table.columns
    .flatMap((column) => slicesOf(column).map((slice) => judge(column.name, slice, errors)))
    .filter((slice) => slice !== null && slice.t >= LEAST_T)
    .sort((a, b) => b!.t - a!.t)
    .slice(0, MOST_SLICES)
    .map((judged) => {
      const { t: _, ...slice } = judged!;
      return slice;
    });
}

interface Cut {
  where: string;
  holds: (row: number) => boolean;
}

function slicesOf(column: Column): Cut[] {
  if (column.type === "text" || column.type === "date") return [];
  if (!("values" in column)) return labelCuts(column);
  const { values } = column;
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  const edges = [...new Set([0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share)))];
  const cuts = edges.slice(1).map((to, i): Cut => {
    const from = edges[i];
    const isFirst = i === 0;
    return {
      where: `${shown(from)} to ${shown(to)}`,
      holds: (row) => values[row] <= to && (isFirst ? values[row] >= from : values[row] > from),
    };
  });
  return [...cuts, { where: "missing", holds: (row) => Number.isNaN(values[row]) }];
}

function labelCuts({ codes, labels }: Extract<Column, { codes: Int32Array }>): Cut[] {
  const counts = new Int32Array(labels.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const cuts = labels.flatMap((label, code): Cut[] =>
    counts[code] < LEAST_ROWS ? [] : [{ where: `= ${label}`, holds: (row) => codes[row] === code }],
  );
  return [...cuts, { where: "missing", holds: (row) => codes[row] < 0 }];
}

function judge(column: string, cut: Cut, errors: Float64Array): (Slice & { t: number }) | null {
  const [inside, outside] = [new Moments(), new Moments()];
  errors.forEach((error, row) => {
    (cut.holds(row) ? inside : outside).add(error);
  });
  if (inside.count < LEAST_ROWS || outside.count < LEAST_ROWS) return null;
  const spread = Math.sqrt(inside.variance() / inside.count + outside.variance() / outside.count);
  const t = spread > 0 ? (inside.mean() - outside.mean()) / spread : 0;
  return { column, where: cut.where, rows: inside.count, error: inside.mean(), elsewhere: outside.mean(), t };
}

/** Count, mean and variance of what was added. */
class Moments {
  count = 0;
  private sum = 0;
  private squares = 0;

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.squares += value * value;
  }

  mean = () => this.sum / this.count;
  variance = () => Math.max(0, this.squares / this.count - this.mean() ** 2);
}

const shown = (value: number) => Number(value.toPrecision(4)).toString();
