/**
 * Holds what the stages of one run hand to each other. Filled from top to bottom; a stage only reads what earlier
 * stages left.
 */
import type { Finding, ReadingPlan, ReadingProgress, Table } from "../../../csv/types.ts";
import type { HeldOut } from "../../../trainer/checks/row-predictions.ts";
import type { RunResult, VersionComparison } from "../../../trainer/contract.ts";
import type { Encoder } from "../../../trainer/encoding/columns.ts";
import type { MetricName } from "../../../trainer/metrics/index.ts";
import type { rowHashes } from "../../../trainer/model/learned-rows.ts";
import type { Model } from "../../../trainer/model/model.ts";
import type { Blend } from "../../../trainer/race/ensemble.ts";
import type { Entry } from "../../../trainer/race/entry.ts";
import type { TrainingData } from "../../../trainer/race/training-data.ts";
import type { OpenWorkerPool, WorkerPool } from "../../../trainer/race/worker-pool.ts";
import type { Checkpoint, Target } from "../../../trainer/samples.ts";
import type { StageContext } from "../stage.ts";
import { TimePlan } from "./time-plan.ts";

export type LoadTable = (
  path: string,
  plan: ReadingPlan,
  options: {
    columns?: string[];
    maxRows?: number;
    seed?: number;
    signal?: AbortSignal;
    enough?: AbortSignal;
    onProgress?: (progress: ReadingProgress) => void;
  },
) => Promise<Table>;

export interface Work {
  load: LoadTable;
  openPool: OpenWorkerPool | null;
  /** The version of the same model that this one is compared with. */
  previous: { version: number; model: Model } | null;
  /** Data validation: the columns that may become features, and the target. */
  loaded: Loaded | null;
  /** Data preprocessing: the rows to learn from, and those that nothing uses before Performance evaluation. */
  parts: Parts | null;
  /** Feature engineering. */
  encoder: Encoder | null;
  data: TrainingData | null;
  /** Hashes of the table's rows over these columns; null if the table lacks one. */
  hashes: { names: string[]; hashes: ReturnType<typeof rowHashes> } | null;
  /** How long encoding the training rows took. */
  encodingMs: number;
  /** Model selection. */
  entries: Entry[] | null;
  /** The pool that ran the folds; Training and the refit reuse it. */
  pool: WorkerPool | null;
  blend: Blend | null;
  /** Training; Model validation adds calibration and threshold. */
  model: Model | null;
  /** Model validation: the folds' predictions for the rows that they held out. */
  heldOut: HeldOut | null;
  /** Performance evaluation. */
  evaluated: Evaluated | null;
  /** Finalizing. */
  result: RunResult | null;
  /** What the stages have found so far, in order. */
  findings: Finding[];
  /** Created when first needed: planOf. */
  time: TimePlan | null;
  /** When Stop was first noticed. */
  stoppedMs: number | null;
}

export interface Loaded {
  /** Candidates for features only: neither the target nor IDs. */
  table: Table;
  target: Target;
  metric: MetricName;
  /** The column that orders or groups the rows; null for a random split. */
  splitKeys: Float64Array | null;
  /** By row, whether it is kept for the test by the person who asked; null: the rows are dealt. */
  marked: Uint8Array | null;
  /** By row, values that are spread evenly over test and folds, beside the target; null: the target alone. */
  strata: Int32Array | null;
  /** Columns that only the previous version reads; this one must not learn from them. */
  beside: Table;
  /** Columns that give the target away literally: never learned from. */
  unusable: string[];
}

export interface Parts {
  table: Table;
  train: Int32Array;
  test: Int32Array;
  /** The part of the test set that metrics are measured on: not all if time is short. */
  tested: Int32Array;
  /** Rows that must stay on one side; null: each row is its own group. */
  groups: Int32Array | null;
  /** As Loaded has them. */
  strata: Int32Array | null;
}

export interface Evaluated {
  metrics: Record<string, number>;
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
  verdict: string;
  beatsBaseline: boolean;
  evaluation: Record<string, unknown>;
  comparison: VersionComparison | null;
}

export type Context = StageContext<Work>;

export function emptyWork(load: LoadTable, openPool: OpenWorkerPool | null = null): Work {
  return {
    load,
    openPool,
    previous: null,
    loaded: null,
    parts: null,
    encoder: null,
    data: null,
    hashes: null,
    encodingMs: 0,
    entries: null,
    pool: null,
    blend: null,
    model: null,
    heldOut: null,
    evaluated: null,
    result: null,
    findings: [],
    time: null,
    stoppedMs: null,
  };
}

/** The output of an earlier stage; if it is missing, the order is wrong, not the data. */
export function left<K extends keyof Work>(work: Work, key: K): NonNullable<Work[K]> {
  const value = work[key];
  if (value === null || value === undefined) throw new Error(`No stage has left ${key} yet.`);
  return value;
}

/** Reports a finding and keeps it for the verdict. */
export function reportFinding({ work, report }: Context, finding: Finding): void {
  work.findings.push(finding);
  report({ type: "finding", finding });
}

const PAUSE_MS = 40;

/** Lets messages in at intervals, and throws the reason once the run is cancelled. */
export function checkpointOf(context: Context): Checkpoint {
  let pausedAt = context.elapsedMs();
  return () => {
    context.cancel.throwIfAborted();
    const now = context.elapsedMs();
    if (now - pausedAt < PAUSE_MS) return;
    pausedAt = now;
    return new Promise((resolve, reject) => {
      setImmediate(() => (context.cancel.aborted ? reject(context.cancel.reason) : resolve()));
    });
  };
}

/** When everything must be done. */
export const budgetMs = (context: Context) => context.options.budgetSeconds * 1000;

/** Time to handle a result before the run counts as finished: it is sent, and the model is registered. */
const CLOSING_MS = 120;

/** After "Finish now" the model must be ready within two seconds; its evaluation may use this much of them. */
const STOPPED_MS = 700;

/** The run's time plan; a budget of rounds has no clock, until the run is stopped. */
export function planOf(context: Context): TimePlan {
  const { work, options, stop, elapsedMs } = context;
  const limitMs = options.budgetRounds === null ? budgetMs(context) - CLOSING_MS : Number.POSITIVE_INFINITY;
  work.time ??= new TimePlan({
    elapsedMs,
    endMs: () => {
      if (!stop.aborted) return limitMs;
      work.stoppedMs ??= elapsedMs();
      return Math.min(limitMs, work.stoppedMs + STOPPED_MS);
    },
  });
  return work.time;
}

/** A stop before anything was learned wants a model now: this many rows are learned from. */
export const STOPPED_ROWS = 20_000;

/** Thrown by a long step when Stop asks for less. */
export class StopRequested extends Error {}
