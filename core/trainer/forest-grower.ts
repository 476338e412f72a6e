/**
 * How does one tree of a forest grow? Depth first, to minSamplesLeaf, over a random handful of features per split.
 */
import type { BinnedSamples } from "./binning.ts";
import type { ForestParams } from "./forest.ts";
import type { Random, Target } from "./samples.ts";
import type { Split, TreeBuilder } from "./tree-builder.ts";

interface Growth {
  rows: Int32Array;
  builder: TreeBuilder;
  random: Random;
  outputs: number;
  mtry: number;
  params: ForestParams;
}

interface Candidate {
  split: Split;
  gain: number;
}

/** Grows one tree over `rows` (repeats allowed) and adds it to the builder. */
export function growForestTree(binned: BinnedSamples, target: Target, growth: Growth): void {
  const { builder } = growth;
  const grow = (rows: Int32Array): number => {
    const stats = rowStats(target, rows, growth.outputs);
    const split = findSplit(binned, target, { growth, rows, stats });
    if (!split) return builder.addLeaf(leafValues(stats), rows.length);
    const node = builder.addSplit(split, rows.length);
    const codes = binned.codes[split.feature];
    const left = grow(rows.filter((row) => goesLeft(split, codes[row])));
    const right = grow(rows.filter((row) => !goesLeft(split, codes[row])));
    builder.connect(node, left, right);
    return node;
  };
  builder.addRoot(grow(growth.rows));
}

/** Count, and per class counts or the sum and sum of squares. */
interface Stats {
  count: number;
  sums: Float64Array;
  square: number;
}

function rowStats(target: Target, rows: Int32Array, outputs: number): Stats {
  const stats = { count: rows.length, sums: new Float64Array(outputs), square: 0 };
  for (const row of rows) {
    const y = target.values[row];
    if (target.task === "regression") {
      stats.sums[0] += y;
      stats.square += y * y;
    } else stats.sums[y]++;
  }
  return stats;
}

function leafValues(stats: Stats): Float64Array {
  return stats.sums.map((sum) => sum / stats.count);
}

/** Sum of squares over the count: Gini and variance reduction are both differences of it. */
function score(sums: Float64Array, count: number): number {
  let squares = 0;
  for (const sum of sums) squares += sum * sum;
  return count > 0 ? squares / count : 0;
}

function isPure(stats: Stats): boolean {
  if (stats.sums.length > 1) return stats.sums.some((sum) => sum === stats.count);
  return stats.square - (stats.sums[0] * stats.sums[0]) / stats.count <= 1e-12 * Math.abs(stats.square);
}

function findSplit(
  binned: BinnedSamples,
  target: Target,
  at: { growth: Growth; rows: Int32Array; stats: Stats },
): Split | null {
  const { growth, rows, stats } = at;
  if (rows.length < 2 * growth.params.minSamplesLeaf || isPure(stats)) return null;
  let best: Candidate | null = null;
  let looked = 0;
  const order = Int32Array.from(binned.features.keys());
  for (let i = 0; i < order.length && looked < growth.mtry; i++) {
    const j = i + Math.floor(growth.random() * (order.length - i));
    [order[i], order[j]] = [order[j], order[i]];
    const found = featureSplit(binned, target, { ...at, feature: order[i] });
    if (found === "constant") continue;
    looked++;
    if (found && (!best || found.gain > best.gain)) best = found;
  }
  return best?.split ?? null;
}

function featureSplit(
  binned: BinnedSamples,
  target: Target,
  at: { growth: Growth; rows: Int32Array; stats: Stats; feature: number },
): Candidate | null | "constant" {
  const { growth, rows, stats, feature } = at;
  const codes = binned.codes[feature];
  const bins = binned.binCounts[feature];
  const outputs = growth.outputs;
  const sums = new Float64Array(bins * outputs);
  const counts = new Int32Array(bins);
  for (const row of rows) {
    const y = target.values[row];
    const bin = codes[row];
    counts[bin]++;
    if (target.task === "regression") sums[bin] += y;
    else sums[bin * outputs + y]++;
  }
  const present = Array.from(counts.keys()).filter((bin) => counts[bin] > 0);
  if (present.length < 2) return "constant";
  const category = binned.features[feature].kind === "category";
  const order = category
    ? categoryOrder(present, { sums, counts, outputs, stats })
    : missingAnywhere(present, growth.random);
  const cuts = growth.params.extraTrees ? [randomCut(order, growth.random, category)] : order.keys();
  return bestCut(order, { ...at, sums, counts, cuts, category });
}

