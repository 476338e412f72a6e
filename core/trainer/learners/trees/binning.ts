/**
 * Sorts values into at most 256 bins: quantile bins for numbers, one bin per category; bin 0 is missing. Edges come
 * from the given rows (the training rows), never from the others.
 */

import { type Arena, Scope, sharedArena } from "../../kernels/arena.ts";
import type { Checkpoint, Feature, Random, Samples } from "../../samples.ts";
import type { BinnedFeature } from "./trees.ts";

/** Column-major bins of all rows; folds share it (edges then come from the rows given to binSamples). */
export interface BinnedSamples {
  rows: number;
  features: BinnedFeature[];
  /** codes[feature][row]. */
  codes: Uint8Array[];
  /** Bins in use per feature, bin 0 included. */
  binCounts: Int32Array;
}

const SAMPLE_ROWS = 50_000;
const BLOCK = 16_384;

export interface BinningOptions {
  /** Edges come from these rows only. */
  rows: Int32Array;
  /** Not counting the bin for missing; 2 .. 255. */
  maxBins: number;
  random: Random;
}

/** Divides every feature into at most `maxBins` bins besides the one for missing. */
export function binSamples(samples: Samples, options: BinningOptions): BinnedSamples {
  const rows = thin(options.rows, options.random);
  return joinBinned(
    samples,
    samples.features.map((feature) => binFeature(feature, rows, options.maxBins)),
  );
}

/** As above, with a checkpoint after each feature: for many rows. */
export async function binInSteps(
  samples: Samples,
  options: BinningOptions & { checkpoint: Checkpoint },
): Promise<BinnedSamples> {
  const rows = thin(options.rows, options.random);
  const columns: BinnedColumn[] = [];
  for (const feature of samples.features) {
    columns.push(binFeature(feature, rows, options.maxBins));
    await options.checkpoint();
  }
  return joinBinned(samples, columns);
}

interface BinnedColumn {
  feature: BinnedFeature;
  codes: Uint8Array;
}

function binFeature(feature: Feature, rows: Int32Array, maxBins: number): BinnedColumn {
  const binned = cutFeature(feature, rows, maxBins);
  return { feature: binned, codes: binColumn(binned, feature) };
}

function joinBinned(samples: Samples, columns: BinnedColumn[]): BinnedSamples {
  const features = columns.map(({ feature }) => feature);
  const codes = columns.map((column) => column.codes);
  return { rows: samples.rows, features, codes, binCounts: Int32Array.from(features, binCount) };
}

/** Bins of a feature in use, including the one for missing. */
function binCount(feature: BinnedFeature): number {
  if (feature.kind === "number") return feature.edges.length + 2;
  return 1 + feature.bins.reduce((most, bin) => Math.max(most, bin), 0);
}

/** Quantiles of a sample are good enough: a bin's share is then off by about a tenth of itself. */
function thin(rows: Int32Array, random: Random): Int32Array {
  if (rows.length <= SAMPLE_ROWS) return rows;
  const step = rows.length / SAMPLE_ROWS;
  return Int32Array.from({ length: SAMPLE_ROWS }, (_, i) => rows[Math.floor((i + random()) * step)]);
}

function cutFeature(feature: Feature, rows: Int32Array, maxBins: number): BinnedFeature {
  const { name } = feature;
  if (feature.kind === "number") {
    return { name, kind: "number", edges: quantileEdges(feature.values, rows, maxBins) };
  }
  return { name, kind: "category", labels: feature.labels, bins: categoryBins(feature, rows, maxBins) };
}

