/**
 * The gradients, one row at a time, in plain TypeScript: the specification of kernels/assembly.
 * Classification works in 32 bits there, so every step is rounded here.
 */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

const f = Math.fround;
const MIN_HESSIAN = 1e-16;
const ROUND = 6755399441055744;

/** Cephes' expf: 2^n times a polynomial. */
export function exp32(value: number): number {
  const x = Math.min(87, Math.max(-87, f(value)));
  const n = f(f(f(x * f(Math.LOG2E)) + 12582912) - 12582912);
  let r = f(x - f(n * f(0.693359375)));
  r = f(r - f(n * f(-2.1219444e-4)));
  const terms = [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1];
  let p = f(1.98756915e-4);
  for (const term of terms) p = f(f(p * r) + f(term));
  return f(f(f(f(p * f(r * r)) + r) + 1) * 2 ** n);
}

/** The same in 64 bits, to tenth order. */
export function exp64(value: number): number {
  const x = Math.min(700, Math.max(-700, value));
  const n = x * Math.LOG2E + ROUND - ROUND;
  const r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10;
  let p = 1 / 3628800;
  for (const factorial of [362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1]) p = p * r + 1 / factorial;
  return p * 2 ** n;
}

type Loss = "squared" | "logistic" | "softmax" | "poisson" | "gamma";

export function gradientKernels(
  bytes: Bytes,
): Pick<Kernels, `${Loss}Gradients` | "weightGradients" | "packGradients"> {
  const score = (at: number, i: number) => bytes.f64(at + 8 * i);
  return {
    squaredGradients: (...args) =>
      eachRow(bytes, args, (i) => [score(args[0], i) - score(args[1], i), 1], false),
    logisticGradients: (...args) => logisticGradients(bytes, args),
    softmaxGradients: (...args) => softmaxGradients(bytes, args),
    poissonGradients: (...args) =>
      eachRow(bytes, args, (i) => {
        const mu = exp64(score(args[0], i));
        return [mu - score(args[1], i), Math.max(mu, MIN_HESSIAN)];
      }),
    gammaGradients: (...args) =>
      eachRow(bytes, args, (i) => {
        const ratio = score(args[1], i) * exp64(-score(args[0], i));
        return [1 - ratio, Math.max(ratio, MIN_HESSIAN)];
      }),
    weightGradients(weights, from, to, g, h, sums, unit) {
      let [sumG, sumH] = [0, 0];
      for (let i = from; i < to; i++) {
        const weight = bytes.f64(weights + 8 * i);
        const gradient = weight * bytes.f32(g + 4 * i);
        const hessian = weight * (unit === 1 ? 1 : bytes.f32(h + 4 * i));
        bytes.putF32(g + 4 * i, gradient);
        bytes.putF32(h + 4 * i, hessian);
        sumG += Math.abs(gradient);
        sumH += hessian;
      }
      bytes.putF64(sums, sumG);
      bytes.putF64(sums + 8, sumH);
    },
    packGradients(records, stride, g, h, from, to, scaleG, scaleH) {
      const whole = (value: number) => BigInt(value + ROUND - ROUND);
      for (let i = from; i < to; i++) {
        const hessian = h === 0 ? 1n : whole(bytes.f32(h + 4 * i) * scaleH);
        bytes.putI64(records + i * stride, (whole(bytes.f32(g + 4 * i) * scaleG) << 32n) + hessian);
      }
    },
  };
}

/** Gradient and hessian of each row, and their sums of what is not yet rounded to 32 bits. */
function eachRow(
  ...[bytes, args, row, hasHessians = true]: [
    bytes: Bytes,
    args: readonly number[],
    row: (i: number) => [gradient: number, hessian: number],
    hasHessians?: boolean,
  ]
): void {
  const [, , from, to, g, h, sums] = args;
  let [sumG, sumH] = [0, 0];
  for (let i = from; i < to; i++) {
    const [gradient, hessian] = row(i);
    bytes.putF32(g + 4 * i, gradient);
    if (hasHessians) bytes.putF32(h + 4 * i, hessian);
    sumG += Math.abs(gradient);
    sumH += hessian;
  }
  bytes.putF64(sums, sumG);
  bytes.putF64(sums + 8, sumH);
}

function logisticGradients(bytes: Bytes, [scores, y, from, to, g, h, sums]: readonly number[]): void {
  for (let i = from; i < to; i++) {
    const isOne = bytes.f64(y + 8 * i) > 0.5;
    const toward = f(bytes.f64(scores + 8 * i)) * (isOne ? -1 : 1);
    const q = f(1 / f(1 + exp32(-toward)));
    bytes.putF32(g + 4 * i, isOne ? -q : q);
    bytes.putF32(h + 4 * i, Math.max(f(MIN_HESSIAN), f(q * f(1 - q))));
  }
  for (const [array, out] of [
    [g, sums],
    [h, sums + 8],
  ]) {
    const lanes = [0, 0];
    for (let i = from; i < to; i += 4) {
      const [a, b, c, d] = fourSizes(bytes, array, { i, to });
      lanes[0] += a + c;
      lanes[1] += b + d;
    }
    bytes.putF64(out, lanes[0] + lanes[1]);
  }
}

/** Four absolute values; none past the end. */
function fourSizes(bytes: Bytes, array: number, { i, to }: { i: number; to: number }): number[] {
  return [0, 1, 2, 3].map((lane) => (i + lane < to ? Math.abs(bytes.f32(array + 4 * (i + lane))) : 0));
}

function softmaxGradients(bytes: Bytes, args: readonly number[]): void {
  const [scores, y, from, to, g, h, sums, outputs, stride] = args;
  const factor = f(f(outputs) / f(outputs - 1));
  for (let k = 0; k < outputs; k++) {
    for (let i = from; i < to; i++) {
      const margins = Array.from({ length: outputs }, (_, j) => f(bytes.f64(scores + 8 * (j * stride + i))));
      const top = Math.max(...margins);
      const parts = margins.map((margin) => exp32(f(margin - top)));
      const p = f(parts[k] * f(1 / parts.reduce((sum, part) => f(sum + part), 0)));
      bytes.putF32(g + 4 * (k * stride + i), f(p - (bytes.f64(y + 8 * i) === k ? 1 : 0)));
      bytes.putF32(h + 4 * (k * stride + i), Math.max(f(MIN_HESSIAN), f(factor * f(p * f(1 - p)))));
    }
    for (const [array, out] of [
      [g, sums + 16 * k],
      [h, sums + 16 * k + 8],
    ]) {
      let sum = 0;
      for (let i = from; i < to; i += 4) {
        const [a, b, c, d] = fourSizes(bytes, array + 4 * k * stride, { i, to });
        sum += a + c + (b + d);
      }
      bytes.putF64(out, sum);
    }
  }
}
