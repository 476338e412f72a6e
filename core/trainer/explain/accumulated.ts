/**
 * Computes accumulated local effects (Apley and Zhu 2020): how predictions change with one column among rows that look
 * like that. If columns move together, partial dependence evaluates rows that do not exist; this does not.
 */
import type { Column, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import type { Model, Prediction } from "../model/model.ts";
import type { Checkpoint } from "../samples.ts";
import { predictVariants } from "./variants.ts";

export interface AccumulatedEffect {
  column: string;
  type: "number" | "date";
  /** Edges of the bins, ascending; the first and last are the minimum and maximum. */
  at: number[];
  /**
   * By edge, how far the mean prediction is above its average: the number, or each class's probability (for two
   * classes: the second's).
   */
  effects: number[][];
}

const BINS = 12;

type NumberColumn = Extract<Column, { values: Float64Array }>;

/** Only columns with an order: numbers and dates. */
export async function accumulatedEffects(
  model: Model,
  given: { table: Table; columns: readonly string[] },
  options: { checkpoint: Checkpoint; isOver: () => boolean },
): Promise<AccumulatedEffect[]> {
  const effects: AccumulatedEffect[] = [];
  for (const name of given.columns) {
    const column = given.table.columns.find((candidate) => candidate.name === name);
    if (!column || !("values" in column)) continue;
    await options.checkpoint();
    if (options.isOver()) break;
    const effect = accumulatedEffect(model, given.table, column);
    if (effect) effects.push(effect);
  }
  return effects;
}

/** Null for a column with fewer than two values. */
function accumulatedEffect(model: Model, table: Table, column: NumberColumn): AccumulatedEffect | null {
  const at = edgesOf(column.values);
  if (at.length < 2) return null;
  const bins = Int32Array.from(column.values, (value) => binOf(at, value));
  const toEdge = (side: 0 | 1): NumberColumn => ({
    ...column,
    values: column.values.map((value, row) => (bins[row] < 0 ? value : at[bins[row] + side])),
  });
  const [below, above] = predictVariants(model, table, [toEdge(0), toEdge(1)]);
  const outputs = outputsOf(model);
  const [sums, counts] = [new Float64Array((at.length - 1) * outputs), new Float64Array(at.length - 1)];
  bins.forEach((bin, row) => {
    if (bin < 0) return;
    counts[bin]++;
    for (let k = 0; k < outputs; k++)
      sums[bin * outputs + k] += answerOf(model, above, row, k) - answerOf(model, below, row, k);
  });
  return { column: column.name, type: column.type, at, effects: centred({ sums, counts, outputs }) };
}

/** Distinct quantiles. */
function edgesOf(values: Float64Array): number[] {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  return [...new Set(Array.from({ length: BINS + 1 }, (_, i) => quantile(sorted, i / BINS)))];
}

/** The bin (edge, next edge] that holds the value, the first one including its lower edge; -1 if missing. */
function binOf(edges: readonly number[], value: number): number {
  if (!Number.isFinite(value)) return -1;
  const above = edges.findIndex((edge) => edge >= value);
  return Math.max(0, (above < 0 ? edges.length - 1 : above) - 1);
}

const outputsOf = ({ task, classes }: Model) => (task === "multiclass" ? classes.length : 1);

function answerOf({ classes }: Model, { values, probabilities }: Prediction, row: number, output: number) {
  if (!probabilities) return values[row];
  return probabilities[row * classes.length + (classes.length === 2 ? 1 : output)];
}

/** Mean changes summed up edge by edge, then shifted so that their mean over the rows is zero. */
function centred(given: { sums: Float64Array; counts: Float64Array; outputs: number }): number[][] {
  const { sums, counts, outputs } = given;
  const effects = [new Array<number>(outputs).fill(0)];
  counts.forEach((count, bin) => {
    const change = (k: number) => (count > 0 ? sums[bin * outputs + k] / count : 0);
    effects.push(effects[bin].map((effect, k) => effect + change(k)));
  });
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const means = effects[0].map(
    (_, k) =>
      counts.reduce((sum, count, bin) => sum + (count * (effects[bin][k] + effects[bin + 1][k])) / 2, 0) /
      rows,
  );
  return effects.map((effect) => effect.map((value, k) => value - means[k]));
}
