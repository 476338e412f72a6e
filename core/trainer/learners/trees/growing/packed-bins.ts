/**
 * Packs features with few bins into one byte of a record. A histogram costs one addition per byte and row; several such
 * features share a byte as a joint digit, and their separate sums are folded out afterwards. Exact: sums are integers.
 */

/** Where a feature is stored: byte `slot`, as (bin - base) * factor; `digits` values. */
export interface Seat {
  slot: number;
  factor: number;
  digits: number;
  base: number;
}

export interface SlotPlan {
  seats: Seat[];
  slotCount: number;
  /** Features in the order in which marginals are folded: within a slot from the last to the first. */
  order: number[];
}

/**
 * First fit, widest first; `bases[f]` is 1 if no training row misses feature f, else 0. A constant has two digits like
 * any other, so that only one feature of a slot has factor 1: the one whose sums are moved out last.
 */
export function planSlots(binCounts: Int32Array, bases: Int32Array): SlotPlan {
  const digits = Array.from(binCounts, (bins, f) => Math.max(2, bins - bases[f]));
  const widestFirst = Array.from(digits.keys()).sort((a, b) => digits[b] - digits[a] || a - b);
  const seats: Seat[] = [];
  const slots: { used: number; members: number[] }[] = [];
  for (const f of widestFirst) {
    let slot = slots.findIndex(({ used }) => used * digits[f] <= 256);
    if (slot < 0) slot = slots.push({ used: 1, members: [] }) - 1;
    seats[f] = { slot, factor: slots[slot].used, digits: digits[f], base: bases[f] };
    slots[slot].used *= digits[f];
    slots[slot].members.push(f);
  }
  const order = slots.flatMap(({ members }) => members.toReversed());
  return { seats, slotCount: slots.length, order };
}
