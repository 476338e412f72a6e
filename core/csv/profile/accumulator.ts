/**
 * Types for what is collected about one column while the file streams by. Only types and what both kinds share.
 */
import type { RowCutter } from "../kernels/row-cutter.ts";
import type { ColumnPlan, ColumnProfile, ColumnType } from "../types.ts";

/** So many of the commonest values are told, */
export const TOP = 12;
/** and so many examples. */
export const EXAMPLES = 5;
export const MAX_STRAYS = 200;
export const SHOWN_LENGTH = 200;

/** How often a cell that does not fit was seen, and in which row first, counted from 0 below the header. */
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
  /** The column's cells of all rows that stand in the cutter. */
  addMany(cutter: RowCutter, column: number, rows: number): void;
  /** Cells so far, those that are missing too. */
  readonly seen: number;
  /** The type that the whole column has, now that it is known. */
  settle(position: number): ColumnType;
  /** What the whole column adds to its plan, now that it is known. */
  refine(plan: ColumnPlan): ColumnPlan;
  profile(type: ColumnType): ColumnProfile;
  /** Spellings that are one label. */
  variants(): string[][];
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
