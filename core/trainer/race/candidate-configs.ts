/**
 * Defines how each kind of learner is trained on one fold. A candidate config is a name, settings and a fit; the race
 * needs no more.
 */

import { runPaced } from "../cancellation.ts";
import { designSteps } from "../encoding/design.ts";
import type { CandidateFamily } from "../learners/catalogue.ts";
import { fitLinear } from "../learners/linear/linear.ts";
import { fitSelected } from "../learners/linear/selected.ts";
import { epochsFor, fitNetwork, HIDDEN } from "../learners/network/network.ts";
import { fitNystroem } from "../learners/nystroem/nystroem.ts";
import { type RoundReport, trainBoosting } from "../learners/trees/boosting.ts";
import type { BoostingParams } from "../learners/trees/boosting-params.ts";
import { type ForestParams, trainForest } from "../learners/trees/forest.ts";
import { type Member, type TargetTransform, transformTarget } from "../model/members.ts";
import { responseWidth } from "../model/response.ts";
import type { Checkpoint, Random, Target } from "../samples.ts";
import { foldRows, randomFor, type TrainingData, treePart } from "./training-data.ts";

export type Family = Exclude<CandidateFamily, "ensemble">;

export type CandidateParams = Record<string, number | string | boolean>;

export interface BoostingSettings {
  params: Partial<BoostingParams>;
  log?: boolean;
  /** By column: 1 predictions may only rise with it, -1 only fall. */
  monotone?: Readonly<Record<string, 1 | -1>>;
  /** Learns from derived features, too. */
  derives?: boolean;
  /** What is shown in place of the trainer's own names. */
  shown?: CandidateParams;
}

export interface CandidateConfig {
  name: string;
  family: Family;
  params: CandidateParams;
  /** What a boosting candidate was made of. */
  boosting?: BoostingSettings;
  fit: (data: TrainingData, job: FitJob) => Promise<Member>;
}

export interface FitJob {
  /** Index of the fold; data.whole: all rows, without validation rows. */
  fold: number;
  checkpoint: Checkpoint;
  /** When aborted, keeps the best so far. */
  stop: AbortSignal;
  onRound?: (report: RoundReport) => void;
  /** As in BoostingOptions; boosting only. */
  onMargins?: (margins: Float64Array) => void;
  /** Maximum number of rounds or trees; without validation rows exactly that many rounds. */
  maxRounds: number;
}

/** Whether it learns from derived features, too. */
export const derives = ({ boosting }: CandidateConfig): boolean => boosting?.derives === true;

/** Above this a linear model learns from a sample: its error is then bias, not variance. */
const MOST_LINEAR_ROWS = 100_000;

/** A constant prediction: the class shares, or the mean. */
export const baselineConfig: CandidateConfig = {
  name: "Always guessing",
  family: "baseline",
  params: {},
  fit: async (data, job) => ({
    kind: "constant",
    response: guess(data.target, foldRows(data, job.fold).train),
  }),
};

/** The constant that fits the given rows best: the mean, or the share of each class. */
export function guess(target: Target, rows: Int32Array): Float64Array {
  const response = new Float64Array(responseWidth(target));
  let total = 0;
  for (const row of rows) {
    const weight = target.weights?.[row] ?? 1;
    total += weight;
    if (target.task === "regression") response[0] += weight * target.values[row];
    else response[target.values[row]] += weight;
  }
  return response.map((sum) => sum / total);
}

/** What these rows count, for learners that take them one by one. */
const weightsOf = ({ weights }: Target, rows: Int32Array) =>
  weights && { weights: Float64Array.from(rows, (row) => weights[row]) };

export function linearConfig(
  name: string,
  settings: { l2: number; log?: boolean; selects?: boolean; shown?: CandidateParams },
): CandidateConfig {
  return {
    name,
    family: "linear",
    params: settings.shown ?? {
      l2: settings.l2,
      ...(settings.log && { target: "log" }),
      ...(settings.selects && { columns: "selected by the lasso" }),
    },
    fit: async (data, job) => {
      const { train } = foldRows(data, job.fold);
      const random = randomFor(data, name, job.fold);
      const rows = thin(train, MOST_LINEAR_ROWS, random);
      const { target, transform } = learnedTarget(data.target, train, settings.log);
      const design = await runPaced(designSteps(data.design, data.encoded, rows), job.checkpoint);
      const truth = Float64Array.from(rows, (row) => target.values[row]);
      const { task, classes } = target;
      const { checkpoint } = job;
      const options = { task, classes: classes.length, l2: settings.l2, checkpoint, stop: job.stop };
      const given = { ...options, ...weightsOf(target, rows) };
      const model = settings.selects
        ? await fitSelected(design, truth, { ...given, random })
        : await fitLinear(design, truth, given);
      return { kind: "linear", model, transform };
    },
  };
}

/** The cost of a fit, in rounds of boosting on as many rows. */
const SMOOTH_ROUNDS = 25;

/** A smooth surface: for few rows and columns without text. */
export function kernelConfig(name: string, settings: { log?: boolean }): CandidateConfig {
  return {
    name,
    family: "smooth",
    params: { kernel: "gaussian", ...(settings.log && { target: "log" }) },
    fit: async (data, job) => {
      const { train } = foldRows(data, job.fold);
      const { target, transform } = learnedTarget(data.target, train, settings.log);
      const { checkpoint, stop } = job;
      const design = await runPaced(designSteps(data.design, data.encoded, train), checkpoint);
      const truth = Float64Array.from(train, (row) => target.values[row]);
      const random = randomFor(data, name, job.fold);
      const { task, classes } = target;
      const options = {
        task,
        classes: classes.length,
        random,
        checkpoint,
        stop,
        ...weightsOf(target, train),
      };
      job.onRound?.({ round: SMOOTH_ROUNDS, train: Number.NaN, valid: null });
      return { kind: "smooth", model: await fitNystroem(design, truth, options), transform };
    },
  };
}

