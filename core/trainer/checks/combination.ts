/**
 * Detects a target that is computed from other columns, by least squares on a few hundred rows: of the values for
 * totals, differences and means, of their logarithms for products and ratios; if (nearly) nothing is left unexplained,
 * it names the columns that have a weight.
 */

import type { Column } from "../../csv/types.ts";
import { plain } from "../../platform/figures.ts";
import { factorize, solveLower, solveUpper } from "../learners/nystroem/dense.ts";
import { spreadRows } from "../random.ts";
import type { Identity } from "./identities.ts";

const MOST_COLUMNS = 60;
const MOST_ROWS = 1000;
/** Share of the variance that may remain unexplained: rounding in the file. */
const LEFT = 1e-7;
/** Standard deviations of the target per standard deviation of the column. */
const LEAST_WEIGHT = 1e-3;
const RIDGE = 1e-9;

/**
 * As above, for a total with a remainder that no column holds, such as a fee: parts and total are amounts in one unit.
 */
const MOST_LEFT = 0.1;
const LEAST_PART = 0.02;
const UNIT_TOLERANCE = 0.05;
/** A larger remainder is told from noise by its sign: amounts missing from a total are rarely negative. */
const NOISE_LEFT = 0.005;
const ONE_SIGNED = 0.9;
/** Of the usual rest: what rounding to cents or to whole numbers leaves on the other side of zero. */
const ROUNDING = 0.02;
const NEAR_ZERO = 0.25;
/** A few refunds do not make it another column. */
const AMOUNTS = 0.95;

/** Columns with gaps in more rows than this are left out, or their gaps are read as zero. */
const MOST_GAPS = 0.2;
/** Products are searched in the logarithms of columns that are positive in this share of the rows. */
const POSITIVE = 0.9;
/** Powers that formulas have. */
const POWERS = [0.5, 1, 2, 3];

export interface Combination extends Identity {
  /** Whether every weight is one or minus one. */
  isPlain: boolean;
  /** Share of the target's variance that is unexplained; 0 if the sum is exact. */
  left: number;
}

interface Values {
  name: string;
  values: Float64Array;
}

/** Rows in which every column has a value. */
interface Complete {
  columns: Values[];
  target: Values;
}

interface Standard extends Values {
  z: Float64Array;
  scale: number;
}

/** Null if there is none. Columns with gaps are skipped. */
export function findCombination(columns: Column[], truth: Float64Array): Combination | null {
  const rows = spreadRows(truth.length, MOST_ROWS);
  const chosen = (all: Float64Array) => Float64Array.from(rows, (row) => all[row]);
  const numbers = columns.flatMap((column) =>
    "values" in column && column.type === "number"
      ? [{ name: column.name, values: chosen(column.values) }]
      : [],
  );
  let best: Combination | null = null;
  for (const complete of completed(numbers, { name: "", values: chosen(truth) })) {
    for (const find of [findSum, findProduct]) {
      if (best?.left === 0) return best;
      const found = find(complete);
      if (found && (!best || found.left < best.left)) best = found;
    }
  }
  return best;
}

/** First without the columns that have gaps; then without the rows that do; then with blank amounts as zero. */
function* completed(columns: Values[], target: Values): Generator<Complete> {
  const gaps = columns.map(({ values }) => shareOf(values, Number.isNaN));
  yield { columns: columns.filter((_, k) => gaps[k] === 0), target };
  if (gaps.every((share) => share === 0)) return;
  yield completeRows(
    columns.filter((_, k) => gaps[k] <= MOST_GAPS),
    target,
  );
  const filled = columns
    .filter((column, k) => gaps[k] === 0 || isAmount(column.values.filter((value) => !Number.isNaN(value))))
    .map(({ name, values }) => ({ name, values: values.map((value) => (Number.isNaN(value) ? 0 : value)) }));
  yield { columns: filled, target };
}

