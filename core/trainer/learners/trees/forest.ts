/**
 * Trains a random forest, or a forest of extremely randomised trees, on the same bins as boosting; leaves hold class
 * shares or the mean. Breiman 2001; Geurts, Ernst, Wehenkel 2006.
 */

import { type Arena, sharedArena } from "../../kernels/arena.ts";
import type { Checkpoint, Random, Samples, Target } from "../../samples.ts";
import { type BinnedSamples, binInSteps } from "./binning.ts";
import { drawForestRows, type ForestLimits, growForestTree, openForest } from "./growing/forest-grower.ts";
import { TreeBuilder } from "./growing/tree-builder.ts";
import type { TreeModel, Trees } from "./trees.ts";

export interface ForestParams {
  trees: number;
  /** Share of features examined per split; 0: square root of their number (classes) or a third (regression). */
  maxFeatures: number;
  minSamplesLeaf: number;
  maxBins: number;
  /** Each tree sees rows drawn with replacement. */
  bootstrap: boolean;
  /** One random threshold per examined feature, instead of the best. */
  extraTrees: boolean;
}

export interface ForestModel extends TreeModel {
  kind: "forest";
  params: ForestParams;
}

const FOREST_DEFAULTS: ForestParams = {
  trees: 200,
  maxFeatures: 0,
  minSamplesLeaf: 1,
  maxBins: 255,
  bootstrap: true,
  extraTrees: false,
};

export interface ForestOptions {
  params: Partial<ForestParams>;
  trainRows: Int32Array;
  random: Random;
  checkpoint: Checkpoint;
  onTree?: (report: { tree: number; trees: number }) => void;
  /** When aborted, ends after the current tree (at least one) and keeps the trees so far. */
  stop?: AbortSignal;
  binned?: BinnedSamples;
  /** Where the forest's arrays are allocated; default: the process's own arena. */
  arena?: Arena;
}

/** Rejects with the checkpoint's error when that throws. */
export async function trainForest(
  samples: Samples,
  target: Target,
  options: ForestOptions,
): Promise<ForestModel> {
  const params = { ...FOREST_DEFAULTS, ...options.params };
  const { trainRows, random } = options;
  const { checkpoint } = options;
  const binning = { rows: trainRows, maxBins: params.maxBins, random, checkpoint };
  const binned = options.binned ?? (await binInSteps(samples, binning));
  const featuresPerSplit = featuresLookedAt(params.maxFeatures, binned.features.length, target);
  const limits: ForestLimits = { ...params, featuresPerSplit };
  const weights = target.weights && Float64Array.from(trainRows, (row) => target.weights![row]);
  const fit = openForest(options.arena ?? sharedArena(), { binned, target, trainRows, limits });
  try {
    const builder = new TreeBuilder(binned.features, fit.outputs);
    while (builder.treeCount < params.trees && !(options.stop?.aborted && builder.treeCount > 0)) {
      await checkpoint();
      drawForestRows(fit, { bootstrap: params.bootstrap, random, weights });
      await growForestTree(fit, { builder, random, checkpoint });
      options.onTree?.({ tree: builder.treeCount, trees: params.trees });
    }
    const { outputs } = fit;
    const [scale, baseScore] = [1 / builder.treeCount, new Float64Array(outputs)];
    const { features } = binned;
    const trees = builder.build();
    if (target.task !== "regression") withPriorVote(trees, sharesOf(target, trainRows));
    return { kind: "forest", params, features, trees, outputs, baseScore, scale };
  } finally {
    fit.scope.close();
  }
}

/**
 * One more vote, besides those of the trees, for the class shares: a class that no tree votes for is unlikely, never
 * impossible, and less likely the more trees there are. It is spread over all leaves, so that everything that walks
 * trees agrees.
 */
function withPriorVote({ roots, leafValues, leafOutputs }: Trees, shares: Float64Array): void {
  const ofTrees = roots.length / (roots.length + 1);
  for (let at = 0; at < leafValues.length; at++)
    leafValues[at] = ofTrees * leafValues[at] + (1 - ofTrees) * shares[at % leafOutputs];
}

function sharesOf({ values, classes, weights }: Target, rows: Int32Array): Float64Array {
  const shares = new Float64Array(classes.length);
  for (const row of rows) shares[values[row]] += weights?.[row] ?? 1;
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

function featuresLookedAt(maxFeatures: number, features: number, target: Target): number {
  const share =
    maxFeatures > 0
      ? maxFeatures * features
      : target.task === "regression"
        ? features / 3
        : Math.sqrt(features);
  return Math.max(1, Math.min(features, Math.round(share)));
}
