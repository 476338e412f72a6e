/**
 * How is a gradient-boosted model trained, round by round?
 * The driver only: draws rows and features, grows trees, watches the validation loss, keeps the best round.
 * It must never know which loss it minimises, nor look at a row outside trainRows and validRows.
 */
import { type BinnedSamples, binSamples } from "./binning.ts";
import { type BoostingParams, boostingParams } from "./boosting-params.ts";
import { growTree } from "./grower.ts";
import { type LossName, linkOf, lossOf, meanLoss } from "./losses.ts";
import { predictTrees } from "./predictor.ts";
import { sampleRows } from "./random.ts";
import type { Checkpoint, Random, Samples, Target } from "./samples.ts";
import { TreeBuilder } from "./tree-builder.ts";
import type { TreeModel } from "./trees.ts";

export interface BoostingModel extends TreeModel {
  kind: "boosting";
  loss: LossName;
  /** Rounds kept: the best one by validation loss, or all. */
  rounds: number;
  params: BoostingParams;
}

/** The mean loss after a round; valid is null without validation rows. */
export interface RoundReport {
  round: number;
  train: number;
  valid: number | null;
}

export interface BoostingOptions {
  /** `loss` is settled by the task unless given. */
  params: Partial<BoostingParams>;
  trainRows: Int32Array;
  validRows: Int32Array | null;
  random: Random;
  checkpoint: Checkpoint;
  onRound?: (report: RoundReport) => void;
  /** Aborted: ends after the round under way and keeps the best so far. */
  stop?: AbortSignal;
  /** Bins made earlier from the same samples; else made from trainRows. */
  binned?: BinnedSamples;
}

/** Trains and keeps the best round. Rejects with the checkpoint's error when that throws. */
export async function trainBoosting(
  samples: Samples,
  target: Target,
  options: BoostingOptions,
): Promise<BoostingModel> {
  const params = boostingParams({ loss: defaultLoss(target), ...options.params });
  const { trainRows, validRows, random } = options;
  const binned = options.binned ?? binSamples(samples, { rows: trainRows, maxBins: params.maxBins, random });
  const loss = lossOf(params.loss, target);
  const outputs = loss.outputs(target);
  const baseScore = loss.baseScore(target, trainRows);
  const builder = new TreeBuilder(binned.features, 1);
  const margins = new Float64Array(samples.rows * outputs);
  for (let i = 0; i < margins.length; i++) margins[i] = baseScore[i % outputs];
  let best = { rounds: 0, valid: Number.POSITIVE_INFINITY };
  for (let round = 1; round <= params.maxRounds && !options.stop?.aborted; round++) {
    await options.checkpoint();
    const rows = sampleRows(trainRows, Math.ceil(params.rowFraction * trainRows.length), random);
    const all = gradientsOf(loss, target, margins, outputs);
    for (let k = 0; k < outputs; k++) {
      const features = drawFeatures(binned.features.length, params.columnFraction, random);
      growTree(binned, { ...all[k], rows, features }, { builder, limits: params });
    }
    const tree = { ...modelOf(builder), trees: builder.build() };
    const from = (round - 1) * outputs;
    tree.trees.roots = tree.trees.roots.slice(from);
    const rowsAll = Int32Array.from({ length: samples.rows }, (_, i) => i);
    const added = predictTrees(
      { ...tree, features: binned.features, outputs, baseScore: new Float64Array(outputs), scale: 1 },
      samples,
      rowsAll,
    );
    for (let i = 0; i < margins.length; i++) margins[i] += added[i];
    const valid = validRows ? meanLoss(loss, target, validRows, pick(margins, validRows, outputs)) : null;
    if (options.onRound) {
      options.onRound({
        round,
        train: meanLoss(loss, target, trainRows, pick(margins, trainRows, outputs)),
        valid,
      });
    }
    if (valid === null || valid < best.valid) best = { rounds: round, valid: valid ?? 0 };
    else if (params.patience > 0 && round - best.rounds >= params.patience) break;
    if (valid === null) best.valid = Number.POSITIVE_INFINITY;
  }
  return {
    kind: "boosting",
    loss: params.loss,
    rounds: best.rounds,
    params,
    features: binned.features,
    trees: builder.build(best.rounds * outputs),
    outputs,
    baseScore,
    scale: 1,
  };
}

function modelOf(_builder: TreeBuilder) {
  return { kind: "boosting" as const };
}

function pick(margins: Float64Array, rows: Int32Array, outputs: number): Float64Array {
  const out = new Float64Array(rows.length * outputs);
  for (let i = 0; i < rows.length; i++)
    for (let k = 0; k < outputs; k++) out[i * outputs + k] = margins[rows[i] * outputs + k];
  return out;
}

function gradientsOf(
  loss: ReturnType<typeof lossOf>,
  target: Target,
  margins: Float64Array,
  outputs: number,
) {
  const rows = target.values.length;
  const all = Array.from({ length: outputs }, () => ({
    g: new Float64Array(rows),
    h: new Float64Array(rows),
  }));
  const out = new Float64Array(2 * outputs);
  for (let i = 0; i < rows; i++) {
    loss.gradients(target.values[i], margins, i * outputs, out);
    for (let k = 0; k < outputs; k++) {
      all[k].g[i] = out[2 * k];
      all[k].h[i] = out[2 * k + 1];
    }
  }
  return all;
}

function drawFeatures(count: number, fraction: number, random: Random): Int32Array {
  const all = Int32Array.from({ length: count }, (_, i) => i);
  if (fraction >= 1) return all;
  return sampleRows(all, Math.max(1, Math.round(fraction * count)), random);
}

/** What a task is trained with unless told otherwise. */
export function defaultLoss(target: Target): LossName {
  if (target.task === "regression") return "squared";
  return target.task === "binary" ? "logistic" : "softmax";
}

/** Raw margins, rows x outputs, row-major; binary has one output. */
export function predictBoosting(model: BoostingModel, samples: Samples, rows: Int32Array): Float64Array {
  return predictTrees(model, samples, rows);
}

/** Margins to what people read, rows x max(2 for binary, outputs): class probabilities, or the mean. */
export function linkMargins(
  model: Pick<BoostingModel, "loss" | "outputs">,
  margins: Float64Array,
): Float64Array {
  const linked = margins.slice();
  const link = linkOf(model.loss, model.outputs);
  for (let i = 0; i < linked.length; i += model.outputs) link(linked, i);
  if (model.loss !== "logistic") return linked;
  return Float64Array.from({ length: linked.length * 2 }, (_, i) => {
    const p = linked[i >>> 1];
    return (i & 1) === 1 ? p : 1 - p;
  });
}
