/**
 * Trains a gradient-boosted model, round by round. The driver only: draws rows and features, grows trees, tracks the
 * validation loss, keeps the best round. It must never know which loss it minimises, nor look at a row outside
 * trainRows and validRows.
 */

import { type Arena, sharedArena } from "../../kernels/arena.ts";
import type { Checkpoint, Random, Samples, Target } from "../../samples.ts";
import { predictTrees } from "./batch-predictor.ts";
import { type BinnedSamples, binInSteps } from "./binning.ts";
import { type BoostingParams, boostingParams } from "./boosting-params.ts";
import { type Fit, openFit } from "./growing/fit.ts";
import {
  computeGradients,
  lossBetween,
  openScores,
  packOutput,
  type Quantisation,
  type Scores,
} from "./growing/gradients.ts";
import { finishTree, type Grower, growTree, newGrower, startTree } from "./growing/grower.ts";
import { openRowOrder, orderRows, type RowOrder } from "./growing/row-order.ts";
import { Team } from "./growing/thread-team.ts";
import { TreeBuilder } from "./growing/tree-builder.ts";
import { type LossName, linkOf, lossOf } from "./losses.ts";
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
  /** `loss` depends on the task unless given. */
  params: Partial<BoostingParams>;
  trainRows: Int32Array;
  validRows: Int32Array | null;
  random: Random;
  checkpoint: Checkpoint;
  /** Costs a pass over the training rows in each round. */
  onRound?: (report: RoundReport) => void;
  /** Raw margins of the validation rows after each round, rows x outputs; the receiver may keep the array. */
  onMargins?: (margins: Float64Array) => void;
  /** When aborted, ends after the current round and keeps the best so far. */
  stop?: AbortSignal;
  /** Bins made earlier from the same samples; by default made from trainRows. */
  binned?: BinnedSamples;
  /** Threads that share the work of one tree; the model is the same to the byte. Pays from about 100,000 rows. */
  threads?: number;
  /** Where the fit's arrays are allocated; default: the process's own arena. */
  arena?: Arena;
}

/** The state of a running fit. */
interface Run {
  params: BoostingParams;
  options: BoostingOptions;
  fit: Fit;
  scores: Scores;
  grower: Grower;
  /** Rows of this round: this many at the head of fit.drawn. */
  drawn: number;
  order: RowOrder | null;
}

/** As LightGBM's min_data_per_group, if there are rows enough. */
const CATEGORY_GROUP = 100;
const MIN_SHARED_ROWS = 50_000;

/** Trains and keeps the best round. Rejects with the checkpoint's error when that throws. */
export async function trainBoosting(
  samples: Samples,
  target: Target,
  options: BoostingOptions,
): Promise<BoostingModel> {
  const params = boostingParams({ loss: defaultLoss(target), ...options.params });
  const { trainRows, random } = options;
  const { checkpoint } = options;
  const binning = { rows: trainRows, maxBins: params.maxBins, random, checkpoint };
  const binned = options.binned ?? (await binInSteps(samples, binning));
  const { monotone } = params;
  const validationRows = options.validRows ?? new Int32Array(0);
  const threads = usefulThreads(trainRows.length, options.threads ?? 1);
  const shape = { binned, trainRows, validationRows, monotone, threads, checkpoint };
  const fit = await openFit(options.arena ?? sharedArena(), shape);
  let team: Team | null = null;
  try {
    team = threads > 1 ? await Team.open(fit.scope, threads) : null;
    const loss = lossOf(params.loss, target);
    const outputs = loss.outputs(target);
    const baseScore = loss.baseScore(target, trainRows);
    const scores = openScores(fit, {
      loss: params.loss,
      outputs,
      threads,
      weighs: target.weights !== undefined,
    });
    fillScores(fit, scores, { target, baseScore, rows: [trainRows, validationRows] });
    const run = openRun(fit, scores, { params, options, binned, team });
    const rounds = await runRounds(run);
    const trees = run.grower.builder.build(rounds * outputs);
    const { features } = binned;
    return {
      kind: "boosting",
      loss: params.loss,
      rounds,
      params,
      features,
      trees,
      outputs,
      baseScore,
      scale: 1,
    };
  } finally {
    team?.close();
    fit.scope.close();
  }
}

/** Starting threads costs about 20 ms. */
function usefulThreads(rows: number, threads: number): number {
  return rows < MIN_SHARED_ROWS ? 1 : Math.max(1, Math.floor(threads));
}

function openRun(
  fit: Fit,
  scores: Scores,
  from: { params: BoostingParams; options: BoostingOptions; binned: BinnedSamples; team: Team | null },
): Run {
  const { params, options, binned, team } = from;
  const categoryGroup = Math.min(CATEGORY_GROUP, fit.train / 20);
  const grower = newGrower(fit, {
    builder: new TreeBuilder(binned.features, 1),
    limits: { ...params, categoryGroup },
    team,
  });
  const drawn = drawRows(fit, 1, options.random);
  return { params, options, fit, scores, grower, drawn, order: openRowOrder(fit) };
}

/** Targets by position, and every margin at the base score. */
function fillScores(
  fit: Fit,
  at: Scores,
  from: { target: Target; baseScore: Float64Array; rows: Int32Array[] },
): void {
  const y = fit.scope.f64(at.y, at.stride);
  let position = 0;
  for (const rows of from.rows)
    for (let i = 0; i < rows.length; i++) y[position++] = from.target.values[rows[i]];
  if (from.target.weights) fillWeights(fit, at, { weights: from.target.weights, rows: from.rows });
  for (let k = 0; k < at.outputs; k++) {
    fit.scope.f64(at.scores + k * at.stride * 8, at.stride).fill(from.baseScore[k]);
  }
}

