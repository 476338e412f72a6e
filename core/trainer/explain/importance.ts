/**
 * Measures how much the model relies on each column by permutation importance (Breiman 2001): how much worse it
 * predicts when the column is shuffled among the test rows. Negative: it would do better without.
 */
import type { Column, Table } from "../../csv/types.ts";
import { goodness, METRICS, type MetricName } from "../metrics/index.ts";
import type { Outcome } from "../metrics/outcome.ts";
import { type Model, type Prediction, predict } from "../model/model.ts";
import type { Checkpoint, Random } from "../samples.ts";
import { predictVariants } from "./variants.ts";

export interface Importance {
  column: string;
  /** Loss of the metric, positive if the column helps. */
  importance: number;
}

/**
 * In descending order; if time runs out before all columns are measured, those that trees split on most come first, and
 * at least one block of them is always measured. Cost: one prediction of all rows per column.
 */
export async function permutationImportance(
  model: Model,
  given: { table: Table; truth: Float64Array; metric: MetricName; weights?: Float64Array | null },
  options: {
    random: Random;
    checkpoint: Checkpoint;
    isOver: () => boolean;
    /** Rows predicted between two checkpoints. */
    blockRows: number;
    /** Share of the columns, 0..1. */
    onProgress?: (done: number) => void;
  },
): Promise<Importance[]> {
  const { table, truth, metric } = given;
  const known = new Set(model.encoder.columns.map(({ column }) => column));
  const splits = splitsByColumn(model);
  const used = table.columns
    .filter(({ name }) => known.has(name))
    .sort((a, b) => (splits.get(b.name) ?? 0) - (splits.get(a.name) ?? 0));
  const atOnce = Math.max(1, Math.floor(options.blockRows / truth.length));
  const whole = measure(model, predict(model, table), given);
  const importances: Importance[] = [];
  for (let from = 0; from < used.length; from += atOnce) {
    await options.checkpoint();
    // Even when late: a model that nobody can explain is worth less than a fifth of a second.
    if (importances.length > 0 && options.isOver()) break;
    const shuffled = used
      .slice(from, from + atOnce)
      .map((column) => reorder(column, permutation(truth.length, options.random)));
    predictVariants(model, table, shuffled).forEach((answers, i) => {
      const importance = goodness(metric, whole) - goodness(metric, measure(model, answers, given));
      importances.push({ column: shuffled[i].name, importance });
    });
    options.onProgress?.(importances.length / used.length);
  }
  return importances.sort((a, b) => b.importance - a.importance);
}

/** How often trees split on a column or on features made from it. */
function splitsByColumn(model: Model): Map<string, number> {
  const splits = new Map<string, number>();
  for (const member of model.parts.flatMap(({ members }) => members)) {
    if (member.kind !== "boosting" && member.kind !== "forest") continue;
    const columns = member.model.features.map(({ name }) => name.split(" › ")[0]);
    for (const feature of member.model.trees.feature) {
      if (feature >= 0) splits.set(columns[feature], (splits.get(columns[feature]) ?? 0) + 1);
    }
  }
  return splits;
}

function measure(
  model: Model,
  answers: Prediction,
  given: { truth: Float64Array; metric: MetricName; weights?: Float64Array | null },
): number {
  const { values, probabilities } = answers;
  const { task, classes } = model;
  const outcome: Outcome = {
    task,
    classes: classes.length,
    truth: given.truth,
    values,
    probabilities,
    weights: given.weights ?? null,
  };
  return METRICS[given.metric].measure(outcome);
}

function permutation(length: number, random: Random): Int32Array {
  const order = Int32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function reorder(column: Column, order: Int32Array): Column {
  if ("values" in column) return { ...column, values: Float64Array.from(order, (row) => column.values[row]) };
  return { ...column, codes: Int32Array.from(order, (row) => column.codes[row]) };
}
