/**
 * Grows one boosted tree. The kernel grows it leaf by leaf (kernels/assembly/grower.ts), in bounded steps; this file
 * completes its plan and reads the grown tree. It must never look at a gradient.
 */
import type { Fit } from "./fit.ts";
import type { Quantisation } from "./gradients.ts";
import type { Team } from "./thread-team.ts";
import { LEAF_PAIR_BYTES, SPLIT_BYTES, type TreeBuilder } from "./tree-builder.ts";

export interface GrowthLimits {
  maxLeafNodes: number;
  minSamplesLeaf: number;
  learningRate: number;
  l2Regularization: number;
  /** Minimum rows of a side that is made of categories. */
  categoryGroup: number;
}

/** What stays the same for all trees of a fit. */
export interface Grower {
  fit: Fit;
  builder: TreeBuilder;
  team: Team | null;
  /** Where the kernel leaves the splits and leaves of the current tree. */
  splits: number;
  leaves: number;
  /** Features that the next tree may use, i32 each, ascending. */
  features: number;
}

const LEAF_BYTES = 128;
/** The maximum memory of all histograms of a fit. */
const POOL_BYTES = 256 * 1024 * 1024;
/** Cells summed between two checkpoints, over one tree or many: about 20 ms. */
const CELLS_PER_PAUSE = 2e7;

export function newGrower(
  fit: Fit,
  to: { builder: TreeBuilder; limits: GrowthLimits; team: Team | null },
): Grower {
  const { scope, plan } = fit;
  const { limits, team } = to;
  const most = limits.maxLeafNodes;
  const places = {
    features: scope.bytes(fit.featureCount * 4),
    splits: scope.bytes(most * SPLIT_BYTES),
    leaves: scope.bytes(most * LEAF_PAIR_BYTES),
  };
  const blocks = allocateHistograms(fit, most);
  plan.words.set([team?.control ?? 0, team?.size ?? 1, most, limits.minSamplesLeaf], 18);
  plan.words.set([places.features, 0, blocks.at, blocks.count, scope.bytes(most * LEAF_BYTES)], 22);
  plan.words.set([places.splits, 0, places.leaves, scope.bytes(most * 32)], 28);
  plan.numbers.set([limits.l2Regularization, limits.learningRate, limits.categoryGroup], 16);
  return { fit, builder: to.builder, team, ...places };
}

/** A bounded stack of equal blocks: a leaf that finds none free goes without, and its children are summed afresh. */
function allocateHistograms({ scope, cells }: Fit, leaves: number): { at: number; count: number } {
  const bytes = cells * 8;
  const count = Math.max(3, Math.min(leaves + 1, Math.floor(POOL_BYTES / bytes)));
  const at = scope.bytes(count * 4);
  const stack = scope.i32(at, count);
  for (let i = 0; i < count; i++) stack[i] = scope.bytes(bytes);
  return { at, count };
}

/** The root of the next tree, over the first `count` rows drawn, with the features listed at `grower.features`. */
export function startTree(
  { fit }: Grower,
  start: { count: number; scales: Quantisation; featureCount: number },
): void {
  const { words, numbers, at } = fit.plan;
  words[23] = start.featureCount;
  numbers[19] = start.scales.scaleG;
  numbers[20] = start.scales.scaleH;
  fit.scope.kernels.startTree(at, start.count);
}

/** Continues the tree; true once it is grown, false if a checkpoint is due. */
export function growTree({ fit }: Grower): boolean {
  return fit.scope.kernels.growTree(fit.plan.at, CELLS_PER_PAUSE) === 1;
}

/** Adds the tree to the model and its values to the scores (f64 by position); returns the number of leaves. */
export function finishTree({ fit, builder, splits, leaves }: Grower, scores: number): number {
  const { scope, plan } = fit;
  const count = scope.kernels.finishTree(plan.at, scores);
  builder.add({
    splits: scope.i32(splits, ((count - 1) * SPLIT_BYTES) / 4).slice(),
    leaves: scope.f64(leaves, (count * LEAF_PAIR_BYTES) / 8).slice(),
  });
  return count;
}
