/**
 * Trains a small neural network: two hidden layers over the linear design, trained by Adam in mini-batches at a rate
 * that falls to zero, for a number of epochs that depends on the number of rows. No row is held out for early stopping,
 * so predictions for unseen rows of a fold are honest. Its curves are smooth where trees step, so it errs in other
 * places than they do.
 */

import { runPaced } from "../../cancellation.ts";
import { type Arena, Scope, sharedArena } from "../../kernels/arena.ts";
import type { Checkpoint, Random, SparseRows, Task } from "../../samples.ts";
import { standardization } from "../linear/linear.ts";
import { type InputPlan, inputRows, inputWidth, planInputs, RANGES } from "./inputs.ts";
import { type Layer, layOutLayers, type NetworkModel, takeModel } from "./layers.ts";

export interface NetworkOptions {
  task: Task;
  classes: number;
  random: Random;
  checkpoint: Checkpoint;
  /** When aborted, ends after the current batch. */
  stop?: AbortSignal;
  epochs: number;
  /** What each row counts, 1 on average; absent: once. */
  weights?: Float64Array;
  /** Share of the rate by which each step shrinks the weights. */
  decay: number;
  onEpoch?: (epoch: number) => void;
  /** Where the arrays are allocated; default: the process's own arena. */
  arena?: Arena;
}

/** Units of the hidden layers. */
export const HIDDEN = [64, 64];
const RATE = 4e-3;
const LEAST_BATCH = 32;
const MOST_BATCH = 256;

/** Number of weights for this many columns of the design, of which this many numbers are also divided into ranges. */
export function weightsFor(of: { columns: number; numbers: number; outputs: number }): number {
  const [first, second] = HIDDEN;
  return (of.columns + RANGES * of.numbers) * first + first * second + second * of.outputs;
}

/** Few rows are seen more often. */
export function epochsFor(rows: number): number {
  return Math.round(Math.min(80, Math.max(15, 900_000 / rows)));
}

/** A power of two: about 50 steps per epoch, within bounds. */
function batchFor(rows: number): number {
  const wanted = 2 ** Math.round(Math.log2(Math.max(1, rows / 64)));
  return Math.min(MOST_BATCH, Math.max(LEAST_BATCH, wanted));
}

/** Fits to `truth` (class index or number), one entry per row of the design. Rejects with the checkpoint's error. */
export async function fitNetwork(
  design: SparseRows,
  truth: Float64Array,
  options: NetworkOptions,
): Promise<NetworkModel> {
  const scope = new Scope(options.arena ?? sharedArena());
  try {
    const plan = await runPaced(planInputs(design), options.checkpoint);
    const run = await open(scope, { design, truth, options, plan });
    const { epochs } = options;
    const steps = epochs * Math.ceil(truth.length / run.batch);
    let step = 0;
    for (let epoch = 1; epoch <= epochs && !options.stop?.aborted; epoch++) {
      shuffle(run.order, options.random);
      for (let from = 0; from < truth.length && !options.stop?.aborted; from += run.batch) {
        await options.checkpoint();
        learn(run, from, rateAt(++step, steps), step);
      }
      options.onEpoch?.(epoch);
    }
    return takeModel(scope, run.layers, { ...plan, columns: design.columns, target: run.target });
  } finally {
    scope.close();
  }
}

/** Rises over the first twentieth, then falls along a cosine. */
function rateAt(step: number, steps: number): number {
  const share = step / steps;
  return RATE * Math.min(1, share / 0.05) * 0.5 * (1 + Math.cos(Math.PI * share));
}

interface Run {
  scope: Scope;
  task: Task;
  layers: Layer[];
  batch: number;
  decay: number;
  order: Int32Array;
  truth: Float64Array;
  weights: Float64Array | null;
  target: { mean: number; scale: number };
  /** Inputs of every row, and those of a batch. */
  x: number;
  rowBytes: number;
  batchOrder: number;
  outputs: number;
}

