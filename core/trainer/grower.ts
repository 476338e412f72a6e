/**
 * How does one boosted tree grow? Leaf by leaf: always the leaf whose best split gains most is split next.
 * Of two children the smaller is summed, the larger is what its parent had minus that. It must never look at a
 * rider's gradient: riders only follow the splits.
 */
import type { Fit } from "./fit.ts";
import { HistogramPool } from "./histogram.ts";
import {
  type FoundSplit,
  findSplit,
  type LeafSums,
  type Quantisation,
  type SearchLimits,
} from "./splitting.ts";
import { JOBS, type Team } from "./team.ts";
import type { Split, TreeBuilder } from "./tree-builder.ts";

/** Below so many rows waking the others costs more than they save. */
const SHARED_ROWS = 20_000;

export interface GrowthLimits extends SearchLimits {
  maxLeafNodes: number;
  learningRate: number;
}

/** What stays the same for all trees of a fit. */
export interface Grower {
  fit: Fit;
  pool: HistogramPool;
  builder: TreeBuilder;
  limits: GrowthLimits;
  monotone: number[];
  team: Team | null;
  /** 16 bytes a leaf and list: rows, count, value, for the score update. */
  updates: number;
}

/** A node under way: its ranges in the two row lists, its sums, its histogram, the best split of it. */
export interface Leaf extends LeafSums {
  start: number;
  count: number;
  riderStart: number;
  riderCount: number;
  lower: number;
  upper: number;
  histogram: number;
  split: FoundSplit | null;
  /** Index of the parent's split, -1: root. */
  parent: number;
  isLeft: boolean;
}

/** One tree under way. */
export interface Growing {
  leaves: Leaf[];
  scales: Quantisation;
  features: number;
  featureCount: number;
}

/** The rows a tree starts from: counts in the two lists, scales, and the features it may use (i32 at `features`). */
export interface TreeStart {
  count: number;
  riderCount: number;
  scales: Quantisation;
  features: number;
  featureCount: number;
}

export function newGrower(
  fit: Fit,
  to: { builder: TreeBuilder; limits: GrowthLimits; monotone: number[]; team: Team | null },
): Grower {
  const updates = fit.scope.bytes(to.limits.maxLeafNodes * 32);
  return { fit, updates, pool: new HistogramPool(fit, to.limits.maxLeafNodes, to.team), ...to };
}

/** The root, searched. */
export function startTree(grower: Grower, start: TreeStart): Growing {
  const { scales, features, featureCount, count, riderCount } = start;
  const growing: Growing = { leaves: [], scales, features, featureCount };
  const root: Leaf = {
    start: 0,
    count,
    riderStart: 0,
    riderCount,
    lower: Number.NEGATIVE_INFINITY,
    upper: Number.POSITIVE_INFINITY,
    histogram: 0,
    split: null,
    parent: -1,
    isLeft: true,
    g: 0,
    h: 0,
  };
  root.histogram = grower.pool.take();
  grower.pool.fill(root.histogram, 0, count);
  const total = sumOfFirstFeature(grower.fit, root.histogram);
  root.g = Number(total >> 32n);
  root.h = Number(total & 0xffffffffn);
  if (isSplittable(grower, root)) search(grower, growing, root);
  growing.leaves.push(root);
  return growing;
}

function sumOfFirstFeature(fit: Fit, histogram: number): bigint {
  const [first, bins] = fit.scope.i32(fit.table, 2);
  return fit.scope.kernels.sumCells(histogram + first * 8, bins);
}

/** Splits the most gainful leaf; false when none is left or the tree is full. */
export function splitOnce(grower: Grower, growing: Growing): boolean {
  if (growing.leaves.length >= grower.limits.maxLeafNodes) return false;
  const index = mostGainful(growing.leaves);
  if (index < 0) return false;
  const leaf = growing.leaves[index];
  const split = leaf.split!;
  const node = grower.builder.addSplit(split, leaf.count);
  grower.builder.attach(node, leaf.parent, leaf.isLeft);
  const [left, right] = divide(grower, leaf, { split, node, scales: growing.scales });
  growing.leaves[index] = left;
  growing.leaves.push(right);
  const isFull = growing.leaves.length >= grower.limits.maxLeafNodes;
  if (isFull) grower.pool.give(leaf.histogram);
  else searchChildren(grower, growing, { parent: leaf, left, right });
  return true;
}

