// A record is what a histogram needs of one training row, side by side in memory:
//
//   | gradient, 32 bits | hessian, 32 bits | slot 0 | slot 1 | ... | padding to 8 bytes |
//   '------- one 64-bit word (offset 0) ---'  one byte each (offset 8 ...)
//
// The word is gradient * 2^32 + hessian in whole numbers, so one 64-bit addition adds both.

// Adding 1.5 * 2^52 rounds to the nearest integer and leaves it in the low bits of the sum.
const ROUND: f64 = 6755399441055744.0;

// Quantises the gradients of positions [from, to) into the words of their records; h = 0: every hessian is one.
export function packGradients(
  records: usize, stride: i32, g: usize, h: usize, from: i32, to: i32, scaleG: f64, scaleH: f64,
): void {
  let at = records + <usize>from * <usize>stride;
  if (h == 0) {
    for (let i = from; i < to; i++) {
      const whole = reinterpret<i64>(<f64>load<f32>(g + (<usize>i << 2)) * scaleG + ROUND);
      store<i64>(at, (whole << 32) + 1);
      at += <usize>stride;
    }
    return;
  }
  for (let i = from; i < to; i++) {
    const gradient = reinterpret<i64>(<f64>load<f32>(g + (<usize>i << 2)) * scaleG + ROUND);
    const hessian = reinterpret<i64>(<f64>load<f32>(h + (<usize>i << 2)) * scaleH + ROUND);
    store<i64>(at, (gradient << 32) + (hessian & 0xffffffff));
    at += <usize>stride;
  }
}

// Adds one feature to its slot: slot byte += (bin - base) * factor, for `count` records.
export function buildSlot(records: usize, stride: i32, slot: i32, column: usize, count: i32, base: i32, factor: i32): void {
  let at = records + 8 + <usize>slot;
  for (let i = 0; i < count; i++) {
    store<u8>(at, <u8>(<i32>load<u8>(at) + (<i32>load<u8>(column + <usize>i) - base) * factor));
    at += <usize>stride;
  }
}

// Whether the edge is below the value, as 0 or -1: a mask, not a branch (half of them would be guessed wrong).
// @ts-ignore: decorator
@inline
function below(edges: usize, at: i32, value: f64): i32 {
  return -<i32>(load<f64>(edges + (<usize>at << 3)) < value);
}

// @ts-ignore: decorator
@inline
function putBin(out: usize, value: f64, at: i32, last: i32): void {
  store<u8>(out, <u8>((min(at, last) + 1) & -<i32>(value == value)));
}

// Bins of `count` numbers, a multiple of four: 0 for NaN, else 1 + edges below the value. Edges are padded with
// +Infinity to a power of two (`size`); four searches run side by side, so that their waits overlap.
export function binNumbers(values: usize, count: i32, edges: usize, size: i32, last: i32, out: usize): void {
  for (let i = 0; i < count; i += 4) {
    const at = values + (<usize>i << 3);
    const a = load<f64>(at);
    const b = load<f64>(at, 8);
    const c = load<f64>(at, 16);
    const d = load<f64>(at, 24);
    let atA: i32 = 0;
    let atB: i32 = 0;
    let atC: i32 = 0;
    let atD: i32 = 0;
    for (let half = size >> 1; half > 0; half >>= 1) {
      atA += half & below(edges, atA + half - 1, a);
      atB += half & below(edges, atB + half - 1, b);
      atC += half & below(edges, atC + half - 1, c);
      atD += half & below(edges, atD + half - 1, d);
    }
    const bins = out + <usize>i;
    putBin(bins, a, atA - below(edges, atA, a), last);
    putBin(bins + 1, b, atB - below(edges, atB, b), last);
    putBin(bins + 2, c, atC - below(edges, atC, c), last);
    putBin(bins + 3, d, atD - below(edges, atD, d), last);
  }
}
