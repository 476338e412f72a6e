// Gradient and hessian of each loss for positions [from, to), as 32-bit floats.
// Each returns through `sums`: the sum of absolute gradients and of hessians (f64, f64), for the quantisation.
import { exp1, exp4lanes } from "./exponential";

const MIN_HESSIAN: f64 = 1e-16;
const MIN_HESSIAN_32: f32 = 1e-16;

// Four f64 from memory as f32.
// @ts-ignore: decorator
@inline
function load4(at: usize): v128 {
  const low = f32x4.demote_f64x2_zero(v128.load(at));
  const high = f32x4.demote_f64x2_zero(v128.load(at, 16));
  return v128.shuffle<i64>(low, high, 0, 2);
}

// The four lanes in 64 bits, added to a running pair.
// @ts-ignore: decorator
@inline
function widen(sum: v128, lanes: v128): v128 {
  const high = v128.shuffle<i64>(lanes, lanes, 1, 1);
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(lanes), f64x2.promote_low_f32x4(high)));
}

// All bits set if position i + lane < to: arrays are padded to a multiple of four, and the padding is kept out of the
// sums.
// @ts-ignore: decorator
@inline
function within(i: i32, to: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(to));
}

// @ts-ignore: decorator
@inline
function addLanes(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
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

// With q the probability of the other class, |g| = q and h = q (1 - q): no cancellation when the model is certain.
export function logisticGradients(scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize): void {
  const one = f32x4.splat(1.0);
  const sign = i32x4.splat(0x80000000);
  let sumG = f64x2.splat(0);
  let sumH = f64x2.splat(0);
  for (let i = from; i < to; i += 4) {
    const isOne = v128.and(f32x4.gt(load4(y + (<usize>i << 3)), f32x4.splat(0.5)), sign);
    const toward = v128.xor(load4(scores + (<usize>i << 3)), isOne);
    const q = f32x4.div(one, f32x4.add(one, exp4lanes(f32x4.neg(toward))));
    const hessian = f32x4.pmax(f32x4.splat(MIN_HESSIAN_32), f32x4.mul(q, f32x4.sub(one, q)));
    v128.store(g + (<usize>i << 2), v128.xor(q, isOne));
    v128.store(h + (<usize>i << 2), hessian);
    const keep = within(i, to);
    sumG = widen(sumG, v128.and(q, keep));
    sumH = widen(sumH, v128.and(hessian, keep));
  }
  store<f64>(sums, addLanes(sumG));
  store<f64>(sums, addLanes(sumH), 8);
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
// `scratch` is 16 bytes per output.
export function softmaxGradients(
  scores: usize, y: usize, from: i32, to: i32, g: usize, h: usize, sums: usize,
  outputs: i32, stride: i32, scratch: usize,
): void {
  const one = f32x4.splat(1.0);
  const factor = f32x4.splat(<f32>outputs / <f32>(outputs - 1));
  const pitch = <usize>stride << 3;
  memory.fill(sums, 0, <usize>outputs << 4);
  for (let i = from; i < to; i += 4) {
    const at = scores + (<usize>i << 3);
    let top = load4(at);
    for (let k = 1; k < outputs; k++) top = f32x4.pmax(top, load4(at + <usize>k * pitch));
    let sum = f32x4.splat(0);
    for (let k = 0; k < outputs; k++) {
      const e = exp4lanes(f32x4.sub(load4(at + <usize>k * pitch), top));
      v128.store(scratch + (<usize>k << 4), e);
      sum = f32x4.add(sum, e);
    }
    const scale = f32x4.div(one, sum);
    const label = load4(y + (<usize>i << 3));
    const keep = within(i, to);
    for (let k = 0; k < outputs; k++) {
      const p = f32x4.mul(v128.load(scratch + (<usize>k << 4)), scale);
      const own = v128.and(f32x4.eq(label, f32x4.splat(<f32>k)), one);
      const gradient = f32x4.sub(p, own);
      const spread = f32x4.mul(factor, f32x4.mul(p, f32x4.sub(one, p)));
      const hessian = f32x4.pmax(f32x4.splat(MIN_HESSIAN_32), spread);
      const place = (<usize>k * <usize>stride + <usize>i) << 2;
      v128.store(g + place, gradient);
      v128.store(h + place, hessian);
      const pair = sums + (<usize>k << 4);
      const addG = addLanes(widen(f64x2.splat(0), v128.and(f32x4.abs(gradient), keep)));
      const addH = addLanes(widen(f64x2.splat(0), v128.and(hessian, keep)));
      store<f64>(pair, load<f64>(pair) + addG);
      store<f64>(pair, load<f64>(pair, 8) + addH, 8);
    }
  }
}

// Gradients and hessians of positions [from, to) times the weights of their rows (f64); `unit` 1: every hessian was one.
export function weightGradients(weights: usize, from: i32, to: i32, g: usize, h: usize, sums: usize, unit: i32): void {
  let sumG: f64 = 0;
  let sumH: f64 = 0;
  for (let i = from; i < to; i++) {
    const weight = load<f64>(weights + (<usize>i << 3));
    const at = <usize>i << 2;
    const gradient = weight * <f64>load<f32>(g + at);
    const hessian = unit != 0 ? weight : weight * <f64>load<f32>(h + at);
    store<f32>(g + at, <f32>gradient);
    store<f32>(h + at, <f32>hessian);
    sumG += abs(gradient);
    sumH += hessian;
  }
  store<f64>(sums, sumG);
  store<f64>(sums, sumH, 8);
}
