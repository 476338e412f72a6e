/**
 * How is a random forest, or a forest of extremely randomised trees, grown?
 * On the same bins as boosting; leaves hold class shares or the mean. Breiman 2001; Geurts, Ernst, Wehenkel 2006.
 */
import { type BinnedSamples, binSamples } from "./binning.ts";
import { growForestTree } from "./forest-grower.ts";
import { predictTrees } from "./predictor.ts";
import type { Checkpoint, Random, Samples, Target } from "./samples.ts";
import { TreeBuilder } from "./tree-builder.ts";
import type { TreeModel } from "./trees.ts";

export interface ForestParams {
  trees: number;
  /** Share of features looked at per split; 0: square root of their number (classes) or a third (regression). */
  maxFeatures: number;
  minSamplesLeaf: number;
  maxBins: number;
  /** Each tree sees rows drawn with replacement. */
  bootstrap: boolean;
  /** One random threshold per feature looked at, instead of the best. */
  extraTrees: boolean;
}

export interface ForestModel extends TreeModel {
  kind: "forest";
  params: ForestParams;
}

export const FOREST_DEFAULTS: ForestParams = {
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
  /** Aborted: ends after the tree under way (at least one) and keeps those there are. */
  stop?: AbortSignal;
  binned?: BinnedSamples;
}

/** Rejects with the checkpoint's error when that throws. */
export async function trainForest(
  samples: Samples,
  target: Target,
  options: ForestOptions,
): Promise<ForestModel> {
  const params = { ...FOREST_DEFAULTS, ...options.params };
  const { trainRows, random } = options;
  const binned = options.binned ?? binSamples(samples, { rows: trainRows, maxBins: params.maxBins, random });
  const outputs = Math.max(1, target.classes.length);
  const builder = new TreeBuilder(binned.features, outputs);
  const mtry = featuresPerSplit(params.maxFeatures, binned.features.length, target);
  while (builder.treeCount < params.trees && !(options.stop?.aborted && builder.treeCount > 0)) {
    await options.checkpoint();
    const rows = params.bootstrap ? drawWithReplacement(trainRows, random) : trainRows.slice();
    growForestTree(binned, target, { rows, builder, random, outputs, mtry, params });
    options.onTree?.({ tree: builder.treeCount, trees: params.trees });
  }
  const scale = 1 / builder.treeCount;
  const baseScore = new Float64Array(outputs);
  return {
    kind: "forest",
    params,
    features: binned.features,
    trees: builder.build(),
    outputs,
    baseScore,
    scale,
  };
}

function featuresPerSplit(maxFeatures: number, features: number, target: Target): number {
  const share =
    maxFeatures > 0
      ? maxFeatures * features
      : target.task === "regression"
        ? features / 3
        : Math.sqrt(features);
  return Math.max(1, Math.min(features, Math.round(share)));
}

function drawWithReplacement(rows: Int32Array, random: Random): Int32Array {
  return Int32Array.from({ length: rows.length }, () => rows[Math.floor(random() * rows.length)]).sort();
}

/** Class shares (rows x classes, also for two) or means (rows x 1), row-major. */
export function predictForest(model: ForestModel, samples: Samples, rows: Int32Array): Float64Array {
  return predictTrees(model, samples, rows);
}
