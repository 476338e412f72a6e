// Sums of packed gradients by bin: first per slot (256 cells each), then per feature (its bins only).

const BLOCK: i32 = 32;
// A block that spans more rows than this is touched first.
const NEAR: u32 = 96;

// Adds the records of `count` rows, ascending, to `slots` blocks of 256 cells at `out`, two rows side by side. Where
// rows lie scattered over memory, the records of a block are touched first: their cache misses then overlap.
// Returns the touched bytes, only so that the touching is not optimised away.
export function histogram(records: usize, stride: i32, slots: i32, rows: usize, count: i32, out: usize): i32 {
  let touched: i32 = 0;
  for (let from = 0; from < count; from += BLOCK) {
    const to = min(from + BLOCK, count);
    const block = rows + (<usize>from << 2);
    const end = rows + (<usize>to << 2);
    if (load<u32>(end - 4) - load<u32>(block) > NEAR) touched |= touch(records, stride, block, end);
    let at = block;
    for (; at + 4 < end; at += 8) {
      const a = records + <usize>load<u32>(at) * <usize>stride;
      const b = records + <usize>load<u32>(at, 4) * <usize>stride;
      addPair(a, b, load<i64>(a), load<i64>(b), slots, out);
    }
    if (at < end) {
      const a = records + <usize>load<u32>(at) * <usize>stride;
      addPair(a, a, load<i64>(a), 0, slots, out);
    }
  }
  return touched;
}

function touch(records: usize, stride: i32, rows: usize, end: usize): i32 {
  let touched: i32 = 0;
  for (let at = rows; at < end; at += 4) {
    const record = records + <usize>load<u32>(at) * <usize>stride;
    touched |= <i32>load<u8>(record) | <i32>load<u8>(record + <usize>stride - 1);
  }
  return touched;
}

// @ts-ignore: decorator
@inline
function cellOf(cells: usize, record: usize): usize {
  return cells + (<usize>load<u8>(record, 8) << 3);
}

// @ts-ignore: decorator
@inline
function addPair(a: usize, b: usize, wordA: i64, wordB: i64, slots: i32, out: usize): void {
  let cells = out;
  let left = slots;
  for (; left >= 4; left -= 4) {
    let cell = cellOf(cells, a);
    store<i64>(cell, load<i64>(cell) + wordA);
    cell = cellOf(cells, a + 1);
    store<i64>(cell, load<i64>(cell, 2048) + wordA, 2048);
    cell = cellOf(cells, a + 2);
    store<i64>(cell, load<i64>(cell, 4096) + wordA, 4096);
    cell = cellOf(cells, a + 3);
    store<i64>(cell, load<i64>(cell, 6144) + wordA, 6144);
    cell = cellOf(cells, b);
    store<i64>(cell, load<i64>(cell) + wordB);
    cell = cellOf(cells, b + 1);
    store<i64>(cell, load<i64>(cell, 2048) + wordB, 2048);
    cell = cellOf(cells, b + 2);
    store<i64>(cell, load<i64>(cell, 4096) + wordB, 4096);
    cell = cellOf(cells, b + 3);
    store<i64>(cell, load<i64>(cell, 6144) + wordB, 6144);
    a += 4;
    b += 4;
    cells += 8192;
  }
  for (; left > 0; left--) {
    let cell = cellOf(cells, a++);
    store<i64>(cell, load<i64>(cell) + wordA);
    cell = cellOf(cells, b++);
    store<i64>(cell, load<i64>(cell) + wordB);
    cells += 2048;
  }
}

// From slots to features, and clears what the slots held. A slot of several features holds
// digit_0 + bins_0 * (digit_1 + ...); from the last feature to the first, each gets the sums of its blocks, and the
// blocks are folded onto the first:
//
//   | digit 0 of the last | digit 1 | digit 2 | ...     each block: all digits of the features before it
//     block 0        <--- + block 1 <- + block 2
//
// `plan` has 16 bytes a feature in that order: slot, factor (size of a block), digits, cell of digit 0 in `out`.
// All other cells of `out` (missing where never seen, padding) are left as they are: zero from the start.
export function marginals(slots: usize, plan: usize, features: i32, out: usize): void {
  for (let f = 0; f < features; f++) {
    const step = plan + (<usize>f << 4);
    const joint = slots + <usize>load<i32>(step) * 2048;
    const factor = <usize>load<i32>(step, 4) << 3;
    const digits = <usize>load<i32>(step, 8) << 3;
    const target = out + (<usize>load<i32>(step, 12) << 3);
    if (factor == 8) moveCells(target, joint, digits);
    else for (let digit: usize = 0; digit < digits; digit += 8) {
      store<i64>(target + digit, digit == 0 ? sumBlock(joint, factor) : foldBlock(joint, joint + (digit >> 3) * factor, factor));
    }
  }
}

function moveCells(to: usize, from: usize, bytes: usize): void {
  let at: usize = 0;
  for (; at + 8 < bytes; at += 16) {
    v128.store(to + at, v128.load(from + at));
    v128.store(from + at, i64x2.splat(0));
  }
  if (at == bytes) return;
  store<i64>(to + at, load<i64>(from + at));
  store<i64>(from + at, 0);
}

function sumBlock(block: usize, bytes: usize): i64 {
  let sum: i64 = 0;
  for (let at: usize = 0; at < bytes; at += 8) sum += load<i64>(block + at);
  return sum;
}

// The sum of a block, which moves onto the first.
function foldBlock(first: usize, block: usize, bytes: usize): i64 {
  let sum: i64 = 0;
  for (let at: usize = 0; at < bytes; at += 8) {
    const cell = load<i64>(block + at);
    sum += cell;
    store<i64>(first + at, load<i64>(first + at) + cell);
    store<i64>(block + at, 0);
  }
  return sum;
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
