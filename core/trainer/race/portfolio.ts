/**
 * Lists the candidates of a race, in order: settings that are good from the start, sized by the data. The first three
 * families come first, so that an early stop already has something of each.
 */

import {
  LEARNER_NAMES,
  LEARNERS,
  type LearnerChoice,
  type LearnerName,
  trainerSettings,
} from "../learners/catalogue.ts";
import { epochsFor } from "../learners/network/network.ts";
import type { BoostingParams } from "../learners/trees/boosting-params.ts";
import type { ForestParams } from "../learners/trees/forest.ts";
import {
  baselineConfig,
  boostingConfig,
  type CandidateConfig,
  derives,
  forestConfig,
  kernelConfig,
  linearConfig,
  networkConfig,
} from "./candidate-configs.ts";
import { type Sizing, sizingOf, type TrainingData } from "./training-data.ts";

/** All leaves of a forest together stay below this, so that its file and its predictions stay small. */
const MOST_FOREST_LEAVES = 400_000;
const MOST_FOREST_ROWS = 60_000;

/** The candidates for this data; every thread that holds the data has the same. */
export function portfolioFor(data: TrainingData): CandidateConfig[] {
  const all = portfolio(sizingOf(data));
  return data.choice ? chosenRecipes(all, sizingOf(data), data.choice) : all;
}

export function portfolio(options: Sizing): CandidateConfig[] {
  const { rows, target } = options;
  const skewed = target.task === "regression" && isSkewed(target.values);
  return [
    baselineConfig,
    ...linearRecipes(options, skewed),
    ...boostingRecipes(options, skewed),
    ...networkRecipes(options, skewed),
    ...(rows <= MOST_FOREST_ROWS ? forestRecipes(rows, skewed) : []),
    ...smoothRecipes(options, skewed),
  ];
}

/** Of all recipes those of the learners that were chosen, with the parameters that were set. */
function chosenRecipes(all: CandidateConfig[], sizing: Sizing, choice: LearnerChoice): CandidateConfig[] {
  const chosen = choice.learners ?? LEARNER_NAMES;
  return [
    baselineConfig,
    ...LEARNER_NAMES.filter((name) => chosen.includes(name)).flatMap((name) => {
      const set = choice.parameters[name];
      if (set) return setRecipes(name, sizing, { set, monotone: choice.monotone });
      const own = all.filter((recipe) => learnerOf(recipe) === name);
      // Requested by name, it is tried on more rows than by default.
      const recipes = own.length > 0 || !choice.learners ? own : forestsByName(name, sizing);
      // A derived feature may fall where its column rises.
      return Object.keys(choice.monotone).length > 0
        ? monotoneRecipes(
            recipes.filter((recipe) => !derives(recipe)),
            choice.monotone,
          )
        : recipes;
    }),
  ];
}

/** The learner that a recipe belongs to. */
export function learnerOf({ family, params }: CandidateConfig): LearnerName | null {
  if (family === "forest") return params.extraTrees ? "extra_trees" : "random_forest";
  return LEARNER_NAMES.find((name) => LEARNERS[name].family === family) ?? null;
}

function forestsByName(name: LearnerName, { rows, target }: Sizing): CandidateConfig[] {
  if (LEARNERS[name].family !== "forest") return [];
  const skewed = target.task === "regression" && isSkewed(target.values);
  return forestRecipes(rows, skewed, Number.POSITIVE_INFINITY).filter((recipe) => learnerOf(recipe) === name);
}

const monotoneRecipes = (recipes: CandidateConfig[], monotone: LearnerChoice["monotone"]) =>
  recipes.map((recipe) =>
    recipe.boosting ? boostingConfig(recipe.name, { ...recipe.boosting, monotone }) : recipe,
  );

