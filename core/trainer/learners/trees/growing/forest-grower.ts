/**
 * Grows one tree of a forest. The kernel grows it depth first (kernels/assembly/forest-grower.ts), down to
 * minSamplesLeaf, in bounded steps; this file lays out its arrays and reads the grown tree. Positions 0 .. train - 1
 * are the training rows; a node owns a range of the row list, partitioned in place.
 */

import { type Arena, Scope } from "../../../kernels/arena.ts";
import type { Checkpoint, Random, Target } from "../../../samples.ts";
import type { BinnedSamples } from "../binning.ts";
import { SPLIT_BYTES, type TreeBuilder } from "./tree-builder.ts";

export interface ForestLimits {
  /** Features examined per split. */
  featuresPerSplit: number;
  minSamplesLeaf: number;
  extraTrees: boolean;
}

/** The state of one forest; byte offsets. */
export interface ForestFit {
  scope: Scope;
  train: number;
  outputs: number;
  rows: number;
  splits: number;
  leaves: number;
  plan: { at: number; words: Int32Array };
}

const PLAN_BYTES = 112;

/** Allocates one forest; the caller closes `scope`. */
export function openForest(
  arena: Arena,
  from: { binned: BinnedSamples; target: Target; trainRows: Int32Array; limits: ForestLimits },
): ForestFit {
  const scope = new Scope(arena);
  const { binned, target, trainRows, limits } = from;
  const train = trainRows.length;
  const outputs = Math.max(1, target.classes.length);
  const mean = target.task === "regression" ? meanOf(target.values, trainRows) : 0;
  const columns = binned.codes.map((codes) => fillColumn(scope, codes, trainRows));
  const kinds = binned.features.map(({ kind }) => (kind === "category" ? 1 : 0));
  const most = Math.max(1, Math.floor(train / limits.minSamplesLeaf));
  const width = (outputs + 1) * 8;
  const rows = scope.bytes(train * 4);
  const [splits, leaves] = [scope.bytes(most * SPLIT_BYTES), scope.bytes(most * width)];
  const at = scope.bytes(PLAN_BYTES);
  const words = scope.i32(at, PLAN_BYTES / 4);
  words.set([listWords(scope, columns), columns.length, listWords(scope, kinds)]);
  words.set([fillTargets(scope, target, { trainRows, mean }), outputs, rows, scope.bytes(train * 4 + 16)], 3);
  words.set([scope.bytes(256), scope.bytes(width), scope.bytes(256 * width)], 7);
  words.set([scope.bytes(256 + 2048 + width), scope.bytes(64), scope.bytes(columns.length * 4)], 10);
  words.set([limits.featuresPerSplit, limits.minSamplesLeaf, limits.extraTrees ? 1 : 0], 13);
  words.set([scope.bytes((most + 1) * 16), 0, splits, 0, leaves], 16);
  scope.f64(at, PLAN_BYTES / 8)[13] = mean;
  return { scope, train, outputs, rows, splits, leaves, plan: { at, words } };
}

function fillColumn(scope: Scope, codes: Uint8Array, rows: Int32Array): number {
  const at = scope.bytes(rows.length);
  scope.u8(at, rows.length).set(Uint8Array.from(rows, (row) => codes[row]));
  return at;
}

/** Regression: minus the mean, so that squares do not drown the differences. */
function fillTargets(
  scope: Scope,
  target: Target,
  { trainRows, mean }: { trainRows: Int32Array; mean: number },
): number {
  const at = scope.bytes(trainRows.length * 8);
  scope.f64(at, trainRows.length).set(Float64Array.from(trainRows, (row) => target.values[row] - mean));
  return at;
}

function listWords(scope: Scope, words: number[]): number {
  const at = scope.bytes(words.length * 4);
  scope.i32(at, words.length).set(words);
  return at;
}

function meanOf(values: Float64Array, rows: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += values[rows[i]];
  return sum / Math.max(1, rows.length);
}

/**
 * Fills the row list for one tree: every row once, or as many drawn with replacement, ascending. With weights a row
 * occurs in proportion to its weight, on average over the trees; the list has the same length.
 */
export function drawForestRows(
  fit: ForestFit,
  { bootstrap, random, weights }: { bootstrap: boolean; random: Random; weights?: Float64Array },
): void {
  const { train } = fit;
  const times = weights
    ? timesByWeight(weights, { bootstrap, random })
    : timesDrawn(train, { bootstrap, random });
  const rows = new Int32Array(train);
  let count = 0;
  for (let row = 0; row < train; row++) for (let i = 0; i < times[row]; i++) rows[count++] = row;
  fit.scope.i32(fit.rows, train).set(rows);
}

interface Drawing {
  bootstrap: boolean;
  random: Random;
}

function timesDrawn(train: number, { bootstrap, random }: Drawing): Uint32Array {
  const times = new Uint32Array(train).fill(bootstrap ? 0 : 1);
  if (bootstrap) for (let i = 0; i < train; i++) times[Math.floor(random() * train)]++;
  return times;
}

/**
 * Drawn by weight; without replacement at equal steps along the weights (systematic resampling), so that each count is
 * off by less than one.
 */
function timesByWeight(weights: Float64Array, { bootstrap, random }: Drawing): Uint32Array {
  const ends = weights.slice();
  for (let row = 1; row < ends.length; row++) ends[row] += ends[row - 1];
  const total = ends[ends.length - 1];
  const step = total / ends.length;
  const first = random();
  const places = Float64Array.from(ends, (_, i) =>
    bootstrap ? total * random() : step * (i + first),
  ).sort();
  const times = new Uint32Array(ends.length);
  let row = 0;
  for (const place of places) {
    while (row < ends.length - 1 && ends[row] <= place) row++;
    times[row]++;
  }
  return times;
}

/** Rows times features examined between two checkpoints: about 50 ms. */
const WORK_PER_CALL = 5e6;

/** Grows one tree over the rows listed and adds it to the builder. */
export async function growForestTree(
  { scope, plan, train, outputs, splits, leaves }: ForestFit,
  to: { builder: TreeBuilder; random: Random; checkpoint: Checkpoint },
): Promise<void> {
  const word = () => Math.floor(to.random() * 2 ** 32);
  plan.words.set([word(), word(), word(), 1], 22);
  scope.kernels.startForestTree(plan.at, train);
  while (scope.kernels.growForestTree(plan.at, WORK_PER_CALL) === 0) await to.checkpoint();
  to.builder.add({
    splits: scope.i32(splits, (plan.words[19] * SPLIT_BYTES) / 4).slice(),
    leaves: scope.f64(leaves, plan.words[21] * (outputs + 1)).slice(),
  });
}
