// The best split of a leaf over some features, from its histogram.
//
// Score of a side: G^2 / (H + l2); the gain of a split is the sum of both sides' scores minus the leaf's own.
// With Hl, Hr holding l2 and T = Hl + Hr, both sides' scores are G^2 / T + D^2 / (T Hl Hr), D = Gl T - G Hl
// (multiply it out). G and T are the leaf's, so candidates are compared by D^2 > bar * (Hl Hr), without dividing; the
// bar is a hair too low, so that rounding never hides a better one. Only what passes is divided.
//
// leaf (f64 each):  0 G   8 H   16 l2   24 least H of a side   32 score to beat   40 l2 for categories
//                   48 smoothing of categories   56 least H of a category to take part   96 least H of a side made
//                   of categories   (H and G in quantised units
//                   times the two scales)   64 scale of g   72 scale of h   80 lower bound   88 upper bound of values
// feature (i32 each, 32 bytes): 0 first cell   4 bins   8 kind (1 category)   12 monotone (1, 0, -1)
// out: 0 f64 score   8 i32 feature   12 i32 bin   16 i32 missingLeft   20 i32 category?   24 i64 word of the left side
//      32 .. 63 bits of the bins that go left (categories)

const SLACK: f64 = 1e-12;
const MAX_CATEGORIES: i32 = 32;
const FEW_CATEGORIES: i32 = 4;

let G: f64 = 0;
let H: f64 = 0;
let l2: f64 = 0;
let least: f64 = 0;
let scaleG: f64 = 0;
let scaleH: f64 = 0;
let best: f64 = 0;

// `scratch`: 256 * 16 bytes. `bounded`: 1 where values are bounded or monotone (the slow, exact scan).
export function findSplit(
  hist: usize, table: usize, features: usize, count: i32, leaf: usize, out: usize, scratch: usize, bounded: i32,
): void {
  G = load<f64>(leaf);
  H = load<f64>(leaf, 8);
  l2 = load<f64>(leaf, 16);
  least = load<f64>(leaf, 24);
  best = load<f64>(leaf, 32);
  scaleG = load<f64>(leaf, 64);
  scaleH = load<f64>(leaf, 72);
  store<i32>(out, -1, 8);
  for (let i = 0; i < count; i++) {
    const feature = load<i32>(features + (<usize>i << 2));
    const row = table + (<usize>feature << 5);
    const cells = hist + (<usize>load<i32>(row) << 3);
    const bins = load<i32>(row, 4);
    if (load<i32>(row, 8) == 1) scanCategories(cells, bins, feature, leaf, out, scratch);
    else if (bounded != 0) scanBounded(cells, bins, feature, load<i32>(row, 12), leaf, out);
    else scanNumbers(cells, bins, feature, out);
  }
  store<f64>(out, best);
}

function scanNumbers(cells: usize, bins: i32, feature: i32, out: usize): void {
  const missing = load<i64>(cells);
  scanFrom(cells, bins, feature, out, 0, missing != 0);
  if (missing != 0) scanFrom(cells, bins, feature, out, missing, true);
}