/** One candidate with the parameters set, the others as in the first of its learner. */
function setRecipes(
  learner: LearnerName,
  sizing: Sizing,
  { set, monotone }: { set: Readonly<Record<string, number>>; monotone: LearnerChoice["monotone"] },
): CandidateConfig[] {
  const given = trainerSettings(learner, set);
  const name = `${LEARNERS[learner].label} · your parameters`;
  const told = { shown: { ...set } };
  if (learner === "linear") return [linearConfig(name, { l2: given.l2, ...told })];
  if (learner === "boosting")
    return [
      boostingConfig(name, { params: { ...commonBoosting(sizing.rows), ...given }, monotone, ...told }),
    ];
  if (learner === "network")
    return networkFits(sizing)
      ? [networkConfig(name, { decay: looseDecay(sizing.rows), ...given, ...told })]
      : [];
  const extra = learner === "extra_trees" && { extraTrees: true, bootstrap: false };
  return [forestConfig(name, { params: { ...forestSize(sizing.rows), ...extra, ...given }, ...told })];
}

/** Many columns for so few rows: most of them say nothing. */
const SELECTING = { leastColumns: 30, mostRowsAColumn: 10, mostCells: 2_000_000, mostClasses: 10 };

function canSelect({ target, rows, columns, text }: Sizing): boolean {
  const { leastColumns, mostRowsAColumn, mostCells, mostClasses } = SELECTING;
  if (text || columns < leastColumns || target.classes.length > mostClasses) return false;
  return rows <= mostRowsAColumn * columns && rows * columns <= mostCells;
}

function linearRecipes(sizing: Sizing, skewed: boolean): CandidateConfig[] {
  const { target, text } = sizing;
  const label =
    target.task === "regression" ? "Ridge" : target.task === "binary" ? "Logistic" : "Multinomial";
  const strengths = text ? [1, 0.1, 0.02] : [1, 10, 100];
  const plain = [
    ...strengths.map((l2) => linearConfig(`${label} regression · L2 ${l2}`, { l2 })),
    ...(canSelect(sizing)
      ? [linearConfig(`${label} regression · selected columns`, { l2: 1, selects: true })]
      : []),
  ];
  if (!skewed) return plain;
  return [...plain, linearConfig(`${label} regression · log target · L2 10`, { l2: 10, log: true })];
}

/** Maximum cells and rows of the design for which distances between rows are quick to compute. */
const MOST_SMOOTH_CELLS = 1_500_000;
const MOST_SMOOTH_ROWS = 20_000;
const MOST_SMOOTH_CLASSES = 10;

function smoothRecipes({ target, rows, text, columns }: Sizing, skewed: boolean): CandidateConfig[] {
  if (text || columns === 0 || rows > MOST_SMOOTH_ROWS || rows * columns > MOST_SMOOTH_CELLS) return [];
  if (target.classes.length > MOST_SMOOTH_CLASSES) return [];
  if (target.task !== "regression") return [kernelConfig("Logistic regression · Gaussian kernel", {})];
  const plain = kernelConfig("Ridge regression · Gaussian kernel", {});
  return skewed
    ? [plain, kernelConfig("Ridge regression · Gaussian kernel, log target", { log: true })]
    : [plain];
}

const MOST_NETWORK_COLUMNS = 200;
/** Cells of the design that all epochs read: a few seconds per fit. */
const MOST_NETWORK_WORK = 4e7;
const MOST_NETWORK_CLASSES = 30;
const LEAST_NETWORK_ROWS = 100;

function networkFits({ target, rows, text, columns }: Sizing): boolean {
  const work = rows * columns * epochsFor(rows);
  if (text || columns === 0 || columns > MOST_NETWORK_COLUMNS || work > MOST_NETWORK_WORK) return false;
  return rows >= LEAST_NETWORK_ROWS && target.classes.length <= MOST_NETWORK_CLASSES;
}

const looseDecay = (rows: number) => within(1500 / rows, 0.02, 0.5);

