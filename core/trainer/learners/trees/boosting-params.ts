/**
 * Default, range and meaning of each parameter of gradient boosting. Forms, checks and docs derive from this record.
 */
import type { LossName } from "./losses.ts";

export interface BoostingParams {
  loss: LossName;
  learningRate: number;
  maxRounds: number;
  maxLeafNodes: number;
  minSamplesLeaf: number;
  maxBins: number;
  l2Regularization: number;
  rowFraction: number;
  columnFraction: number;
  patience: number;
  /** By feature name: 1 if the prediction may only rise with it, -1 only fall. Numbers only. */
  monotone: Record<string, 1 | -1>;
}

export interface NumberParam {
  default: number;
  min: number;
  max: number;
  help: string;
}

export const BOOSTING_PARAMS: Record<Exclude<keyof BoostingParams, "loss" | "monotone">, NumberParam> = {
  learningRate: { default: 0.1, min: 0.0001, max: 1, help: "Share of each tree's output that is added." },
  maxRounds: {
    default: 100,
    min: 1,
    max: 100_000,
    help: "Maximum number of rounds; a round is one tree per output.",
  },
  maxLeafNodes: { default: 31, min: 2, max: 4096, help: "Maximum number of leaves per tree." },
  minSamplesLeaf: {
    default: 20,
    min: 1,
    max: 1_000_000,
    help: "Minimum number of rows in a leaf; during the search it is estimated from hessians if those vary.",
  },
  maxBins: {
    default: 255,
    min: 2,
    max: 255,
    help: "Maximum number of bins per feature, besides the one for missing.",
  },
  l2Regularization: { default: 0, min: 0, max: 1e9, help: "Added to the hessian of every leaf." },
  rowFraction: { default: 1, min: 0.01, max: 1, help: "Share of rows, drawn anew for each round." },
  columnFraction: { default: 1, min: 0.01, max: 1, help: "Share of features, drawn anew for each tree." },
  patience: {
    default: 0,
    min: 0,
    max: 100_000,
    help: "Rounds without improvement before stopping; 0: never.",
  },
};

/** Fills in the defaults. Throws RangeError with the name and the range. */
export function boostingParams(given: Partial<BoostingParams> & { loss: LossName }): BoostingParams {
  const params: BoostingParams = { ...defaults(), monotone: {}, ...given };
  for (const [name, { min, max }] of Object.entries(BOOSTING_PARAMS)) {
    const value = params[name as keyof typeof BOOSTING_PARAMS];
    if (!(value >= min && value <= max))
      throw new RangeError(`${name} must be ${min} to ${max}, not ${value}.`);
  }
  return params;
}

function defaults() {
  const entries = Object.entries(BOOSTING_PARAMS).map(([name, param]) => [name, param.default]);
  return Object.fromEntries(entries) as Record<keyof typeof BOOSTING_PARAMS, number>;
}
