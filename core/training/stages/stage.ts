/**
 * What a stage is: a verb that gets the run's context and leaves its finding in the run's work.
 * A stage knows no store, no socket, no clock of its own: all of that enters here.
 */
import type { ColumnProfile, Finding, ReadingPlan } from "../../csv/types.ts";
import type { Task } from "../../trainer/samples.ts";
import type { VersionComparison } from "./work/compare.ts";

/** The eight stages, in order; the names are fixed. */
export const STAGE_NAMES = [
  "Data validation",
  "Data preprocessing",
  "Feature engineering",
  "Model selection",
  "Training",
  "Model validation",
  "Performance evaluation",
  "Finalizing",
] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** As a stage's note has it: "1 model", "1,200 rows". */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** What POST /api/train takes, checked; `target` is settled. */
export interface RunOptions {
  target: string;
  task: Task | null; // null: decided by Data validation
  features: string[] | null; // null: all but the target and `exclude`
  exclude: string[];
  budgetSeconds: number;
  /** With it the race ends by rounds, not by the clock: same bytes, same seed, same model. */
  budgetRounds: number | null;
  split: "random" | "time" | "group";
  splitColumn: string | null;
  seed: number;
  metric: string | null; // a name in METRICS; null: roc_auc, log_loss or r2 by task
  /** Money: what each kind of decision costs; binary only. */
  costs: { falsePositive: number; falseNegative: number } | null;
}

export interface RunDataset {
  /** Absolute path of the CSV as uploaded. */
  path: string;
  name: string;
  plan: ReadingPlan;
  rows: number;
  sizeBytes: number;
  columns: ColumnProfile[];
}

export interface Candidate {
  name: string; // unique in the run, readable: "Gradient boosting · 31 leaves"
  family: "baseline" | "linear" | "smooth" | "network" | "boosting" | "forest" | "ensemble";
  /** Mean over folds of the run's metric, greater is better unless the metric says otherwise. */
  score: number;
  std: number;
  foldScores: number[];
  params: Record<string, number | string | boolean>;
  durationMs: number;
}

/** What a stage tells while it works; the parent turns each into an event. */
export type StageReport =
  | { type: "progress"; progress: number; note: string } // 0..1, true work done: "12,000 of 53,940 rows"
  | { type: "finding"; finding: Finding }
  | { type: "facts"; facts: Record<string, unknown> } // what the stage found, stored with it and shown
  | {
      type: "round";
      candidate: string;
      round: number;
      train: number;
      valid: number;
      metric: string;
      baseline: number;
    }
  | { type: "candidate"; candidate: Candidate };

/** Files of the run's own folder; a save is atomic. What is there after a crash is what resume builds on. */
export interface Artifacts {
  save(name: string, bytes: Uint8Array): Promise<void>;
  load(name: string): Promise<Uint8Array | null>;
}

export interface StageContext<Work> {
  options: RunOptions;
  dataset: RunDataset;
  /** What earlier stages of this run made; typed by the pipeline. */
  work: Work;
  report: (report: StageReport) => void;
  /** Aborted by Cancel: throw its reason soon. */
  cancel: AbortSignal;
  /** Aborted by Stop and keep the best: end the race with what there is. */
  stop: AbortSignal;
  /** Milliseconds since the run began, monotonic. */
  elapsedMs: () => number;
  artifacts: Artifacts;
}

export interface Stage<Work> {
  name: StageName;
  run(context: StageContext<Work>): Promise<void>;
}

/** What the last stage hands to the registry; the model file itself is an artifact called "model.bin". */
export interface RunResult {
  task: Task;
  metric: string;
  best: string; // name of the winning candidate
  /** By scikit-learn's names, on the test part. */
  metrics: Record<string, number>;
  /** 95 % bootstrap interval of each. */
  intervals: Record<string, [number, number]>;
  /** The same metrics for always guessing. */
  baseline: Record<string, number>;
  /** One sentence against guessing; says first when it does not beat it. */
  verdict: string;
  beatsBaseline: boolean;
  schema: ModelSchema;
  /** Everything the model page draws: curves, confusion, importance, ...; two classes: `thresholds`, ThresholdCounts[]. */
  evaluation: Record<string, unknown>;
  rowsTrain: number;
  rowsTest: number;
  /** Beside the version before, on the same rows; null for a new model. */
  comparison: VersionComparison | null;
}

export interface ModelSchema {
  features: {
    name: string;
    type: "number" | "category" | "boolean" | "date" | "text";
    values?: string[]; // categories, commonest first, at most 200
    min?: number;
    max?: number;
    /** A real value from the data: fills forms and examples. */
    example: string | number | null;
  }[];
  target: string;
  classes?: string[];
}

/** What lists and cards show of a result: all but the drawings' data. */
export type RunSummary = Omit<RunResult, "evaluation">;
