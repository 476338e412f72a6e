/**
 * How does one tree of a forest grow? Depth first, to minSamplesLeaf, over a random handful of features per split.
 * Positions 0 .. train - 1 stand for the training rows; a node owns a range of the row list, partitioned in place.
 */
import type { BinnedSamples } from "./binning.ts";
import { fillGoesLeft } from "./grower.ts";
import { type Arena, Scope } from "./kernels/arena.ts";
import type { Checkpoint, Random, Target } from "./samples.ts";
import type { Split, TreeBuilder } from "./tree-builder.ts";

export interface ForestLimits {
  /** Features looked at per split. */
  featuresPerSplit: number;
  minSamplesLeaf: number;
  extraTrees: boolean;
}

/** The arrays of one forest under way; byte offsets. */
export interface ForestFit {
  scope: Scope;
  train: number;
  outputs: number;
  isCategory: boolean[];
  columns: number[];
  /** Regression: less the mean, so that squares do not drown the differences. */
  y: number;
  mean: number;
  rows: number;
  side: number;
  goesLeft: { at: number; view: Uint8Array };
  totals: { at: number; view: Float64Array };
  cells: number;
  scratch: number;
  out: { at: number; words: Int32Array; gain: Float64Array };
}

const LAST_BIN = 255;

/** Lays out one forest; the caller closes `scope`. */
export function openForest(
  arena: Arena,
  from: { binned: BinnedSamples; target: Target; trainRows: Int32Array },
): ForestFit {
  const scope = new Scope(arena);
  const { binned, target, trainRows } = from;
  const train = trainRows.length;
  const outputs = Math.max(1, target.classes.length);
  const mean = target.task === "regression" ? meanOf(target.values, trainRows) : 0;
  const y = scope.bytes(train * 8);
  const targets = scope.f64(y, train);
  for (let i = 0; i < train; i++) targets[i] = target.values[trainRows[i]] - mean;
  const columns = binned.codes.map((codes) => {
    const at = scope.bytes(train);
    const column = scope.u8(at, train);
    for (let i = 0; i < train; i++) column[i] = codes[trainRows[i]];
    return at;
  });
  const isCategory = binned.features.map(({ kind }) => kind === "category");
  const lists = { rows: scope.bytes(train * 4), side: scope.bytes(train * 4 + 16) };
  return { scope, train, outputs, isCategory, columns, y, mean, ...lists, ...nodePlaces(scope, outputs) };
}

function meanOf(values: Float64Array, rows: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += values[rows[i]];
  return sum / Math.max(1, rows.length);
}

function nodePlaces(
  scope: Scope,
  outputs: number,
): Pick<ForestFit, "goesLeft" | "totals" | "cells" | "scratch" | "out"> {
  const width = (outputs + 1) * 8;
  const [goesLeft, totals, out] = [scope.bytes(256), scope.bytes(width), scope.bytes(64)];
  return {
    goesLeft: { at: goesLeft, view: scope.u8(goesLeft, 256) },
    totals: { at: totals, view: scope.f64(totals, outputs + 1) },
    cells: scope.bytes(256 * width),
    scratch: scope.bytes(256 + 2048 + width),
    out: { at: out, words: scope.i32(out, 16), gain: scope.f64(out, 1) },
  };
}

/** Fills the row list for one tree: every row once, or as many drawn with replacement, ascending. */
export function drawForestRows(fit: ForestFit, bootstrap: boolean, random: Random): void {
  const { train } = fit;
  const rows = fit.scope.i32(fit.rows, train);
  const times = new Uint16Array(train).fill(bootstrap ? 0 : 1);
  if (bootstrap) for (let i = 0; i < train; i++) times[Math.floor(random() * train)]++;
  let count = 0;
  for (let row = 0; row < train; row++) for (let i = 0; i < times[row]; i++) rows[count++] = row;
}

/** A node whose parent is known and which is yet to be split: a range of the row list. */
interface OpenNode {
  start: number;
  count: number;
  parent: number;
  isLeft: boolean;
}

/** What a node costs beside its rows, in rows. */
const NODE_WORK = 100;
/** Rows times features looked at between two checkpoints: some 50 ms. */
const WORK_PER_CHECKPOINT = 5e6;