function networkRecipes(sizing: Sizing, skewed: boolean): CandidateConfig[] {
  if (!networkFits(sizing)) return [];
  const { rows } = sizing;
  const loose = looseDecay(rows);
  const candidateConfigs = [networkConfig("Neural network", { decay: loose })];
  if (rows <= MANY_ROWS)
    candidateConfigs.push(
      networkConfig("Neural network · regularized", { decay: within(8000 / rows, 0.1, 4) }),
    );
  return skewed
    ? [...candidateConfigs, networkConfig("Neural network · log target", { decay: loose, log: true })]
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

function commonBoosting(rows: number): Partial<BoostingParams> {
  const patience = rows < 10_000 ? 60 : rows < 100_000 ? 40 : 20;
  return { learningRate: rows < 200_000 ? 0.05 : 0.1, patience, maxRounds: 2000 };
}

function boostingRecipes(sizing: Sizing, skewed: boolean): CandidateConfig[] {
  const { rows, target } = sizing;
  const common = commonBoosting(rows);
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
  const candidateConfigs = [
    ...racing.map(([name, params]) =>
      boostingConfig(`Gradient boosting · ${name}`, { params: { ...common, ...params } }),
    ),
    ...(sizing.derives ? [derivingConfig(common)] : []),
  ];
  if (!skewed) return candidateConfigs;
  const log = boostingConfig("Gradient boosting · log target", {
    params: { ...common, maxLeafNodes: 31, minSamplesLeaf: 10, columnFraction: 0.7 },
    log: true,
  });
  const poisson = boostingConfig("Gradient boosting · Poisson loss", {
    params: { ...common, loss: "poisson", maxLeafNodes: 15, minSamplesLeaf: 10, columnFraction: 0.7 },
  });
  // Gamma's variance grows with the square of the mean; it has no zeros.
  const positive = target.values.every((value) => value > 0);
  const gamma = boostingConfig("Gradient boosting · Gamma loss", {
    params: { ...common, loss: "gamma", maxLeafNodes: 15, minSamplesLeaf: 10, columnFraction: 0.7 },
  });
  return [candidateConfigs[0], log, poisson, ...(positive ? [gamma] : []), ...candidateConfigs.slice(1)];
}

const derivingConfig = (common: Partial<BoostingParams>) =>
  boostingConfig("Gradient boosting · derived columns", {
    params: { ...common, maxLeafNodes: 15, minSamplesLeaf: 5, rowFraction: 0.8, columnFraction: 0.5 },
    derives: true,
  });

function forestRecipes(rows: number, skewed: boolean, many = MANY_ROWS): CandidateConfig[] {
  const sized = forestSize(rows);
  const extra: Partial<ForestParams> = { ...sized, extraTrees: true, bootstrap: false };
  const candidateConfigs = [
    forestConfig("Extra trees", { params: { ...extra, maxFeatures: skewed ? 0.5 : 0 } }),
    forestConfig("Random forest", { params: sized }),
  ];
  if (rows > many) return candidateConfigs.slice(0, 1);
  if (skewed)
    candidateConfigs.push(
      forestConfig("Extra trees · log target", { params: { ...extra, maxFeatures: 0.5 }, log: true }),
    );
  return candidateConfigs;
}

/** Number of trees and minimum rows per leaf, so that all leaves together stay below the bound. */
function forestSize(rows: number): { trees: number; minSamplesLeaf: number } {
  const trees = 100;
  const leavesPerTree = MOST_FOREST_LEAVES / trees;
  return { trees, minSamplesLeaf: Math.max(1, Math.ceil(rows / (1.5 * leavesPerTree))) };
}

/** Positive, with a long tail to the right: the median is nearer to the lowest decile than to the highest. */
function isSkewed(values: Float64Array): boolean {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0 || sorted[0] < 0) return false;
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  const [low, middle, high] = [at(0.1), at(0.5), at(0.9)];
  return high - middle > 1.5 * (middle - low) && high > 1.5 * middle;
}
