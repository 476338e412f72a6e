/**
 * Prepares the inputs of a network. Each column of the linear design is centred on its median and scaled by its
 * interquartile range, softly bounded: a long tail neither dominates nor vanishes. In addition, how far the value has
 * come through each of the column's quantile ranges (Gorishniy et al. 2022), so that a bend or a step costs one unit.
 */

import { inBlocks, type Steps } from "../../cancellation.ts";
import { spreadRows } from "../../random.ts";
import type { SparseRows } from "../../samples.ts";

export interface InputPlan {
  /** One entry per column of the design. */
  centre: Float32Array;
  scale: Float32Array;
  /** Bounds of the ranges of each column, ascending, one more than ranges; none for labels and flags. */
  edges: Float32Array[];
}

export const BOUND = 3;
/** Interquartile range of a normal distribution, in standard deviations. */
const NORMAL_WIDTH = 1.349;
export const RANGES = 12;
/** A column of two or three values needs no quantiles. */
const LEAST_EDGES = 4;

/** Quantiles of this many evenly spread rows are close to those of all rows. */
const MOST_ROWS = 20_000;

export function* planInputs(design: SparseRows): Steps<InputPlan> {
  const { columns } = design;
  const byColumn = yield* presentValues(design);
  const rows = Math.min(MOST_ROWS, design.starts.length - 1);
  const centre = new Float32Array(columns);
  const scale = new Float32Array(columns).fill(1);
  const edges: Float32Array[] = [];
  for (let column = 0; column < columns; column++) {
    edges.push(new Float32Array(0));
    // A label or a flag: one if present, else zero.
    if (byColumn[column].length < rows) continue;
    const sorted = Float32Array.from(byColumn[column]).sort();
    const at = (share: number) => sorted[Math.floor(share * (rows - 1))];
    const width = at(0.75) - at(0.25);
    centre[column] = at(0.5);
    scale[column] = width > 0 ? NORMAL_WIDTH / width : 1;
    const cuts = new Set(Array.from({ length: RANGES + 1 }, (_, i) => at(i / RANGES)));
    if (cuts.size >= LEAST_EDGES) edges[column] = Float32Array.from(cuts);
    yield;
  }
  return { centre, scale, edges };
}

function* presentValues({ columns, starts, indices, values }: SparseRows): Steps<number[][]> {
  const byColumn: number[][] = Array.from({ length: columns }, () => []);
  const rows = spreadRows(starts.length - 1, MOST_ROWS);
  yield* inBlocks(rows.length, 8 * values.length, (from, to) => {
    for (const row of rows.subarray(from, to)) {
      for (let i = starts[row]; i < starts[row + 1]; i++) byColumn[indices[i]].push(values[i]);
    }
  });
  return byColumn;
}

const rangesOf = (edges: Float32Array) => Math.max(0, edges.length - 1);

/** Columns of the design, then their ranges. */
export function inputWidth({ edges }: InputPlan): number {
  return edges.reduce((sum, bounds) => sum + rangesOf(bounds), edges.length);
}

/** rows x width, where `width` is at least inputWidth. */
export function* inputRows(design: SparseRows, plan: InputPlan, width: number): Steps<Float32Array> {
  const rows = design.starts.length - 1;
  const x = new Float32Array(rows * width);
  yield* inBlocks(rows, 4 * x.length, (from, to) => {
    for (let row = from; row < to; row++) writeRow(design, plan, { row, x, at: row * width });
  });
  return x;
}

function writeRow(
  { columns, starts, indices, values }: SparseRows,
  plan: InputPlan,
  { row, x, at }: { row: number; x: Float32Array; at: number },
): void {
  for (let i = starts[row]; i < starts[row + 1]; i++) x[at + indices[i]] = values[i];
  let next = at + columns;
  for (let column = 0; column < columns; column++) {
    const value = x[at + column];
    const bounds = plan.edges[column];
    for (let t = 1; t < bounds.length; t++) {
      const share = (value - bounds[t - 1]) / (bounds[t] - bounds[t - 1]);
      x[next++] = Math.min(1, Math.max(0, share));
    }
    const z = (value - plan.centre[column]) * plan.scale[column];
    x[at + column] = z / Math.sqrt(1 + (z / BOUND) ** 2);
  }
}

/** The column of the design behind each input. */
export function inputColumns({ edges }: InputPlan): Int32Array {
  const ranges = edges.flatMap((bounds, column) => new Array<number>(rangesOf(bounds)).fill(column));
  return Int32Array.from([...edges.keys(), ...ranges]);
}
