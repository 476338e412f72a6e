/**
 * Reports what in the table would mislead a model or its reader: leaks, copies of the target, near-constant columns,
 * rare classes, drift; each reported once, with a fix. Only a literal copy of the target is dropped.
 */

import { isNamedAfterwards } from "../../../csv/profile/advice/leaks.ts";
import type { Column, Finding, Severity } from "../../../csv/types.ts";
import {
  figure,
  figures,
  count as grouped,
  percent,
  plural,
  score as scoreText,
} from "../../../platform/figures.ts";
import { filledOnlyIn, orderScore, repeatsTarget, scoreAlone } from "../../../trainer/checks/leakage.ts";
import { nearCopy } from "../../../trainer/checks/near-copy.ts";
import { driftOf } from "../../../trainer/checks/order-drift.ts";
import { sumFindings } from "../../../trainer/checks/sums.ts";
import { sampleRows, seededRandom } from "../../../trainer/random.ts";
import type { Checkpoint, Target } from "../../../trainer/samples.ts";
import type { Loaded } from "./work.ts";

const PROBE_ROWS = 20_000;
const LEAST_PROBE_ROWS = 1000;
/** Rows times columns that are checked for leaks: a few seconds for any file. */
const PROBE_WORK = 2e6;
const SUSPECT = 0.95;
const CERTAIN = 0.99;
const NEAR_CONSTANT = 0.99;
const DRIFTED = 0.35;
const RARE_ROWS = 10;
const SELDOM = 0.04;
const FEW_ROWS = 100;

export interface Inspection {
  findings: Finding[];
  /** Columns that are the target in another form. */
  unusable: string[];
}

/** Checks every column except the target; `onColumn` is called with how many are done. */
export async function inspect(
  loaded: Pick<Loaded, "table" | "target">,
  targetName: string,
  progress: {
    /** Columns that name what rows belong to: how they relate to the target is reported separately. */
    groupColumns: ReadonlySet<string>;
    checkpoint: Checkpoint;
    isOver: () => boolean;
    onColumn: (done: number) => void;
  },
): Promise<Inspection> {
  const { table, target } = loaded;
  const all = Int32Array.from({ length: table.rows }, (_, row) => row);
  const affordable = PROBE_WORK / table.columns.length;
  const wanted = Math.max(LEAST_PROBE_ROWS, Math.min(PROBE_ROWS, Math.floor(affordable)));
  const probe = sampleRows(all, Math.min(wanted, table.rows), seededRandom(1));
  const findings: Finding[] = [...fewRows(table.rows, targetName), ...rareClasses(target, targetName)];
  const unusable: string[] = [];
  let inspected = 0;
  for (const column of table.columns) {
    await progress.checkpoint();
    if (progress.isOver()) break;
    if (repeatsTarget(column, target)) {
      unusable.push(column.name);
      findings.push(copyOfTarget(column.name, targetName));
    } else {
      if (!progress.groupColumns.has(column.name))
        findings.push(...givesTargetAway(column, { target, targetName, probe }));
      findings.push(...oddities(column));
    }
    progress.onColumn(++inspected);
  }
  const isCut = inspected < table.columns.length;
  if (isCut) findings.push(uninspected(inspected, table.columns.length));
  await progress.checkpoint();
  findings.push(
    ...(target.task === "regression"
      ? sumFindings({
          columns: table.columns,
          truth: target.values,
          targetName,
          isGivenAway:
            unusable.length > 0 ||
            findings.some(({ code, severity }) => code === "target_leak" && severity === "error"),
        })
      : []),
    ...(isCut ? [] : drifts(table.columns, target, targetName)),
  );
  return { findings, unusable };
}

function finding(
  code: string,
  severity: Severity,
  rest: { column: string | null; message: string; exclude?: string[] },
) {
  const { column, message, exclude } = rest;
  return { code, severity, column, message, fix: exclude ? { exclude } : null };
}

function uninspected(done: number, columns: number): Finding {
  const message = `Only ${done} of ${columns} columns were checked for leaks and other issues: the time limit was too short.`;
  return finding("columns_uninspected", "warning", { column: null, message });
}

function copyOfTarget(column: string, target: string): Finding {
  const message = `“${column}” is a copy of “${target}”, so it is ignored.`;
  return finding("target_copy", "warning", { column, message, exclude: [column] });
}

/** What is filled only for one class, else what gives the target away, reported once. */
function givesTargetAway(
  column: Column,
  given: { target: Target; targetName: string; probe: Int32Array },
): Finding[] {
  const only = filledOnlyIn(column, given.target);
  if (only === null) return nearCopyOfTarget(column, given) ?? leaks(column, given);
  const { name } = column;
  const message = `“${name}” is filled in only where “${given.targetName}” is “${given.target.classes[only]}”: it is probably known only afterwards. Exclude it unless you know it when you predict.`;
  return [finding("after_the_fact", "error", { column: name, message, exclude: [name] })];
}

