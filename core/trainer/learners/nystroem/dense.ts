/** Solves small dense systems: row-major squares of a few hundred, of which only the lower triangle is read. */

/** Lower Cholesky factor, in place; the upper triangle is left unchanged. */
export function factorize(a: Float64Array, size: number): Float64Array {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * size + j];
      for (let k = 0; k < j; k++) sum -= a[i * size + k] * a[j * size + k];
      a[i * size + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / a[j * size + j];
    }
  }
  return a;
}

/** x with factor x = b, in place; b may begin anywhere in an array. */
export function solveLower(factor: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  for (let i = 0; i < size; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= factor[i * size + k] * b[k];
    b[i] = sum / factor[i * size + i];
  }
  return b;
}

/** x with transposed factor x = b, in place. */
export function solveUpper(factor: Float64Array, b: Float64Array): Float64Array {
  const size = b.length;
  for (let i = size - 1; i >= 0; i--) {
    b[i] /= factor[i * size + i];
    for (let k = 0; k < i; k++) b[k] -= factor[i * size + k] * b[i];
  }
  return b;
}

/** inverse(factor) x gram x transposed inverse(factor), for a symmetric gram given by its lower triangle. */
export function whiten(factor: Float64Array, gram: Float64Array, size: number): Float64Array {
  const half = new Float64Array(size * size);
  for (let j = 0; j < size; j++) {
    for (let i = 0; i < size; i++) half[j * size + i] = gram[Math.max(i, j) * size + Math.min(i, j)];
    solveLower(factor, half.subarray(j * size, (j + 1) * size));
  }
  // Rows of half are columns of inverse(factor) gram; solved again along the other side.
  const whitened = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) whitened[i * size + j] = half[j * size + i];
    solveLower(factor, whitened.subarray(i * size, (i + 1) * size));
  }
  return whitened;
}

/** Sum of the squares of the factor's inverse: the trace of the inverse of the factorised matrix. */
export function traceOfInverse(factor: Float64Array, size: number): number {
  let trace = 0;
  const column = new Float64Array(size);
  for (let j = 0; j < size; j++) {
    column.fill(0);
    column[j] = 1;
    for (let i = j; i < size; i++) {
      let sum = column[i];
      for (let k = j; k < i; k++) sum -= factor[i * size + k] * column[k];
      column[i] = sum / factor[i * size + i];
      trace += column[i] * column[i];
    }
  }
  return trace;
}
