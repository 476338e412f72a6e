/**
 * Measures how strongly a column is related to the target: Pearson's r between numbers, the correlation ratio between a
 * number and classes, Cramér's V between classes; the last two corrected for chance. Says nothing about cause.
 */
import type { ColumnProfile, Correlation } from "../types.ts";

/** With fewer rows the figure means nothing. */
const MIN_ROWS = 10;
/** Classes with fewer rows each than this, on average, are too small. */
const MIN_ROWS_PER_CLASS = 2;

/** From here on sorting is worth its cost, to check whether the column determines the classes. */
const CLOSE = 0.95;

/** Values of both columns by row, NaN if missing; `isClasses`: values are labels and their size means nothing. */
export interface Side {
  values: Float64Array;
  isClasses: boolean;
}

/** Whether the column can be related to anything: IDs and texts differ in every row. */
export function canCorrelate({ type }: ColumnProfile): boolean {
  return type !== "id" && type !== "text";
}

/** Null if there are too few rows, or one side is constant. Rows that miss either value are skipped. */
export function correlate(column: Side, target: Side): Correlation | null {
  const { x, y } = pairwiseComplete(column.values, target.values);
  if (x.length < MIN_ROWS) return null;
  const found = measured({ ...column, values: x }, { ...target, values: y });
  if (!Number.isFinite(found.value)) return null;
  const told = target.isClasses && found.value >= CLOSE && { determines: classAssociation(x, y) };
  return { ...found, ...told, rows: x.length };
}

type Numbers = readonly number[] | Float64Array;
type Measured = Pick<Correlation, "measure" | "value">;

function measured(column: Side, target: Side): Measured {
  if (column.isClasses && target.isClasses)
    return { measure: "cramers_v", value: cramersV(column.values, target.values) };
  if (column.isClasses)
    return { measure: "correlation_ratio", value: correlationRatio(column.values, target.values) };
  if (target.isClasses)
    return { measure: "correlation_ratio", value: correlationRatio(target.values, column.values) };
  return { measure: "pearson", value: pearson(column.values, target.values) };
}

/** Kept between calls: otherwise a table of 10,000 columns would leave hundreds of megabytes of such pairs behind. */
let pairs = { x: new Float64Array(0), y: new Float64Array(0) };

/** The rows that have both values; valid until the next call. */
function pairwiseComplete(x: Float64Array, y: Float64Array): typeof pairs {
  if (pairs.x.length < x.length) pairs = { x: new Float64Array(x.length), y: new Float64Array(x.length) };
  let size = 0;
  for (let row = 0; row < x.length; row++) {
    if (Number.isNaN(x[row]) || Number.isNaN(y[row])) continue;
    pairs.x[size] = x[row];
    pairs.y[size++] = y[row];
  }
  return { x: pairs.x.subarray(0, size), y: pairs.y.subarray(0, size) };
}

/** Pearson's product-moment correlation, in [-1, 1]; NaN if a side is constant. */
export function pearson(x: Numbers, y: Numbers): number {
  const [meanX, meanY] = [meanOf(x), meanOf(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i] - meanX, y[i] - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  if (xx === 0 || yy === 0) return Number.NaN;
  return Math.max(-1, Math.min(1, xy / Math.sqrt(xx * yy)));
}

/**
 * The correlation ratio η (Pearson, 1905), in [0, 1]: the square root of the share of a number's variance that lies
 * between classes, with that share as Kelley's ε² (1935), which is zero on average if there is no relation.
 */
export function correlationRatio(classes: Numbers, values: Numbers): number {
  const groups = new Map<number, { count: number; sum: number }>();
  const mean = meanOf(values);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const centred = values[i] - mean;
    const group = groups.get(classes[i]) ?? { count: 0, sum: 0 };
    group.count++;
    group.sum += centred;
    groups.set(classes[i], group);
    total += centred * centred;
  }
  if (total === 0 || !areClasses(groups.size, values.length)) return Number.NaN;
  let between = 0;
  for (const { count, sum } of groups.values()) between += (sum * sum) / count;
  const within = Math.max(0, total - between);
  const share = 1 - within / (values.length - groups.size) / (total / (values.length - 1));
  return Math.sqrt(Math.max(0, share));
}

/** Cramér's V (1946) with Bergsma's bias correction (2013), in [0, 1]; NaN if a side has one class. */
export function cramersV(x: Numbers, y: Numbers): number {
  const rows = x.length;
  const [ofX, ofY] = [codesOf(x), codesOf(y)];
  const [r, k] = [ofX.counts.length, ofY.counts.length];
  if (!areClasses(r, rows) || !areClasses(k, rows)) return Number.NaN;
  const cells = new Map<number, number>();
  for (let i = 0; i < rows; i++) {
    const cell = ofX.codes[i] * k + ofY.codes[i];
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  let ratio = 0;
  for (const [cell, count] of cells)
    ratio += (count * count) / (ofX.counts[Math.floor(cell / k)] * ofY.counts[cell % k]);
  const phi = Math.max(0, ratio - 1 - ((r - 1) * (k - 1)) / (rows - 1));
  const [rows2, columns2] = [r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)];
  return Math.min(1, Math.sqrt(phi / (Math.min(rows2, columns2) - 1)));
}

/**
 * How well a column alone predicts the classes, in [0, 1]: the share of errors it avoids compared with always naming
 * the commonest class (Goodman and Kruskal's λ, 1954). Leave-one-out: each row is predicted by the commonest class
 * among other rows of its value, or, if its value is unique, by the previous row in column order.
 */
export function classAssociation(column: Numbers, classes: Numbers): number {
  const order = Uint32Array.from(column, (_, row) => row).sort((a, b) => column[a] - column[b] || a - b);
  let right = 0;
  for (let from = 0, to = 0; from < order.length; from = to) {
    while (to < order.length && column[order[to]] === column[order[from]]) to++;
    const isAlone = to - from === 1;
    if (isAlone) right += classes[order[from]] === classes[order[from === 0 ? 1 : from - 1]] ? 1 : 0;
    else right += rightByOthers(order.subarray(from, to), classes);
  }
  const commonest = commonestOf(order, classes).count;
  return commonest === order.length ? 0 : Math.max(0, (right - commonest) / (order.length - commonest));
}

/**
 * Rows predicted correctly by the commonest class of the other rows: those of that class, unless leaving one out
 * changes which class is commonest.
 */
function rightByOthers(rows: Uint32Array, classes: Numbers): number {
  const { count, second } = commonestOf(rows, classes);
  return count - 1 > second ? count : 0;
}

function commonestOf(rows: Uint32Array, classes: Numbers): { count: number; second: number } {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(classes[row], (counts.get(classes[row]) ?? 0) + 1);
  let [count, second] = [0, 0];
  for (const found of counts.values()) {
    if (found > count) [count, second] = [found, count];
    else if (found > second) second = found;
  }
  return { count, second };
}

function areClasses(classes: number, rows: number): boolean {
  return classes >= 2 && MIN_ROWS_PER_CLASS * classes <= rows;
}

function codesOf(values: Numbers): { codes: Numbers; counts: number[] } {
  const known = new Map<number, number>();
  const counts: number[] = [];
  const codes = Float64Array.from(values, (value) => {
    const code = known.get(value) ?? counts.push(0) - 1;
    known.set(value, code);
    counts[code]++;
    return code;
  });
  return { codes, counts };
}

function meanOf(values: Numbers): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
