/**
 * Turns margins into the packed gradients of a round. Picks the loss's kernels and quantises: scales are set so that no
 * sum over all rows can overflow 31 bits. The sums that set them run over fixed blocks, in order, so that they are the
 * same for any number of threads.
 */

import type { Kernels } from "../../../kernels/kernels.ts";
import type { Checkpoint } from "../../../samples.ts";
import { LOSS_NAMES, type LossName } from "../losses.ts";
import type { Fit } from "./fit.ts";
import { JOBS, type Team } from "./thread-team.ts";

/** Real value = quantised / scale. */
export interface Quantisation {
  scaleG: number;
  scaleH: number;
}

/** Offsets of the arrays that a loss works on; output-major, `stride` elements per output. */
export interface Scores {
  loss: LossName;
  outputs: number;
  stride: number;
  scores: number;
  y: number;
  /** What each position counts; 0: all the same. */
  weights: number;
  g: number;
  h: number;
  /** Two f64 per output and block of rows, then 16 bytes of scratch per output and thread. */
  sums: number;
  scratch: number;
  blocks: number;
}

/** Rows per block; a multiple of four, because kernels work on four at a time. */
const BLOCK = 16_384;
/** About 30 ms. */
const GRADIENTS_PER_PAUSE = 4e6;
const LARGEST_SUM = 2 ** 31 - 1;

export function openScores(
  fit: Fit,
  { loss, outputs, threads, weighs }: { loss: LossName; outputs: number; threads: number; weighs: boolean },
): Scores {
  const { scope, total } = fit;
  const stride = Math.ceil(total / 4) * 4;
  const blocks = Math.ceil(fit.train / BLOCK);
  const sums = scope.bytes(outputs * 16 * (blocks + threads));
  return {
    ...{ loss, outputs, stride, blocks, sums, scratch: sums + outputs * 16 * blocks },
    scores: scope.bytes(outputs * stride * 8),
    y: scope.bytes(stride * 8),
    weights: weighs ? scope.bytes(stride * 8) : 0,
    g: scope.bytes(outputs * stride * 4),
    h: scope.bytes(outputs * stride * 4),
  };
}

/** Gradients of all training rows and all outputs; returns the scale of each output. */
export async function computeGradients(
  fit: Fit,
  at: Scores,
  { team, checkpoint }: { team: Team | null; checkpoint: Checkpoint },
): Promise<Quantisation[]> {
  const pause = Math.ceil(GRADIENTS_PER_PAUSE / (BLOCK * at.outputs));
  if (team) shareGradients(fit, at, team);
  for (let block = 0; !team && block < at.blocks; block++) {
    gradientBlock(fit, at, block);
    if (block % pause === pause - 1) await checkpoint();
  }
  if (at.weights !== 0) await weighGradients(fit, at, { pause, checkpoint });
  const totals = new Float64Array(at.outputs * 2);
  const sums = fit.scope.f64(at.sums, at.blocks * at.outputs * 2);
  for (let i = 0; i < sums.length; i++) totals[i % totals.length] += sums[i];
  const room = LARGEST_SUM - fit.train;
  return Array.from({ length: at.outputs }, (_, k) => ({
    scaleG: scaleOf(room, totals[2 * k]),
    scaleH: hasUnitHessians(at) ? 1 : scaleOf(room, totals[2 * k + 1]),
  }));
}

const hasUnitHessians = ({ loss, weights }: Scores) => loss === "squared" && weights === 0;

async function weighGradients(
  { scope, train }: Fit,
  at: Scores,
  { pause, checkpoint }: { pause: number; checkpoint: Checkpoint },
): Promise<void> {
  const { weights, g, h, sums, outputs, stride, loss } = at;
  const unit = loss === "squared" ? 1 : 0;
  for (let block = 0; block < at.blocks; block++) {
    const [from, to] = [block * BLOCK, Math.min((block + 1) * BLOCK, train)];
    for (let k = 0; k < outputs; k++) {
      const place = k * stride * 4;
      const of = sums + (block * outputs + k) * 16;
      scope.kernels.weightGradients(weights, from, to, g + place, h + place, of, unit);
    }
    if (block % pause === pause - 1) await checkpoint();
  }
}

function shareGradients(fit: Fit, at: Scores, team: Team): void {
  const places = [at.scores, at.y, at.g, at.h, at.sums, at.outputs, at.stride];
  team.run(JOBS.gradients, [at.blocks, fit.train, BLOCK, LOSS_NAMES.indexOf(at.loss), ...places]);
}

/** Finite even if all gradients vanish. */
function scaleOf(room: number, sum: number): number {
  return sum > 1e-280 ? room / sum : 1;
}

function gradientBlock({ scope, train }: Fit, at: Scores, block: number): void {
  const { scores, y, g, h } = at;
  const from = block * BLOCK;
  const to = Math.min(from + BLOCK, train);
  const sums = at.sums + block * at.outputs * 16;
  if (at.loss === "softmax") {
    scope.kernels.softmaxGradients(scores, y, from, to, g, h, sums, at.outputs, at.stride, at.scratch);
  } else scope.kernels[`${at.loss}Gradients`](scores, y, from, to, g, h, sums);
}

/** Writes the gradients of one output into the records. */
export function packOutput(
  fit: Fit,
  at: Scores,
  { output, scale, team }: { output: number; scale: Quantisation; team: Team | null },
): void {
  const g = at.g + output * at.stride * 4;
  const h = hasUnitHessians(at) ? 0 : at.h + output * at.stride * 4;
  const { records, stride, train } = fit;
  const { scaleG, scaleH } = scale;
  if (team) team.run(JOBS.pack, [train, records, stride, g, h], [scaleG, scaleH]);
  else fit.scope.kernels.packGradients(records, stride, g, h, 0, train, scaleG, scaleH);
}

/** The mean loss over positions [from, to), by what they count. */
export function lossBetween(fit: Fit, at: Scores, from: number, to: number): number {
  if (at.weights !== 0) return weightedLossBetween(fit, at, from, to);
  let sum = 0;
  for (let start = from; start < to; start += BLOCK) {
    sum += lossBlock(fit.scope.kernels, at, start, Math.min(start + BLOCK, to));
  }
  return sum / (to - from);
}

function weightedLossBetween({ scope, total }: Fit, at: Scores, from: number, to: number): number {
  const weights = scope.f64(at.weights, total);
  let [sum, weight] = [0, 0];
  for (let row = from; row < to; row++) {
    weight += weights[row];
    if (weights[row] > 0) sum += weights[row] * lossBlock(scope.kernels, at, row, row + 1);
  }
  return weight > 0 ? sum / weight : 0;
}

function lossBlock(kernels: Kernels, at: Scores, from: number, to: number): number {
  const { scores, y } = at;
  if (at.loss === "softmax") return kernels.softmaxLoss(scores, y, from, to, at.outputs, at.stride);
  return kernels[`${at.loss}Loss`](scores, y, from, to);
}
