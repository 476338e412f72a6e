/**
 * Compares a newer version of a model with an older one. Both predict the same rows with a known target; each metric's
 * difference comes with a paired bootstrap interval, and changes among the columns are named.
 */
import type { ColumnType, Table } from "../../csv/types.ts";
import { quantile } from "../metrics/bootstrap.ts";
import { METRICS, metricNames } from "../metrics/index.ts";
import type { Outcome } from "../metrics/outcome.ts";
import { type Model, predictTable } from "../model/model.ts";
import type { Checkpoint, Random } from "../samples.ts";

export interface ColumnChanges {
  came: string[];
  went: string[];
  changed: { column: string; from: ColumnType; to: ColumnType }[];
}

export interface MetricComparison {
  before: number;
  after: number;
  /** 95 % interval of after - before on the same rows; if it excludes zero, the difference is more than chance. */
  interval: [number, number];
}

export function columnChanges(before: Model, after: Model): ColumnChanges {
  const types = (model: Model) => new Map(model.plans.map(({ name, type }) => [name, type]));
  const [old, fresh] = [types(before), types(after)];
  return {
    came: [...fresh.keys()].filter((name) => !old.has(name)),
    went: [...old.keys()].filter((name) => !fresh.has(name)),
    changed: [...fresh].flatMap(([column, to]) => {
      const from = old.get(column);
      return from === undefined || from === to ? [] : [{ column, from, to }];
    }),
  };
}

export interface ComparisonOptions {
  replicates: number;
  random: Random;
  checkpoint: Checkpoint;
  /** True once time is up: fewer replicates then have to do. */
  isOver?: () => boolean;
}

const LEAST_REPLICATES = 40;

/** `truth`: the numbers, or the labels as in the file. Rows of a class that a model lacks count as wrong. */
export async function compareModels(
  models: { before: Model; after: Model },
  given: { table: Table; truth: (string | number)[]; weights?: Float64Array | null },
  options: ComparisonOptions,
): Promise<Record<string, MetricComparison>> {
  const { before, after } = models;
  if (before.task !== after.task) throw new Error("Versions of different tasks cannot be compared.");
  const classes = [
    ...new Set([
      ...after.classes,
      ...before.classes,
      ...(after.task === "regression" ? [] : given.truth.map(String)),
    ]),
  ];
  const first = await outcomeFor(before, { ...given, classes }, options.checkpoint);
  const second = await outcomeFor(after, { ...given, classes }, options.checkpoint);
  const compared: Record<string, MetricComparison> = {};
  const differences = await drawDifferences(first, second, options);
  for (const name of metricNames(after.task)) {
    const drawn = Float64Array.from(differences[name]).sort();
    const [was, is] = [METRICS[name].measure(first), METRICS[name].measure(second)];
    if (drawn.length === 0 || !Number.isFinite(was + is)) continue;
    compared[name] = { before: was, after: is, interval: [quantile(drawn, 0.025), quantile(drawn, 0.975)] };
  }
  return compared;
}

/** The model's predictions, in the union of both models' classes. */
async function outcomeFor(
  model: Model,
  given: {
    table: Table;
    truth: (string | number)[];
    weights?: Float64Array | null;
    classes: string[];
  },
  checkpoint: Checkpoint,
): Promise<Outcome> {
  const { table, truth, weights = null, classes } = given;
  const answers = await predictTable(model, table, checkpoint);
  const common = { task: model.task, classes: classes.length, weights };
  const { probabilities } = answers;
  if (!probabilities)
    return {
      ...common,
      classes: 0,
      truth: Float64Array.from(truth, Number),
      values: answers.values,
      probabilities,
    };
  const place = model.classes.map((label) => classes.indexOf(label));
  const spread = new Float64Array(table.rows * classes.length);
  probabilities.forEach((probability, at) => {
    const row = Math.floor(at / place.length);
    spread[row * classes.length + place[at % place.length]] = probability;
  });
  return {
    ...common,
    truth: Float64Array.from(truth, (label) => classes.indexOf(String(label))),
    values: answers.values.map((value) => place[value]),
    probabilities: spread,
  };
}

/** Both versions see the same resampled rows, so that easy and hard rows cancel out. */
async function drawDifferences(
  first: Outcome,
  second: Outcome,
  options: ComparisonOptions,
): Promise<Record<string, number[]>> {
  const names = metricNames(first.task);
  const drawn: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  const rows = first.truth.length;
  for (let replicate = 0; replicate < options.replicates; replicate++) {
    await options.checkpoint();
    if (replicate >= LEAST_REPLICATES && options.isOver?.()) break;
    const weights = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      const row = Math.floor(options.random() * rows);
      weights[row] += first.weights ? first.weights[row] : 1;
    }
    for (const name of names) {
      const [was, is] = [first, second].map((outcome) => METRICS[name].measure({ ...outcome, weights }));
      if (Number.isFinite(is - was)) drawn[name].push(is - was);
    }
  }
  return drawn;
}
