/**
 * Where are the histograms of the leaves, and how does a leaf get its own?
 * A pool of equal blocks, bounded; a leaf that finds none free goes without, and its children are summed afresh.
 */
import type { Fit } from "./fit.ts";

/** The most that all histograms of a fit may take. */
const POOL_BYTES = 256 * 1024 * 1024;

export class HistogramPool {
  private readonly free: number[] = [];

  constructor(
    private readonly fit: Fit,
    leaves: number,
  ) {
    const bytes = fit.cells * 8;
    const blocks = Math.max(3, Math.min(leaves + 1, Math.floor(POOL_BYTES / bytes)));
    for (let i = 0; i < blocks; i++) this.free.push(fit.scope.bytes(bytes));
  }

  /** Byte offset of a free block, or 0; the last two are left for the pair of children under way. */
  take(): number {
    return this.free.pop() ?? 0;
  }

  give(block: number): void {
    if (block !== 0) this.free.push(block);
  }

  get spare(): number {
    return this.free.length;
  }

  /** Sums the records of a range of the row list into `block`. */
  fill(block: number, start: number, count: number): void {
    const { scope, records, stride, slotCount, rows, slotSums, marginalPlan, featureCount, cells } = this.fit;
    scope.kernels.histogram(records, stride, slotCount, rows + start * 4, count, slotSums);
    scope.kernels.marginals(slotSums, slotCount, marginalPlan, featureCount, block, cells);
  }

  /** parent -= child. */
  subtract(parent: number, child: number): void {
    this.fit.scope.kernels.subtract(parent, child, this.fit.cells);
  }
}
