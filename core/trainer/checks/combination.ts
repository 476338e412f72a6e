/**
 * Is the target a weighted sum of other columns? Least squares on some hundred rows; where it leaves nothing, the
 * columns with weight are named. Found are totals of any number of columns, differences, and changes of unit.
 */
import type { Column } from "../../csv/types.ts";
import { factorize, solveLower, solveUpper } from "../learners/nystroem/dense.ts";
import { spreadRows } from "../random.ts";
import type { Identity } from "./identities.ts";

const MOST_COLUMNS = 60;
const MOST_ROWS = 1000;
/** Share of the variance that may be left: what rounding in the file leaves. */
const LEFT = 1e-7;
/** In standard deviations of the target for one of the column. */
const LEAST_WEIGHT = 1e-3;
const RIDGE = 1e-9;

export interface Combination extends Identity {
  /** Every weight is one or minus one. */
  isPlain: boolean;
}

/** Null where there is none, or a column has gaps. */
export function findCombination(columns: Column[], truth: Float64Array): Combination | null {
  const rows = spreadRows(truth.length, MOST_ROWS);
  const numbers = columns.flatMap((column) =>
    "values" in column && column.type === "number" ? [column] : [],
  );
  const known = numbers
    .map(({ name, values }) => ({ name, ...standardized(values, rows) }))
    .filter(({ scale, z }) => scale > 0 && z.every(Number.isFinite));
  const { z: y, scale: targetScale } = standardized(truth, rows);
  if (
    known.length < 2 ||
    known.length > MOST_COLUMNS ||
    rows.length < 3 * known.length + 10 ||
    !(targetScale > 0)
  )
    return null;
  const weights = leastSquares(
    known.map(({ z }) => z),
    y,
  );
  const left = y.reduce(
    (sum, value, i) => sum + (value - known.reduce((s, { z }, k) => s + weights[k] * z[i], 0)) ** 2,
    0,
  );
  if (left > LEFT * y.length) return null;
  const parts = known
    .map(({ name, scale }, k) => ({
      name,
      size: Math.abs(weights[k]),
      weight: (weights[k] * targetScale) / scale,
    }))
    .filter(({ size }) => size > LEAST_WEIGHT);
  if (parts.length < 2) return null;
  return {
    columns: parts.map(({ name }) => name),
    formula: parts.map(({ name, weight }, i) => term(name, weight, i === 0)).join(" "),
    isPlain: parts.every(({ weight }) => Math.abs(Math.abs(weight) - 1) < 1e-3),
  };
}

function term(name: string, weight: number, isFirst: boolean): string {
  const sign = weight < 0 ? "- " : isFirst ? "" : "+ ";
  const size = Math.abs(weight);
  return `${sign}${Math.abs(size - 1) < 1e-3 ? "" : `${Number(size.toPrecision(4))} × `}${name}`;
}

function standardized(values: Float64Array, rows: Int32Array): { z: Float64Array; scale: number } {
  const some = Float64Array.from(rows, (row) => values[row]);
  const mean = some.reduce((sum, value) => sum + value, 0) / some.length;
  const scale = Math.sqrt(some.reduce((sum, value) => sum + (value - mean) ** 2, 0) / some.length);
  return { z: some.map((value) => (value - mean) / scale), scale };
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