function completeRows(columns: Values[], target: Values, isIn = (value: number) => !Number.isNaN(value)) {
  const rows = Int32Array.from(target.values.keys()).filter(
    (row) => isIn(target.values[row]) && columns.every(({ values }) => isIn(values[row])),
  );
  const kept = ({ name, values }: Values) => ({
    name,
    values: Float64Array.from(rows, (row) => values[row]),
  });
  return { columns: columns.map(kept), target: kept(target) };
}

function findSum(complete: Complete): Combination | null {
  const fitted = fitAll(complete);
  if (!fitted) return null;
  if (fitted.left > LEFT) return findTotal(fitted);
  const parts = fitted.parts.filter(({ size }) => size > LEAST_WEIGHT);
  if (parts.length < 2) return null;
  return {
    ...described(parts, sumTerm),
    isPlain: areAlike(parts, commonSize(parts), 1e-3),
    left: 0,
  };
}

interface Part {
  column: Standard;
  /** Standard deviations of the target per standard deviation of the column. */
  size: number;
  /** The target's units per unit of the column. */
  weight: number;
}

interface Fitted {
  target: Standard;
  parts: Part[];
  /** Unexplained share of the variance. */
  left: number;
}

/** Null if there are too few rows or columns for a meaningful fit. */
function fitAll({ columns, target: { name, values } }: Complete): Fitted | null {
  if (values.length === 0) return null;
  const target = standardized(name, values);
  const known = columns
    .map((column) => standardized(column.name, column.values))
    .filter(({ scale, z }) => scale > 0 && z.every(Number.isFinite));
  if (known.length < 2 || !(target.scale > 0)) return null;
  const nearest = known.length > MOST_COLUMNS ? nearestTo(target, known) : known;
  return values.length < 3 * nearest.length + 10 ? null : fit(nearest, target);
}

function nearestTo(target: Standard, known: Standard[]): Standard[] {
  const nearness = new Map(known.map((column) => [column, Math.abs(dot(column.z, target.z))]));
  return known.toSorted((a, b) => nearness.get(b)! - nearness.get(a)!).slice(0, MOST_COLUMNS);
}

function fit(known: Standard[], target: Standard): Fitted {
  const weights = leastSquares(
    known.map(({ z }) => z),
    target.z,
  );
  const left = target.z.reduce(
    (sum, value, i) => sum + (value - known.reduce((s, { z }, k) => s + weights[k] * z[i], 0)) ** 2,
    0,
  );
  const parts = known.map((column, k) => ({
    column,
    size: Math.abs(weights[k]),
    weight: (weights[k] * target.scale) / column.scale,
  }));
  return { target, parts, left: left / target.z.length };
}

/** The relevant parts, fitted again alone; null if they are fewer than two or leave too much unexplained. */
function fitCounting({ parts, left, target }: Fitted): Fitted | null {
  if (left > MOST_LEFT) return null;
  const counting = parts.filter(({ size }) => size > LEAST_PART).map(({ column }) => column);
  if (counting.length < 2) return null;
  const again = fit(counting, target);
  return again.left > MOST_LEFT ? null : again;
}

/** Amounts that are added or taken away once each, with a small rest; or their mean, rounded. */
function findTotal(fitted: Fitted): Combination | null {
  const again = fitCounting(fitted);
  if (!again) return null;
  const { parts, target } = again;
  const isTotal = areAlike(parts, 1, UNIT_TOLERANCE);
  const size = isTotal ? 1 : commonSize(parts);
  if (!isTotal && !(again.left <= NOISE_LEFT && areAlike(parts, size, UNIT_TOLERANCE))) return null;
  const isBalance = parts.some(({ weight }) => weight < 0);
  if (!parts.every(({ column }) => isAmount(column.values)) || !(isBalance || isAmount(target.values)))
    return null;
  const units = parts.map((part) => ({ ...part, weight: Math.sign(part.weight) * size }));
  const rest = restOf(target, units);
  if (again.left > NOISE_LEFT && !isOneSigned(rest)) return null;
  return { ...described(units, sumTerm), isPlain: true, left: again.left };
}

