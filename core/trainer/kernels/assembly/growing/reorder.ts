// Rearranges rows in the order of a list of their old places: to[i] = from[order[i]]

export function gatherBytes(to: usize, from: usize, order: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<u8>(to + <usize>i, load<u8>(from + <usize>load<u32>(order + (<usize>i << 2))));
  }
}

// Elements of `size` bytes, a multiple of eight.
export function gatherRecords(to: usize, from: usize, order: usize, count: i32, size: i32): void {
  for (let i = 0; i < count; i++) {
    const old = from + <usize>load<u32>(order + (<usize>i << 2)) * <usize>size;
    for (let at: usize = 0; at < <usize>size; at += 8) store<i64>(to + at, load<i64>(old + at));
    to += <usize>size;
  }
}

// The members of a list below `limit`, in their order; returns how many.
export function listBelow(to: usize, list: usize, count: i32, limit: u32): i32 {
  let at = to;
  for (let i = 0; i < count; i++) {
    const row = load<u32>(list + (<usize>i << 2));
    store<u32>(at, row);
    at += <usize>(row < limit) << 2;
  }
  return <i32>((at - to) >> 2);
}