/** Midpoints between neighbouring distinct values; if there are more than maxBins, their quantiles. */
function quantileEdges(values: Float64Array, rows: Int32Array, maxBins: number): Float64Array {
  const sorted = sortedValues(values, rows);
  const distinct: number[] = [];
  const counts: number[] = [];
  for (let i = 0, start = 0; i < sorted.length; i++) {
    if (i + 1 < sorted.length && sorted[i + 1] === sorted[i]) continue;
    distinct.push(sorted[i]);
    counts.push(i + 1 - start);
    start = i + 1;
  }
  if (distinct.length <= maxBins) {
    return Float64Array.from({ length: Math.max(0, distinct.length - 1) }, (_, i) =>
      middle(distinct[i], distinct[i + 1]),
    );
  }
  return fillBins(distinct, counts, sorted.length, maxBins);
}

function sortedValues(values: Float64Array, rows: Int32Array): Float64Array {
  const present = new Float64Array(rows.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]];
    if (!Number.isNaN(value)) present[count++] = value === 0 ? 0 : value;
  }
  return present.subarray(0, count).sort();
}

/** Greedy: closes a bin once it holds its share of what remains, so that one huge value does not starve the others. */
function fillBins(distinct: number[], counts: number[], total: number, maxBins: number): Float64Array {
  const edges: number[] = [];
  let left = total;
  let held = 0;
  for (let i = 0; i < distinct.length - 1 && edges.length < maxBins - 1; i++) {
    held += counts[i];
    const share = left / (maxBins - edges.length);
    if (held >= share || held + counts[i + 1] / 2 > share) {
      edges.push(middle(distinct[i], distinct[i + 1]));
      left -= held;
      held = 0;
    }
  }
  return Float64Array.from(edges);
}

/** Strictly below `high`, so that `value <= edge` holds for `low` only. */
function middle(low: number, high: number): number {
  const value = low + (high - low) / 2;
  return value < high && Number.isFinite(value) ? value : low;
}

/** Commonest first; labels that do not fit share the last bin. */
function categoryBins(
  feature: Extract<Feature, { kind: "category" }>,
  rows: Int32Array,
  maxBins: number,
): Uint8Array {
  const counts = new Int32Array(feature.labels.length);
  for (let i = 0; i < rows.length; i++) {
    const code = feature.codes[rows[i]];
    if (code >= 0) counts[code]++;
  }
  const order = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a] || a - b);
  const bins = new Uint8Array(feature.labels.length);
  order.forEach((code, rank) => {
    if (counts[code] > 0) bins[code] = Math.min(rank + 1, maxBins);
  });
  return bins;
}

/** Bins of one whole column. */
function binColumn(binned: BinnedFeature, feature: Feature, arena = sharedArena()): Uint8Array {
  if (binned.kind === "number" && feature.kind === "number")
    return binNumbers(binned.edges, feature.values, arena);
  if (binned.kind === "category" && feature.kind === "category") return binCodes(binned.bins, feature.codes);
  throw new TypeError(`Feature ${feature.name} changed its kind.`);
}

/** Values go through the arena in blocks: the column itself is not copied. */
function binNumbers(edges: Float64Array, values: Float64Array, arena: Arena): Uint8Array {
  const scope = new Scope(arena);
  const size = 2 ** Math.ceil(Math.log2(edges.length + 1));
  const padded = scope.bytes(size * 8);
  scope.f64(padded, size).fill(Number.POSITIVE_INFINITY).set(edges);
  const block = Math.min(BLOCK, Math.ceil(values.length / 4) * 4);
  const [from, to] = [scope.bytes(block * 8), scope.bytes(block)];
  const [input, output] = [scope.f64(from, block), scope.u8(to, block)];
  const bins = new Uint8Array(values.length);
  for (let row = 0; row < values.length; row += block) {
    const count = Math.min(block, values.length - row);
    input.set(values.subarray(row, row + count));
    scope.kernels.binNumbers(from, Math.ceil(count / 4) * 4, padded, size, edges.length, to);
    bins.set(output.subarray(0, count), row);
  }
  scope.close();
  return bins;
}

function binCodes(bins: Uint8Array, codes: Int32Array): Uint8Array {
  const out = new Uint8Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    out[i] = code >= 0 && code < bins.length ? bins[code] : 0;
  }
  return out;
}