/** Null if it is not a copy. */
function nearCopyOfTarget(
  column: Column,
  { target, targetName }: { target: Target; targetName: string },
): Finding[] | null {
  const share = nearCopy(column, target);
  if (share === null) return null;
  const { name } = column;
  const message = `“${name}” equals “${targetName}” in ${percent(share)} of the rows. Exclude it unless you know it when you predict: the model would only repeat it.`;
  return [finding("target_leak", "error", { column: name, message, exclude: [name] })];
}

/**
 * Score of a column alone from which its name is considered. A loan's duration is agreed before it is paid back: below
 * this, a name alone is not enough to doubt the whole model.
 */
const NAMED_SUSPECT = { area: 0.7, share: 0.3 };
const NAMED_CERTAIN = { area: 0.78, share: 0.6 };

function afterwards(
  { name }: Column,
  given: { targetName: string; measured: string; isCertain: boolean },
): Finding {
  const { targetName, measured, isCertain } = given;
  const message = `“${name}” sounds like something that is known only after “${targetName}”, and alone it predicts it well (${measured}). Exclude it unless you know it when you predict.`;
  const severity = isCertain ? "error" : "warning";
  return finding("after_the_fact", severity, { column: name, message, exclude: [name] });
}

/** Gaps in more rows than this hide what a column says in the others. */
const GAPS = 0.05;
const LEAST_FILLED = { rows: 100, share: 0.1 };

/** The rows of the probe in which the column is filled; all of them if it has hardly any gaps, or is hardly filled. */
function filledRows(column: Column, { target, probe }: { target: Target; probe: Int32Array }): Int32Array {
  const filled = probe.filter((row) =>
    "values" in column ? !Number.isNaN(column.values[row]) : column.codes[row] >= 0,
  );
  const isFew = filled.length < Math.max(LEAST_FILLED.rows, LEAST_FILLED.share * probe.length);
  const isWhole = filled.length >= (1 - GAPS) * probe.length;
  return isFew || isWhole || !isEnough(target, filled) ? probe : filled;
}

function leaks(column: Column, given: { target: Target; targetName: string; probe: Int32Array }): Finding[] {
  const isNumber = given.target.task === "regression";
  const rows = filledRows(column, given);
  const [everywhere, filled] = [given.probe, rows].map((some) => scoreAlone(column, given.target, some));
  const score = Math.max(filled!, everywhere!);
  const measured = `${isNumber ? "R²" : "ROC AUC"} ${scoreText(score)}${score > everywhere! ? " where it is filled" : ""}`;
  const { name } = column;
  const isNamed = isNamedAfterwards(name) && isEnough(given.target, given.probe);
  const kind = isNumber ? "share" : "area";
  if (isNamed && score >= NAMED_SUSPECT[kind]) {
    const isCertain = score >= NAMED_CERTAIN[kind];
    return [afterwards(column, { targetName: given.targetName, measured, isCertain })];
  }
  if (!(score >= SUSPECT)) return sameOrder(column, given);
  if (column.type === "date" && given.target.task === "regression") {
    const message = `“${given.targetName}” changes with “${name}” (${measured}). A random split lets later rows explain earlier ones: split by time on “${name}” if the model will predict the future.`;
    return [finding("time_trend", "warning", { column: name, message, exclude: [name] })];
  }
  const message = `“${name}” alone almost gives “${given.targetName}” away (${measured}). If it is only known afterwards, exclude it: the model would be useless in practice.`;
  const severity = score >= CERTAIN && isEnough(given.target, given.probe) ? "error" : "warning";
  return [finding("target_leak", severity, { column: name, message, exclude: [name] })];
}

/** With fewer rows of a class a column separates them by chance. */
const LEAST_OF_CLASS = 10;

function isEnough({ classes, values }: Target, rows: Int32Array): boolean {
  const counts = new Float64Array(classes.length);
  for (const row of rows) if (classes.length > 0) counts[values[row]]++;
  return counts.every((count) => count >= LEAST_OF_CLASS);
}

/** A logarithm, a power or a rank of the target: not linear, but in the same order. */
function sameOrder(
  column: Column,
  { target, targetName, probe }: { target: Target; targetName: string; probe: Int32Array },
): Finding[] {
  const score = column.type === "number" ? orderScore(column, target, probe) : 0;
  if (!(score >= SUSPECT)) return [];
  const { name } = column;
  const message = `“${name}” puts the rows into nearly the same order as “${targetName}” (rank correlation ${scoreText(Math.sqrt(score))}). If it is only known afterwards, exclude it: the model would be useless in practice.`;
  return [
    finding("target_leak", score >= CERTAIN ? "error" : "warning", {
      column: name,
      message,
      exclude: [name],
    }),
  ];
}

function oddities(column: Column): Finding[] {
  const findings: Finding[] = [];
  const share = commonestShare(column);
  const { name } = column;
  if (share >= NEAR_CONSTANT && share < 1) {
    const message = `“${name}” is the same in ${percent(share)} of the rows, so it hardly helps.`;
    findings.push(finding("near_constant", "info", { column: name, message, exclude: [name] }));
  }
  if (isRowNumber(column)) {
    const message = `“${name}” only numbers the rows; it contains nothing but the order of the file.`;
    findings.push(finding("row_number", "warning", { column: name, message, exclude: [name] }));
  } else if (isNumbering(column)) {
    const message = `“${name}” is a different whole number in every row, like a row or customer number: exclude it if it says nothing about new rows.`;
    findings.push(finding("id_like", "info", { column: name, message, exclude: [name] }));
  }
  return findings;
}

