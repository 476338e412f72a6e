/**
 * Detects a single column that gives the target away. Each column is divided into groups (quantiles or labels), and the
 * target in one half of the rows is predicted by the group means of the other half, so that a column of names cannot
 * score by memorising.
 */
import type { Column } from "../../csv/types.ts";
import type { Outcome } from "../metrics/outcome.ts";
import { rocAuc } from "../metrics/ranking.ts";
import { r2 } from "../metrics/regression.ts";
import { responseWidth } from "../model/response.ts";
import type { Target } from "../samples.ts";

const GROUPS = 64;
const PULL = 2;

/** ROC AUC (classes) or R2 (numbers) of the column alone, on rows that it was not fitted on. */
export function scoreAlone(column: Column, target: Target, rows: Int32Array): number {
  const groups = groupsOf(column, rows);
  const grouped =
    target.task === "regression"
      ? r2OfGroups(groups, target, rows)
      : areaOfGroups(tally(groups, target, rows), target.classes.length);
  return "values" in column ? Math.max(grouped, scoreAsItIs(column.values, target, rows)) : grouped;
}

function r2OfGroups(groups: Int32Array, target: Target, rows: Int32Array): number {
  const response = new Float64Array(rows.length);
  for (const side of [0, 1]) {
    const { means, prior } = groupMeans(groups, { target, rows, without: side });
    for (let i = side; i < rows.length; i += 2) response[i] = (means.get(groups[i]) ?? prior)[0];
  }
  return measure(target, rows, response);
}

/** Rows that get the same prediction: one group in one half. */
interface Tally {
  answer: Float64Array;
  /** Rows per class, and in total. */
  counts: Float64Array;
}

function tally(groups: Int32Array, target: Target, rows: Int32Array): Tally[] {
  const width = responseWidth(target);
  return [0, 1].flatMap((side) => {
    const { means, prior } = groupMeans(groups, { target, rows, without: side });
    const tallies = new Map<number, Tally>();
    for (let i = side; i < rows.length; i += 2) {
      let entry = tallies.get(groups[i]);
      if (!entry) {
        entry = { answer: means.get(groups[i]) ?? prior, counts: new Float64Array(width + 1) };
        tallies.set(groups[i], entry);
      }
      entry.counts[target.values[rows[i]]]++;
      entry.counts[width]++;
    }
    return [...tallies.values()];
  });
}

/** Area under the ROC curve from groups instead of rows: for the second of two classes, else the mean over classes. */
function areaOfGroups(tallies: Tally[], classes: number): number {
  const areas = Array.from({ length: classes }, (_, k) =>
    classes === 2 && k === 0 ? Number.NaN : areaOf(tallies, k),
  );
  const known = areas.filter(Number.isFinite);
  return known.reduce((sum, area) => sum + area, 0) / known.length;
}

