/**
 * Fits linear models with few columns by normal equations and a Cholesky factor: ridge in one step, logistic regression
 * in a handful of Newton steps. Above a few hundred columns L-BFGS is faster.
 */

import { inBlocks, type Steps } from "../../cancellation.ts";
import type { SparseRows } from "../../samples.ts";

/** Up to this many columns, factorising costs less than L-BFGS's passes over the rows. */
export const MOST_NEWTON_COLUMNS = 400;

/**
 * One step: adds to `point` (columns + 1, the intercept last) the solution of
 * (X' W X + penalty) step = -(X' slopes + penalty x weights), all sums over rows divided by `total`, what the rows count together.
 */
export function* newtonStep(
  design: SparseRows,
  point: Float64Array,
  given: { slopes: Float64Array; curvatures: Float64Array | null; total: number; penalty: number },
): Steps<Float64Array> {
  const size = design.columns + 1;
  const hessian = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  const rows = design.starts.length - 1;
  const pairs = design.indices.length ** 2 / (2 * Math.max(rows, 1));
  yield* inBlocks(rows, pairs + design.indices.length, (from, to) => {
    addRows(design, given, { hessian, gradient, from, to });
  });
  yield;
  for (let i = 0; i < hessian.length; i++) hessian[i] /= given.total;
  for (let i = 0; i < size; i++) {
    gradient[i] = -gradient[i] / given.total;
    hessian[i * size + i] += 1e-10;
    if (i === design.columns) continue;
    gradient[i] -= given.penalty * point[i];
    hessian[i * size + i] += given.penalty;
  }
  return solveCholesky(hessian, gradient);
}

/** Lower triangle of X' W X, and X' slopes, with a column of ones at the end. */
function addRows(
  { starts, indices, values, columns }: SparseRows,
  given: { slopes: Float64Array; curvatures: Float64Array | null },
  into: { hessian: Float64Array; gradient: Float64Array; from: number; to: number },
): void {
  const size = columns + 1;
  const { hessian, gradient } = into;
  for (let row = into.from; row < into.to; row++) {
    const weight = given.curvatures ? given.curvatures[row] : 1;
    const slope = given.slopes[row];
    for (let i = starts[row]; i < starts[row + 1]; i++) {
      const [column, value] = [indices[i], values[i]];
      gradient[column] += slope * value;
      hessian[columns * size + column] += weight * value;
      for (let j = starts[row]; j <= i; j++) {
        const other = indices[j];
        const at = column >= other ? column * size + other : other * size + column;
        hessian[at] += weight * value * values[j];
      }
    }
    gradient[columns] += slope;
    hessian[columns * size + columns] += weight;
  }
}

/** Solves A x = b for a positive definite A given by its lower triangle; A is overwritten by its factor. */
function solveCholesky(a: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j];
      for (let k = 0; k < j; k++) sum -= a[i * size + k] * a[j * size + k];
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-14)) : sum / a[j * size + j];
    }
  }
  const x = b.slice();
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) x[i] -= a[i * size + k] * x[k];
    x[i] /= a[i * size + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) x[i] -= a[k * size + i] * x[k];
    x[i] /= a[i * size + i];
  }
  return x;
}
