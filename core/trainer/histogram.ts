/**
 * Where are the histograms of the leaves, and how does a leaf get its own?
 * A pool of equal blocks, bounded; a leaf that finds none free goes without, and its children are summed afresh.
 */
import type { Fit } from "./fit.ts";
import { JOBS, type Team } from "./team.ts";

/** The most that all histograms of a fit may take. */
const POOL_BYTES = 256 * 1024 * 1024;
/** Below so many additions waking the others costs more than they save. */
const SHARED_CELLS = 100_000;

export class HistogramPool {
  private readonly free: number[] = [];

  constructor(
    private readonly fit: Fit,
    leaves: number,
    private readonly team: Team | null,
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
    const { scope, records, stride, slotCount, slotSums, marginalPlan, featureCount, cells } = this.fit;
    const rows = this.fit.rows + start * 4;
    if (this.team && count * slotCount >= SHARED_CELLS) this.fillShared(this.team, rows, count);
    else scope.kernels.histogram(records, stride, slotCount, rows, count, slotSums);
    scope.kernels.marginals(slotSums, slotCount, marginalPlan, featureCount, block, cells);
  }

  private fillShared(team: Team, rows: number, count: number): void {
    const { scope, records, stride, slotCount, slotSums } = this.fit;
    team.run(JOBS.histogram, [count, records, stride, slotCount, rows, slotSums]);
    const cells = slotCount * 256;
    for (let part = 1; part < team.size; part++) {
      scope.kernels.addCells(slotSums, slotSums + part * cells * 8, cells);
    }
  }

  /** parent -= child. */
  subtract(parent: number, child: number): void {
    this.fit.scope.kernels.subtract(parent, child, this.fit.cells);
  }
}
