/** Which words does the dashboard use for the project's terms? The one catalogue of labels and explanations. */
import type { ColumnType } from "../../core/csv/types.ts";
import type { HealthState } from "../../core/operations/health.ts";
import type { RunStatus, StoredStage } from "../../core/store/runs.ts";
import type { StageName } from "../../core/trainer/contract.ts";
import type { MetricName } from "../../core/trainer/metrics/index.ts";
import type { Task } from "../../core/trainer/samples.ts";

export const METRIC_WORDS: Record<MetricName, { label: string; says: string }> = {
  roc_auc: {
    label: "ROC AUC",
    says: "How often a row of the class is ranked above a row of another. 0.5 is guessing, 1 is perfect.",
  },
  log_loss: { label: "Log loss", says: "How surprised the probabilities are by the truth. 0 is perfect." },
  average_precision: {
    label: "Average precision",
    says: "How clean the top of the ranking is, over every share that could be found. 1 is perfect.",
  },
  accuracy: { label: "Accuracy", says: "Share of rows that are right." },
  balanced_accuracy: { label: "Balanced accuracy", says: "Share of each class that is right, averaged." },
  f1_macro: { label: "F1 (macro)", says: "Balance of precision and recall, averaged over the classes." },
  f1: { label: "F1", says: "Balance of precision and recall for the class looked for." },
  precision: { label: "Precision", says: "Of the rows given the class, the share that is of it." },
  recall: { label: "Recall", says: "Of the rows of the class, the share that was found." },
  brier: { label: "Brier score", says: "How far probabilities are from what happened. 0 is perfect." },
  mcc: { label: "Matthews correlation", says: "How prediction and truth move together. 0 is guessing." },
  r2: { label: "R²", says: "Share of the ups and downs explained. 0 is always guessing the mean." },
  rmse: { label: "RMSE", says: "Typical size of an error, large ones weighing more; in the target's unit." },
  mae: { label: "Mean error", says: "Average size of an error, in the target's unit." },
  mse: { label: "Mean squared error", says: "Average of the squared errors." },
  mape: { label: "Mean percentage error", says: "Average size of an error as a share of the truth." },
  median_absolute_error: { label: "Median error", says: "Half of the errors are smaller than this." },
  explained_variance: { label: "Explained variance", says: "R², forgiving a constant offset." },
};

const LOWER_IS_BETTER = new Set<string>([
  "log_loss",
  "brier",
  "rmse",
  "mae",
  "mse",
  "mape",
  "median_absolute_error",
]);

export function metricLabel(name: string): string {
  return Object.hasOwn(METRIC_WORDS, name) ? METRIC_WORDS[name as MetricName].label : name;
}

export function metricSays(name: string): string {
  return Object.hasOwn(METRIC_WORDS, name) ? METRIC_WORDS[name as MetricName].says : "";
}

export function isLowerBetter(metric: string): boolean {
  return LOWER_IS_BETTER.has(metric);
}

export const TASK_WORDS: Record<Task, { label: string; says: string }> = {
  binary: { label: "One of two", says: "Decides between two classes." },
  multiclass: { label: "One of several", says: "Decides between more than two classes." },
  regression: { label: "A number", says: "Predicts an amount." },
};

export function taskLabel(task: string | null): string {
  return task !== null && Object.hasOwn(TASK_WORDS, task)
    ? TASK_WORDS[task as Task].label
    : "not decided yet";
}

export const TYPE_WORDS: Record<ColumnType, string> = {
  number: "number",
  category: "category",
  boolean: "yes or no",
  date: "date",
  text: "free text",
  id: "identifier",
};

/** The same in a sentence: "Treat it as …". */
export const TYPE_PHRASES: Record<ColumnType, string> = {
  number: "a number",
  category: "a category",
  boolean: "yes or no",
  date: "a date",
  text: "free text",
  id: "an identifier",
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
  skipped: "not reached",
};

