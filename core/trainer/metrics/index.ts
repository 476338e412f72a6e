/**
 * Every metric, one entry each, by scikit-learn's names and definitions: how to compute it, its label, what it means
 * and which direction is better. Forms, pages, the API and tests read this record.
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
  /** As pages and sentences name it. */
  label: string;
  tasks: readonly Task[];
  better: "greater" | "less";
  measure: (outcome: Outcome) => number;
  /** One sentence for the page. */
  says: string;
  /** What every constant prediction scores, whatever the data; rows of the test set differ from it by chance only. */
  constant?: 0;
}

const CLASSES = ["binary", "multiclass"] as const;
const NUMBERS = ["regression"] as const;

const entry = (label: string, tasks: readonly Task[], rest: Omit<Metric, "label" | "tasks">): Metric => ({
  label,
  tasks,
  ...rest,
});

export const METRICS = {
  roc_auc: entry("ROC AUC", CLASSES, {
    better: "greater",
    measure: rocAuc,
    says: "How often the model ranks a row of the class above a row of another. 0.5 is guessing, 1 is perfect.",
  }),
  log_loss: entry("Log loss", CLASSES, {
    better: "less",
    measure: logLoss,
    says: "How far the predicted probabilities are from the outcomes; confident mistakes weigh most. 0 is perfect.",
  }),
  average_precision: entry("Average precision", CLASSES, {
    better: "greater",
    measure: averagePrecision,
    says: "Precision averaged over every recall (area under the precision-recall curve). 1 is perfect.",
  }),
  accuracy: entry("Accuracy", CLASSES, {
    better: "greater",
    measure: accuracy,
    says: "Share of correct predictions.",
  }),
  balanced_accuracy: entry("Balanced accuracy", CLASSES, {
    better: "greater",
    measure: balancedAccuracy,
    says: "Share of correct predictions in each class, averaged over the classes.",
  }),
  f1_macro: entry("F1 (macro)", CLASSES, {
    better: "greater",
    measure: f1Macro,
    says: "Balance of precision and recall, averaged over the classes.",
  }),
  f1: entry("F1", ["binary"], {
    better: "greater",
    measure: f1,
    says: "Balance of precision and recall for the positive class.",
  }),
  precision: entry("Precision", CLASSES, {
    better: "greater",
    measure: precision,
    says: "Share of predicted positives that are correct.",
  }),
  recall: entry("Recall", CLASSES, {
    better: "greater",
    measure: recall,
    says: "Share of actual positives that the model finds.",
  }),
  brier: entry("Brier score", CLASSES, {
    better: "less",
    measure: brierScore,
    says: "Mean squared difference between probability and outcome. 0 is perfect.",
  }),
  mcc: entry("Matthews correlation", CLASSES, {
    better: "greater",
    measure: matthews,
    says: "Correlation of prediction and outcome. 0 is guessing, 1 is perfect.",
    constant: 0,
  }),
  r2: entry("R²", NUMBERS, {
    better: "greater",
    measure: r2,
    says: "Share of variance explained. 0 is as good as always predicting the mean, 1 is perfect.",
    constant: 0,
  }),
  rmse: entry("RMSE", NUMBERS, {
    better: "less",
    measure: rootMeanSquaredError,
    says: "Typical size of an error in the target's unit; large errors weigh more.",
  }),
  mae: entry("Mean absolute error", NUMBERS, {
    better: "less",
    measure: meanAbsoluteError,
    says: "Average size of an error in the target's unit.",
  }),
  mse: entry("Mean squared error", NUMBERS, {
    better: "less",
    measure: meanSquaredError,
    says: "Average of the squared errors.",
  }),
  mape: entry("Mean percentage error", NUMBERS, {
    better: "less",
    measure: (outcome) => (comesNearZero(outcome.truth) ? Number.NaN : meanAbsolutePercentageError(outcome)),
    says: "Average size of an error as a share of the actual value.",
  }),
  median_absolute_error: entry("Median error", NUMBERS, {
    better: "less",
    measure: medianAbsoluteError,
    says: "Half of the errors are smaller than this.",
  }),
  explained_variance: entry("Explained variance", NUMBERS, {
    better: "greater",
    measure: explainedVariance,
    says: "R² without the effect of a constant offset.",
    constant: 0,
  }),
} satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

export const isMetricName = (name: string): name is MetricName => Object.hasOwn(METRICS, name);

/** The metric used to compare candidates if none was named. */
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

/** Every metric of the outcome's task; those that cannot be computed (only one class, constant truth) are left out. */
export function measureAll(outcome: Outcome): Record<string, number> {
  const measured: Record<string, number> = {};
  for (const name of metricNames(outcome.task)) {
    const value = METRICS[name].measure(outcome);
    if (Number.isFinite(value)) measured[name] = value;
  }
  return measured;
}

/** The label of a metric; an unknown name is its own label. */
export function metricLabel(name: string): string {
  return isMetricName(name) ? METRICS[name].label : name;
}

/** Would be written as a power of ten. */
const MOST_FROM_ZERO = 0.001;

/**
 * "about 0" for a score that differs from that of a constant prediction by chance or rounding only, such as the R² of
 * a baseline, -2.33e-5, or its F1 over a hundred classes; otherwise `text`, the score as written beside others.
 */
export function scoreWords(name: string, score: number, text: string): string {
  const metric: Metric | null = isMetricName(name) ? METRICS[name] : null;
  // Where more is better, 1 is perfect: so little is nothing.
  const isOfOne = metric !== null && (metric.constant === 0 || metric.better === "greater");
  return isOfOne && score !== 0 && Math.abs(score) < MOST_FROM_ZERO ? "about 0" : text;
}

/** Whether a smaller value is better; false for an unknown name. */
export function isLowerBetter(name: string): boolean {
  return isMetricName(name) && METRICS[name].better === "less";
}

/** The metric with greater always better: one that should be small is negated. */
export function goodness(name: MetricName, value: number): number {
  return METRICS[name].better === "greater" ? value : -value;
}
