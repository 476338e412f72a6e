/**
 * Summarises a stream of numbers: exact moments, quantiles and commonest values from a seeded sample, distinct values
 * exactly while few. Numbers are processed in blocks, because a tight loop costs a third of as many single steps.
 */
import { Commonest, DistinctEstimate, NumberCounts, Reservoir } from "./sketch.ts";

const BLOCK = 512;
const FIRST_BLOCK = 16;
/** Fewer are buffered first. */
const FEW = 64;

export class NumberStatistics {
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  mean = 0;
  isWhole = true;
  /** Each is one more than the previous one. */
  isSequence = true;
  private flushed = 0;
  private squares = 0;
  last = Number.NaN;
  private block = new Float64Array(FIRST_BLOCK);
  private used = 0;
  private readonly fullBlock: number;
  private counts: NumberCounts | null;
  /** Set once there are too many to count. */
  private estimate: DistinctEstimate | null = null;
  private counted = 0;
  private readonly reservoir: Reservoir;

  /** A table of many columns has small samples and small blocks. */
  constructor(maxDistinct: number, sampleSize: number) {
    this.fullBlock = Math.max(FIRST_BLOCK, Math.min(BLOCK, sampleSize >> 3));
    this.counts = new NumberCounts(maxDistinct);
    this.reservoir = new Reservoir(sampleSize);
  }

  add(value: number): void {
    // Adding zero turns minus zero into zero.
    this.block[this.used++] = value + 0;
    if (this.used === this.block.length) this.flush();
  }

  /** The first `count` of `values`; none of them is minus zero. */
  addAll(values: Float64Array, count: number): void {
    if (count < FEW) for (let i = 0; i < count; i++) this.add(values[i]);
    else {
      this.flush();
      this.addBlock(values.subarray(0, count));
    }
  }

  /** Call it before reading any figure. */
  flush(): void {
    if (this.used === 0) return;
    this.addBlock(this.block.subarray(0, this.used));
    this.used = 0;
    if (this.block.length < this.fullBlock) this.block = new Float64Array(this.fullBlock);
  }

  private addBlock(values: Float64Array): void {
    this.addMoments(values);
    this.noteOrder(values);
    this.countDistinct(values);
    this.reservoir.addAll(values);
  }

  get count(): number {
    return this.flushed + this.used;
  }

  get std(): number {
    return Math.sqrt(this.squares / Math.max(1, this.flushed - 1));
  }

  get isExact(): boolean {
    return this.estimate === null;
  }

  get distinct(): number {
    if (!this.estimate) return this.counts?.size ?? 0;
    return Math.max(this.counted, Math.min(this.flushed, this.estimate.estimate()));
  }

  /** The sample in ascending order; all values while they are few. Valid until another column is asked. */
  sorted(): Float64Array {
    return this.reservoir.sorted();
  }

  /** Commonest first; scaled from the sample if there are too many to count. */
  commonest(limit: number): { value: number; count: number }[] {
    const commonest = new Commonest(limit);
    if (this.counts) this.counts.forEach((value, count) => void commonest.offer(value, count));
    else this.offerSampled(commonest);
    return commonest.entries;
  }

  /** Runs of equal values in the sorted sample. */
  private offerSampled(commonest: Commonest): void {
    const sample = this.sorted();
    const scale = this.flushed / sample.length;
    for (let from = 0, to = 0; from < sample.length; from = to) {
      while (to < sample.length && sample[to] === sample[from]) to++;
      commonest.offer(sample[from], Math.round((to - from) * scale));
    }
  }

  /** Two passes over the block, merged pairwise (Chan, Golub, LeVeque, 1979): no cancellation. */
  private addMoments(values: Float64Array): void {
    let sum = 0;
    let { min, max } = this;
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      sum += value;
      if (value < min) min = value;
      if (value > max) max = value;
    }
    this.min = min;
    this.max = max;
    const mean = sum / values.length;
    let squares = 0;
    for (let i = 0; i < values.length; i++) squares += (values[i] - mean) * (values[i] - mean);
    const count = this.flushed + values.length;
    const delta = mean - this.mean;
    this.squares += squares + (delta * delta * this.flushed * values.length) / count;
    this.mean += (delta * values.length) / count;
    this.flushed = count;
  }

  private noteOrder(values: Float64Array): void {
    for (let i = 0; this.isWhole && i < values.length; i++)
      this.isWhole = values[i] === Math.floor(values[i]);
    const isFirst = Number.isNaN(this.last);
    for (let i = 0; this.isSequence && i < values.length; i++) {
      this.isSequence = (isFirst && i === 0) || values[i] === this.last + 1;
      this.last = values[i];
    }
    this.last = values[values.length - 1];
  }

  private countDistinct(values: Float64Array): void {
    let i = 0;
    const { counts } = this;
    if (counts) {
      while (i < values.length && counts.add(values[i])) i++;
      if (i === values.length) return;
      this.counted = counts.size;
      this.estimate = new DistinctEstimate();
      const known: number[] = [];
      counts.forEach((value) => void known.push(value));
      this.estimate.addNumbers(Float64Array.from(known));
      this.counts = null;
    }
    this.estimate?.addNumbers(values.subarray(i));
  }
}
