/**
 * Data validation: checks whether this file can be used to predict this target, and what in it would mislead. Reads the
 * rows, decides the task, refuses what cannot work with the place and the fix, and names leaks and data issues without
 * changing them.
 */

import { groupFinding, isGroupColumn } from "../../csv/profile/advice/group-column.ts";
import { stemsOf } from "../../csv/profile/advice/grouped-ids.ts";
import type { ColumnPlan, Finding, Table } from "../../csv/types.ts";
import { AppError } from "../../platform/errors.ts";
import { count as writtenCount } from "../../platform/figures.ts";
import { errorsAmong } from "../../trainer/checks/severity.ts";
import type { RunOptions } from "../../trainer/contract.ts";
import {
  defaultMetric,
  isMetricName,
  METRICS,
  type MetricName,
  metricNames,
} from "../../trainer/metrics/index.ts";
import { comesNearZero } from "../../trainer/metrics/regression.ts";
import { sampleRows, seededRandom } from "../../trainer/random.ts";
import { type Target, type Task, targetRows } from "../../trainer/samples.ts";
import { plural, type RunDataset, type Stage } from "./stage.ts";
import { columnsBeside } from "./work/compare.ts";
import { inspect } from "./work/findings.ts";
import {
  countedRows,
  givenColumns,
  joinTables,
  markedRows,
  strataOf,
  unlearnedColumns,
  weighedTarget,
} from "./work/rows/row-options.ts";
import { selectRows } from "./work/rows/table.ts";
import { invalid, readTarget, settleTask, targetPlan } from "./work/target.ts";
import { budgetMs, type Context, checkpointOf, reportFinding, type Work } from "./work/work.ts";

export const validateData: Stage<Work> = {
  name: "Data validation",
  async run(context) {
    const { options, dataset, work, report } = context;
    const plan = planOf(context, options.target);
    const task = settleTask(
      options,
      plan,
      dataset.columns.find((column) => column.name === options.target),
    );
    const names = featureNames(context);
    const beside = columnsBeside(context.work.previous, dataset.plan.columns, [...names, options.target]);
    const { table, marked } = await withOwnTest(
      context,
      await loadUntilStop(context, [...names, ...beside], task),
      { names: [...names, ...beside], task },
    );
    const column = table.columns.find(({ name }) => name === options.target)!;
    const read = readTarget(column, task, options.positiveClass ?? null);
    const counted = countedRows(table, read.rows, options.weights);
    const rows = affordableRows(context, counted.rows, { marked, keptMs: table.readMs });
    const kept = selectRows(table, rows);
    const target = weighedTarget(targetRows(read.target, rows), kept, options);
    const metric = settleMetric(options, target);
    work.loaded = {
      table: { ...kept, columns: kept.columns.filter(({ name }) => names.includes(name)) },
      target,
      metric,
      splitKeys: splitKeys(kept, options.splitColumn, options.split),
      marked: marked && Uint8Array.from(rows, (row) => marked[row]),
      strata: strataOf(kept, options.stratify),
      beside: { ...kept, columns: kept.columns.filter(({ name }) => beside.includes(name)) },
      unusable: [],
    };
    if (read.rows.length < table.rows) reportMissingTarget(context, table.rows - read.rows.length);
    if (counted.finding) reportFinding(context, counted.finding);
    for (const finding of weightFindings(options)) reportFinding(context, finding);
    const groupColumns = tellGroupColumns(context, names);
    const { findings, unusable } = await inspect(work.loaded, options.target, {
      groupColumns,
      checkpoint: checkpointOf(context),
      isOver: inspectionEnds(context),
      onColumn: (done) =>
        report({
          type: "progress",
          progress: 0.8 + (0.2 * done) / Math.max(1, names.length),
          note: `${done} of ${names.length} columns inspected`,
        }),
    });
    const leaks = leaksOfFile(context, { names, findings, unusable });
    const leaking = new Set(leaks.map(({ column }) => column));
    const others = findings.filter(({ code, column }) => code !== "target_leak" || !leaking.has(column));
    for (const finding of [...others, ...leaks]) reportFinding(context, finding);
    work.loaded.unusable = unusable;
    report({ type: "facts", facts: facts(work.loaded, read.positiveReason) });
    report({
      type: "progress",
      progress: 1,
      note: `${plural(kept.rows, "row")} can be used for training`,
    });
  },
};

