/** Types for what is collected about one column while the file streams. Only types and what both kinds share. */
import type { RowCutter } from "../kernels/row-cutter.ts";
import type { ColumnPlan, ColumnProfile, ColumnType } from "../types.ts";

/** The maximum number of commonest values reported, */
export const TOP = 12;
/** and of examples. */
export const EXAMPLES = 5;
export const MAX_STRAYS = 200;
export const SHOWN_LENGTH = 200;

/** How often an unfitting cell was seen, and in which data row first, counted from 0. */
export interface Stray {
  count: number;
  row: number;
}

export interface ColumnAccumulator {
  readonly plan: ColumnPlan;
  /** Cells that do not fit the plan, by text, at most 200 of them. */
  readonly strays: Map<string, Stray>;
  strayCount: number;
  missing: number;
  add(bytes: Uint8Array, start: number, end: number): void;
  /** Takes the column's cells of all rows that are in the cutter. */
  addMany(cutter: RowCutter, column: number, rows: number): void;
  /** Cells so far, missing ones included. */
  readonly seen: number;
  /** The type of the whole column, once it is known. */
  settle(position: number): ColumnType;
  /** What the whole column adds to its plan, once it is known. */
  refine(plan: ColumnPlan): ColumnPlan;
  profile(type: ColumnType): ColumnProfile;
  /** Spellings that are one label. */
  variants(): string[][];
  /** The different labels, as far as they are kept; none of a column of numbers. */
  values(): string[];
  /** Whether the column's last value is the sum of all others. */
  endsInSum(): boolean;
}

export const NO_MOMENTS: Moments = {
  min: null,
  max: null,
  mean: null,
  std: null,
  quantiles: null,
  histogram: [],
};

export type Moments = Pick<ColumnProfile, "min" | "max" | "mean" | "std" | "quantiles" | "histogram">;

export function shown(text: string, length = SHOWN_LENGTH): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
