/**
 * Which split of a leaf gains most?
 * Passes a leaf to the kernel and reads what it found; the search itself is kernels/assembly/splitting.ts.
 */
import type { Fit } from "./fit.ts";
import type { Split } from "./tree-builder.ts";

/** Sums in quantised units, exact. */
export interface LeafSums {
  g: number;
  h: number;
}

export interface SearchLimits {
  minSamplesLeaf: number;
  l2Regularization: number;
  /** Least rows of a side that is made of categories. */
  categoryGroup: number;
}

/** Real value = quantised / scale. */
export interface Quantisation {
  scaleG: number;
  scaleH: number;
}

export interface LeafToSplit extends LeafSums {
  histogram: number;
  count: number;
  lower: number;
  upper: number;
}

export interface FoundSplit extends Split {
  leftSums: LeafSums;
}

/** As in LightGBM: cat_smooth (also the least rows of a category that takes part), cat_l2, min_sum_hessian_in_leaf. */
const CATEGORY_SMOOTHING = 10;
const CATEGORY_L2 = 10;
const MIN_HESSIAN = 1e-3;
/** A gain below rounding is none. */
const MIN_GAIN = 1e-9;

/** The best split over the features listed at `features` (i32), or null where none gains. */
export function findSplit(
  fit: Fit,
  leaf: LeafToSplit,
  search: { features: number; featureCount: number; limits: SearchLimits; scales: Quantisation },
): FoundSplit | null {
  const { kernels } = fit.scope;
  const own = writeLeaf(fit, leaf, search);
  const bounded = fit.bounded ? 1 : 0;
  const { features, featureCount } = search;
  kernels.findSplit(
    leaf.histogram,
    fit.table,
    features,
    featureCount,
    fit.leaf.at,
    fit.found.at,
    fit.sorting,
    bounded,
  );
  return readFound(fit, own);
}

/** Writes what the kernel reads, and answers the leaf's own score. */
function writeLeaf(
  fit: Fit,
  leaf: LeafToSplit,
  { limits, scales }: { limits: SearchLimits; scales: Quantisation },
): number {
  const G = leaf.g / scales.scaleG;
  const H = leaf.h / scales.scaleH;
  const l2 = limits.l2Regularization;
  const perRow = H / leaf.count;
  const value = Math.min(Math.max(-G / (H + l2), leaf.lower), leaf.upper);
  const own = -(2 * G * value + (H + l2) * value * value);
  const out = fit.leaf.view;
  out[0] = G;
  out[1] = H;
  out[2] = l2;
  out[3] = Math.max(MIN_HESSIAN, (limits.minSamplesLeaf - 0.5) * perRow);
  out[4] = own + Math.abs(own) * MIN_GAIN;
  out[5] = l2 + CATEGORY_L2;
  out[6] = CATEGORY_SMOOTHING;
  out[7] = (Math.min(CATEGORY_SMOOTHING, limits.categoryGroup) - 0.5) * perRow;
  out[8] = 1 / scales.scaleG;
  out[9] = 1 / scales.scaleH;
  out[10] = leaf.lower;
  out[11] = leaf.upper;
  out[12] = (limits.categoryGroup - 0.5) * perRow;
  return own;
}

function readFound(fit: Fit, own: number): FoundSplit | null {
  const words = fit.found.view;
  const feature = words[2];
  if (feature < 0) return null;
  return {
    feature,
    bin: words[3],
    missingLeft: words[4] === 1,
    goesLeft: words[5] === 1 ? new Uint32Array(words.subarray(8, 16)) : null,
    gain: fit.score[0] - own,
    leftSums: { h: words[6], g: words[7] },
  };
}
