/**
 * Compares the model with the version before it. Both answer the same test rows of the new file; columns that came,
 * went or changed their type are named. The older version may have learned from some of these rows, which flatters it.
 */
import type { Finding } from "../../../csv/types.ts";
import type { VersionComparison } from "../../../trainer/contract.ts";
import {
  type ColumnChanges,
  columnChanges,
  compareModels,
  type MetricComparison,
} from "../../../trainer/explain/comparison.ts";
import { METRICS, type MetricName } from "../../../trainer/metrics/index.ts";
import type { Model } from "../../../trainer/model/model.ts";
import { randomFor } from "../../../trainer/race/training-data.ts";
import { spreadRows } from "../../../trainer/random.ts";
import { pace } from "./evaluation.ts";
import { selectRows } from "./table.ts";
import { type Context, left, tellFinding } from "./work.ts";

const MOST_ROWS = 2000;
const REPLICATES = 200;

/** Null where there is no version before. `rows` are those of the test part, `truth` is theirs. */
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
    return {
      version,
      columns,
      metrics: {},
      rows: 0,
      sentence: `Version ${version} was ${was}: the two cannot be compared.`,
    };
  }
  const changes = describeChanges(columns, version);
  if (changes) tellFinding(context, changed(changes));
  const positions = spreadRows(given.rows.length, MOST_ROWS);
  const { table: all, beside } = left(work, "loaded");
  const rows = positions.map((i) => given.rows[i]);
  const table = selectRows({ rows: all.rows, columns: [...all.columns, ...beside.columns] }, rows);
  const truth = Array.from(positions, (i) => after.classes[given.truth[i]] ?? given.truth[i]);
  const metrics = await compareModels(
    { before, after },
    { table, truth },
    { replicates: REPLICATES, random: randomFor(options, "comparison"), ...pace(context, 0.5) },
  );
  const sentence = [sentenceOf(metrics, left(work, "loaded").metric, version), changes]
    .filter(Boolean)
    .join(" ");
  return { version, columns, metrics, rows: rows.length, sentence };
}

function changed(message: string): Finding {
  return { code: "columns_changed", severity: "info", column: null, message, fix: null };
}

/** Empty where nothing changed. */
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
  if (!compared) return `The test rows do not tell it from version ${version}.`;
  const { before, after, interval } = compared;
  const isSure = interval[0] > 0 || interval[1] < 0;
  const isBetter = METRICS[metric].better === "greater" ? after > before : after < before;
  const how = isSure
    ? `${isBetter ? "better" : "worse"} than version ${version} by more than chance`
    : `as good as version ${version} within chance`;
  return `On the same rows it is ${how}: ${METRICS[metric].label} ${after.toPrecision(4)} beside ${before.toPrecision(4)}.`;
}

/** Columns of the new file that only the version before reads. */
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