// Bins from 1 up join the left side, two at a time; `start` is what is left from the beginning (missing).
// All in quantised units: with h in them, l2 is divided by its scale, and the score comes out times `unit`.
function scanFrom(cells: usize, bins: i32, feature: i32, out: usize, start: i64, seen: bool): void {
  const extra = l2 / scaleH;
  const g0 = G / scaleG;
  const t = H / scaleH + extra + extra;
  const unit = scaleG * scaleG / scaleH;
  const common = unit * g0 * g0 / t;
  const ratio = unit / t;
  const vG = f64x2.splat(g0);
  const vT = f64x2.splat(t);
  const vExtra = f64x2.splat(extra);
  const low = f64x2.splat(least / scaleH + extra);
  let bar = f64x2.splat((best - SLACK * best - common) / ratio);
  // The first bins leave too few rows on the left: only their sum counts. From where the right side is too small,
  // none can gain.
  let bin = 1;
  let sum = start;
  const few = <i32>max(least / scaleH - 2.0, 0.0);
  for (; bin < bins; bin += 2) {
    const at = cells + (<usize>bin << 3);
    const next = sum + load<i64>(at) + load<i64>(at, 8);
    if (<i32>next > few) break;
    sum = next;
  }
  let carry = i64x2.splat(sum);
  for (; bin < bins; bin += 2) {
    const pair = v128.load(cells + (<usize>bin << 3));
    if (!v128.any_true(pair)) continue;
    // Prefix sums of both: [a, b] + [0, a] + carry.
    const both = i64x2.add(i64x2.add(pair, v128.shuffle<i64>(i64x2.splat(0), pair, 0, 2)), carry);
    carry = v128.shuffle<i64>(both, both, 1, 1);
    const g = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(both, both, 1, 3, 1, 3));
    const hl = f64x2.add(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(both, both, 0, 2, 0, 2)), vExtra);
    const hr = f64x2.sub(vT, hl);
    const d = f64x2.sub(f64x2.mul(g, vT), f64x2.mul(vG, hl));
    const num = f64x2.mul(d, d);
    const den = f64x2.mul(hl, hr);
    const enough = f64x2.ge(hr, low);
    if (!v128.any_true(enough)) return;
    const passes = v128.and(v128.and(f64x2.ge(hl, low), enough), f64x2.gt(num, f64x2.mul(bar, den)));
    if (!v128.any_true(passes)) continue;
    const score = f64x2.add(f64x2.mul(f64x2.div(num, den), f64x2.splat(ratio)), f64x2.splat(common));
    if (i64x2.extract_lane(passes, 0) != 0) {
      keep(f64x2.extract_lane(score, 0), feature, bin, i64x2.extract_lane(both, 0), start, seen, out);
    }
    if (i64x2.extract_lane(passes, 1) != 0) {
      keep(f64x2.extract_lane(score, 1), feature, bin + 1, i64x2.extract_lane(both, 1), start, seen, out);
    }
    bar = f64x2.splat((best - SLACK * best - common) / ratio);
  }
}

// Missing that was never seen here goes with the heavier side.
function keep(score: f64, feature: i32, bin: i32, word: i64, start: i64, seen: bool, out: usize): void {
  if (!(score > best)) return;
  best = score;
  const heavier = <f64><i32>word * scaleH * 2.0 >= H;
  store<i32>(out, feature, 8);
  store<i32>(out, bin, 12);
  store<i32>(out, <i32>(seen ? start != 0 : heavier), 16);
  store<i32>(out, 0, 20);
  store<i64>(out, word, 24);
}

function scanBounded(cells: usize, bins: i32, feature: i32, monotone: i32, leaf: usize, out: usize): void {
  const missing = load<i64>(cells);
  scanBoundedFrom(cells, bins, feature, monotone, leaf, out, 0, missing != 0);
  if (missing != 0) scanBoundedFrom(cells, bins, feature, monotone, leaf, out, missing, true);
}

function scanBoundedFrom(
  cells: usize, bins: i32, feature: i32, monotone: i32, leaf: usize, out: usize, start: i64, seen: bool,
): void {
  const lower = load<f64>(leaf, 80);
  const upper = load<f64>(leaf, 88);
  let word = start;
  for (let bin = 1; bin < bins; bin++) {
    const cell = load<i64>(cells + (<usize>bin << 3));
    if (cell == 0) continue;
    word += cell;
    const g = <f64><i32>(word >> 32) * scaleG;
    const h = <f64><i32>word * scaleH;
    if (h < least || H - h < least) continue;
    const vl = min(max(-g / (h + l2), lower), upper);
    const vr = min(max((g - G) / (H - h + l2), lower), upper);
    if (<f64>monotone * (vl - vr) > 0) continue;
    keep(scoreOf(g, h, vl) + scoreOf(G - g, H - h, vr), feature, bin, word, start, seen, out);
  }
}

// The loss that a side saves with this value; G^2 / (H + l2) where the value is free.
function scoreOf(g: f64, h: f64, value: f64): f64 {
  return -(2.0 * g * value + (h + l2) * value * value);
}

