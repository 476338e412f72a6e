// What the cells of one column hold, for many rows at once. `span`: the column's first span, `pitch`: bytes from row to row.

// Powers of ten that a double holds exactly.
const POWERS = memory.data<f64>([1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]);
const MINUS: u32 = 45;
const ZERO: u32 = 48;

// Numbers of up to fifteen digits, from row `from` on, to `out` without gaps; empty cells are counted and left out.
// Stops at the first cell that is neither and returns its row (`rows`: none). result, i32: numbers written, empty cells.
export function readNumbers(
  origin: usize, span: usize, pitch: i32, from: i32, rows: i32, point: u32, out: usize, result: usize,
): i32 {
  let to = out;
  let empty = 0;
  let row = from;
  for (let at = span + <usize>from * pitch; row < rows; at += pitch, row++) {
    let place = origin + load<i32>(at);
    const end = origin + load<i32>(at, 4);
    if (place == end) {
      empty++;
      continue;
    }
    const isNegative = <u32>load<u8>(place) == MINUS;
    if (isNegative) place++;
    let mantissa: i64 = 0;
    let digits = 0;
    let decimals = -1;
    for (; place < end; place++) {
      const byte = <u32>load<u8>(place);
      const digit = byte - ZERO;
      if (digit <= 9) {
        mantissa = mantissa * 10 + digit;
        digits++;
      } else if (byte == point && decimals < 0) decimals = digits;
      else break;
    }
    if (place != end || digits == 0 || digits > 15) break;
    let value = <f64>mantissa;
    if (decimals >= 0) value /= load<f64>(POWERS + (<usize>(digits - decimals) << 3));
    // Adding zero turns minus zero into zero.
    store<f64>(to, (isNegative ? -value : value) + 0.0);
    to += 8;
  }
  store<i32>(result, <i32>((to - out) >> 3));
  store<i32>(result, empty, 4);
  return row;
}

// MurmurHash3_x86_32 (Austin Appleby, public domain), seed 0, of each cell.
export function hashCells(origin: usize, span: usize, pitch: i32, rows: i32, out: usize): void {
  for (let row = 0, at = span; row < rows; row++, at += pitch) {
    const start = load<i32>(at);
    const length = load<i32>(at, 4) - start;
    const whole = length & ~3;
    const cell = origin + start;
    let hash: u32 = 0;
    for (let i = 0; i < whole; i += 4) hash = rotl<u32>(hash ^ scrambled(load<u32>(cell + i)), 13) * 5 + 0xe6546b64;
    let tail: u32 = 0;
    for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | load<u8>(cell + i);
    hash ^= scrambled(tail) ^ length;
    hash = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    hash = (hash ^ (hash >>> 13)) * 0xc2b2ae35;
    store<u32>(out + (<usize>row << 2), hash ^ (hash >>> 16));
  }
}

// @ts-expect-error: decorator
@inline
function scrambled(word: u32): u32 {
  return rotl<u32>(word * 0xcc9e2d51, 15) * 0x1b873593;
}
