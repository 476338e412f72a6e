/**
 * Explains some rows at once: which columns moved their predictions, and with which values. Data of the SHAP summary
 * plot.
 */
import type { Column, Table } from "../../csv/types.ts";
import type { Model } from "../model/model.ts";
import type { Checkpoint } from "../samples.ts";
import { explain } from "./explanation.ts";

export interface ContributionRows {
  rows: number;
  /** Largest mean first. */
  columns: {
    column: string;
    type: Column["type"];
    /** Mean absolute contribution. */
    mean: number;
    /** One per row: the number, log-odds of the second class, or for more classes the margin of the predicted one. */
    contributions: number[];
    /** The row's cell: a number, epoch ms, a label; null if missing. */
    values: (number | string | null)[];
  }[];
}

const BLOCK_ROWS = 4;
const MOST_LABEL = 60;

/**
 * Row by row until all are done or time is up; null if not even the first rows were done. `take`: rows of the table.
 */
export async function contributionRows(
  model: Model,
  given: { table: Table; most: number; take: (table: Table, rows: Int32Array) => Table },
  options: { checkpoint: Checkpoint; isOver: () => boolean },
): Promise<ContributionRows | null> {
  const { table, most, take } = given;
  const sums: number[][] = [];
  for (let from = 0; from < table.rows; from += BLOCK_ROWS) {
    await options.checkpoint();
    if (options.isOver()) break;
    const length = Math.min(BLOCK_ROWS, table.rows - from);
    const block = take(
      table,
      Int32Array.from({ length }, (_, i) => from + i),
    );
    sums.push(...rowsOf(model, block));
  }
  if (sums.length === 0) return null;
  const names = model.encoder.columns.map(({ column }) => column);
  const columns = names.map((column, k) => {
    const contributions = sums.map((row) => row[k]);
    const mean = contributions.reduce((sum, value) => sum + Math.abs(value), 0) / contributions.length;
    return { column, mean, contributions };
  });
  const largest = columns.sort((a, b) => b.mean - a.mean).slice(0, most);
  return {
    rows: sums.length,
    columns: largest.map(({ column: name, mean, contributions }) => {
      const column = table.columns.find((candidate) => candidate.name === name)!;
      const values = contributions.map((_, row) => cellOf(column, row));
      return { column: name, type: column.type, mean, contributions: contributions.map(short), values };
    }),
  };
}

/** By row, one number per column. */
function rowsOf(model: Model, table: Table): number[][] {
  const { columns, outputs, contributions, margins } = explain(model, table);
  return Array.from({ length: table.rows }, (_, row) => {
    const own = margins.subarray(row * outputs, (row + 1) * outputs);
    const output = own.reduce((best, margin, k) => (margin > own[best] ? k : best), 0);
    return columns.map((_, column) => contributions[(row * columns.length + column) * outputs + output]);
  });
}

const short = (value: number) => Number(value.toPrecision(5));

function cellOf(column: Column, row: number): number | string | null {
  if ("values" in column) return Number.isFinite(column.values[row]) ? column.values[row] : null;
  return column.codes[row] < 0 ? null : column.labels[column.codes[row]].slice(0, MOST_LABEL);
}