// Categories sorted by g / (h + smoothing); from either end, up to 32 join the left side. Rare ones are split
// off together, never alone: a side has its own least H. With few categories none of these guards is needed.
function scanCategories(cells: usize, bins: i32, feature: i32, leaf: usize, out: usize, scratch: usize): void {
  const few = bins <= FEW_CATEGORIES + 1;
  const smoothing = few ? 1e-9 : load<f64>(leaf, 48);
  const extra = few ? l2 : load<f64>(leaf, 40);
  const floor = few ? 0.0 : load<f64>(leaf, 56);
  const group = few ? least : max(least, load<f64>(leaf, 96));
  const count = sortCategories(cells, bins, smoothing, floor, scratch);
  const side = min(count, MAX_CATEGORIES);
  // With all of them taking part, what joins from the other end is what is left over from this one.
  const directions = count == occurring(cells, bins) && count <= MAX_CATEGORIES ? 1 : 2;
  for (let direction = 0; direction < directions; direction++) {
    let word: i64 = 0;
    for (let i = 0; i < side; i++) {
      const at = direction == 0 ? i : count - 1 - i;
      word += load<i64>(cells + (<usize>load<i32>(scratch + (<usize>at << 4), 8) << 3));
      const g = <f64><i32>(word >> 32) * scaleG;
      const h = <f64><i32>word * scaleH;
      if (h < group || H - h < group) continue;
      const score = g * g / (h + extra) + (G - g) * (G - g) / (H - h + extra);
      if (score > best) keepCategories(score, feature, word, i + 1, direction, count, load<i64>(cells) != 0, out, scratch);
    }
  }
}

function occurring(cells: usize, bins: i32): i32 {
  let count: i32 = 0;
  for (let bin = 0; bin < bins; bin++) count += <i32>(load<i64>(cells + (<usize>bin << 3)) != 0);
  return count;
}

// Shell sort of (key, bin) pairs, 16 bytes each; ties by bin. Returns how many take part.
function sortCategories(cells: usize, bins: i32, smoothing: f64, floor: f64, scratch: usize): i32 {
  let count: i32 = 0;
  for (let bin = 0; bin < bins; bin++) {
    const word = load<i64>(cells + (<usize>bin << 3));
    const h = <f64><i32>word * scaleH;
    if (word == 0 || h < floor) continue;
    const at = scratch + (<usize>count << 4);
    store<f64>(at, <f64><i32>(word >> 32) * scaleG / (h + smoothing));
    store<i32>(at, bin, 8);
    count++;
  }
  for (let gap = count > 64 ? 57 : 4; gap > 0; gap = gap > 23 ? 23 : gap > 10 ? 10 : gap > 4 ? 4 : gap > 1 ? 1 : 0) {
    for (let i = gap; i < count; i++) {
      const key = load<f64>(scratch + (<usize>i << 4));
      const bin = load<i32>(scratch + (<usize>i << 4), 8);
      let j = i;
      while (j >= gap) {
        const before = scratch + (<usize>(j - gap) << 4);
        const other = load<f64>(before);
        if (other < key || (other == key && load<i32>(before, 8) < bin)) break;
        store<f64>(scratch + (<usize>j << 4), other);
        store<i32>(scratch + (<usize>j << 4), load<i32>(before, 8), 8);
        j -= gap;
      }
      store<f64>(scratch + (<usize>j << 4), key);
      store<i32>(scratch + (<usize>j << 4), bin, 8);
    }
  }
  return count;
}

function keepCategories(
  score: f64, feature: i32, word: i64, taken: i32, direction: i32, count: i32, seen: bool, out: usize, scratch: usize,
): void {
  best = score;
  memory.fill(out + 32, 0, 32);
  for (let i = 0; i < taken; i++) {
    const at = direction == 0 ? i : count - 1 - i;
    const bin = load<i32>(scratch + (<usize>at << 4), 8);
    const byte = out + 32 + <usize>(bin >> 3);
    store<u8>(byte, load<u8>(byte) | (<u8>1 << <u8>(bin & 7)));
  }
  if (!seen && <f64><i32>word * scaleH * 2.0 >= H) store<u8>(out + 32, load<u8>(out + 32) | 1);
  store<i32>(out, feature, 8);
  store<i32>(out, 0, 12);
  store<i32>(out, <i32>(load<u8>(out + 32) & 1), 16);
  store<i32>(out, 1, 20);
  store<i64>(out, word, 24);
}