function planOf({ dataset }: Context, name: string): ColumnPlan {
  const plan = dataset.plan.columns.find((column) => column.name === name);
  if (plan) return plan;
  const shown = dataset.plan.columns
    .slice(0, 20)
    .map((column) => column.name)
    .join(", ");
  throw invalid(name, `The column “${name}” does not exist.`, { fix: `The columns are: ${shown}.` });
}

/** The columns to learn from: requested, not excluded, not IDs, not the target. */
function featureNames(context: Context): string[] {
  const { options, dataset } = context;
  for (const name of options.features ?? []) planOf({ dataset } as Context, name);
  const asked = options.features ?? dataset.plan.columns.map((column) => column.name);
  const out = new Set([...options.exclude, options.target, ...unlearnedColumns(options)]);
  const excluded = excludedTypes(options);
  const typeOf = new Map(dataset.plan.columns.map(({ name, type }) => [name, type]));
  const names = asked.filter((name) => !out.has(name) && !excluded.has(typeOf.get(name)!));
  const ids = dataset.plan.columns.filter((column) => column.type === "id" && names.includes(column.name));
  for (const { name } of ids) {
    const message = `“${name}” is an ID column, so it is ignored.`;
    reportFinding(context, {
      code: "id_column",
      severity: "info",
      column: name,
      message,
      fix: { exclude: [name] },
    });
  }
  const left = names.filter((name) => !ids.some((column) => column.name === name));
  if (left.length > 0) return left;
  throw new AppError("invalid", "No column is left to train on.", {
    column: options.target,
    fix: "Exclude fewer columns, or upload a file with columns other than the target and IDs.",
  });
}

/** What the reading of the file has said of columns that are learned from, if the rows here do not say it themselves. */
function leaksOfFile(
  { dataset: { leaks }, options }: Context,
  here: { names: readonly string[]; findings: readonly Finding[]; unusable: readonly string[] },
): Finding[] {
  if (leaks?.target !== options.target) return [];
  const told = new Set(here.unusable);
  for (const { fix } of errorsAmong(here.findings)) for (const column of fix?.exclude ?? []) told.add(column);
  return leaks.findings.filter(({ fix }) => {
    const columns = fix?.exclude ?? [];
    return columns.every((name) => here.names.includes(name)) && columns.some((name) => !told.has(name));
  });
}

/** Proposes a split by group if a column names what rows belong to; such columns are not leaks. */
function tellGroupColumns(context: Context, names: string[]): ReadonlySet<string> {
  const { dataset, options } = context;
  const groups = dataset.columns.filter((column) => names.includes(column.name) && isGroupColumn(column));
  if (options.split === "random") for (const column of groups) reportFinding(context, groupFinding(column));
  return new Set(groups.map(({ name }) => name));
}

/** Share of the time left after reading. */
const INSPECTION_SHARE = 0.2;
/** A leak that is missed costs more than a little of the race: this long, or this share of the time left. */
const LEAST_INSPECTION_MS = 2000;
const MOST_INSPECTION_SHARE = 0.3;

function inspectionEnds(context: Context): () => boolean {
  const { options, elapsedMs, stop } = context;
  const startedAt = elapsedMs();
  const leftMs = Math.max(0, budgetMs(context) - startedAt);
  const least = Math.min(LEAST_INSPECTION_MS, MOST_INSPECTION_SHARE * leftMs);
  const endsAt = startedAt + Math.max(least, INSPECTION_SHARE * leftMs);
  return () => stop.aborted || (options.budgetRounds === null && elapsedMs() > endsAt);
}

/** If reading alone would use more than this share of the time, the rows read by then must do. */
const READING_SHARE = 0.5;

/**
 * After a stop, or if reading takes too long, the rows read so far, unless classes of the file are missing from them.
 */
