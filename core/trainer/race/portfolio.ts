/**
 * Lists the candidates of a race, in order: settings that are good from the start, sized by the data. The first three
 * families come first, so that an early stop already has something of each.
 */

import { epochsFor } from "../learners/network/network.ts";
import type { BoostingParams } from "../learners/trees/boosting-params.ts";
import type { ForestParams } from "../learners/trees/forest.ts";
import {
  baselineRecipe,
  boostingRecipe,
  type CandidateConfig,
  forestRecipe,
  linearRecipe,
  networkRecipe,
  smoothRecipe,
} from "./candidate-configs.ts";
import { type Sizing, sizingOf, type TrainingData } from "./training-data.ts";

/** All leaves of a forest together stay below this, so that its file and its predictions stay small. */
const MOST_FOREST_LEAVES = 400_000;
const MOST_FOREST_ROWS = 60_000;

/** The candidates for this data; every thread that holds the data has the same. */
export function portfolioFor(data: TrainingData): CandidateConfig[] {
  return portfolio(sizingOf(data));
}

export function portfolio(options: Sizing): CandidateConfig[] {
  const { rows, target } = options;
  const skewed = target.task === "regression" && isSkewed(target.values);
  return [
    baselineRecipe,
    ...linearRecipes(options, skewed),
    ...boostingRecipes(options, skewed),
    ...networkRecipes(options, skewed),
    ...(rows <= MOST_FOREST_ROWS ? forestRecipes(rows, skewed) : []),
    ...smoothRecipes(options, skewed),
  ];
}

function linearRecipes({ target, text }: Sizing, skewed: boolean): CandidateConfig[] {
  const label =
    target.task === "regression" ? "Ridge" : target.task === "binary" ? "Logistic" : "Multinomial";
  const strengths = text ? [1, 0.1, 0.02] : [1, 10, 100];
  const plain = strengths.map((l2) => linearRecipe(`${label} regression · L2 ${l2}`, { l2 }));
  if (!skewed) return plain;
  return [...plain, linearRecipe(`${label} regression · log target · L2 10`, { l2: 10, log: true })];
}

/** Maximum cells and rows of the design for which distances between rows are quick to compute. */
const MOST_SMOOTH_CELLS = 1_500_000;
const MOST_SMOOTH_ROWS = 20_000;
const MOST_SMOOTH_CLASSES = 10;

function smoothRecipes({ target, rows, text, columns }: Sizing, skewed: boolean): CandidateConfig[] {
  if (text || columns === 0 || rows > MOST_SMOOTH_ROWS || rows * columns > MOST_SMOOTH_CELLS) return [];
  if (target.classes.length > MOST_SMOOTH_CLASSES) return [];
  if (target.task !== "regression") return [smoothRecipe("Logistic regression · Gaussian kernel", {})];
  const plain = smoothRecipe("Ridge regression · Gaussian kernel", {});
  return skewed
    ? [plain, smoothRecipe("Ridge regression · Gaussian kernel, log target", { log: true })]
    : [plain];
}

const MOST_NETWORK_COLUMNS = 200;
/** Cells of the design that all epochs read: a few seconds per fit. */
const MOST_NETWORK_WORK = 4e7;
const MOST_NETWORK_CLASSES = 30;
const LEAST_NETWORK_ROWS = 100;

function networkRecipes({ target, rows, text, columns }: Sizing, skewed: boolean): CandidateConfig[] {
  const work = rows * columns * epochsFor(rows);
  if (text || columns === 0 || columns > MOST_NETWORK_COLUMNS || work > MOST_NETWORK_WORK) return [];
  if (rows < LEAST_NETWORK_ROWS || target.classes.length > MOST_NETWORK_CLASSES) return [];
  const loose = within(1500 / rows, 0.02, 0.5);
  const candidateConfigs = [networkRecipe("Neural network", { decay: loose })];
  if (rows <= MANY_ROWS)
    candidateConfigs.push(
      networkRecipe("Neural network · regularized", { decay: within(8000 / rows, 0.1, 4) }),
    );
  return skewed
    ? [...candidateConfigs, networkRecipe("Neural network · log target", { decay: loose, log: true })]
    : candidateConfigs;
}

