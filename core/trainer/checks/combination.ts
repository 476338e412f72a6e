/**
 * Detects a target that is a weighted sum of other columns, by least squares on a few hundred rows; if nothing is left
 * unexplained, it names the columns that have a weight. Finds totals of any number of columns, differences, and changes
 * of unit.
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
const ROUNDING = 1e-6;
const NEAR_ZERO = 0.25;

export interface Combination extends Identity {
  /** Whether every weight is one or minus one. */
  isPlain: boolean;
  /** Share of the target's variance that is unexplained; 0 if the sum is exact. */
  left: number;
}

interface Standard {
  name: string;
  z: Float64Array;
  scale: number;
  /** As in the file. */
  values: Float64Array;
}

/** Null if there is none. Columns with gaps are skipped. */
export function findCombination(columns: Column[], truth: Float64Array): Combination | null {
  const rows = spreadRows(truth.length, MOST_ROWS);
  const known = columns
    .flatMap((column) => ("values" in column && column.type === "number" ? [column] : []))
    .map(({ name, values }) => standardized(name, values, rows))
    .filter(({ scale, z }) => scale > 0 && z.every(Number.isFinite));
  const target = standardized("", truth, rows);
  if (known.length < 2 || known.length > MOST_COLUMNS || !(target.scale > 0)) return null;
  if (rows.length < 3 * known.length + 10) return null;
  const fitted = fit(known, target);
  if (fitted.left > LEFT) return findTotal(fitted, target);
  const parts = fitted.parts.filter(({ size }) => size > LEAST_WEIGHT);
  if (parts.length < 2) return null;
  return {
    ...described(parts),
    isPlain: parts.every(({ weight }) => Math.abs(Math.abs(weight) - 1) < 1e-3),
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
  parts: Part[];
  /** Unexplained share of the variance. */
  left: number;
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
  return { parts, left: left / target.z.length };
}

/** Amounts that are each added or subtracted once, with a small remainder: fits the relevant ones again alone. */
function findTotal({ parts, left }: Fitted, target: Standard): Combination | null {
  if (left > MOST_LEFT) return null;
  const counting = parts.filter(({ size }) => size > LEAST_PART).map(({ column }) => column);
  if (counting.length < 2) return null;
  const again = fit(counting, target);
  const isUnit = ({ weight }: Part) => Math.abs(Math.abs(weight) - 1) < UNIT_TOLERANCE;
  if (again.left > MOST_LEFT || !again.parts.every(isUnit)) return null;
  if (![target, ...counting].every(({ values }) => isAmount(values))) return null;
  const rest = target.values.map((value, i) =>
    again.parts.reduce((sum, { column, weight }) => sum - Math.sign(weight) * column.values[i], value),
  );
  if (again.left > NOISE_LEFT && !isOneSigned(rest)) return null;
  const units = again.parts.map((part) => ({ ...part, weight: Math.sign(part.weight) }));
  return { ...described(units), isPlain: true, left: again.left };
}

const isAmount = (values: Float64Array) => values.every((value) => value >= 0);

/** Rarely negative and often near zero; otherwise the constant is an effect, not a remainder. */
function isOneSigned(values: Float64Array): boolean {
  const sizes = values.map(Math.abs).sort();
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  const share = (is: (value: number) => boolean) => values.filter(is).length / values.length;
  const most = Math.max(
    share((value) => value >= -ROUNDING * mean),
    share((value) => value <= ROUNDING * mean),
  );
  return most >= ONE_SIGNED && sizes[Math.floor(0.1 * sizes.length)] <= NEAR_ZERO * mean;
}

function described(parts: Part[]): Identity {
  return {
    columns: parts.map(({ column }) => column.name),
    formula: parts.map(({ column, weight }, i) => term(column.name, weight, i === 0)).join(" "),
  };
}

function term(name: string, weight: number, isFirst: boolean): string {
  const sign = weight < 0 ? "- " : isFirst ? "" : "+ ";
  const size = Math.abs(weight);
  return `${sign}${Math.abs(size - 1) < 1e-3 ? "" : `${plain(size)} × `}${name}`;
}

function standardized(name: string, all: Float64Array, rows: Int32Array): Standard {
  const values = Float64Array.from(rows, (row) => all[row]);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scale = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return { name, values, z: values.map((value) => (value - mean) / scale), scale };
}

function leastSquares(columns: Float64Array[], y: Float64Array): Float64Array {
  const size = columns.length;
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
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
