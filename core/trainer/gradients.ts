/**
 * How do margins become the packed gradients of a round?
 * Picks the loss's kernels and quantises: scales are set so that no sum of all rows can overflow 31 bits. Sums that
 * set them run over fixed blocks, in order, so that they are the same for any number of threads.
 */
import type { Fit } from "./fit.ts";
import type { Kernels } from "./kernels/kernels.ts";
import type { LossName } from "./losses.ts";
import type { Quantisation } from "./splitting.ts";

/** Offsets of the arrays that a loss works on; output-major, `stride` elements an output. */
export interface Scores {
  loss: LossName;
  outputs: number;
  stride: number;
  scores: number;
  y: number;
  g: number;
  h: number;
  /** Two f64 an output. */
  sums: number;
  scratch: number;
}

/** Rows of a block; a multiple of four, as kernels work on four at a time. */
const BLOCK = 16_384;
const LARGEST_SUM = 2 ** 31 - 1;

export function openScores(fit: Fit, { loss, outputs }: { loss: LossName; outputs: number }): Scores {
  const { scope, total } = fit;
  const stride = Math.ceil(total / 4) * 4;
  return {
    ...{ loss, outputs, stride },
    scores: scope.bytes(outputs * stride * 8),
    y: scope.bytes(stride * 8),
    g: scope.bytes(outputs * stride * 4),
    h: scope.bytes(outputs * stride * 4),
    sums: scope.bytes(outputs * 16),
    scratch: scope.bytes(outputs * 16),
  };
}

/** Gradients of all training rows and all outputs; answers the scale of each output. */
export function computeGradients(fit: Fit, scores: Scores): Quantisation[] {
  const totals = new Float64Array(scores.outputs * 2);
  const sums = fit.scope.f64(scores.sums, scores.outputs * 2);
  for (let from = 0; from < fit.train; from += BLOCK) {
    gradientBlock(fit.scope.kernels, scores, from, Math.min(from + BLOCK, fit.train));
    for (let i = 0; i < totals.length; i++) totals[i] += sums[i];
  }
  const room = LARGEST_SUM - fit.train;
  return Array.from({ length: scores.outputs }, (_, k) => ({
    scaleG: scaleOf(room, totals[2 * k]),
    scaleH: scores.loss === "squared" ? 1 : scaleOf(room, totals[2 * k + 1]),
  }));
}

/** Finite also where all gradients vanish. */
function scaleOf(room: number, sum: number): number {
  return sum > 1e-280 ? room / sum : 1;
}

function gradientBlock(kernels: Kernels, at: Scores, from: number, to: number): void {
  const { scores, y, g, h, sums } = at;
  if (at.loss === "softmax") {
    kernels.softmaxGradients(scores, y, from, to, g, h, sums, at.outputs, at.stride, at.scratch);
  } else kernels[`${at.loss}Gradients`](scores, y, from, to, g, h, sums);
}

/** Puts the gradients of one output into the records. */
export function packOutput(
  fit: Fit,
  at: Scores,
  { output, scale }: { output: number; scale: Quantisation },
): void {
  const g = at.g + output * at.stride * 4;
  const h = at.loss === "squared" ? 0 : at.h + output * at.stride * 4;
  fit.scope.kernels.packGradients(fit.records, fit.stride, g, h, 0, fit.train, scale.scaleG, scale.scaleH);
}

/** The mean loss over positions [from, to). */
export function lossBetween(fit: Fit, at: Scores, from: number, to: number): number {
  let sum = 0;
  for (let start = from; start < to; start += BLOCK) {
    sum += lossBlock(fit.scope.kernels, at, start, Math.min(start + BLOCK, to));
  }
  return sum / (to - from);
}

function lossBlock(kernels: Kernels, at: Scores, from: number, to: number): number {
  const { scores, y } = at;
  if (at.loss === "softmax") return kernels.softmaxLoss(scores, y, from, to, at.outputs, at.stride);
  return kernels[`${at.loss}Loss`](scores, y, from, to);
}