/** A product or a ratio, as it is or rounded, with a factor such as a tax, or with a rest such as a discount. */
function findProduct({ columns, target }: Complete): Combination | null {
  const isFactor = ({ values }: Values) => shareOf(values, (value) => value > 0) >= POSITIVE;
  if (target.values.length === 0 || !isFactor(target)) return null;
  const positive = completeRows(columns.filter(isFactor), target, (value) => value > 0);
  const logs = ({ name, values }: Values) => ({ name, values: values.map(Math.log) });
  const fitted = fitAll({ columns: positive.columns.map(logs), target: logs(positive.target) });
  const again = fitted && fitCounting(fitted);
  if (!again) return null;
  const powers = again.parts.map((part) => ({ ...part, weight: nearestPower(part.weight) }));
  if (powers.some(({ weight }) => Number.isNaN(weight))) return null;
  if (again.left > NOISE_LEFT && !isOneSigned(restOf(again.target, powers))) return null;
  // Numerators first.
  const ordered = powers.toSorted((a, b) => Number(b.weight > 0) - Number(a.weight > 0));
  return { ...described(ordered, factorTerm), isPlain: true, left: again.left };
}

function nearestPower(weight: number): number {
  const power = POWERS.find((known) => Math.abs(Math.abs(weight) - known) <= UNIT_TOLERANCE * known);
  return power === undefined ? Number.NaN : Math.sign(weight) * power;
}

const restOf = ({ values }: Values, parts: Part[]) =>
  values.map((value, i) => parts.reduce((sum, { column, weight }) => sum - weight * column.values[i], value));

/** The middle one of the weights, without signs. */
function commonSize(parts: Part[]): number {
  return parts.map(({ weight }) => Math.abs(weight)).sort((a, b) => a - b)[parts.length >> 1];
}

const areAlike = (parts: Part[], size: number, tolerance: number) =>
  parts.every(({ weight }) => Math.abs(Math.abs(weight) - size) < tolerance * size);

const isAmount = (values: Float64Array) => shareOf(values, (value) => value >= 0) >= AMOUNTS;

function shareOf(values: Float64Array, is: (value: number) => boolean): number {
  return values.reduce((count, value) => count + Number(is(value)), 0) / values.length;
}

/** Rarely negative and often near zero; otherwise the constant is an effect, not a remainder. */
function isOneSigned(values: Float64Array): boolean {
  const sizes = values.map(Math.abs).sort();
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const most = Math.max(
    shareOf(values, (value) => value >= -ROUNDING * mean),
    shareOf(values, (value) => value <= ROUNDING * mean),
  );
  return most >= ONE_SIGNED && sizes[Math.floor(0.1 * sizes.length)] <= NEAR_ZERO * mean;
}

type Term = (name: string, weight: number, isFirst: boolean) => string;

function described(parts: Part[], term: Term): Identity {
  return {
    columns: parts.map(({ column }) => column.name),
    formula: parts.map(({ column, weight }, i) => term(column.name, weight, i === 0)).join(" "),
  };
}

function sumTerm(name: string, weight: number, isFirst: boolean): string {
  const sign = weight < 0 ? "- " : isFirst ? "" : "+ ";
  const size = Math.abs(weight);
  return `${sign}${Math.abs(size - 1) < 1e-3 ? "" : `${plain(size)} × `}${name}`;
}

const EXPONENTS: Readonly<Record<number, string>> = { 0.5: "^½", 1: "", 2: "²", 3: "³" };

function factorTerm(name: string, weight: number, isFirst: boolean): string {
  const sign = weight < 0 ? (isFirst ? "1 / " : "/ ") : isFirst ? "" : "× ";
  return `${sign}${name}${EXPONENTS[Math.abs(weight)]}`;
}

function standardized(name: string, values: Float64Array): Standard {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { name, values, z: values.map((value) => (value - mean) / scale), scale };
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);

function leastSquares(columns: Float64Array[], y: Float64Array): Float64Array {
  const size = columns.length;
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) gram[i * size + j] = dot(columns[i], columns[j]);
    gram[i * size + i] += RIDGE * y.length;
  }
  const factor = factorize(gram, size);
  return solveUpper(
    factor,
    solveLower(
      factor,
      Float64Array.from(columns, (column) => dot(column, y)),
    ),
  );
}
