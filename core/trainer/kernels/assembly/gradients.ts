// Gradient and hessian of each loss for positions [from, to), as 32-bit floats.
// Each answers through `sums`: the sum of absolute gradients and of hessians (f64, f64), for the quantisation.
import { exp1, exp2lanes } from "./exponential";

const MIN_HESSIAN: f64 = 1e-16;

// @ts-ignore: decorator
@inline
function putPair(out: usize, i: i32, value: v128): void {
  v128.store64_lane(out + (<usize>i << 2), f32x4.demote_f64x2_zero(value), 0);
}

// @ts-ignore: decorator
@inline
function putSums(sums: usize, g: v128, h: v128): void {
  store<f64>(sums, f64x2.extract_lane(g, 0) + f64x2.extract_lane(g, 1));
  store<f64>(sums, f64x2.extract_lane(h, 0) + f64x2.extract_lane(h, 1), 8);
}

export function squaredGradients(scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize): void {
  let total: f64 = 0;
  for (let i = from; i < to; i++) {
    const gradient = load<f64>(scores + (<usize>i << 3)) - load<f64>(y + (<usize>i << 3));
    total += abs(gradient);
    store<f32>(g + (<usize>i << 2), <f32>gradient);
  }
  store<f64>(sums, total);
  store<f64>(sums, <f64>(to - from), 8);
}

// Arrays are padded to an even length: the lane past `to` is computed, and masked out of the sums.
export function logisticGradients(scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize): void {
  const one = f64x2.splat(1.0);
  let sumG = f64x2.splat(0);
  let sumH = f64x2.splat(0);
  for (let i = from; i < to; i += 2) {
    const s = v128.load(scores + (<usize>i << 3));
    const p = f64x2.div(one, f64x2.add(one, exp2lanes(f64x2.neg(s))));
    const gradient = f64x2.sub(p, v128.load(y + (<usize>i << 3)));
    const hessian = f64x2.max(f64x2.mul(p, f64x2.sub(one, p)), f64x2.splat(MIN_HESSIAN));
    putPair(g, i, gradient);
    putPair(h, i, hessian);
    const keep = i + 1 < to ? i64x2.splat(-1) : i64x2(-1, 0);
    sumG = f64x2.add(sumG, v128.and(f64x2.abs(gradient), keep));
    sumH = f64x2.add(sumH, v128.and(hessian, keep));
  }
  putSums(sums, sumG, sumH);
}

export function poissonGradients(scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize): void {
  let sumG: f64 = 0;
  let sumH: f64 = 0;
  for (let i = from; i < to; i++) {
    const mu = exp1(load<f64>(scores + (<usize>i << 3)));
    const gradient = mu - load<f64>(y + (<usize>i << 3));
    const hessian = max(mu, MIN_HESSIAN);
    store<f32>(g + (<usize>i << 2), <f32>gradient);
    store<f32>(h + (<usize>i << 2), <f32>hessian);
    sumG += abs(gradient);
    sumH += hessian;
  }
  store<f64>(sums, sumG);
  store<f64>(sums, sumH, 8);
}

export function gammaGradients(scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize): void {
  let sumG: f64 = 0;
  let sumH: f64 = 0;
  for (let i = from; i < to; i++) {
    const ratio = load<f64>(y + (<usize>i << 3)) * exp1(-load<f64>(scores + (<usize>i << 3)));
    const hessian = max(ratio, MIN_HESSIAN);
    store<f32>(g + (<usize>i << 2), <f32>(1.0 - ratio));
    store<f32>(h + (<usize>i << 2), <f32>hessian);
    sumG += abs(1.0 - ratio);
    sumH += hessian;
  }
  store<f64>(sums, sumG);
  store<f64>(sums, sumH, 8);
}

// scores, g and h are output-major: output k starts at k * stride elements; sums holds a pair per output.
// `scratch` is 16 bytes an output.
export function softmaxGradients(
  scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize,
  outputs: i32, stride: i32, scratch: usize,
): void {
  const one = f64x2.splat(1.0);
  const factor = f64x2.splat(<f64>outputs / <f64>(outputs - 1));
  memory.fill(sums, 0, <usize>outputs << 4);
  for (let i = from; i < to; i += 2) {
    const at = scores + (<usize>i << 3);
    const pitch = <usize>stride << 3;
    let top = v128.load(at);
    for (let k = 1; k < outputs; k++) top = f64x2.max(top, v128.load(at + <usize>k * pitch));
    let sum = f64x2.splat(0);
    for (let k = 0; k < outputs; k++) {
      const e = exp2lanes(f64x2.sub(v128.load(at + <usize>k * pitch), top));
      v128.store(scratch + (<usize>k << 4), e);
      sum = f64x2.add(sum, e);
    }
    const scale = f64x2.div(one, sum);
    const label = v128.load(y + (<usize>i << 3));
    const keep = i + 1 < to ? i64x2.splat(-1) : i64x2(-1, 0);
    for (let k = 0; k < outputs; k++) {
      const p = f64x2.mul(v128.load(scratch + (<usize>k << 4)), scale);
      const own = v128.and(f64x2.eq(label, f64x2.splat(<f64>k)), one);
      const gradient = f64x2.sub(p, own);
      const hessian = f64x2.max(f64x2.mul(factor, f64x2.mul(p, f64x2.sub(one, p))), f64x2.splat(MIN_HESSIAN));
      putPair(g + <usize>k * (<usize>stride << 2), i, gradient);
      putPair(h + <usize>k * (<usize>stride << 2), i, hessian);
      const both = v128.load(sums + (<usize>k << 4));
      const pairG = v128.and(f64x2.abs(gradient), keep);
      const pairH = v128.and(hessian, keep);
      const low = v128.shuffle<f64>(pairG, pairH, 0, 2);
      const high = v128.shuffle<f64>(pairG, pairH, 1, 3);
      v128.store(sums + (<usize>k << 4), f64x2.add(both, f64x2.add(low, high)));
    }
  }
}