function areaOf(tallies: Tally[], k: number): number {
  const ordered = tallies.toSorted((a, b) => b.answer[k] - a.answer[k]);
  const all = ordered[0].counts.length - 1;
  let [positives, negatives, area] = [0, 0, 0];
  for (let start = 0; start < ordered.length; ) {
    let [tiedPositives, tiedNegatives, end] = [0, 0, start];
    for (; end < ordered.length && ordered[end].answer[k] === ordered[start].answer[k]; end++) {
      tiedPositives += ordered[end].counts[k];
      tiedNegatives += ordered[end].counts[all] - ordered[end].counts[k];
    }
    area += tiedNegatives * (positives + tiedPositives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
    start = end;
  }
  return positives > 0 && negatives > 0 ? area / (positives * negatives) : Number.NaN;
}

function measure(target: Target, rows: Int32Array, response: Float64Array): number {
  const outcome: Outcome = {
    task: target.task,
    classes: target.classes.length,
    truth: Float64Array.from(rows, (row) => target.values[row]),
    values: response,
    probabilities: response,
    weights: null,
  };
  return target.task === "regression" ? r2(outcome) : rocAuc(outcome);
}

/** What the column predicts without a fit: its squared correlation, or how well it ranks two classes. */
function scoreAsItIs(values: Float64Array, target: Target, rows: Int32Array): number {
  if (target.task === "multiclass") return 0;
  const present = rows.filter((row) => Number.isFinite(values[row]));
  if (present.length < rows.length / 2) return 0;
  if (target.task === "regression") return squaredCorrelation(values, target.values, present);
  const response = new Float64Array(present.length * 2);
  present.forEach((row, i) => {
    response[2 * i + 1] = values[row];
  });
  const area = measure(target, present, response);
  return (Math.max(area, 1 - area) * present.length + 0.5 * (rows.length - present.length)) / rows.length;
}

/** Pearson's r² over `rows`; 0 if either side is constant. */
export function squaredCorrelation(a: Float64Array, b: Float64Array, rows: Int32Array): number {
  let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
  const [a0, b0] = [a[rows[0]], b[rows[0]]];
  for (const row of rows) {
    const [da, db] = [a[row] - a0, b[row] - b0];
    sa += da;
    sb += db;
    saa += da * da;
    sbb += db * db;
    sab += da * db;
  }
  const n = rows.length;
  const spread = (saa - (sa * sa) / n) * (sbb - (sb * sb) / n);
  return spread > 0 ? (sab - (sa * sb) / n) ** 2 / spread : 0;
}

/** Squared rank correlation (Spearman): a logarithm or a power of the target orders the rows as the target does. */
export function orderScore(column: Column, target: Target, rows: Int32Array): number {
  if (target.task !== "regression" || !("values" in column)) return 0;
  const present = rows.filter((row) => Number.isFinite(column.values[row]));
  if (present.length < rows.length / 2) return 0;
  const positions = Int32Array.from(present.keys());
  return squaredCorrelation(ranks(column.values, present), ranks(target.values, present), positions);
}

/** Ranks by position among the rows; equal values share their mean rank. */
function ranks(values: Float64Array, rows: Int32Array): Float64Array {
  const sorted = Float64Array.from(rows, (row) => values[row]).sort();
  const [first, count] = [new Map<number, number>(), new Map<number, number>()];
  sorted.forEach((value, rank) => {
    if (!first.has(value)) first.set(value, rank);
    count.set(value, (count.get(value) ?? 0) + 1);
  });
  return Float64Array.from(rows, (row) => first.get(values[row])! + (count.get(values[row])! - 1) / 2);
}

/** Group of each row: -1 if missing, else label code or quantile. */
function groupsOf(column: Column, rows: Int32Array): Int32Array {
  if ("codes" in column) return Int32Array.from(rows, (row) => column.codes[row]);
  const sorted = Float64Array.from(rows, (row) => column.values[row])
    .filter(Number.isFinite)
    .sort();
  const edges = Float64Array.from(
    { length: GROUPS - 1 },
    (_, i) => sorted[Math.floor(((i + 1) / GROUPS) * sorted.length)],
  );
  return Int32Array.from(rows, (row) => {
    const value = column.values[row];
    if (!Number.isFinite(value)) return -1;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

function groupMeans(
  groups: Int32Array,
  given: { target: Target; rows: Int32Array; without: number },
): { means: Map<number, Float64Array>; prior: Float64Array } {
  const { target, rows, without } = given;
  const width = responseWidth(target);
  const prior = new Float64Array(width);
  const sums = new Map<number, Float64Array>();
  let count = 0;
  for (let i = 1 - without; i < rows.length; i += 2) {
    let sum = sums.get(groups[i]);
    if (!sum) {
      sum = new Float64Array(width + 1);
      sums.set(groups[i], sum);
    }
    const value = target.values[rows[i]];
    const k = target.task === "regression" ? 0 : value;
    const amount = target.task === "regression" ? value : 1;
    sum[k] += amount;
    sum[width]++;
    prior[k] += amount;
    count++;
  }
  for (let k = 0; k < width; k++) prior[k] /= count;
  const means = new Map<number, Float64Array>();
  for (const [group, sum] of sums) {
    means.set(
      group,
      prior.map((share, k) => (sum[k] + PULL * share) / (sum[width] + PULL)),
    );
  }
  return { means, prior };
}

/**
 * The only class in whose rows the column is filled, such as a reason or an amount written down afterwards; null if
 * other classes have values too, if it could be chance, or if hardly anything is missing.
 */
export function filledOnlyIn(column: Column, target: Target): number | null {
  if (target.task === "regression") return null;
  const present = (row: number) =>
    "values" in column ? !Number.isNaN(column.values[row]) : column.codes[row] >= 0;
  const [filled, all] = [new Float64Array(target.classes.length), new Float64Array(target.classes.length)];
  for (let row = 0; row < target.values.length; row++) {
    all[target.values[row]]++;
    if (present(row)) filled[target.values[row]]++;
  }
  const count = filled.reduce((a, b) => a + b, 0);
  const most = filled.indexOf(Math.max(...filled));
  const share = all[most] / target.values.length;
  // The probability that so many filled rows belong to one class by chance is its share to the power of their number.
  const isChance = count * Math.log(share) > Math.log(1e-6);
  const others = count - filled[most];
  const areOthersEmpty = others <= 0.005 * count && others <= 0.02 * (target.values.length - all[most]);
  return areOthersEmpty && !isChance ? most : null;
}

/** Whether the column is the target under other labels: a one-to-one mapping of values. */
export function repeatsTarget(column: Column, target: Target): boolean {
  const values: ArrayLike<number> = "values" in column ? column.values : column.codes;
  const forward = new Map<number, number>();
  const backward = new Map<number, number>();
  for (let row = 0; row < values.length; row++) {
    const [value, truth] = [values[row], target.values[row]];
    if ((forward.get(value) ?? truth) !== truth || (backward.get(truth) ?? value) !== value) return false;
    if (Number.isNaN(value)) return false;
    forward.set(value, truth);
    backward.set(truth, value);
  }
  return target.task !== "regression" || Array.from(forward).every(([value, truth]) => value === truth);
}