/** By mean, or by the share of the commonest class: exact for two classes and regression (Fisher 1958). */
function categoryOrder(
  present: number[],
  from: { sums: Float64Array; counts: Int32Array; outputs: number; stats: Stats },
): number[] {
  const { sums, counts, outputs, stats } = from;
  const top = outputs > 1 ? stats.sums.indexOf(Math.max(...stats.sums)) : 0;
  const key = (bin: number) => sums[bin * outputs + top] / counts[bin];
  return present.sort((a, b) => key(a) - key(b) || a - b);
}

/** Missing sits below all numbers or above them, by a coin. */
function missingAnywhere(present: number[], random: Random): number[] {
  return present[0] === 0 && random() < 0.5 ? [...present.slice(1), 0] : present;
}

/** Position of the last one to go left. Numbers: uniform over bins, so that gaps weigh. */
function randomCut(order: number[], random: Random, category: boolean): number {
  if (category) return Math.floor(random() * (order.length - 1));
  const low = Math.max(1, order[0]);
  const high = Math.max(1, order[order.length - 1], order[order.length - 2]);
  const bin = low + Math.floor(random() * (high - low));
  let at = 0;
  while (at < order.length - 2 && order[at + 1] <= bin && order[at + 1] !== 0) at++;
  return at;
}

function bestCut(
  order: number[],
  at: {
    growth: Growth;
    stats: Stats;
    feature: number;
    sums: Float64Array;
    counts: Int32Array;
    cuts: Iterable<number>;
    category: boolean;
  },
): Candidate | null {
  const { growth, stats, sums, counts } = at;
  const wanted = new Set(at.cuts);
  const left = new Float64Array(growth.outputs);
  const right = Float64Array.from(stats.sums);
  let count = 0;
  let best = -1;
  let bestGain = 0;
  let bestCount = 0;
  for (let i = 0; i < order.length - 1; i++) {
    count += counts[order[i]];
    for (let k = 0; k < growth.outputs; k++) {
      left[k] += sums[order[i] * growth.outputs + k];
      right[k] -= sums[order[i] * growth.outputs + k];
    }
    if (!wanted.has(i) || Math.min(count, stats.count - count) < growth.params.minSamplesLeaf) continue;
    const gain = score(left, count) + score(right, stats.count - count) - score(stats.sums, stats.count);
    if (best < 0 || gain > bestGain) {
      best = i;
      bestGain = gain;
      bestCount = count;
    }
  }
  if (best < 0) return null;
  return {
    gain: bestGain,
    split: splitAt(order, best, {
      feature: at.feature,
      category: at.category,
      gain: bestGain,
      leftCount: bestCount,
      count: stats.count,
      missing: counts[0] > 0,
    }),
  };
}

function splitAt(
  order: number[],
  cut: number,
  from: {
    feature: number;
    category: boolean;
    gain: number;
    leftCount: number;
    count: number;
    missing: boolean;
  },
): Split {
  const left = order.slice(0, cut + 1);
  const missingLeft = from.missing ? left.includes(0) : from.leftCount * 2 >= from.count;
  const goesLeft = new Uint32Array(8);
  for (const bin of left) goesLeft[bin >>> 5] |= 1 << (bin & 31);
  if (missingLeft) goesLeft[0] |= 1;
  return {
    feature: from.feature,
    bin: Math.max(0, ...left),
    missingLeft,
    goesLeft: from.category ? goesLeft : null,
    gain: from.gain,
  };
}

function goesLeft(split: Split, bin: number): boolean {
  if (split.goesLeft) return ((split.goesLeft[bin >>> 5] >>> (bin & 31)) & 1) === 1;
  return bin === 0 ? split.missingLeft : bin <= split.bin;
}
