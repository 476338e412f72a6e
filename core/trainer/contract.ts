/**
 * Plain data that requests, stages, store and pages share: what a training is asked for, its stages, and its result.
 */
import type { Finding, Readings } from "../csv/types.ts";
import type { ColumnChanges, MetricComparison } from "./explain/comparison.ts";
import type { CandidateFamily } from "./learners/catalogue.ts";
import type { Refit } from "./refit.ts";
import type { Task } from "./samples.ts";

export interface StageRecord {
  name: string;
  /** One sentence for the page. */
  says: string;
  /**
   * Its time after Model selection as a share of Model selection's own, measured by `bench progress`; 0 for that stage
   * and those before it.
   */
  afterSelection: number;
}

/**
 * Every stage of a training, in order: its fixed name, what it does, and how long it takes relative to Model selection.
 * Progress, pages, the API and the command line read this record; the work itself is in core/training/stages.
 */
export const STAGE_RECORDS = [
  { name: "Data validation", says: "Check columns, target and data quality.", afterSelection: 0 },
  { name: "Data preprocessing", says: "Split into training and test sets.", afterSelection: 0 },
  {
    name: "Feature engineering",
    says: "Turn text, dates and missing values into numbers.",
    afterSelection: 0,
  },
  { name: "Model selection", says: "Compare several kinds of model by cross-validation.", afterSelection: 0 },
  { name: "Training", says: "Train the best candidate on the training set.", afterSelection: 0.02 },
  { name: "Model validation", says: "Verify the saved model.", afterSelection: 0.02 },
  { name: "Performance evaluation", says: "Score the model on the test set.", afterSelection: 0.13 },
  { name: "Finalizing", says: "Save the model.", afterSelection: 0.01 },
] as const satisfies readonly StageRecord[];

export type StageName = (typeof STAGE_RECORDS)[number]["name"];

/** The stage names, in order. */
export const STAGE_NAMES: readonly StageName[] = STAGE_RECORDS.map(({ name }) => name);

/** What an expert may set (see core/training/options/expert.ts); absent: decided by the data. */
export interface ExpertChoices {
  weights?: string;
  classWeights?: "balanced" | Record<string, number>;
  monotone?: Record<string, 1 | 0 | -1>;
  groups?: string;
  stratify?: string;
  folds?: number;
  testColumn?: string;
  testDatasetId?: string;
  learners?: string[];
  parameters?: Record<string, number | Record<string, number>>;
  deriveFeatures?: boolean;
  text?: "words" | "category" | "exclude";
  dates?: "parts" | "elapsed" | "exclude";
  maxMicroseconds?: number;
}

/** The body of POST /api/train after checks; `target` is decided. */
export interface RunOptions extends ExpertChoices {
  target: string;
  task: Task | null; // null: decided by Data validation
  /** True if the task was not requested, so the values decide it. */
  isTaskGuessed?: true;
  features: string[] | null; // null: all but the target and `exclude`
  exclude: string[];
  budgetSeconds: number;
  /** With a budget of rounds the clock has no say: same bytes, same seed, same model. */
  budgetRounds: number | null;
  split: "random" | "time" | "group";
  splitColumn: string | null;
  seed: number;
  metric: string | null; // a name in METRICS; null: roc_auc, log_loss or r2 by task
  /**
   * The positive one of two classes, which metrics, curves and the threshold refer to; null: by name, else the rarer.
   */
  positiveClass: string | null;
  /** The cost of each kind of mistake, in any currency; binary only. */
  costs: { falsePositive: number; falseNegative: number } | null;
  /** False: the tested model is served and never learns from the test rows. */
  refit?: boolean;
  /** The version of the dataset `testDatasetId`, as it was when the run was queued. */
  testDatasetVersion?: number;
}

export interface Candidate {
  name: string; // unique in the run, readable: "Gradient boosting · 31 leaves"
  family: CandidateFamily;
  /** Mean over folds of the run's metric; greater is better unless the metric says otherwise. */
  score: number;
  std: number;
  foldScores: number[];
  params: Record<string, number | string | boolean>;
  durationMs: number;
}

/** The artifact with the predictions by row behind the metrics. */
export const ROWS_FILE = "rows.bin";

/** What the last stage hands to the registry; the model file itself is an artifact called "model.bin". */
export interface RunResult {
  task: Task;
  metric: string;
  best: string; // name of the winning candidate
  /** The positive one of two classes, which every metric, curve and contribution refers to; null for other tasks. */
  positiveClass: string | null;
  /** From all stages, errors first. */
  findings: Finding[];
  /** Whether the served model learned from the test rows too; null in older results. */
  refit: Refit | null;
  /** How rows are read; absent in older results. */
  readings?: Readings;
  /** Measured time of one thread for one row's prediction, in microseconds; null if it was not measured. */
  cost?: number | null;
  /** By scikit-learn's names, on the test set. */
  metrics: Record<string, number>;
  /** 95 % bootstrap interval of each metric. */
  intervals: Record<string, [number, number]>;
  /** The same metrics for a constant guess. */
  baseline: Record<string, number>;
  /** One sentence that compares the model with the baseline; begins with it if the model is no better. */
  verdict: string;
  beatsBaseline: boolean;
  schema: ModelSchema;
  /**
   * Everything the model page draws: curves, confusion matrix, importance, ...; for two classes also `thresholds`,
   * ThresholdCounts[].
   */
  evaluation: Record<string, unknown>;
  rowsTrain: number;
  rowsTest: number;
  /** Comparison with the previous version on the same rows; null for a new model. */
  comparison: VersionComparison | null;
}

export interface ModelSchema {
  features: {
    name: string;
    type: "number" | "category" | "boolean" | "date" | "text";
    values?: string[]; // categories, most common first, at most 200
    min?: number;
    max?: number;
    /** A usual value of the column: fills forms and examples. */
    example: string | number | null;
  }[];
  target: string;
  classes?: string[];
}

/** With a value in the target; fewer cannot be split into training and test rows. */
export const LEAST_ROWS = 20;

/** From a number field, which always uses a decimal point. */
export function isNumberField({ type, values }: ModelSchema["features"][number]): boolean {
  return type === "number" && !values?.length;
}

/** What lists and cards show of a result: everything but the data for charts. */
export type RunSummary = Omit<RunResult, "evaluation">;

export interface VersionComparison {
  /** The previous version. */
  version: number;
  columns: ColumnChanges;
  /** By metric, on the same rows; empty if the two predict different things. */
  metrics: Record<string, MetricComparison>;
  rows: number;
  sentence: string;
}

/** Predictions for some test rows, one entry per row in each list; classes as indices of the run's classes. */
export interface TestedRows {
  /** Data rows of the dataset's version, from 0. */
  rows: number[];
  truth: number[];
  answers: number[];
  /** The probability that the model gave the true class; null for regression. */
  likelihoods: number[] | null;
}
