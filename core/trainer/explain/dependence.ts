/**
 * Computes partial dependence (Friedman 2001): how predictions change with one column. The column is set to each of a
 * few values in every row, and the predictions are averaged.
 */
import type { Column, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import type { Model, Prediction } from "../model/model.ts";
import type { Checkpoint } from "../samples.ts";
import { predictVariants } from "./variants.ts";

export interface Dependence {
  column: string;
  type: Column["type"];
  /** Values that the column was set to: numbers, epoch ms, or labels. */
  at: (number | string)[];
  /** Mean prediction for each of them: the number, or the probability of each class (for two classes: the second). */
  answers: number[][];
}

const POINTS = 12;
const MOST_LABELS = 10;

export async function partialDependence(
  model: Model,
  given: { table: Table; columns: string[] },
  options: { checkpoint: Checkpoint; isOver: () => boolean; onProgress?: (done: number) => void },
): Promise<Dependence[]> {
  const dependences: Dependence[] = [];
  for (const name of given.columns) {
    const column = given.table.columns.find((candidate) => candidate.name === name);
    if (!column || column.type === "text") continue;
    const points = "values" in column ? quantilePoints(column.values) : commonLabels(column);
    await options.checkpoint();
    if (dependences.length > 0 && options.isOver()) break;
    const variants = points.map((point) => constant(column, point, given.table.rows));
    const answers = predictVariants(model, given.table, variants).map((answer) => meanAnswer(model, answer));
    dependences.push({
      column: name,
      type: column.type,
      at: points.map((point) => labelOf(column, point)),
      answers,
    });
    options.onProgress?.(dependences.length / given.columns.length);
  }
  return dependences;
}

/** Distinct values from the 2nd to the 98th percentile. */
function quantilePoints(values: Float64Array): number[] {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  const points = Array.from({ length: POINTS }, (_, i) => quantile(sorted, 0.02 + (0.96 * i) / (POINTS - 1)));
  return [...new Set(points)];
}

function commonLabels({ codes, labels }: Extract<Column, { codes: Int32Array }>): number[] {
  const counts = new Int32Array(labels.length);
  for (const code of codes) if (code >= 0) counts[code]++;
  const used = Array.from(counts.keys()).filter((code) => counts[code] > 0);
  return used.sort((a, b) => counts[b] - counts[a] || a - b).slice(0, MOST_LABELS);
}

const labelOf = (column: Column, point: number) => ("values" in column ? point : column.labels[point]);

function constant(column: Column, point: number, rows: number): Column {
  if ("values" in column) return { ...column, values: new Float64Array(rows).fill(point) };
  return { ...column, codes: new Int32Array(rows).fill(point) };
}

function meanAnswer(model: Model, { values, probabilities }: Prediction): number[] {
  if (!probabilities) return [values.reduce((sum, value) => sum + value, 0) / values.length];
  const { length } = model.classes;
  const means = new Array<number>(length).fill(0);
  probabilities.forEach((probability, at) => {
    means[at % length] += probability / values.length;
  });
  return length === 2 ? [means[1]] : means;
}
