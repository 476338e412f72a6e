/**
 * Which columns does the model need? Permutation importance (Breiman 2001): how much worse does it answer when the
 * column is shuffled among the test rows? Negative: it would do better without.
 */
import type { Column, Table } from "../../csv/types.ts";
import type { Outcome } from "../metrics/outcome.ts";
import { goodness, METRICS, type MetricName } from "../metrics.ts";
import { type Model, type Prediction, predict } from "../model.ts";
import type { Checkpoint, Random } from "../samples.ts";
import { predictVariants } from "./variants.ts";

export interface Importance {
  column: string;
  /** Loss of the metric, positive where the column helps. */
  importance: number;
}

/** So many rows are answered between two pauses. */
const BLOCK_ROWS = 20_000;

/** In descending order. Cost: a prediction of all rows for each column. */
export async function permutationImportance(
  model: Model,
  given: { table: Table; truth: Float64Array; metric: MetricName },
  options: { random: Random; checkpoint: Checkpoint; isOver: () => boolean },
): Promise<Importance[]> {
  const { table, truth, metric } = given;
  const used = table.columns.filter(({ name }) =>
    model.encoder.columns.some(({ column }) => column === name),
  );
  const atOnce = Math.max(1, Math.floor(BLOCK_ROWS / truth.length));
  const whole = measure(model, predict(model, table), given);
  const importances: Importance[] = [];
  for (let from = 0; from < used.length; from += atOnce) {
    await options.checkpoint();
    if (options.isOver()) break;
    const shuffled = used
      .slice(from, from + atOnce)
      .map((column) => reorder(column, permutation(truth.length, options.random)));
    predictVariants(model, table, shuffled).forEach((answers, i) => {
      const importance = goodness(metric, whole) - goodness(metric, measure(model, answers, given));
      importances.push({ column: shuffled[i].name, importance });
    });
  }
  return importances.sort((a, b) => b.importance - a.importance);
}

function measure(
  model: Model,
  answers: Prediction,
  given: { truth: Float64Array; metric: MetricName },
): number {
  const { values, probabilities } = answers;
  const { task, classes } = model;
  const outcome: Outcome = {
    task,
    classes: classes.length,
    truth: given.truth,
    values,
    probabilities,
    weights: null,
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