async function loadUntilStop(context: Context, names: string[], task: Task): Promise<Table> {
  const { options, dataset, stop, elapsedMs } = context;
  const late = new AbortController();
  const look = () => {
    const isTimed = options.budgetRounds === null;
    if (isTimed && elapsedMs() > READING_SHARE * budgetMs(context)) late.abort();
  };
  const enough = AbortSignal.any([stop, late.signal]);
  const table = await load(context, names, { task, enough, look });
  if (!enough.aborted || table.rows >= dataset.rows) return table;
  const target = table.columns.find(({ name }) => name === options.target);
  const expected = dataset.columns.find(({ name }) => name === options.target)?.distinct ?? 0;
  if (target && "labels" in target && target.labels.length < expected) return load(context, names, { task });
  const reason = stop.aborted
    ? "because you asked to finish while the file was being read"
    : `because reading more would not fit into ${options.budgetSeconds} seconds`;
  const message = `The first ${writtenCount(table.rows)} of ${writtenCount(dataset.rows)} rows are used, ${reason}.`;
  const finding = { code: "rows_sampled", severity: "warning" as const, column: null, message, fix: null };
  reportFinding(context, finding);
  return table;
}

async function load(
  context: Context,
  names: string[],
  {
    task,
    enough,
    look,
    dataset = context.dataset,
  }: {
    task: Task;
    enough?: AbortSignal;
    look?: () => void;
    dataset?: Pick<RunDataset, "path" | "plan" | "rows">;
  },
): Promise<Table> {
  const { options, work, report } = context;
  const wanted = [...names, options.target, ...givenColumns(options)];
  const columns = dataset.plan.columns.map((column) =>
    column.name === options.target ? targetPlan(column, task) : column,
  );
  return work.load(
    dataset.path,
    { ...dataset.plan, columns },
    {
      columns: [...new Set(wanted)],
      seed: options.seed,
      signal: context.cancel,
      enough,
      onProgress: ({ rows, bytesRead, bytesTotal }) => {
        look?.();
        report({
          type: "progress",
          progress: 0.8 * Math.min(1, bytesRead / Math.max(1, bytesTotal)),
          note: `${writtenCount(rows)} of ${writtenCount(dataset.rows)} rows read`,
        });
      },
    },
  );
}

/** Types of columns that are not learned from, because somebody asked for it. */
function excludedTypes({ text, dates, deriveFeatures }: RunOptions): ReadonlySet<ColumnPlan["type"]> {
  const types: ColumnPlan["type"][] = [];
  if (text === "exclude" || (deriveFeatures === false && text === undefined)) types.push("text");
  if (dates === "exclude") types.push("date");
  return new Set(types);
}

/** Which rows are the test, where a column or another file says so; that file's rows stand behind the dataset's. */
async function withOwnTest(
  context: Context,
  table: Table,
  { names, task }: { names: string[]; task: Task },
): Promise<{ table: Table; marked: Uint8Array | null }> {
  const { options, dataset } = context;
  if (!dataset.test) return { table, marked: markedRows(table, options.testColumn) };
  const second = await load(context, names, { task, dataset: dataset.test });
  const marked = new Uint8Array(table.rows + second.rows).fill(1, table.rows);
  return { table: joinTables(table, second, dataset.rows), marked };
}

/** What the figures count where rows or classes weigh. */
function weightFindings({ weights, classWeights }: RunOptions): Finding[] {
  const finding = (code: string, column: string | null, message: string): Finding => ({
    ...{ code, severity: "info", column, message, fix: null },
  });
  return [
    ...(weights === undefined
      ? []
      : [
          finding(
            "weighted",
            weights,
            `Rows count by “${weights}” in training, in cross-validation and in the metrics; curves, mistakes and intervals of single predictions count each row once.`,
          ),
        ]),
    ...(classWeights === undefined
      ? []
      : [
          finding(
            "class_weighted",
            null,
            "Classes count by your weights in training, so probabilities lean towards the classes that count more; metrics count each row as it is.",
          ),
        ]),
  ];
}

