// A record is what a histogram needs of one training row, side by side in memory:
//
//   | gradient, 32 bits | hessian, 32 bits | slot 0 | slot 1 | ... | padding to 8 bytes |
//   '------- one 64-bit word (offset 0) ---'  one byte each (offset 8 ...)
//
// The word is gradient * 2^32 + hessian in whole numbers, so one 64-bit addition adds both.

// Quantises the gradients of positions [from, to) into the words of their records.
export function packGradients(
  records: usize, stride: i32, g: usize, h: usize, from: i32, to: i32, scaleG: f64, scaleH: f64,
): void {
  let at = records + <usize>from * <usize>stride;
  if (h == 0) {
    for (let i = from; i < to; i++) {
      store<i64>(at, (<i64>nearest(<f64>load<f32>(g + (<usize>i << 2)) * scaleG) << 32) + 1);
      at += <usize>stride;
    }
    return;
  }
  for (let i = from; i < to; i++) {
    const gradient = <i64><i32>nearest(<f64>load<f32>(g + (<usize>i << 2)) * scaleG);
    const hessian = <i64><i32>nearest(<f64>load<f32>(h + (<usize>i << 2)) * scaleH);
    store<i64>(at, (gradient << 32) + hessian);
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

// Bins of `count` numbers: 0 for NaN, else 1 + edges below the value. Edges are padded with +Infinity to a power of
// two (`size`) and the search takes no branch.
export function binNumbers(values: usize, count: i32, edges: usize, size: i32, last: i32, out: usize): void {
  for (let i = 0; i < count; i++) {
    const value = load<f64>(values + (<usize>i << 3));
    let at: i32 = 0;
    for (let half = size >> 1; half > 0; half >>= 1) {
      at += select<i32>(half, 0, load<f64>(edges + (<usize>(at + half - 1) << 3)) < value);
    }
    at += <i32>(load<f64>(edges + (<usize>at << 3)) < value);
    store<u8>(out + <usize>i, <u8>select<i32>(min(at, last) + 1, 0, value == value));
  }
}
