/**
 * Compares the model with the previous version: both before their refit, on the same test rows of the new file; added,
 * removed and retyped columns are named. Only rows that neither learned from count; with too few of them, the two
 * cannot be compared.
 */
import type { Finding, Table } from "../../../csv/types.ts";
import { count, distinctFigures } from "../../../platform/figures.ts";
import type { VersionComparison } from "../../../trainer/contract.ts";
import {
  type ColumnChanges,
  columnChanges,
  compareModels,
  type MetricComparison,
} from "../../../trainer/explain/comparison.ts";
import { METRICS, type MetricName } from "../../../trainer/metrics/index.ts";
import { learnedTest } from "../../../trainer/model/learned-rows.ts";
import type { Model } from "../../../trainer/model/model.ts";
import { randomFor } from "../../../trainer/race/training-data.ts";
import { spreadRows } from "../../../trainer/random.ts";
import { targetRows } from "../../../trainer/samples.ts";
import { pace } from "./evaluation.ts";
import { selectRows } from "./rows/table.ts";
import { type Context, left, reportFinding, type Work } from "./work.ts";

const MOST_ROWS = 2000;
const REPLICATES = 200;

/** Null if there is no previous version. `rows` are those of the test set, `truth` belongs to them. */
export async function compareWithBefore(
  context: Context,
  given: { rows: Int32Array; truth: Float64Array },
): Promise<VersionComparison | null> {
  const { work, options } = context;
  const { previous } = work;
  if (!previous) return null;
  const after = left(work, "model");
  const { version, model: before } = previous;
  const columns = columnChanges(before, after);
  if (before.target !== after.target || before.task !== after.task) {
    const was = before.target === after.target ? `a ${before.task} model` : `a model of “${before.target}”`;
    return incomparable(columns, version, `it was ${was}`);
  }
  const changes = describeChanges(columns, version);
  if (changes) reportFinding(context, changed(changes));
  const { table: all, beside } = left(work, "loaded");
  const known = { rows: all.rows, columns: [...all.columns, ...beside.columns] };
  const unseen = unseenRows({ before, after }, known, given.rows);
  if (typeof unseen === "string") return incomparable(columns, version, unseen);
  const positions = spreadRows(unseen.length, MOST_ROWS).map((i) => unseen[i]);
  const rows = positions.map((i) => given.rows[i]);
  const table = selectRows(known, rows);
  const truth = Array.from(positions, (i) => after.classes[given.truth[i]] ?? given.truth[i]);
  const metrics = await compareModels(
    { before, after },
    { table, truth, weights: weightsOf(work, rows) },
    { replicates: REPLICATES, random: randomFor(options, "comparison"), ...pace(context, "comparison") },
  );
  const sentence = [sentenceOf(metrics, left(work, "loaded").metric, version), changes]
    .filter(Boolean)
    .join(" ");
  return { version, columns, metrics, rows: rows.length, sentence };
}

/** What these rows count in figures; null: each once. */
function weightsOf(work: Work, rows: Int32Array): Float64Array | null {
  return targetRows(left(work, "loaded").target, rows).scoreWeights ?? null;
}

function incomparable(columns: ColumnChanges, version: number, why: string): VersionComparison {
  const sentence = `Cannot be compared with version ${version}: ${why}.`;
  return { version, columns, metrics: {}, rows: 0, sentence };
}

/** With fewer rows that neither learned from, a comparison is chance. */
const LEAST_ROWS = 20;

/** Positions in `rows` of those that neither version has learned from, or why they cannot be compared. */
function unseenRows(
  { before, after }: { before: Model; after: Model },
  table: Table,
  rows: Int32Array,
): Int32Array | string {
  if (!before.learned) return "it does not say which rows it learned from";
  const tested = selectRows(table, rows);
  const isKnown = learnedTest(before, tested);
  if (!isKnown) return "columns that it reads are missing, so the rows it learned from cannot be recognised";
  const isKnownNow = learnedTest(after, tested)!;
  const unknown = Int32Array.from(rows.keys()).filter((i) => !isKnown(i));
  const unseen = unknown.filter((i) => !isKnownNow(i));
  if (unseen.length >= LEAST_ROWS) return unseen;
  const [learned, all] = [rows.length - unknown.length, count(rows.length)];
  const copies = unknown.length - unseen.length;
  const why = [
    learned > 0 && `it learned from ${count(learned)} of the ${all} test rows`,
    copies > 0 && `${count(copies)} are copies of rows that the new version learned from`,
  ].filter(Boolean);
  if (why.length === 0) return `there are only ${all} test rows`;
  return `${why.join(", and ")}, and a model is never scored on rows that it learned from`;
}

function changed(message: string): Finding {
  return { code: "columns_changed", severity: "info", column: null, message, fix: null };
}

/** Empty if nothing changed. */
function describeChanges({ came, went, changed }: ColumnChanges, version: number): string {
  const quoted = (names: string[]) => names.map((name) => `“${name}”`).join(", ");
  const types = changed.map(({ column, from, to }) => `“${column}” was a ${from} and is a ${to}`);
  const parts = [
    came.length > 0 && `${quoted(came)} came`,
    went.length > 0 && `${quoted(went)} went`,
    ...types,
  ].filter(Boolean);
  return parts.length > 0 ? `Since version ${version}: ${parts.join("; ")}.` : "";
}

function sentenceOf(metrics: Record<string, MetricComparison>, metric: MetricName, version: number): string {
  const compared = metrics[metric];
  if (!compared) return `The test rows show no difference from version ${version}.`;
  const { before, after, interval } = compared;
  const isSure = interval[0] > 0 || interval[1] < 0;
  const isBetter = METRICS[metric].better === "greater" ? after > before : after < before;
  const how = isSure
    ? `it is ${isBetter ? "better" : "worse"} than version ${version} by more than chance`
    : `there is no measurable difference from version ${version}`;
  const [now, then] = distinctFigures([after, before]);
  return `On the same rows, ${how}: ${METRICS[metric].label} ${now}, was ${then}.`;
}

/** Columns of the new file that only the previous version reads. */
export function columnsBeside(
  previous: { model: Model } | null,
  planned: readonly { name: string }[],
  names: string[],
): string[] {
  if (!previous) return [];
  const known = new Set(planned.map(({ name }) => name));
  return previous.model.plans
    .map(({ name }) => name)
    .filter((name) => known.has(name) && !names.includes(name));
}