function mostGainful(leaves: Leaf[]): number {
  let best = -1;
  let gain = 0;
  for (let i = 0; i < leaves.length; i++) {
    const split = leaves[i].split;
    if (split && split.gain > gain) {
      best = i;
      gain = split.gain;
    }
  }
  return best;
}

/** Partitions the leaf's rows and riders; the children's sums are known from the search. */
function divide(
  grower: Grower,
  leaf: Leaf,
  by: { split: FoundSplit; node: number; scales: Quantisation },
): [Leaf, Leaf] {
  const { fit } = grower;
  const { split, node } = by;
  fillGoesLeft(fit.goesLeft.view, split);
  const column = fit.columns[split.feature];
  const count = partition(grower, column, { rows: fit.rows + leaf.start * 4, count: leaf.count });
  const riders = { rows: fit.riders + leaf.riderStart * 4, count: leaf.riderCount };
  const riderCount = partition(grower, column, riders);
  const { g, h } = split.leftSums;
  const left = childOf(leaf, node, true);
  left.g = g;
  left.h = h;
  left.count = count;
  left.riderCount = riderCount;
  const right = childOf(leaf, node, false);
  right.g -= g;
  right.h -= h;
  right.start += count;
  right.count -= count;
  right.riderStart += riderCount;
  right.riderCount -= riderCount;
  const direction = grower.monotone[split.feature];
  if (direction !== 0) boundChildren(grower, [left, right], { direction, scales: by.scales });
  return [left, right];
}

/** A leaf like its parent, to be narrowed. Written out, not spread: this runs for every split, and cold at first. */
function childOf(leaf: Leaf, parent: number, isLeft: boolean): Leaf {
  return {
    start: leaf.start,
    count: leaf.count,
    riderStart: leaf.riderStart,
    riderCount: leaf.riderCount,
    lower: leaf.lower,
    upper: leaf.upper,
    histogram: 0,
    split: null,
    parent,
    isLeft,
    g: leaf.g,
    h: leaf.h,
  };
}

/** Splits a range of a row list by the bins that go left; answers how many do. */
function partition(
  { fit, team }: Grower,
  column: number,
  { rows, count }: { rows: number; count: number },
): number {
  const { kernels } = fit.scope;
  if (count === 0) return 0;
  if (!team || count < SHARED_ROWS) return kernels.partition(column, fit.goesLeft.at, rows, count, fit.side);
  team.run(JOBS.partition, [count, column, fit.goesLeft.at, rows, fit.side]);
  let left = 0;
  for (let part = 0; part < team.size; part++) {
    kernels.copyBytes(rows + left * 4, rows + shareOf(count, part, team.size) * 4, team.result(part) * 4);
    left += team.result(part);
  }
  let end = left;
  for (let part = 0; part < team.size; part++) {
    const from = shareOf(count, part, team.size);
    const right = shareOf(count, part + 1, team.size) - from - team.result(part);
    kernels.copyBytes(rows + end * 4, fit.side + from * 4, right * 4);
    end += right;
  }
  return left;
}

/** Where a part's share of a range begins: as the kernels have it. */
function shareOf(count: number, part: number, parts: number): number {
  return Math.floor((count * part) / parts);
}

/** One byte a bin. */
export function fillGoesLeft(table: Uint8Array, split: Split): void {
  if (split.goesLeft) {
    table.fill(0);
    for (let word = 0; word < 8; word++) {
      for (let bits = split.goesLeft[word]; bits !== 0; bits &= bits - 1) {
        table[word * 32 + 31 - Math.clz32(bits & -bits)] = 1;
      }
    }
    return;
  }
  table.fill(1, 0, split.bin + 1);
  table.fill(0, split.bin + 1);
  table[0] = split.missingLeft ? 1 : 0;
}

