/** How are rows taken out of a sparse matrix? Entries keep their order. */
import type { SparseRows } from "./text.ts";

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
