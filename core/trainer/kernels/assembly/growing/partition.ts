// Splits a node's rows in two, stable, in place:
//
//   rows   | l r l l r r l |        ->  | l l l l | r r r |
//   side   |               |            | r r r |            (copied behind the left ones)
//
// `goesLeft` has a byte for each of 256 bins: numbers, missing and categories alike. Returns the left count.
export function partition(column: usize, goesLeft: usize, rows: usize, count: i32, side: usize): i32 {
  let left = rows;
  let right = side;
  for (let i = 0; i < count; i++) {
    const row = load<u32>(rows + (<usize>i << 2));
    const isLeft = <usize>load<u8>(goesLeft + <usize>load<u8>(column + <usize>row)) << 2;
    store<u32>(left, row);
    store<u32>(right, row);
    left += isLeft;
    right += 4 - isLeft;
  }
  memory.copy(left, side, right - side);
  return <i32>((left - rows) >> 2);
}

// The table of a split: numbers up to `bin` go left, or the categories whose bits are set at `bits`.
export function fillGoesLeft(table: usize, bin: i32, missingLeft: i32, isCategory: bool, bits: usize): void {
  if (!isCategory) {
    memory.fill(table, 1, <usize>bin + 1);
    memory.fill(table + <usize>bin + 1, 0, <usize>(255 - bin));
    store<u8>(table, <u8>missingLeft);
    return;
  }
  memory.fill(table, 0, 256);
  for (let w: usize = 0; w < 4; w++) {
    for (let word = load<u64>(bits + (w << 3)); word != 0; word &= word - 1) {
      store<u8>(table + (w << 6) + <usize>ctz(word), 1);
    }
  }
}

// scores[row] += value for each row of a leaf.
export function addToRows(scores: usize, rows: usize, count: i32, value: f64): void {
  for (let i = 0; i < count; i++) {
    const at = scores + (<usize>load<u32>(rows + (<usize>i << 2)) << 3);
    store<f64>(at, load<f64>(at) + value);
  }
}

export function copyBytes(to: usize, from: usize, count: usize): void {
  memory.copy(to, from, count);
}