/** One finding for all columns: in a sorted file most of them differ, and once is enough. */
function drifts(columns: Column[], target: Target, targetName: string): Finding[] {
  const targetColumn =
    target.task === "regression"
      ? { name: targetName, values: target.values }
      : { name: targetName, codes: Int32Array.from(target.values) };
  const targetDrift = driftOf(targetColumn);
  if (targetDrift >= DRIFTED) {
    const message = `“${targetName}” looks different in the last rows than in the first (distance ${figure(targetDrift)}): the file is sorted, or the data changed over time. If the rows are in order of time, split by time.`;
    return [finding("target_drift", "info", { column: targetName, message })];
  }
  const drifted = columns
    .filter((column) => column.type !== "date" && column.type !== "text" && !isRowNumber(column))
    .map((column) => ({ name: column.name, drift: driftOf(column) }))
    .filter(({ drift }) => drift >= DRIFTED)
    .sort((a, b) => b.drift - a.drift);
  if (drifted.length === 0) return [];
  const most = drifted.slice(0, 5);
  const distances = figures(most.map(({ drift }) => drift));
  const shown = most.map(({ name }, i) => `“${name}” (${distances[i]})`);
  const message = `${drifted.length === 1 ? "A column looks" : `${drifted.length} columns look`} different in the last rows than in the first: ${shown.join(", ")}. If the file is in order of time, split by time; exclude them if they only number the rows.`;
  const exclude = drifted.map(({ name }) => name);
  return [finding("drift", "info", { column: drifted[0].name, message, exclude })];
}

/** Share of rows that hold the commonest value; missing counts as a value. */
function commonestShare(column: Column): number {
  const values: ArrayLike<number> = "values" in column ? column.values : column.codes;
  const counts = new Map<number, number>();
  let most = 0;
  for (let row = 0; row < values.length; row++) {
    const count = (counts.get(values[row]) ?? 0) + 1;
    counts.set(values[row], count);
    if (count > most) most = count;
    if (counts.size > 1000) return 0;
  }
  return most / values.length;
}

function isRowNumber(column: Column): boolean {
  if (!("values" in column) || column.type !== "number" || column.values.length < 50) return false;
  const { values } = column;
  for (let row = 1; row < values.length; row++) if (values[row] !== values[row - 1] + 1) return false;
  return true;
}

/**
 * Log of the probability below which integers from so small a range are not all different by chance (birthday paradox).
 */
const LOG_CHANCE = Math.log(1e-6);

/** Distinct integers that fill a small range, in no order of the rows: they were assigned. */
function isNumbering(column: Column): boolean {
  if (!("values" in column) || column.type !== "number" || column.values.length < 50) return false;
  let [low, high, isRising] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const [row, value] of column.values.entries()) {
    if (!Number.isInteger(value)) return false;
    isRising &&= row === 0 || value > column.values[row - 1];
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const { length } = column.values;
  if (isRising || -(length ** 2) / (2 * (high - low + 1)) > LOG_CHANCE) return false;
  return new Set(column.values).size === length;
}

function fewRows(rows: number, name: string): Finding[] {
  if (rows >= FEW_ROWS) return [];
  const message = `Only ${plural(rows, "row")} ${rows === 1 ? "has" : "have"} a value in “${name}”: scores on so few rows are imprecise, as their intervals show. More rows help most.`;
  return [finding("few_rows", "warning", { column: name, message })];
}

function rareClasses(target: Target, name: string): Finding[] {
  const counts = target.classes.map((label, k) => ({
    label,
    rows: target.values.reduce((sum, value) => sum + (value === k ? 1 : 0), 0),
  }));
  const rare = counts.filter(({ rows }) => rows < RARE_ROWS);
  if (rare.length === 0) return seldom(counts, name);
  const named = rare.slice(0, 5).map(({ label, rows }) => `“${label}” (${rows})`);
  const message = `${rare.length === 1 ? `A class of “${name}” occurs` : `${rare.length} classes of “${name}” occur`} in fewer than ${RARE_ROWS} rows: ${named.join(", ")}. The model can hardly learn them.`;
  return [finding("rare_class", "warning", { column: name, message })];
}

/** The rarest class, if it has less than a twenty-fifth of an equal share: of two, a fiftieth of the rows. */
function seldom(counts: { label: string; rows: number }[], name: string): Finding[] {
  const all = counts.reduce((sum, { rows }) => sum + rows, 0);
  const rarest = counts.toSorted((a, b) => a.rows - b.rows)[0];
  if (!rarest || rarest.rows * counts.length >= SELDOM * all) return [];
  const message = `Only ${percent(rarest.rows / all)} of the rows (${grouped(rarest.rows)}) are “${rarest.label}” in “${name}”: accuracy hardly reflects them, so look at recall, precision and the precision-recall curve.`;
  return [finding("imbalanced", "info", { column: name, message })];
}