/** Layers of units: for up to about ten thousand rows, without text. */
export function networkConfig(
  name: string,
  settings: { decay: number; epochs?: number; log?: boolean; shown?: CandidateParams },
): CandidateConfig {
  return {
    name,
    family: "network",
    params: settings.shown ?? {
      hidden: HIDDEN.join(" x "),
      decay: settings.decay,
      ...(settings.log && { target: "log" }),
    },
    fit: async (data, job) => {
      const { train } = foldRows(data, job.fold);
      const { target, transform } = learnedTarget(data.target, train, settings.log);
      const { checkpoint, stop, onRound } = job;
      const design = await runPaced(designSteps(data.design, data.encoded, train), checkpoint);
      const truth = Float64Array.from(train, (row) => target.values[row]);
      const random = randomFor(data, name, job.fold);
      const { task, classes } = target;
      const model = await fitNetwork(design, truth, {
        ...{ task, classes: classes.length, random, checkpoint, stop, ...weightsOf(target, train) },
        decay: settings.decay,
        epochs: Math.min(settings.epochs ?? epochsFor(train.length), job.maxRounds),
        onEpoch: (round) => onRound?.({ round, train: Number.NaN, valid: null }),
      });
      return { kind: "network", model, transform };
    },
  };
}

export function boostingConfig(name: string, settings: BoostingSettings): CandidateConfig {
  const { monotone: _, ...shown } = settings.params;
  return {
    name,
    family: "boosting",
    params: settings.shown ?? {
      ...shown,
      ...(settings.log && { target: "log" }),
      ...(settings.derives && { columns: "with derived ones" }),
    },
    boosting: settings,
    fit: async (data, job) => {
      const from = { fold: job.fold, derives: settings.derives === true };
      const part = await treePart(data, from, job.checkpoint);
      const { train, valid } = foldRows(data, job.fold);
      const { target, transform } = learnedTarget(data.target, train, settings.log);
      const maxRounds = Math.min(settings.params.maxRounds ?? job.maxRounds, job.maxRounds);
      const model = await trainBoosting(part.samples, target, {
        params: { ...settings.params, monotone: { ...settings.monotone }, maxRounds },
        trainRows: train,
        validRows: valid,
        random: randomFor(data, name, job.fold),
        checkpoint: job.checkpoint,
        onRound: settings.log || settings.params.loss ? withoutLoss(job.onRound) : job.onRound,
        onMargins: job.onMargins,
        stop: job.stop,
        binned: part.binned,
      });
      return { kind: "boosting", model, supervised: part.supervised, transform };
    },
  };
}

/** A loss of another kind cannot be drawn beside the others; the rounds still count. */
function withoutLoss(onRound: FitJob["onRound"]): FitJob["onRound"] {
  return onRound && ((report) => onRound({ ...report, valid: null }));
}

export function forestConfig(
  name: string,
  settings: { params: Partial<ForestParams>; log?: boolean; shown?: CandidateParams },
): CandidateConfig {
  return {
    name,
    family: "forest",
    params: settings.shown
      ? { ...settings.shown, ...(settings.params.extraTrees && { extraTrees: true }) }
      : { ...settings.params, ...(settings.log && { target: "log" }) },
    fit: async (data, job) => {
      const part = await treePart(data, { fold: job.fold, derives: false }, job.checkpoint);
      const { train } = foldRows(data, job.fold);
      const { target, transform } = learnedTarget(data.target, train, settings.log);
      const model = await trainForest(part.samples, target, {
        params: {
          ...settings.params,
          trees: Math.min(settings.params.trees ?? job.maxRounds, job.maxRounds),
        },
        trainRows: train,
        random: randomFor(data, name, job.fold),
        checkpoint: job.checkpoint,
        onTree: ({ tree }) => job.onRound?.({ round: tree, train: Number.NaN, valid: null }),
        stop: job.stop,
        binned: part.binned,
      });
      return { kind: "forest", model, supervised: part.supervised, transform };
    },
  };
}

/** The target as it is, or its logarithm with the shift and the smearing factor that undo it. */
function learnedTarget(
  target: Target,
  rows: Int32Array,
  log: boolean | undefined,
): { target: Target; transform: TargetTransform } {
  if (!log) return { target, transform: { kind: "none" } };
  const transform: TargetTransform = { kind: "log", shift: logShift(target, rows), smear: 1 };
  return { target: { ...target, values: transformTarget(transform, target.values) }, transform };
}

/** Zero for positive targets; otherwise far enough below the minimum that the logarithm stays moderate. */
function logShift(target: Target, rows: Int32Array): number {
  let least = Number.POSITIVE_INFINITY;
  for (const row of rows) least = Math.min(least, target.values[row]);
  return least > 0 ? 0 : least - 1;
}

/** At most `most` of the rows, spread evenly with a random offset. */
function thin(rows: Int32Array, most: number, random: Random): Int32Array {
  if (rows.length <= most) return rows;
  const step = rows.length / most;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor((i + random()) * step)]);
}
