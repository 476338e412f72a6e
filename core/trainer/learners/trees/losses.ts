/**
 * Defines the losses that boosting minimises: base score, value and link of each; gradients are kernels
 * (kernels/assembly/gradients.ts). Margins are raw scores, rows x outputs, row-major.
 */
import type { Target } from "../../samples.ts";

export const LOSS_NAMES = ["squared", "logistic", "softmax", "poisson", "gamma"] as const;
export type LossName = (typeof LOSS_NAMES)[number];

export interface Loss {
  /** Raw scores per row. */
  outputs(target: Target): number;
  /** The constant score that minimises the loss over the rows. */
  baseScore(target: Target, rows: Int32Array): Float64Array;
  /** The loss of one row. */
  value(y: number, margins: Float64Array, at: number): number;
  /** Margins of one row to probabilities (logistic: of class 1) or the mean, in place. */
  link(margins: Float64Array, at: number): void;
}

const squared: Loss = {
  outputs: () => 1,
  baseScore: (target, rows) => Float64Array.of(mean(target, rows)),
  value: (y, margins, at) => (margins[at] - y) ** 2,
  link: () => {},
};

/** Binary cross-entropy: y is 0 or 1. */
const logistic: Loss = {
  outputs: () => 1,
  baseScore(target, rows) {
    const share = clampShare(mean(target, rows), rows.length);
    return Float64Array.of(Math.log(share / (1 - share)));
  },
  value(y, margins, at) {
    const s = y > 0 ? margins[at] : -margins[at];
    return s > 0 ? Math.log1p(Math.exp(-s)) : Math.log1p(Math.exp(s)) - s;
  },
  link(margins, at) {
    margins[at] = sigmoid(margins[at]);
  },
};

/** Multinomial cross-entropy; its kernel takes the hessian's diagonal times K / (K - 1), as LightGBM (Friedman 2001). */
function softmax(classes: number): Loss {
  return {
    outputs: () => classes,
    baseScore(target, rows) {
      const shares = new Float64Array(classes);
      const total = totalOf(target, rows);
      for (const row of rows) shares[target.values[row]] += (target.weights?.[row] ?? 1) / total;
      return shares.map((share) => Math.log(clampShare(share, rows.length)));
    },
    value(y, margins, at) {
      const { top, sum } = logSumParts(margins, at, classes);
      return Math.log(sum) + top - margins[at + y];
    },
    link(margins, at) {
      const { top, sum } = logSumParts(margins, at, classes);
      for (let k = 0; k < classes; k++) margins[at + k] = Math.exp(margins[at + k] - top) / sum;
    },
  };
}

function logSumParts(margins: Float64Array, at: number, classes: number) {
  let top = margins[at];
  for (let k = 1; k < classes; k++) top = Math.max(top, margins[at + k]);
  let sum = 0;
  for (let k = 0; k < classes; k++) sum += Math.exp(margins[at + k] - top);
  return { top, sum };
}

/** Half deviance of counts, log link; y >= 0. */
const poisson: Loss = {
  outputs: () => 1,
  baseScore: logOfMean,
  value: (y, margins, at) => Math.exp(margins[at]) - y * margins[at] + (y > 0 ? y * Math.log(y) - y : 0),
  link: exponential,
};

/** Half deviance of skewed positive targets, log link; y > 0. */
const gamma: Loss = {
  outputs: () => 1,
  baseScore: logOfMean,
  value: (y, margins, at) => margins[at] + y * Math.exp(-margins[at]) - 1 - Math.log(y),
  link: exponential,
};

function exponential(margins: Float64Array, at: number): void {
  margins[at] = Math.exp(margins[at]);
}

const LOSSES = { squared, logistic, poisson, gamma };

export function lossOf(name: LossName, target: Target): Loss {
  return name === "softmax" ? softmax(target.classes.length) : LOSSES[name];
}

/** What a trained model needs for its link: from the number of outputs instead of a target. */
export function linkOf(name: LossName, outputs: number): Loss["link"] {
  return (name === "softmax" ? softmax(outputs) : LOSSES[name]).link;
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function mean(target: Target, rows: Int32Array): number {
  const { values, weights } = target;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += values[rows[i]] * (weights ? weights[rows[i]] : 1);
  return rows.length > 0 ? sum / totalOf(target, rows) : 0;
}

/** What the rows weigh together. */
function totalOf({ weights }: Target, rows: Int32Array): number {
  if (!weights) return rows.length;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) sum += weights[rows[i]];
  return sum;
}

function logOfMean(target: Target, rows: Int32Array): Float64Array {
  return Float64Array.of(Math.log(Math.max(mean(target, rows), 1e-12)));
}

/** A share of 0 or 1 would be an infinite margin. */
function clampShare(share: number, rows: number): number {
  const least = 0.5 / Math.max(1, rows);
  return Math.min(1 - least, Math.max(least, share));
}