async function open(
  scope: Scope,
  given: {
    design: SparseRows;
    truth: Float64Array;
    options: NetworkOptions;
    plan: InputPlan;
  },
): Promise<Run> {
  const { design, truth, options, plan } = given;
  const outputs = options.task === "multiclass" ? options.classes : 1;
  const batch = batchFor(truth.length);
  const layers = layOutLayers(scope, {
    widths: [inputWidth(plan), ...HIDDEN, outputs],
    batch,
    random: options.random,
  });
  const width = layers[0].inputs;
  const x = scope.bytes(truth.length * width * 4);
  const rows = await runPaced(inputRows(design, plan, width), options.checkpoint);
  const memory = scope.f32(x, rows.length);
  memory.set(rows);
  await options.checkpoint();
  const target =
    options.task === "regression" ? standardization(truth, options.weights) : { mean: 0, scale: 1 };
  return {
    ...{
      scope,
      task: options.task,
      decay: options.decay,
      layers,
      batch,
      truth,
      weights: options.weights ?? null,
      target,
      x,
      outputs,
      rowBytes: width * 4,
    },
    order: Int32Array.from(truth, (_, row) => row),
    batchOrder: scope.bytes(batch * 4),
  };
}

function shuffle(order: Int32Array, random: Random): void {
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
}

/** One batch: forward pass, loss, backward pass, step. */
function learn(run: Run, from: number, rate: number, step: number): void {
  const { scope, layers } = run;
  const { kernels } = scope;
  const rows = run.order.subarray(from, Math.min(run.order.length, from + run.batch));
  // The last batch is padded with rows that do not count.
  const padded = Math.ceil(rows.length / 4) * 4;
  const list = scope.i32(run.batchOrder, padded);
  for (let i = 0; i < padded; i++) list[i] = rows[Math.min(i, rows.length - 1)];
  kernels.gatherRecords(layers[0].x, run.x, run.batchOrder, padded, run.rowBytes);
  layers.forEach((layer, i) => {
    const isLast = i === layers.length - 1;
    kernels.denseForward(
      ...[layer.x, layer.w, layer.bias, layer.out, padded, layer.inputs, layer.outputs, isLast ? 0 : 1],
    );
  });
  writeSlopes(run, rows, padded);
  const corrected = (rate * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
  for (let i = layers.length - 1; i >= 0; i--) {
    const { x, w, slopes, g, inputs, outputs, moments, bias, count } = layers[i];
    kernels.denseGradient(x, slopes, g, g + inputs * outputs * 4, padded, inputs, outputs);
    if (i > 0) kernels.denseBackward(slopes, w, x, layers[i - 1].slopes, padded, inputs, outputs);
    const weights = inputs * outputs;
    kernels.adamStep(w, g, moments, moments + count * 4, weights, corrected, 1 - rate * run.decay);
    const after = weights * 4;
    kernels.adamStep(
      bias,
      g + after,
      moments + after,
      moments + (count + weights) * 4,
      outputs,
      corrected,
      1,
    );
  }
}

/** Gradient of the mean loss with respect to each output of the last layer. */
function writeSlopes(run: Run, rows: Int32Array, padded: number): void {
  const last = run.layers[run.layers.length - 1];
  const answers = run.scope.f32(last.out, padded * last.outputs);
  const slopes = run.scope.f32(last.slopes, padded * last.outputs);
  slopes.fill(0);
  for (let i = 0; i < rows.length; i++) {
    const share = (run.weights ? run.weights[rows[i]] : 1) / rows.length;
    const at = i * last.outputs;
    const y = run.truth[rows[i]];
    if (run.task === "regression")
      slopes[at] = share * (answers[at] - (y - run.target.mean) / run.target.scale);
    else if (run.task === "binary") slopes[at] = share * (1 / (1 + Math.exp(-answers[at])) - y);
    else
      writeSoftmaxSlopes(answers.subarray(at, at + run.outputs), slopes.subarray(at, at + run.outputs), {
        y,
        share,
      });
  }
}

function writeSoftmaxSlopes(
  answers: Float32Array,
  slopes: Float32Array,
  { y, share }: { y: number; share: number },
) {
  let [most, sum] = [Number.NEGATIVE_INFINITY, 0];
  for (const answer of answers) most = Math.max(most, answer);
  for (let k = 0; k < answers.length; k++) {
    slopes[k] = Math.exp(answers[k] - most);
    sum += slopes[k];
  }
  for (let k = 0; k < answers.length; k++) slopes[k] = share * (slopes[k] / sum - (k === y ? 1 : 0));
}