const within = (value: number, least: number, most: number) =>
  Number(Math.min(most, Math.max(least, value)).toPrecision(2));

/**
 * From here on a fit takes seconds: only candidates that win on such data race, so that time is left for all their
 * folds.
 */
const MANY_ROWS = 20_000;
const SETTINGS_FOR_MANY = 3;

function boostingRecipes({ rows, target }: Sizing, skewed: boolean): CandidateConfig[] {
  const patience = rows < 10_000 ? 60 : rows < 100_000 ? 40 : 20;
  const common = { learningRate: rows < 200_000 ? 0.05 : 0.1, patience, maxRounds: 2000 };
  const settings: [string, Partial<BoostingParams>][] = [
    ["31 leaves", { maxLeafNodes: 31 }],
    ["7 leaves", { maxLeafNodes: 7, minSamplesLeaf: 10, columnFraction: 0.7, l2Regularization: 1 }],
    ["60 leaves, sampled", { maxLeafNodes: 60, minSamplesLeaf: 10, rowFraction: 0.75, columnFraction: 0.6 }],
    [
      "15 leaves, few columns",
      { maxLeafNodes: 15, minSamplesLeaf: 5, rowFraction: 0.8, columnFraction: 0.35 },
    ],
    ["stumps", { maxLeafNodes: 3, minSamplesLeaf: 10, learningRate: 0.08 }],
  ];
  const racing = rows > MANY_ROWS ? settings.slice(0, SETTINGS_FOR_MANY) : settings;
  const candidateConfigs = racing.map(([name, params]) =>
    boostingRecipe(`Gradient boosting · ${name}`, { params: { ...common, ...params } }),
  );
  if (!skewed) return candidateConfigs;
  const log = boostingRecipe("Gradient boosting · log target", {
    params: { ...common, maxLeafNodes: 31, minSamplesLeaf: 10, columnFraction: 0.7 },
    log: true,
  });
  const poisson = boostingRecipe("Gradient boosting · Poisson loss", {
    params: { ...common, loss: "poisson", maxLeafNodes: 15, minSamplesLeaf: 10, columnFraction: 0.7 },
  });
  // Gamma's variance grows with the square of the mean; it has no zeros.
  const positive = target.values.every((value) => value > 0);
  const gamma = boostingRecipe("Gradient boosting · Gamma loss", {
    params: { ...common, loss: "gamma", maxLeafNodes: 15, minSamplesLeaf: 10, columnFraction: 0.7 },
  });
  return [candidateConfigs[0], log, poisson, ...(positive ? [gamma] : []), ...candidateConfigs.slice(1)];
}

function forestRecipes(rows: number, skewed: boolean): CandidateConfig[] {
  const sized = forestSize(rows);
  const extra: Partial<ForestParams> = { ...sized, extraTrees: true, bootstrap: false };
  const candidateConfigs = [
    forestRecipe("Extra trees", { params: { ...extra, maxFeatures: skewed ? 0.5 : 0 } }),
    forestRecipe("Random forest", { params: sized }),
  ];
  if (rows > MANY_ROWS) return candidateConfigs.slice(0, 1);
  if (skewed)
    candidateConfigs.push(
      forestRecipe("Extra trees · log target", { params: { ...extra, maxFeatures: 0.5 }, log: true }),
    );
  return candidateConfigs;
}

/** Number of trees and minimum rows per leaf, so that all leaves together stay below the bound. */
export function forestSize(rows: number): { trees: number; minSamplesLeaf: number } {
  const trees = 100;
  const leavesPerTree = MOST_FOREST_LEAVES / trees;
  return { trees, minSamplesLeaf: Math.max(1, Math.ceil(rows / (1.5 * leavesPerTree))) };
}

/** Positive, with a long tail to the right: the median is nearer to the lowest decile than to the highest. */
export function isSkewed(values: Float64Array): boolean {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0 || sorted[0] < 0) return false;
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  const [low, middle, high] = [at(0.1), at(0.5), at(0.9)];
  return high - middle > 1.5 * (middle - low) && high > 1.5 * middle;
}
