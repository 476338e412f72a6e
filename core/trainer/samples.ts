/**
 * The shape in which every learner sees data: column-major, typed, missing values explicit. A row of a CSV is a sample here.
 */

export type Task = "binary" | "multiclass" | "regression";

export type Feature =
  /** NaN: missing. */
  | { name: string; kind: "number"; values: Float64Array }
  /** -1: missing or never seen; codes index `labels`. */
  | { name: string; kind: "category"; codes: Int32Array; labels: string[] };

export interface Samples {
  rows: number;
  features: Feature[];
}

export interface Target {
  task: Task;
  /** Regression: the number. Classification: the class index, 0 .. classes.length - 1. Length rows. */
  values: Float64Array;
  /** Class labels as in the CSV; empty for regression. */
  classes: string[];
  /** What each row counts in learning, 1 on average; absent: all count the same. Length rows. */
  weights?: Float64Array;
  /** What each row counts in figures; absent: once. Length rows. */
  scoreWeights?: Float64Array;
}

/** The target of these rows, in their order. */
export function targetRows(target: Target, rows: Int32Array): Target {
  const take = (from: Float64Array) => Float64Array.from(rows, (row) => from[row]);
  const { weights, scoreWeights } = target;
  return {
    ...target,
    values: take(target.values),
    ...(weights && { weights: take(weights) }),
    ...(scoreWeights && { scoreWeights: take(scoreWeights) }),
  };
}

/** Seeded pseudo-random numbers in [0, 1); the only source of randomness in the trainer. */
export type Random = () => number;

/**
 * Called between units of work (a round, a tree, a block of rows), at least every 100 ms. Usually resolves at once;
 * throws the signal's reason when the run was cancelled.
 */
export type Checkpoint = () => Promise<void> | void;

/** Compressed sparse rows: row r holds entries starts[r] .. starts[r + 1]. */
export interface SparseRows {
  columns: number;
  starts: Int32Array;
  indices: Int32Array;
  values: Float32Array;
}

/** These rows of a matrix; entries keep their order. */
export function takeRows(matrix: SparseRows, rows: Int32Array): SparseRows {
  const starts = new Int32Array(rows.length + 1);
  for (let i = 0; i < rows.length; i++) {
    starts[i + 1] = starts[i] + matrix.starts[rows[i] + 1] - matrix.starts[rows[i]];
  }
  const indices = new Int32Array(starts[rows.length]);
  const values = new Float32Array(starts[rows.length]);
  for (let i = 0; i < rows.length; i++) {
    indices.set(matrix.indices.subarray(matrix.starts[rows[i]], matrix.starts[rows[i] + 1]), starts[i]);
    values.set(matrix.values.subarray(matrix.starts[rows[i]], matrix.starts[rows[i] + 1]), starts[i]);
  }
  return { columns: matrix.columns, starts, indices, values };
}
