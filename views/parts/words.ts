/** Lists the labels and explanations of the project's terms. */
import type { ColumnType } from "../../core/csv/types.ts";
import { HEALTH_STATES, type HealthState } from "../../core/events/health-states.ts";
import type { RunStatus, StoredStage } from "../../core/store/runs.ts";
import { STAGE_RECORDS } from "../../core/trainer/contract.ts";
import {
  isLowerBetter,
  isMetricName,
  METRICS,
  metricLabel,
  scoreWords,
} from "../../core/trainer/metrics/index.ts";
import type { Task } from "../../core/trainer/samples.ts";

export { isLowerBetter, metricLabel, scoreWords };

/** Every metric with its label and meaning, in the order of forms. */
export const METRIC_WORDS: Record<string, { label: string; says: string; tasks: readonly Task[] }> = METRICS;

/** As written within a sentence: "log loss", but "ROC AUC" and "Brier score". */
export function metricInSentence(name: string): string {
  const label = metricLabel(name);
  return /^[A-Z][a-z]/.test(label) && !/^(Brier|Matthews) /.test(label)
    ? label[0]!.toLowerCase() + label.slice(1)
    : label;
}

export function metricMeaning(name: string): string {
  return isMetricName(name) ? METRICS[name].says : "";
}

export const TASK_WORDS: Record<Task, { label: string; short: string; says: string }> = {
  binary: { label: "Yes/No (binary)", short: "Yes/No", says: "one of two values" },
  multiclass: { label: "Category", short: "category", says: "one of several values" },
  regression: { label: "Number", short: "number", says: "an amount" },
};

export function taskLabel(task: string | null): string {
  return task !== null && Object.hasOwn(TASK_WORDS, task)
    ? TASK_WORDS[task as Task].label
    : "not decided yet";
}

export const TYPE_WORDS: Record<ColumnType, string> = {
  number: "number",
  category: "category",
  boolean: "Yes/No",
  date: "date",
  text: "free text",
  id: "ID",
};

/** As in a sentence: "Treat it as …". */
export const TYPE_PHRASES: Record<ColumnType, string> = {
  number: "a number",
  category: "a category",
  boolean: "Yes/No",
  date: "a date",
  text: "free text",
  id: "an ID",
};

export const COLUMN_TYPE_NAMES = Object.keys(TYPE_WORDS) as ColumnType[];

export const RUN_WORDS: Record<RunStatus, string> = {
  queued: "Waiting",
  running: "Running",
  finished: "Finished",
  failed: "Failed",
  cancelled: "Cancelled",
  interrupted: "Interrupted",
};

export const STAGE_WORDS: Record<StoredStage["status"], string> = {
  pending: "waiting",
  running: "running",
  finished: "done",
  failed: "failed",
  skipped: "not run",
};

/** What each stage does, in one sentence, in order. */
export const STAGE_SENTENCES: Record<string, string> = Object.fromEntries(
  STAGE_RECORDS.map(({ name, says }) => [name, says]),
);

export function stageSentence(name: string): string {
  return Object.hasOwn(STAGE_SENTENCES, name) ? STAGE_SENTENCES[name]! : "";
}

export const HEALTH_WORDS: Record<HealthState, { lamp: Lamp; says: string }> = {
  healthy: { lamp: "clear", says: HEALTH_STATES.healthy.label },
  warning: { lamp: "caution", says: HEALTH_STATES.warning.label },
  critical: { lamp: "danger", says: HEALTH_STATES.critical.label },
};

/** What each kind of candidate is, by the name before the dot; the text after it gives its settings. */
const KIND_WORDS: Record<string, string> = {
  "Always guessing":
    "predicts the most common class, or the mean, for every row: the baseline that others must beat",
  "Logistic regression": "a weighted sum of the columns, turned into a probability",
  "Multinomial regression": "a weighted sum of the columns for each class, turned into probabilities",
  "Ridge regression": "a weighted sum of the columns that avoids large weights",
  "Gradient boosting": "hundreds of small decision trees, each correcting the errors of those before it",
  "Random forest": "hundreds of large decision trees, each trained on different rows, that vote",
  "Extra trees": "like a random forest, with random split points",
  "Neural network": "layers of weighted sums, each fed by the one before",
  Ensemble: "a weighted average of several of the other models",
};

/** "Ensemble of 3" -> "Ensemble", "Gradient boosting · stumps" -> "Gradient boosting". */
export function kindOf(candidate: string): string {
  return candidate.split(" · ", 1)[0]!.replace(/ of \d+$/, "");
}

export function kindMeaning(candidate: string): string {
  const kind = kindOf(candidate);
  return Object.hasOwn(KIND_WORDS, kind) ? KIND_WORDS[kind]! : "";
}

/** Labels of facts that stages found; one that is not listed is derived from its name. */
export const FACT_WORDS: Record<string, string> = {
  rowsTrain: "Training rows",
  rowsTest: "Test rows",
  std: "Standard deviation over folds",
  better: "Better",
  task: "Type of prediction",
  folds: "Cross-validation folds",
  foldScores: "Score on each fold",
  ended: "Stopped",
  members: "Models in the ensemble",
  trees: "Decision trees",
  linear_columns: "Features for linear models",
  linearColumns: "Features for linear models",
  sizeBytes: "Model size",
  threshold: "Threshold",
  features: "Features",
  split: "Test set",
};

/** Why the race ended. */
export const RACE_ENDS: Record<string, string> = {
  "all scored": "every candidate scored",
  perfect: "a perfect score",
  time: "time limit reached",
  rounds: "no further improvement",
  stopped: "stopped by you",
};

export const READING_WORDS: Record<"reading" | "ready" | "rejected", string> = {
  reading: "Reading",
  ready: "Ready",
  rejected: "Refused",
};

/** The title of each list's page, and what it is for. */
export const LIST_WORDS: Record<
  "datasets" | "runs" | "models" | "activity",
  { title: string; says: string }
> = {
  datasets: { title: "Datasets", says: "Files you uploaded. Open one to train a model on it." },
  runs: { title: "Runs", says: "Every training run, with its score on the test set." },
  models: { title: "Models", says: "Trained models. The live version of each serves predictions." },
  activity: { title: "Activity", says: "Everything that happened on this server." },
};

/** Signal colours: the only use of green, amber and red. */
export type Lamp = "clear" | "caution" | "danger" | "dark" | "moving";

export const RUN_LAMPS: Record<RunStatus, Lamp> = {
  queued: "dark",
  running: "moving",
  finished: "clear",
  failed: "danger",
  cancelled: "dark",
  interrupted: "caution",
};
