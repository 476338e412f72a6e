/** Builds a sparse matrix row by row. Entries keep their order. */
import type { SparseRows } from "../samples.ts";

/** The given rows of the matrix, in their order. */
/** Grows by doubling, because millions of entries would not fit into plain arrays first. */
export class SparseBuilder {
  private indices = new Int32Array(1024);
  private values = new Float32Array(1024);
  private readonly starts = [0];
  private size = 0;

  constructor(private readonly columns: number) {}

  addRow(row: { indices: number[]; values: number[] }): void {
    const end = this.size + row.indices.length;
    while (end > this.indices.length) this.double();
    this.indices.set(row.indices, this.size);
    this.values.set(row.values, this.size);
    this.size = end;
    this.starts.push(end);
  }

  build(): SparseRows {
    return {
      columns: this.columns,
      starts: Int32Array.from(this.starts),
      indices: this.indices.slice(0, this.size),
      values: this.values.slice(0, this.size),
    };
  }

  private double(): void {
    const [indices, values] = [this.indices, this.values];
    this.indices = new Int32Array(2 * indices.length);
    this.values = new Float32Array(2 * values.length);
    this.indices.set(indices);
    this.values.set(values);
  }
}
