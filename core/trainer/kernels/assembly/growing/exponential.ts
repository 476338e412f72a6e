// exp, two lanes or one, to a relative error below 1e-13: by 2^n times a polynomial on [-ln2/2, ln2/2].

const LOG2E: f64 = 1.4426950408889634;
const LN2_HIGH: f64 = 0.693147180369123816490;
const LN2_LOW: f64 = 1.90821492927058770002e-10;
// Adding 1.5 * 2^52 leaves the nearest integer in the low bits of the sum.
const ROUND: f64 = 6755399441055744.0;
const LIMIT: f64 = 700.0;

// @ts-ignore: decorator
@inline
export function exp2lanes(x: v128): v128 {
  x = f64x2.pmin(f64x2.splat(LIMIT), f64x2.pmax(f64x2.splat(-LIMIT), x));
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(LOG2E)), f64x2.splat(ROUND));
  const n = f64x2.sub(shifted, f64x2.splat(ROUND));
  let r = f64x2.sub(x, f64x2.mul(n, f64x2.splat(LN2_HIGH)));
  r = f64x2.sub(r, f64x2.mul(n, f64x2.splat(LN2_LOW)));
  let p = f64x2.splat(1.0 / 3628800.0);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0));
  return i64x2.add(p, i64x2.shl(shifted, 52));
}

// @ts-ignore: decorator
@inline
export function exp1(x: f64): f64 {
  return f64x2.extract_lane(exp2lanes(f64x2.splat(x)), 0);
}

const LOG2E_32: f32 = 1.44269504;
const LN2_HIGH_32: f32 = 0.693359375;
const LN2_LOW_32: f32 = -2.12194440e-4;
const ROUND_32: f32 = 12582912.0;
const LIMIT_32: f32 = 87.0;

// Four lanes of 32 bits, to a relative error below 3e-7 (the polynomial of Cephes' expf).
// @ts-ignore: decorator
@inline
export function exp4lanes(x: v128): v128 {
  x = f32x4.pmin(f32x4.splat(LIMIT_32), f32x4.pmax(f32x4.splat(-LIMIT_32), x));
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(LOG2E_32)), f32x4.splat(ROUND_32));
  const n = f32x4.sub(shifted, f32x4.splat(ROUND_32));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(LN2_HIGH_32)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN2_LOW_32)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1.0));
  return i32x4.add(p, i32x4.shl(shifted, 23));
}
