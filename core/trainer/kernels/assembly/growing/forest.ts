// Finds the cut of one feature's bins that separates best at one node of a forest.
//
// cells   256 rows of (outputs + 1) f64: count, then the sum of targets, or the count of each class. Zero between uses.
// order   the bins that occur, as one byte each: ascending, missing (0) first or last; categories by their mean
// Score of a side: sum of squares over the count: Gini impurity and variance differ from it by a constant.
//
// out: 0 f64 gain   8 i32 left rows   12 i32 greatest bin on the left   16 i32 missing was seen
//      32 .. 63 bits of the bins that go left

const ORDER_BYTES: usize = 256;
const KEY_BYTES: usize = 2048;

// Counts, then sums, of a node: totals[0] the rows, totals[1 ..] classes or the sum; returns the sum of squared
// targets.
export function forestTotals(rows: usize, count: i32, y: usize, outputs: i32, totals: usize): f64 {
  memory.fill(totals, 0, <usize>(outputs + 1) << 3);
  store<f64>(totals, <f64>count);
  let squares: f64 = 0;
  for (let i = 0; i < count; i++) {
    const target = load<f64>(y + (<usize>load<u32>(rows + (<usize>i << 2)) << 3));
    squares += target * target;
    addTarget(totals, target, outputs);
  }
  return squares;
}

// @ts-ignore: decorator
@inline
function addTarget(cell: usize, target: f64, outputs: i32): void {
  const at = outputs == 1 ? cell + 8 : cell + 8 + (<usize>target << 3);
  store<f64>(at, load<f64>(at) + (outputs == 1 ? target : 1.0));
}

// Returns 0 if the node has one bin only, 1 if no cut leaves `least` rows on both sides, 2 if `out` holds one.
// draw in [0, 1): the cut to try (extremely randomised), or below 0: all. coin 1: missing above all numbers.
export function forestSplit(
  column: usize, rows: usize, count: i32, y: usize, outputs: i32, totals: usize, isCategory: i32, least: i32,
  draw: f64, coin: i32, cells: usize, scratch: usize, out: usize,
): i32 {
  const width = <usize>(outputs + 1) << 3;
  memory.fill(out + 32, 0, 32);
  for (let i = 0; i < count; i++) {
    const row = <usize>load<u32>(rows + (<usize>i << 2));
    const bin = <usize>load<u8>(column + row);
    const cell = cells + bin * width;
    store<f64>(cell, load<f64>(cell) + 1.0);
    addTarget(cell, load<f64>(y + (row << 3)), outputs);
    const word = out + 32 + (bin >> 6 << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << (<u64>bin & 63)));
  }
  const present = listBins(out + 32, scratch);
  if (isCategory != 0) sortByMean(present, cells, totals, outputs, scratch);
  else if (coin != 0) missingLast(present, scratch);
  let result: i32 = 0;
  if (present > 1) {
    const only = draw < 0 ? -1 : isCategory != 0 ? <i32>(draw * <f64>(present - 1)) : cutAt(present, draw, scratch);
    result = bestCut(present, only, outputs, totals, least, cells, scratch, out) ? 2 : 1;
  }
  store<i32>(out, <i32>(load<f64>(cells) > 0), 16);
  for (let i = 0; i < present; i++) memory.fill(cells + <usize>load<u8>(scratch + <usize>i) * width, 0, width);
  return result;
}

// Bits to bytes, ascending.
function listBins(bits: usize, order: usize): i32 {
  let present: i32 = 0;
  for (let w = 0; w < 4; w++) {
    let word = load<u64>(bits + (<usize>w << 3));
    while (word != 0) {
      store<u8>(order + <usize>present, <u8>(w * 64 + <i32>ctz(word)));
      present++;
      word &= word - 1;
    }
  }
  return present;
}

function missingLast(present: i32, order: usize): void {
  if (load<u8>(order) != 0) return;
  memory.copy(order, order + 1, <usize>(present - 1));
  store<u8>(order + <usize>present - 1, 0);
}