function fillWeights(
  fit: Fit,
  at: Scores,
  { weights, rows }: { weights: Float64Array; rows: Int32Array[] },
): void {
  const into = fit.scope.f64(at.weights, at.stride).fill(0);
  let position = 0;
  for (const some of rows) for (let i = 0; i < some.length; i++) into[position++] = weights[some[i]];
}

/** Runs rounds until the last, the stop signal, patience, or nothing left to split; returns how many are kept. */
async function runRounds(run: Run): Promise<number> {
  const { params, options, fit, scores } = run;
  let best = { round: 0, valid: Number.POSITIVE_INFINITY };
  let round = 0;
  while (round < params.maxRounds && !options.stop?.aborted) {
    await options.checkpoint();
    const leaves = await runRound(run);
    round++;
    const { order, drawn: count } = run;
    if (order) await orderRows(fit, scores, { order, round, count, checkpoint: options.checkpoint });
    const valid = fit.total > fit.train ? lossBetween(fit, scores, fit.train, fit.total) : null;
    if (options.onMargins) options.onMargins(riderMargins(fit, scores));
    if (options.onRound) options.onRound({ round, train: lossBetween(fit, scores, 0, fit.train), valid });
    if (valid === null || valid < best.valid) best = { round, valid: valid ?? best.valid };
    const isPatient = params.patience === 0 || round - best.round < params.patience;
    const isSampled = params.rowFraction < 1 || params.columnFraction < 1;
    if (!isPatient || (leaves === scores.outputs && !isSampled)) break;
  }
  return best.round;
}

function riderMargins({ scope, train, total }: Fit, at: Scores): Float64Array {
  const margins = new Float64Array((total - train) * at.outputs);
  for (let k = 0; k < at.outputs; k++) {
    const scores = scope.f64(at.scores + k * at.stride * 8, total);
    for (let row = train; row < total; row++) margins[(row - train) * at.outputs + k] = scores[row];
  }
  return margins;
}

/** One tree per output; returns how many leaves they have together. */
async function runRound(run: Run): Promise<number> {
  const { fit, scores, params } = run;
  if (params.rowFraction < 1) run.drawn = drawRows(fit, params.rowFraction, run.options.random);
  const { team } = run.grower;
  const scales = await computeGradients(fit, scores, { team, checkpoint: run.options.checkpoint });
  let leaves = 0;
  for (let output = 0; output < scores.outputs; output++) {
    packOutput(fit, scores, { output, scale: scales[output], team });
    leaves += await addTree(run, { scales: scales[output], output });
  }
  return leaves;
}

async function addTree(run: Run, at: { scales: Quantisation; output: number }): Promise<number> {
  const { grower, scores, options, drawn: count } = run;
  startTree(grower, { count, scales: at.scales, featureCount: drawFeatures(run) });
  while (!growTree(grower)) await options.checkpoint();
  return finishTree(grower, scores.scores + at.output * scores.stride * 8);
}

/** Draws the rows of a round, ascending (Knuth's algorithm S); all others are held out. Returns how many. */
function drawRows(fit: Fit, fraction: number, random: Random): number {
  const { train, total } = fit;
  const drawn = fit.scope.i32(fit.drawn, total);
  const wanted = fraction >= 1 ? train : Math.max(1, Math.round(fraction * train));
  let count = 0;
  let heldOut = wanted;
  for (let i = 0; i < train; i++) {
    if (wanted === train || random() * (train - i) < wanted - count) drawn[count++] = i;
    else drawn[heldOut++] = i;
  }
  for (let i = train; i < total; i++) drawn[i] = i;
  return wanted;
}

/** Writes the features that the next tree may use, ascending; returns how many. */
function drawFeatures(run: Run): number {
  const { fit, params, options } = run;
  const all = fit.featureCount;
  const list = fit.scope.i32(run.grower.features, all);
  const wanted = Math.max(1, Math.round(params.columnFraction * all));
  let count = 0;
  for (let f = 0; f < all; f++) {
    if (wanted === all || options.random() * (all - f) < wanted - count) list[count++] = f;
  }
  return count;
}

/** A task's default loss. */
function defaultLoss(target: Target): LossName {
  if (target.task === "regression") return "squared";
  return target.task === "binary" ? "logistic" : "softmax";
}

/** Raw margins, rows x outputs, row-major; binary has one output. */
export function predictBoosting(model: BoostingModel, samples: Samples, rows: Int32Array): Float64Array {
  return predictTrees(model, samples, rows);
}

/** Margins to probabilities of each class (rows x max(2 for binary, outputs)), or to the mean. */
export function linkMargins(
  model: Pick<BoostingModel, "loss" | "outputs">,
  margins: Float64Array,
): Float64Array {
  const { loss, outputs } = model;
  const link = linkOf(loss, outputs);
  if (loss !== "logistic") {
    const linked = margins.slice();
    for (let i = 0; i < linked.length; i += outputs) link(linked, i);
    return linked;
  }
  const linked = new Float64Array(margins.length * 2);
  for (let i = 0; i < linked.length; i += 2) {
    linked[i + 1] = margins[i >>> 1];
    link(linked, i + 1);
    linked[i] = 1 - linked[i + 1];
  }
  return linked;
}