/** Grows one tree over the rows listed and adds it to the builder. */
export async function growForestTree(
  fit: ForestFit,
  limits: ForestLimits,
  to: { builder: TreeBuilder; random: Random; checkpoint: Checkpoint },
): Promise<void> {
  const { builder } = to;
  const open: OpenNode[] = [{ start: 0, count: fit.train, parent: -1, isLeft: true }];
  let work = 0;
  for (let node = open.pop(); node; node = open.pop()) {
    work += (node.count + NODE_WORK) * limits.featuresPerSplit;
    if (work > WORK_PER_CHECKPOINT) {
      work = 0;
      await to.checkpoint();
    }
    const split = findForestSplit(fit, limits, { node, random: to.random });
    const added = split ? builder.addSplit(split, node.count) : builder.addLeaf(leafValues(fit), node.count);
    builder.attach(added, node.parent, node.isLeft);
    if (!split) continue;
    const left = divide(fit, node, split);
    const right = { start: node.start + left, count: node.count - left, parent: added, isLeft: false };
    open.push(right, { start: node.start, count: left, parent: added, isLeft: true });
  }
}

/** Class shares, or the mean, of the node whose totals were taken last. */
function leafValues({ totals, mean }: ForestFit): Float64Array {
  return totals.view.slice(1).map((sum) => mean + sum / totals.view[0]);
}

function divide(fit: ForestFit, node: OpenNode, split: Split): number {
  const { goesLeft, scope, columns, rows, side } = fit;
  fillGoesLeft(goesLeft.view, split);
  const column = columns[split.feature];
  return scope.kernels.partition(column, goesLeft.at, rows + node.start * 4, node.count, side);
}

/** Looks at features in random order until enough were not constant here. */
function findForestSplit(
  fit: ForestFit,
  limits: ForestLimits,
  { node, random }: { node: OpenNode; random: Random },
): Split | null {
  const { scope, totals, outputs, y } = fit;
  const rows = fit.rows + node.start * 4;
  const squares = scope.kernels.forestTotals(rows, node.count, y, outputs, totals.at);
  if (node.count < 2 * limits.minSamplesLeaf || isPure(fit, squares)) return null;
  const order = Int32Array.from(fit.columns.keys());
  let best: Split | null = null;
  for (let i = 0, looked = 0; i < order.length && looked < limits.featuresPerSplit; i++) {
    const j = i + Math.floor(random() * (order.length - i));
    const feature = order[j];
    order[j] = order[i];
    const state = searchFeature(fit, limits, { node, feature, random });
    if (state === 0) continue;
    looked++;
    if (state === 2 && (!best || fit.out.gain[0] > best.gain)) best = readSplit(fit, feature, node.count);
  }
  return best;
}

function isPure({ totals: { view }, outputs }: ForestFit, squares: number): boolean {
  if (outputs > 1) return view.includes(view[0], 1);
  return squares - (view[1] * view[1]) / view[0] <= 1e-12 * squares;
}

function searchFeature(
  fit: ForestFit,
  limits: ForestLimits,
  at: { node: OpenNode; feature: number; random: Random },
): number {
  const { scope, columns, y, outputs, totals, isCategory, cells, scratch, out } = fit;
  const draw = limits.extraTrees ? at.random() : -1;
  const coin = at.random() < 0.5 ? 1 : 0;
  return scope.kernels.forestSplit(
    ...([columns[at.feature], fit.rows + at.node.start * 4, at.node.count, y, outputs, totals.at] as const),
    ...([isCategory[at.feature] ? 1 : 0, limits.minSamplesLeaf, draw, coin, cells, scratch, out.at] as const),
  );
}

/** Missing that was not seen here goes with the heavier side. */
function readSplit({ out, isCategory }: ForestFit, feature: number, count: number): Split {
  const goesLeft = Uint32Array.from(out.words.subarray(8, 16));
  const isSeen = out.words[4] === 1;
  const missingLeft = isSeen ? (goesLeft[0] & 1) === 1 : 2 * out.words[2] >= count;
  if (missingLeft) goesLeft[0] |= 1;
  const common = { feature, gain: out.gain[0] };
  if (isCategory[feature]) return { ...common, bin: out.words[3], missingLeft, goesLeft };
  // Missing alone on the left has no threshold: the same split with its sides exchanged has one, above every number.
  if (out.words[3] === 0) return { ...common, bin: LAST_BIN, missingLeft: false, goesLeft: null };
  return { ...common, bin: out.words[3], missingLeft, goesLeft: null };
}
