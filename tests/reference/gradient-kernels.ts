/**
 * The gradients and losses, one row at a time, in plain TypeScript: the specification of kernels/assembly.
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

type Names =
  | `${"squared" | "logistic" | "softmax" | "poisson" | "gamma"}${"Gradients" | "Loss"}`
  | "packGradients";

export function gradientKernels(bytes: Bytes): Pick<Kernels, Names> {
  /** Gradient and hessian of each row, and their sums, added in four pairs of lanes as the kernel does. */
  const each = (
    [, , from, to, g, h, sums]: readonly number[],
    lanes: number,
    row: (i: number) => [gradient: number, hessian: number],
  ) => {
    const totals = new Float64Array(4);
    for (let i = from; i < to; i++) {
      const [gradient, hessian] = row(i);
      bytes.putF32(g + 4 * i, gradient);
      bytes.putF32(h + 4 * i, hessian);
    }
    for (let i = from; i < to; i += lanes) addLanes(i);
    bytes.putF64(sums, totals[0] + totals[1]);
    bytes.putF64(sums + 8, totals[2] + totals[3]);

    function addLanes(i: number) {
      const at = (array: number, lane: number) =>
        i + lane < to && lane < lanes ? bytes.f32(array + 4 * (i + lane)) : 0;
      for (const lane of [0, 1]) {
        totals[lane] += Math.abs(at(g, lane)) + Math.abs(at(g, lane + 2));
        totals[2 + lane] += at(h, lane) + at(h, lane + 2);
      }
    }
  };
  const sumOver = (from: number, to: number, row: (i: number) => number) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += row(i);
    return sum;
  };
  const score = (at: number, i: number) => bytes.f64(at + 8 * i);
  /** Sums in 64 bits, of values not yet rounded to 32. */
  const plain = (args: readonly number[], row: (i: number) => [number, number]) => {
    const [, , from, to, g, h, sums] = args;
    let [sumG, sumH] = [0, 0];
    for (let i = from; i < to; i++) {
      const [gradient, hessian] = row(i);
      bytes.putF32(g + 4 * i, gradient);
      bytes.putF32(h + 4 * i, hessian);
      sumG += Math.abs(gradient);
      sumH += hessian;
    }
    bytes.putF64(sums, sumG);
    bytes.putF64(sums + 8, sumH);
  };
  return {
    squaredGradients(...args) {
      const [scores, y, from, to, g, , sums] = args;
      let sum = 0;
      for (let i = from; i < to; i++) {
        const gradient = score(scores, i) - score(y, i);
        bytes.putF32(g + 4 * i, gradient);
        sum += Math.abs(gradient);
      }
      bytes.putF64(sums, sum);
      bytes.putF64(sums + 8, to - from);
    },
    logisticGradients(...args) {
      each(args, 4, (i) => {
        const isOne = score(args[1], i) > 0.5;
        const toward = f(score(args[0], i)) * (isOne ? -1 : 1);
        const q = f(1 / f(1 + exp32(-toward)));
        return [isOne ? -q : q, Math.max(f(MIN_HESSIAN), f(q * f(1 - q)))];
      });
    },
    softmaxGradients(...args) {
      const [scores, y, from, to, g, h, sums, outputs, stride] = args;
      const factor = f(f(outputs) / f(outputs - 1));
      for (let k = 0; k < outputs; k++) {
        bytes.fill(sums + 16 * k, 16);
        for (let i = from; i < to; i++) {
          const margins = Array.from({ length: outputs }, (_, j) => f(score(scores + 8 * j * stride, i)));
          const top = Math.max(...margins);
          const parts = margins.map((margin) => exp32(f(margin - top)));
          const scale = f(1 / parts.reduce((sum, part) => f(sum + part), 0));
          const p = f(parts[k] * scale);
          bytes.putF32(g + 4 * (k * stride + i), f(p - (score(y, i) === k ? 1 : 0)));
          bytes.putF32(h + 4 * (k * stride + i), Math.max(f(MIN_HESSIAN), f(factor * f(p * f(1 - p)))));
        }
        for (let i = from; i < to; i += 4) {
          const four = (array: number) =>
            [0, 1, 2, 3].map((lane) =>
              i + lane < to ? Math.abs(bytes.f32(array + 4 * (k * stride + i + lane))) : 0,
            );
          for (const [offset, [a, b, c, d]] of [
            [0, four(g)],
            [8, four(h)],
          ] as const) {
            bytes.putF64(sums + 16 * k + offset, bytes.f64(sums + 16 * k + offset) + (a + c + (b + d)));
          }
        }
      }
    },
    poissonGradients(...args) {
      plain(args, (i) => {
        const mu = exp64(score(args[0], i));
        return [mu - score(args[1], i), Math.max(mu, MIN_HESSIAN)];
      });
    },
    gammaGradients(...args) {
      plain(args, (i) => {
        const ratio = score(args[1], i) * exp64(-score(args[0], i));
        return [1 - ratio, Math.max(ratio, MIN_HESSIAN)];
      });
    },
    squaredLoss: (scores, y, from, to) => sumOver(from, to, (i) => (score(scores, i) - score(y, i)) ** 2),
    logisticLoss: (scores, y, from, to) =>
      sumOver(from, to, (i) => {
        const z = score(y, i) > 0 ? score(scores, i) : -score(scores, i);
        return z > 0 ? Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)) - z;
      }),
    softmaxLoss: (scores, y, from, to, outputs, stride) =>
      sumOver(from, to, (i) => {
        const margins = Array.from({ length: outputs }, (_, k) => score(scores + 8 * k * stride, i));
        const top = Math.max(...margins);
        const parts = margins.reduce((sum, margin) => sum + Math.exp(margin - top), 0);
        return Math.log(parts) + top - margins[score(y, i)];
      }),
    poissonLoss: (scores, y, from, to) =>
      sumOver(from, to, (i) => {
        const target = score(y, i);
        return (
          Math.exp(score(scores, i)) -
          target * score(scores, i) +
          (target > 0 ? target * Math.log(target) - target : 0)
        );
      }),
    gammaLoss: (scores, y, from, to) =>
      sumOver(
        from,
        to,
        (i) => score(scores, i) + score(y, i) * Math.exp(-score(scores, i)) - 1 - Math.log(score(y, i)),
      ),
    packGradients(records, stride, g, h, from, to, scaleG, scaleH) {
      const whole = (value: number) => BigInt(value + ROUND - ROUND);
      for (let i = from; i < to; i++) {
        const hessian = h === 0 ? 1n : whole(bytes.f32(h + 4 * i) * scaleH);
        bytes.putI64(records + i * stride, (whole(bytes.f32(g + 4 * i) * scaleG) << 32n) + hessian);
      }
    },
  };
}
