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
    says: "How often the model ranks a row of the class above a row of another. 0.5 is guessing, 1 is perfect.",
  },
  log_loss: {
    label: "Log loss",
    says: "How far the predicted probabilities are from the outcomes; confident mistakes weigh most. 0 is perfect.",
  },
  average_precision: {
    label: "Average precision",
    says: "Precision averaged over every recall (area under the precision-recall curve). 1 is perfect.",
  },
  accuracy: { label: "Accuracy", says: "Share of correct predictions." },
  balanced_accuracy: {
    label: "Balanced accuracy",
    says: "Share of correct predictions in each class, averaged over the classes.",
  },
  f1_macro: { label: "F1 (macro)", says: "Balance of precision and recall, averaged over the classes." },
  f1: { label: "F1", says: "Balance of precision and recall for the positive class." },
  precision: { label: "Precision", says: "Share of predicted positives that are correct." },
  recall: { label: "Recall", says: "Share of actual positives that the model finds." },
  brier: {
    label: "Brier score",
    says: "Mean squared difference between probability and outcome. 0 is perfect.",
  },
  mcc: {
    label: "Matthews correlation",
    says: "Correlation of prediction and outcome. 0 is guessing, 1 is perfect.",
  },
  r2: {
    label: "R²",
    says: "Share of variance explained. 0 is as good as always predicting the mean, 1 is perfect.",
  },
  rmse: { label: "RMSE", says: "Typical size of an error in the target's unit; large errors weigh more." },
  mae: { label: "Mean absolute error", says: "Average size of an error in the target's unit." },
  mse: { label: "Mean squared error", says: "Average of the squared errors." },
  mape: { label: "Mean percentage error", says: "Average size of an error as a share of the actual value." },
  median_absolute_error: { label: "Median error", says: "Half of the errors are smaller than this." },
  explained_variance: { label: "Explained variance", says: "R² without the effect of a constant offset." },
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
  boolean: "yes/no",
  date: "date",
  text: "free text",
  id: "ID",
};

/** The same in a sentence: "Treat it as …". */
export const TYPE_PHRASES: Record<ColumnType, string> = {
  number: "a number",
  category: "a category",
  boolean: "yes/no",
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

/** What each stage is for, in one sentence. */
export const STAGE_SAYS: Record<StageName, string> = {
  "Data validation": "Check columns, target and data quality.",
  "Data preprocessing": "Split into training and test sets.",
  "Feature engineering": "Turn text, dates and missing values into numbers.",
  "Model selection": "Compare several kinds of model by cross-validation.",
  Training: "Train the best candidate on the training set.",
  "Model validation": "Check that probabilities are reliable.",
  "Performance evaluation": "Score the model on the test set.",
  Finalizing: "Save the model.",
};

export function stageSays(name: string): string {
  return Object.hasOwn(STAGE_SAYS, name) ? STAGE_SAYS[name as StageName] : "";
}

export const HEALTH_WORDS: Record<HealthState, { lamp: Lamp; says: string }> = {
  healthy: { lamp: "clear", says: "OK" },
  warning: { lamp: "caution", says: "Elevated" },
  critical: { lamp: "danger", says: "Critical" },
};

/** What each kind of candidate is, by the name before the dot; what stands after it says how it is set. */
export const KIND_WORDS: Record<string, string> = {
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

export function kindSays(candidate: string): string {
  const kind = kindOf(candidate);
  return Object.hasOwn(KIND_WORDS, kind) ? KIND_WORDS[kind]! : "";
}

/** What stages found, by the names of their facts; one that is not here is written out as it is. */
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

/** What ended the race of the candidates. */
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

/** What each list's page is called, and what it is for. */
export const LIST_WORDS: Record<
  "datasets" | "runs" | "models" | "activity",
  { title: string; says: string }
> = {
  datasets: { title: "Datasets", says: "Files you uploaded. Open one to train a model on it." },
  runs: { title: "Runs", says: "Every training run, with its score on the test set." },
  models: { title: "Models", says: "Trained models. The live version of each serves predictions." },
  activity: { title: "Activity", says: "Everything that happened on this server." },
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