/** What each stage is for, in one sentence. */
export const STAGE_SAYS: Record<StageName, string> = {
  "Data validation": "Is the file fit to learn from?",
  "Data preprocessing": "Cut into a part to learn from and a part kept aside for the test.",
  "Feature engineering": "Turn words, dates and gaps into numbers a learner can use.",
  "Model selection": "Let several kinds of model compete on the learning part.",
  Training: "Train the winner on all of the learning part.",
  "Model validation": "Check that its probabilities can be believed.",
  "Performance evaluation": "Open the part kept aside, once, and count.",
  Finalizing: "Write the model down so that it can be deployed.",
};

export function stageSays(name: string): string {
  return Object.hasOwn(STAGE_SAYS, name) ? STAGE_SAYS[name as StageName] : "";
}

export const HEALTH_WORDS: Record<HealthState, { lamp: Lamp; says: string }> = {
  healthy: { lamp: "clear", says: "All clear" },
  warning: { lamp: "caution", says: "Nearing a limit" },
  critical: { lamp: "danger", says: "At a limit" },
};

/** What each kind of candidate is, by the name before the dot; what stands after it says how it is set. */
export const KIND_WORDS: Record<string, string> = {
  "Always guessing": "the commonest answer or the mean for every row: what the others must beat",
  "Logistic regression": "adds up what each column weighs, and makes a chance of the sum",
  "Multinomial regression": "adds up what each column weighs for each class, and makes chances of the sums",
  "Ridge regression": "adds up what each column weighs",
  "Gradient boosting": "hundreds of small decision trees, each mending what those before it got wrong",
  "Random forest": "hundreds of large decision trees, each grown on other rows, that vote",
  "Extra trees": "as a random forest, with cuts drawn by chance",
  "Neural network": "layers of sums, each fed by the one before",
  Ensemble: "several of the others answer together, each with its weight",
};

/** "Ensemble of 3" -> "Ensemble", "Gradient boosting · stumps" -> "Gradient boosting". */
export function kindOf(candidate: string): string {
  return candidate.split(" · ", 1)[0]!.replace(/ of \d+$/, "");
}

export function kindSays(candidate: string): string {
  const kind = kindOf(candidate);
  return Object.hasOwn(KIND_WORDS, kind) ? KIND_WORDS[kind]! : "";
}

/** What stages found, by the names of their facts; one that is not here is written out as it is. */
export const FACT_WORDS: Record<string, string> = {
  rowsTrain: "Rows to learn from",
  rowsTest: "Rows kept aside",
  std: "Spread over the folds",
  better: "Better is",
  task: "Kind of answer",
  folds: "Folds: parts that are left out in turn",
  foldScores: "Score on each fold",
  ended: "The race ended with",
  members: "Copies that answer together",
  trees: "Decision trees",
  linear_columns: "Columns of numbers for linear models",
  linearColumns: "Columns of numbers for linear models",
  sizeBytes: "Size of the model",
  threshold: "Says yes from a chance of",
  features: "Inputs made of the columns",
  split: "Rows kept aside are drawn",
};

/** What ended the race of the candidates. */
export const RACE_ENDS: Record<string, string> = {
  "all scored": "every candidate scored",
  perfect: "a perfect score",
  time: "the end of its time",
  rounds: "nothing that gets better",
  stopped: "a press on Stop",
};

export const READING_WORDS: Record<"reading" | "ready" | "rejected", string> = {
  reading: "being read",
  ready: "read",
  rejected: "refused",
};

/** What each list's page is called, and what it is for. */
export const LIST_WORDS: Record<
  "datasets" | "runs" | "models" | "activity",
  { title: string; says: string }
> = {
  datasets: { title: "Files", says: "Every file that was uploaded, newest first." },
  runs: { title: "Runs", says: "Every training that was asked for, newest first." },
  models: { title: "Models", says: "Every model that a training left, newest first." },
  activity: { title: "Activity", says: "What happened on this server, newest first." },
};

/** Signal aspects: the only use of green, amber and red. */
export type Lamp = "clear" | "caution" | "danger" | "dark" | "moving";

export const RUN_LAMPS: Record<RunStatus, Lamp> = {
  queued: "dark",
  running: "moving",
  finished: "clear",
  failed: "danger",
  cancelled: "dark",
  interrupted: "caution",
};
