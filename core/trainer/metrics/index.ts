/**
 * Which figures say how good a model is? One record, by scikit-learn's names and definitions.
 * A new metric is one entry: forms, docs and tests walk the record.
 */

import type { Task } from "../samples.ts";
import { accuracy, balancedAccuracy, f1, f1Macro, matthews, precision, recall } from "./classification.ts";
import type { Outcome } from "./outcome.ts";
import { averagePrecision, brierScore, logLoss, rocAuc } from "./ranking.ts";
import {
  comesNearZero,
  explainedVariance,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  medianAbsoluteError,
  r2,
  rootMeanSquaredError,
} from "./regression.ts";

export interface Metric {
  label: string;
  tasks: readonly Task[];
  better: "greater" | "less";
  measure: (outcome: Outcome) => number;
  /** One sentence for people. */
  says: string;
}

const CLASSES = ["binary", "multiclass"] as const;
const NUMBERS = ["regression"] as const;

const entry = (
  label: string,
  tasks: readonly Task[],
  rest: { better: Metric["better"]; measure: Metric["measure"]; says: string },
): Metric => ({ label, tasks, ...rest });

export const METRICS = {
  roc_auc: entry("ROC AUC", CLASSES, {
    better: "greater",
    measure: rocAuc,
    says: "How often a row of the class gets a higher probability than a row of another; 0.5 is guessing.",
  }),
  log_loss: entry("Log loss", CLASSES, {
    better: "less",
    measure: logLoss,
    says: "How surprised the probabilities are by the truth; 0 is perfect.",
  }),
  average_precision: entry("Average precision", CLASSES, {
    better: "greater",
    measure: averagePrecision,
    says: "Precision averaged over every share of the class that could be found.",
  }),
  accuracy: entry("Accuracy", CLASSES, {
    better: "greater",
    measure: accuracy,
    says: "Share of rows whose class is right.",
  }),
  balanced_accuracy: entry("Balanced accuracy", CLASSES, {
    better: "greater",
    measure: balancedAccuracy,
    says: "Share of each class that is right, averaged over the classes.",
  }),
  f1_macro: entry("F1 (macro)", CLASSES, {
    better: "greater",
    measure: f1Macro,
    says: "Balance of precision and recall, averaged over the classes.",
  }),
  f1: entry("F1", ["binary"], {
    better: "greater",
    measure: f1,
    says: "Balance of precision and recall for the second class.",
  }),
  precision: entry("Precision", CLASSES, {
    better: "greater",
    measure: precision,
    says: "Of the rows that were given the class, the share that is of it.",
  }),
  recall: entry("Recall", CLASSES, {
    better: "greater",
    measure: recall,
    says: "Of the rows of the class, the share that was found.",
  }),
  brier: entry("Brier score", CLASSES, {
    better: "less",
    measure: brierScore,
    says: "Mean squared distance of the probabilities from what happened.",
  }),
  mcc: entry("Matthews correlation", CLASSES, {
    better: "greater",
    measure: matthews,
    says: "Correlation of prediction and truth; 0 is guessing, 1 is perfect.",
  }),
  r2: entry("R²", NUMBERS, {
    better: "greater",
    measure: r2,
    says: "Share of the variance explained; 0 is always guessing the mean.",
  }),
  rmse: entry("RMSE", NUMBERS, {
    better: "less",
    measure: rootMeanSquaredError,
    says: "Root of the mean squared error, in the target's unit.",
  }),
  mae: entry("MAE", NUMBERS, {
    better: "less",
    measure: meanAbsoluteError,
    says: "Mean size of the error, in the target's unit.",
  }),
  mse: entry("MSE", NUMBERS, {
    better: "less",
    measure: meanSquaredError,
    says: "Mean squared error.",
  }),
  mape: entry("MAPE", NUMBERS, {
    better: "less",
    measure: (outcome) => (comesNearZero(outcome.truth) ? Number.NaN : meanAbsolutePercentageError(outcome)),
    says: "Mean size of the error as a share of the truth.",
  }),
  median_absolute_error: entry("Median absolute error", NUMBERS, {
    better: "less",
    measure: medianAbsoluteError,
    says: "Half of the errors are smaller than this.",
  }),
  explained_variance: entry("Explained variance", NUMBERS, {
    better: "greater",
    measure: explainedVariance,
    says: "R² without the penalty for being off by a constant.",
  }),
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export const isMetricName = (name: string): name is MetricName => Object.hasOwn(METRICS, name);

/** The metric a race is run by where nobody named one. */
export function defaultMetric(task: Task): MetricName {
  if (task === "regression") return "r2";
  return task === "binary" ? "roc_auc" : "log_loss";
}

/** The names that apply to a task, in the record's order. */
export function metricNames(task: Task): MetricName[] {
  return (Object.keys(METRICS) as MetricName[]).filter((name) =>
    (METRICS[name].tasks as readonly Task[]).includes(task),
  );
}

/** Every metric of the outcome's task; what cannot be computed (one class only, constant truth) is left out. */
export function measureAll(outcome: Outcome): Record<string, number> {
  const measured: Record<string, number> = {};
  for (const name of metricNames(outcome.task)) {
    const value = METRICS[name].measure(outcome);
    if (Number.isFinite(value)) measured[name] = value;
  }
  return measured;
}

/** Greater is always better: a metric that should be small is negated. */
export function goodness(name: MetricName, value: number): number {
  return METRICS[name].better === "greater" ? value : -value;
}
