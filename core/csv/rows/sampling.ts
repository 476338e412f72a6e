/** Chooses the rows of a sample of a given size: seeded, uniform, decided row by row in file order. */

/**
 * Selection sampling (Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S): exactly `wanted` of `total`. Ask
 * for the rows 0, 1, 2 … in order, each once.
 */
export function sampleRows(total: number, wanted: number, seed: number): (row: number) => boolean {
  let left = wanted;
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (row) => {
    // mulberry32 (Tommy Ettinger, public domain).
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const random = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    if (random * (total - row) >= left) return false;
    left--;
    return true;
  };
}