function settleMetric({ metric: name, target: column }: RunOptions, { task, values }: Target): MetricName {
  if (name === null) return defaultMetric(task);
  if (name === "mape" && task === "regression" && comesNearZero(values)) {
    throw invalid(
      column,
      `“${column}” has values near 0, where an error as a share of the value has no meaning.`,
      {
        fix: "Choose another metric, such as mae or r2.",
      },
    );
  }
  if (isMetricName(name) && (METRICS[name].tasks as readonly Task[]).includes(task)) return name;
  throw new AppError("invalid", `“${name}” is not a metric for this ${task} task.`, {
    fix: `Leave the metric out, or choose one of ${metricNames(task).join(", ")}.`,
    example: defaultMetric(task),
  });
}

/** Numbers by which rows are ordered or grouped. */
function splitKeys(table: Table, name: string | null, split: string): Float64Array | null {
  const column = split === "random" ? undefined : table.columns.find((candidate) => candidate.name === name);
  if (!column) return null;
  if ("values" in column) return column.values;
  const groupOf = split === "group" && column.type === "id" ? groupsOfIds(column.labels) : null;
  return Float64Array.from(column.codes, (code) => (code < 0 ? Number.NaN : (groupOf?.[code] ?? code)));
}

/** By label, its group: IDs of which none repeats group rows by how they begin, if they do. */
function groupsOfIds(labels: readonly string[]): number[] | null {
  const stems = stemsOf(labels);
  if (!stems) return null;
  const numbers = new Map([...new Set(stems)].map((stem, k) => [stem, k]));
  return stems.map((stem) => numbers.get(stem)!);
}

/** Cost of encoding a row, training the leaders on it, and a first try of the others, in units of reading it. */
const READINGS_A_ROW = 7;
/** Fixed cost, however few the rows: threads start, a model is evaluated and saved. */
const FIXED_MS = 700;

/**
 * All rows, or a seeded sample that fits into the time left, based on how long reading them took: now, or when the
 * columns were first kept.
 */
function affordableRows(
  context: Context,
  all: Int32Array,
  { marked, keptMs = 0 }: { marked: Uint8Array | null; keptMs?: number },
): Int32Array {
  // Whoever names the test rows means all of them.
  const rows = marked ? all.filter((row) => marked[row] === 0) : all;
  const { options, elapsedMs } = context;
  const spentMs = elapsedMs();
  const readMs = Math.max(spentMs, keptMs);
  const share = (budgetMs(context) - spentMs - FIXED_MS) / (READINGS_A_ROW * readMs);
  if (options.budgetRounds !== null || !(share < 1) || rows.length <= LEAST_SAMPLED) return all;
  const count = Math.max(LEAST_SAMPLED, Math.round(rows.length * share));
  const message = `${writtenCount(count)} of ${writtenCount(rows.length)} rows are used, drawn at random: more would not fit into ${options.budgetSeconds} seconds.`;
  reportFinding(context, { code: "rows_sampled", severity: "warning", column: null, message, fix: null });
  const sampled = sampleRows(rows, count, seededRandom(options.seed));
  return marked ? Int32Array.from([...sampled, ...all.filter((row) => marked[row] === 1)]) : sampled;
}

const LEAST_SAMPLED = 20_000;

function reportMissingTarget(context: Context, rows: number): void {
  const { options } = context;
  const message = `${plural(rows, "row")} ${rows === 1 ? "has" : "have"} no value in “${options.target}” and ${rows === 1 ? "is" : "are"} left out.`;
  const finding = {
    code: "target_missing",
    severity: "warning" as const,
    column: options.target,
    message,
    fix: null,
  };
  reportFinding(context, finding);
}

function facts(
  { table, target, metric }: NonNullable<Work["loaded"]>,
  positiveReason: string | null,
): Record<string, unknown> {
  const counts = target.classes.map((label, k) => ({
    label,
    rows: target.values.reduce((sum, value) => sum + (value === k ? 1 : 0), 0),
  }));
  return {
    rows: table.rows,
    columns: table.columns.length,
    task: target.task,
    metric,
    ...(counts.length > 0 && { classes: counts }),
    ...(positiveReason && { positiveClass: target.classes[1], positiveReason }),
  };
}
