// Sums of packed gradients by bin: first per slot (256 cells each), then per feature (its bins only).

// Adds the records of `count` rows to `slots` blocks of 256 cells at `out`. Rows lie scattered over memory once
// leaves are small, so the records of the next 32 are touched first: their cache misses then overlap.
// Answers the touched bytes, only so that the touching is not optimised away.
export function histogram(records: usize, stride: i32, slots: i32, rows: usize, count: i32, out: usize): i32 {
  let touched: i32 = 0;
  const blocks = slots >> 2;
  const rest = slots & 3;
  for (let from = 0; from < count; from += 32) {
    const to = min(from + 32, count);
    for (let i = from; i < to; i++) {
      const at = records + <usize>load<u32>(rows + (<usize>i << 2)) * <usize>stride;
      touched |= <i32>load<u8>(at) | <i32>load<u8>(at + <usize>stride - 1);
    }
    for (let i = from; i < to; i++) {
      let at = records + <usize>load<u32>(rows + (<usize>i << 2)) * <usize>stride;
      const word = load<i64>(at);
      at += 8;
      let cells = out;
      for (let block = 0; block < blocks; block++) {
        const a = cells + (<usize>load<u8>(at) << 3);
        const b = cells + (<usize>load<u8>(at, 1) << 3);
        const c = cells + (<usize>load<u8>(at, 2) << 3);
        const d = cells + (<usize>load<u8>(at, 3) << 3);
        store<i64>(a, load<i64>(a) + word);
        store<i64>(b, load<i64>(b, 2048) + word, 2048);
        store<i64>(c, load<i64>(c, 4096) + word, 4096);
        store<i64>(d, load<i64>(d, 6144) + word, 6144);
        at += 4;
        cells += 8192;
      }
      for (let k = 0; k < rest; k++) {
        const a = cells + (<usize>load<u8>(at) << 3);
        store<i64>(a, load<i64>(a) + word);
        at += 1;
        cells += 2048;
      }
    }
  }
  return touched;
}

// From slots to features, and clears the slots. A slot of several features holds digit_0 + bins_0 * (digit_1 + ...);
// from the last feature to the first, each gets the sums of its blocks, and the blocks are folded onto the first:
//
//   | digit 0 of the last | digit 1 | digit 2 | ...     each block: all digits of the features before it
//     block 0        <--- + block 1 <- + block 2
//
// `plan` has 16 bytes a feature in that order: slot, factor (size of a block), digits, cell of digit 0 in `out`.
// All other cells of `out` (missing where never seen, padding) are zeroed first.
export function marginals(slots: usize, slotCount: i32, plan: usize, features: i32, out: usize, cells: i32): void {
  memory.fill(out, 0, <usize>cells << 3);
  for (let f = 0; f < features; f++) {
    const step = plan + (<usize>f << 4);
    const joint = slots + <usize>load<i32>(step) * 2048;
    const factor = load<i32>(step, 4);
    const digits = load<i32>(step, 8);
    const target = out + (<usize>load<i32>(step, 12) << 3);
    if (factor == 1) {
      memory.copy(target, joint, <usize>digits << 3);
      continue;
    }
    for (let digit = 0; digit < digits; digit++) {
      const block = joint + (<usize>(digit * factor) << 3);
      let sum: i64 = 0;
      for (let j = 0; j < factor; j++) {
        const cell = load<i64>(block + (<usize>j << 3));
        sum += cell;
        if (digit > 0) store<i64>(joint + (<usize>j << 3), load<i64>(joint + (<usize>j << 3)) + cell);
      }
      store<i64>(target + (<usize>digit << 3), sum);
    }
  }
  memory.fill(slots, 0, <usize>slotCount * 2048);
}

// parent -= child, cell by cell: the larger child, for the price of the smaller. Cells are even in number.
export function subtract(parent: usize, child: usize, cells: i32): void {
  for (let i = 0; i < cells; i += 2) {
    const at = <usize>i << 3;
    v128.store(parent + at, i64x2.sub(v128.load(parent + at), v128.load(child + at)));
  }
}

// into += from, and clears `from`: the sums of several threads. Cells are even in number.
export function addCells(into: usize, from: usize, cells: i32): void {
  for (let i = 0; i < cells; i += 2) {
    const at = <usize>i << 3;
    v128.store(into + at, i64x2.add(v128.load(into + at), v128.load(from + at)));
  }
  memory.fill(from, 0, <usize>cells << 3);
}

export function sumCells(cells: usize, count: i32): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < count; i++) sum += load<i64>(cells + (<usize>i << 3));
  return sum;
}
