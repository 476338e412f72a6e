// Splits regular rows into cells, sixteen bytes at a time, and stops before the first row that is not regular: another
// number of cells, a quote inside a cell, anything after a closing quote but a delimiter or a newline, a lone CR, a row
// that may be a note or the header again, a row that the bytes do not hold whole. What it stops at is the tokenizer's.
//
//   spans, a row:  | start end | start end | ...   i32, from `origin`; the top bit of an end: quotes to unescape
//   state, i32:    delimiter, quote (-1: none), width, noteFill, bytes of the header's first cell, its first byte,
//                  next: where the row after the last one cut begins, from `origin`

const LF: i8 = 10;
const CR: i8 = 13;
const ESCAPED: i32 = 1 << 31;

// @ts-expect-error: decorator
@inline
function specials(at: usize, delimiters: v128, quotes: v128): i32 {
  const bytes = v128.load(at);
  const newlines = v128.or(i8x16.eq(bytes, i8x16.splat(LF)), i8x16.eq(bytes, i8x16.splat(CR)));
  const others = v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, quotes));
  return i8x16.bitmask(v128.or(newlines, others));
}

// The closing quote of a cell whose text begins at `at`; bit 31 is set if quotes are doubled within; -1 if there is
// none.
function closingQuote(from: usize, end: usize, quote: i32, quotes: v128): i64 {
  let hasDoubled: i64 = 0;
  let at = from;
  while (at < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), quotes));
    if (mask == 0) {
      at += 16;
      continue;
    }
    const place = at + <usize>ctz(mask);
    if (place >= end) return -1;
    if (place + 1 < end && <i32>load<u8>(place + 1) == quote) {
      hasDoubled = <i64>1 << 40;
      at = place + 2;
    } else return hasDoubled | <i64>place;
  }
  return -1;
}

export function cut(state: usize, origin: usize, from: i32, until: i32, maxRows: i32, spans: usize): i32 {
  const delimiter = load<i32>(state);
  const quote = load<i32>(state, 4);
  const pitch = <usize>load<i32>(state, 8) << 3;
  const delimiters = i8x16.splat(<i8>delimiter);
  const quotes = i8x16.splat(<i8>(quote < 0 ? delimiter : quote));
  const end = origin + until;
  let next = origin + from;
  let rows = 0;
  while (rows < maxRows && next < end) {
    const row = spans + <usize>rows * pitch;
    let to = row;
    let at = next;
    let base = at;
    let mask = specials(base, delimiters, quotes);
    let hasEscapes = 0;
    let after: usize = 0;
    while (to < row + pitch) {
      if (<i32>load<u8>(at) == quote) {
        const close = closingQuote(at + 1, end, quote, quotes);
        if (close < 0) break;
        const flag = close >> 40 == 0 ? 0 : ESCAPED;
        const place = <usize>(close & 0xffffffff);
        hasEscapes |= flag;
        store<i32>(to, <i32>(at + 1 - origin));
        store<i32>(to, <i32>(place - origin) | flag, 4);
        to += 8;
        if (place + 1 >= end) break;
        const byte = <i32>load<u8>(place + 1);
        if (byte == delimiter) {
          at = place + 2;
          base = at;
          mask = specials(base, delimiters, quotes);
          continue;
        }
        if (byte == <i32>LF) after = place + 2;
        else if (byte == <i32>CR && place + 2 < end && <i32>load<u8>(place + 2) == <i32>LF) after = place + 3;
        break;
      }
      while (mask == 0 && base < end) {
        base += 16;
        mask = specials(base, delimiters, quotes);
      }
      const place = base + <usize>ctz(mask);
      mask &= mask - 1;
      if (place >= end) break;
      const byte = <i32>load<u8>(place);
      if (byte == quote) break;
      store<i32>(to, <i32>(at - origin));
      store<i32>(to, <i32>(place - origin), 4);
      to += 8;
      if (byte == delimiter) {
        at = place + 1;
        continue;
      }
      if (byte == <i32>LF) after = place + 1;
      else if (place + 1 < end && <i32>load<u8>(place + 1) == <i32>LF) after = place + 2;
      break;
    }
    if (after == 0 || to != row + pitch || isDoubtful(state, origin, row, pitch)) break;
    if (hasEscapes) unescape(origin, row, to, quote);
    next = after;
    rows++;
  }
  store<i32>(state, <i32>(next - origin), 24);
  return rows;
}

// The row may be a note, or a repeated header.
function isDoubtful(state: usize, origin: usize, row: usize, pitch: usize): bool {
  const start = load<i32>(row);
  const end = load<i32>(row, 4);
  // Its quotes are still doubled: its length is not known yet.
  if (end < 0) return true;
  const length = end - start;
  if (length == load<i32>(state, 16)) {
    if (length == 0 || (<i32>load<u8>(origin + start) | 32) == (load<i32>(state, 20) | 32)) return true;
  }
  // Where files were joined the second one's byte order mark stands before its header.
  if (length > 3 && load<u8>(origin + start) == 0xef && load<u16>(origin + start, 1) == 0xbfbb) return true;
  if (load<i32>(state, 12) == 0) return false;
  const last = row + pitch - 8;
  return load<i32>(row, 8) == load<i32>(row, 12) && load<i32>(last) == load<i32>(last, 4);
}

// Removes doubled quotes in place; a cell only shrinks.
function unescape(origin: usize, row: usize, end: usize, quote: i32): void {
  for (let span = row; span < end; span += 8) {
    const marked = load<i32>(span, 4);
    if (marked >= 0) continue;
    let to = origin + load<i32>(span);
    const last = origin + (marked & ~ESCAPED);
    for (let from = to; from < last; from++) {
      const byte = load<u8>(from);
      if (<i32>byte == quote && from + 1 < last) from++;
      store<u8>(to++, byte);
    }
    store<i32>(span, <i32>(to - origin), 4);
  }
}