// Insertion sort by the mean target, or by the share of the node's commonest class; ties stay ascending.
function sortByMean(present: i32, cells: usize, totals: usize, outputs: i32, order: usize): void {
  const width = <usize>(outputs + 1) << 3;
  let top: i32 = 1;
  for (let k = 2; k <= outputs; k++) {
    if (load<f64>(totals + (<usize>k << 3)) > load<f64>(totals + (<usize>top << 3))) top = k;
  }
  const keys = order + ORDER_BYTES;
  for (let i = 0; i < present; i++) {
    const bin = load<u8>(order + <usize>i);
    const cell = cells + <usize>bin * width;
    const key = load<f64>(cell + (<usize>top << 3)) / load<f64>(cell);
    let j = i;
    for (; j > 0 && load<f64>(keys + (<usize>(j - 1) << 3)) > key; j--) {
      store<f64>(keys + (<usize>j << 3), load<f64>(keys + (<usize>(j - 1) << 3)));
      store<u8>(order + <usize>j, load<u8>(order + <usize>(j - 1)));
    }
    store<f64>(keys + (<usize>j << 3), key);
    store<u8>(order + <usize>j, bin);
  }
}

// A threshold drawn evenly between the least and the greatest bin, so that gaps weigh; missing counts as one step
// beyond its end. Returns the last position on the left.
function cutAt(present: i32, draw: f64, order: usize): i32 {
  const first = <i32>load<u8>(order);
  const last = <i32>load<u8>(order + <usize>present - 1);
  const low = first == 0 ? <i32>load<u8>(order, 1) - 1 : first;
  const high = last == 0 ? <i32>load<u8>(order + <usize>present - 2) + 1 : last;
  const threshold = low + <i32>(draw * <f64>(high - low));
  let at = 0;
  while (at + 2 < present && <i32>load<u8>(order + <usize>(at + 1)) <= threshold) at++;
  return at;
}

function bestCut(
  present: i32, only: i32, outputs: i32, totals: usize, least: i32, cells: usize, scratch: usize, out: usize,
): bool {
  const width = <usize>(outputs + 1) << 3;
  const left = scratch + ORDER_BYTES + KEY_BYTES;
  memory.fill(left, 0, width);
  const count = load<f64>(totals);
  const own = sideScore(totals, 0, outputs, count);
  let found: i32 = -1;
  let best: f64 = 0;
  for (let i = 0; i < present - 1; i++) {
    const cell = cells + <usize>load<u8>(scratch + <usize>i) * width;
    for (let k = 0; k <= outputs; k++) {
      const at = <usize>k << 3;
      store<f64>(left + at, load<f64>(left + at) + load<f64>(cell + at));
    }
    const n = load<f64>(left);
    if ((only >= 0 && i != only) || n < <f64>least || count - n < <f64>least) continue;
    const gain = sideScore(left, 0, outputs, n) + sideScore(totals, left, outputs, count - n) - own;
    if (found >= 0 && gain <= best) continue;
    found = i;
    best = gain;
    store<i32>(out, <i32>n, 8);
  }
  if (found < 0) return false;
  store<f64>(out, best);
  markLeft(found, scratch, out);
  return true;
}

// Squares of the sums (less those of `minus`, if any) over the count.
function sideScore(sums: usize, minus: usize, outputs: i32, count: f64): f64 {
  let squares: f64 = 0;
  for (let k = 1; k <= outputs; k++) {
    const at = <usize>k << 3;
    const sum = load<f64>(sums + at) - (minus == 0 ? 0.0 : load<f64>(minus + at));
    squares += sum * sum;
  }
  return squares / count;
}

function markLeft(last: i32, order: usize, out: usize): void {
  memory.fill(out + 32, 0, 32);
  let greatest: i32 = 0;
  for (let i = 0; i <= last; i++) {
    const bin = <i32>load<u8>(order + <usize>i);
    const byte = out + 32 + <usize>(bin >> 3);
    store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(bin & 7)));
    greatest = max(greatest, bin);
  }
  store<i32>(out, greatest, 12);
}