/** Neither side of a monotone split may pass the middle between both, however often it is split again. */
function boundChildren(
  grower: Grower,
  [left, right]: [Leaf, Leaf],
  by: { direction: number; scales: Quantisation },
): void {
  const middle = (leafValue(grower, left, by.scales) + leafValue(grower, right, by.scales)) / 2;
  const [low, high] = by.direction > 0 ? [left, right] : [right, left];
  low.upper = middle;
  high.lower = middle;
}

function leafValue(grower: Grower, leaf: Leaf, { scaleG, scaleH }: Quantisation): number {
  const h = leaf.h / scaleH + grower.limits.l2Regularization;
  const value = h > 0 ? -leaf.g / scaleG / h : 0;
  return Math.min(Math.max(value, leaf.lower), leaf.upper);
}

function isSplittable(grower: Grower, leaf: Leaf): boolean {
  return leaf.count >= 2 * grower.limits.minSamplesLeaf && leaf.h > 0;
}

/** Gives the children their histograms, reusing the parent's block for the larger, and searches both. */
function searchChildren(
  grower: Grower,
  growing: Growing,
  { parent, left, right }: { parent: Leaf; left: Leaf; right: Leaf },
): void {
  const [small, large] = left.count <= right.count ? [left, right] : [right, left];
  const { pool } = grower;
  if (!isSplittable(grower, large)) {
    pool.give(parent.histogram);
    return;
  }
  small.histogram = pool.take();
  pool.fill(small.histogram, small.start, small.count);
  large.histogram = parent.histogram;
  if (parent.histogram !== 0) pool.subtract(parent.histogram, small.histogram);
  else {
    large.histogram = pool.take();
    pool.fill(large.histogram, large.start, large.count);
  }
  for (const child of [small, large]) {
    if (isSplittable(grower, child)) search(grower, growing, child);
    keepOrGive(pool, child);
  }
}

/** A leaf that will not be split needs no histogram; nor does one keep the last two blocks. */
function keepOrGive(pool: HistogramPool, leaf: Leaf): void {
  if (leaf.split && pool.spare >= 2) return;
  pool.give(leaf.histogram);
  leaf.histogram = 0;
}

function search(grower: Grower, growing: Growing, leaf: Leaf): void {
  const { features, featureCount, scales } = growing;
  leaf.split = findSplit(grower.fit, leaf, { features, featureCount, scales, limits: grower.limits });
}

/** Adds the leaves to the model and their values to the scores (f64 by position); answers the number of leaves. */
export function finishTree(grower: Grower, growing: Growing, scores: number): number {
  const { builder, pool, limits } = grower;
  const values = growing.leaves.map((leaf) => limits.learningRate * leafValue(grower, leaf, growing.scales));
  growing.leaves.forEach((leaf, i) => {
    builder.attach(builder.addLeaf([values[i]], leaf.count), leaf.parent, leaf.isLeft);
    pool.give(leaf.histogram);
  });
  updateScores(grower, growing.leaves, { values, scores });
  return growing.leaves.length;
}

function updateScores(
  grower: Grower,
  leaves: Leaf[],
  { values, scores }: { values: number[]; scores: number },
): void {
  const { fit, team, updates } = grower;
  const { kernels } = fit.scope;
  if (!team) {
    leaves.forEach((leaf, i) => {
      kernels.addToRows(scores, fit.rows + leaf.start * 4, leaf.count, values[i]);
      if (leaf.riderCount > 0) {
        kernels.addToRows(scores, fit.riders + leaf.riderStart * 4, leaf.riderCount, values[i]);
      }
    });
    return;
  }
  const words = fit.scope.i32(updates, leaves.length * 8);
  const numbers = fit.scope.f64(updates, leaves.length * 4);
  leaves.forEach((leaf, i) => {
    words.set([fit.rows + leaf.start * 4, leaf.count], i * 8);
    words.set([fit.riders + leaf.riderStart * 4, leaf.riderCount], i * 8 + 4);
    numbers[i * 4 + 1] = values[i];
    numbers[i * 4 + 3] = values[i];
  });
  team.run(JOBS.add, [leaves.length * 2, scores, updates]);
}
