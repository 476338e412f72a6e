// Grows one boosted tree leaf by leaf: always the leaf whose best split gains most is split next. Of two
// children the smaller is summed; the larger is its parent minus that. Held-out rows only follow splits.
//
// plan (i32 each, written by fit.ts and grower.ts):
//     0 records      4 stride     8 slots      12 slot sums   16 marginal plan   20 features   24 cells of a histogram
//    28 table       32 columns (an offset a feature)          36 bounded         40 drawn      44 rows in all
//    48 row list    52 held-out rows         56 side          60 goesLeft        64 search     68 sorting
//    72 control of the team, 0: alone        76 threads       80 most leaves     84 least rows of a leaf
//    88 features to use (i32 each)           92 their number  96 free histograms (a stack)    100 their number
//   104 leaves     108 their number         112 splits       116 their number   120 values   124 updates
//   128 f64 l2     136 f64 learning rate    144 f64 least rows of a side made of categories
//   152 f64 scale of g                      160 f64 scale of h                  168 (touched)
//   176 f64 cells summed since the last pause
//
// leaf (128 bytes): 0 start   4 rows   8 held out: first   12 count   16 g   20 h (quantised)   24 histogram, 0: none
//   28 split above, -1: root   32 is left   40 f64 lower   48 f64 upper bound   64 .. 127 its best split, as
//   splitting.ts leaves it, but with the gain in the place of the score
// split (64 bytes): 0 feature   4 bin   8 left   12 right (~leaf, or a split)   16 missing left, 2: by category
//   20 rows   24 f64 gain   32 .. 63 bits of the categories that go left
// values (f64 each): rows and value of each leaf
import { addCells, histogram, marginals, subtract, sumCells } from "./histogram";
import { addToRows, fillGoesLeft, partition } from "./partition";
import { findSplit } from "./splitting";
import { ADD, HISTOGRAM, PARTITION, runJob, share } from "./team";

const LEAF: usize = 128;
const FOUND: usize = 64;
const SPLIT: usize = 64;
// With fewer rows, or additions, waking other threads costs more than it saves.
const SHARED_ROWS: i32 = 20_000;
const SHARED_CELLS: i32 = 100_000;
// As in LightGBM: cat_smooth (also the least rows of a category that takes part), cat_l2, min_sum_hessian_in_leaf.
const CATEGORY_SMOOTHING: f64 = 10;
const CATEGORY_L2: f64 = 10;
const MIN_HESSIAN: f64 = 1e-3;
// A gain below rounding is none.
const MIN_GAIN: f64 = 1e-9;

let plan: usize = 0;

// @ts-ignore: decorator
@inline
function word(at: usize): i32 {
  return load<i32>(plan + at);
}

// @ts-ignore: decorator
@inline
function place(at: usize): usize {
  return <usize>load<u32>(plan + at);
}

// @ts-ignore: decorator
@inline
function setWord(at: usize, value: i32): void {
  store<i32>(plan + at, value);
}

// @ts-ignore: decorator
@inline
function number(at: usize): f64 {
  return load<f64>(plan + at);
}

// The root over the first `count` rows drawn, searched; all others are held out.
export function startTree(at: usize, count: i32): void {
  plan = at;
  const heldOut = word(44) - count;
  memory.copy(place(48), place(40), <usize>count << 2);
  memory.copy(place(52), place(40) + (<usize>count << 2), <usize>heldOut << 2);
  const root = place(104);
  memory.fill(root, 0, LEAF);
  store<i32>(root, count, 4);
  store<i32>(root, heldOut, 12);
  store<i32>(root, -1, 28);
  store<i32>(root, 1, 32);
  store<f64>(root, -Infinity, 40);
  store<f64>(root, Infinity, 48);
  const block = takeBlock();
  fillBlock(block, 0, count);
  const sums = sumCells(block + (<usize>load<i32>(place(28)) << 3), load<i32>(place(28), 4));
  store<i32>(root, <i32>(sums >> 32), 16);
  store<i32>(root, <i32>sums, 20);
  store<i32>(root, <i32>block, 24);
  setWord(108, 1);
  setWord(116, 0);
  search(root);
}

// Splits until the tree is full or nothing gains (1), or a pause is due, after so many cells (0: call again).
export function growTree(at: usize, cells: f64): i32 {
  plan = at;
  while (word(108) < word(80)) {
    if (number(176) > cells) {
      store<f64>(plan, 0, 176);
      return 0;
    }
    const leaf = mostGainful();
    if (leaf == 0) return 1;
    split(leaf);
  }
  return 1;
}

// Values of the leaves into `values` and onto the scores (f64 by position); returns how many leaves there are.
export function finishTree(at: usize, scores: usize): i32 {
  plan = at;
  const leaves = word(108);
  for (let i = 0; i < leaves; i++) {
    const leaf = place(104) + <usize>i * LEAF;
    const value = number(136) * leafValue(leaf);
    const pair = place(120) + (<usize>i << 4);
    store<f64>(pair, <f64>load<i32>(leaf, 4));
    store<f64>(pair, value, 8);
    attach(leaf, -1 - i);
    giveBlock(leaf);
    if (word(72) == 0) {
      addToRows(scores, listAt(48, load<i32>(leaf)), load<i32>(leaf, 4), value);
      addToRows(scores, listAt(52, load<i32>(leaf, 8)), load<i32>(leaf, 12), value);
    } else {
      const update = place(124) + (<usize>i << 5);
      writeUpdate(update, listAt(48, load<i32>(leaf)), load<i32>(leaf, 4), value);
      writeUpdate(update + 16, listAt(52, load<i32>(leaf, 8)), load<i32>(leaf, 12), value);
    }
  }
  if (word(72) != 0) shareJob(ADD, leaves * 2, <i32>scores, word(124), 0, 0, 0);
  return leaves;
}

function writeUpdate(at: usize, rows: usize, count: i32, value: f64): void {
  store<i32>(at, <i32>rows);
  store<i32>(at, count, 4);
  store<f64>(at, value, 8);
}

function listAt(list: usize, start: i32): usize {
  return place(list) + (<usize>start << 2);
}

function mostGainful(): usize {
  let best: usize = 0;
  let gain: f64 = 0;
  const end = place(104) + <usize>word(108) * LEAF;
  for (let leaf = place(104); leaf < end; leaf += LEAF) {
    if (load<i32>(leaf + FOUND, 8) < 0 || load<f64>(leaf + FOUND) <= gain) continue;
    best = leaf;
    gain = load<f64>(leaf + FOUND);
  }
  return best;
}

// The leaf becomes its left child; the right one is added.
function split(left: usize): void {
  const node = addSplit(left);
  const right = place(104) + <usize>word(108) * LEAF;
  setWord(108, word(108) + 1);
  const feature = load<i32>(left + FOUND, 8);
  const sums = load<i64>(left + FOUND, 24);
  const found = left + FOUND;
  fillGoesLeft(place(60), load<i32>(found, 12), load<i32>(found, 16), load<i32>(found, 20) != 0, found + 32);
  const column = <usize>load<u32>(place(32) + (<usize>feature << 2));
  const count = partitionList(column, listAt(48, load<i32>(left)), load<i32>(left, 4));
  const heldOut = partitionList(column, listAt(52, load<i32>(left, 8)), load<i32>(left, 12));
  attach(left, node);
  store<i32>(left, node, 28);
  memory.copy(right, left, LEAF);
  store<i32>(left, 1, 32);
  store<i32>(right, 0, 32);
  store<i32>(left, count, 4);
  store<i32>(left, heldOut, 12);
  store<i32>(left, <i32>(sums >> 32), 16);
  store<i32>(left, <i32>sums, 20);
  store<i32>(right, load<i32>(right) + count);
  store<i32>(right, load<i32>(right, 4) - count, 4);
  store<i32>(right, load<i32>(right, 8) + heldOut, 8);
  store<i32>(right, load<i32>(right, 12) - heldOut, 12);
  store<i32>(right, load<i32>(right, 16) - load<i32>(left, 16), 16);
  store<i32>(right, load<i32>(right, 20) - load<i32>(left, 20), 20);
  const direction = load<i32>(place(28) + (<usize>feature << 5), 12);
  if (direction != 0) boundChildren(left, right, direction);
  searchChildren(left, right);
}

function addSplit(leaf: usize): i32 {
  const node = word(116);
  setWord(116, node + 1);
  const at = place(112) + <usize>node * SPLIT;
  const found = leaf + FOUND;
  store<i32>(at, load<i32>(found, 8));
  store<i32>(at, load<i32>(found, 12), 4);
  store<i32>(at, load<i32>(found, 16) | (load<i32>(found, 20) << 1), 16);
  store<i32>(at, load<i32>(leaf, 4), 20);
  store<f64>(at, load<f64>(found), 24);
  memory.copy(at + 32, found + 32, 32);
  return node;
}

// Hangs a split or ~leaf below the split above the leaf.
function attach(leaf: usize, child: i32): void {
  const parent = load<i32>(leaf, 28);
  if (parent < 0) return;
  store<i32>(place(112) + <usize>parent * SPLIT + (load<i32>(leaf, 32) != 0 ? 8 : 12), child);
}

// Splits a range of a row list by the bins that go left; returns how many do.
function partitionList(column: usize, rows: usize, count: i32): i32 {
  if (word(72) == 0 || count < SHARED_ROWS) return partition(column, place(60), rows, count, place(56));
  shareJob(PARTITION, count, <i32>column, word(60), <i32>rows, word(56), 0);
  const parts = word(76);
  let left: i32 = 0;
  for (let part = 0; part < parts; part++) {
    const from = rows + (<usize>share(count, part, parts) << 2);
    memory.copy(rows + (<usize>left << 2), from, <usize>resultOf(part) << 2);
    left += resultOf(part);
  }
  let end = left;
  for (let part = 0; part < parts; part++) {
    const from = share(count, part, parts);
    const right = share(count, part + 1, parts) - from - resultOf(part);
    memory.copy(rows + (<usize>end << 2), place(56) + (<usize>from << 2), <usize>right << 2);
    end += right;
  }
  return left;
}

function resultOf(part: i32): i32 {
  return load<i32>(place(72) + (<usize>part << 4), 128);
}

function shareJob(job: i32, a: i32, b: i32, c: i32, d: i32, e: i32, f: i32): void {
  const control = place(72);
  store<i32>(control, job, 8);
  store<i32>(control, a, 16);
  store<i32>(control, b, 20);
  store<i32>(control, c, 24);
  store<i32>(control, d, 28);
  store<i32>(control, e, 32);
  store<i32>(control, f, 36);
  runJob(control);
}

// Neither side of a monotone split may pass the middle between both, however often it is split again.
function boundChildren(left: usize, right: usize, direction: i32): void {
  const middle = (leafValue(left) + leafValue(right)) / 2;
  store<f64>(direction > 0 ? left : right, middle, 48);
  store<f64>(direction > 0 ? right : left, middle, 40);
}

function leafValue(leaf: usize): f64 {
  const h = <f64>load<i32>(leaf, 20) / number(160) + number(128);
  const value = h > 0 ? -(<f64>load<i32>(leaf, 16)) / number(152) / h : 0.0;
  return min(max(value, load<f64>(leaf, 40)), load<f64>(leaf, 48));
}

function isSplittable(leaf: usize): bool {
  return load<i32>(leaf, 4) >= 2 * word(84) && load<i32>(leaf, 20) > 0;
}

// Gives the children their histograms, reusing the parent's block for the larger, and searches both.
function searchChildren(left: usize, right: usize): void {
  const small = load<i32>(left, 4) <= load<i32>(right, 4) ? left : right;
  const large = small == left ? right : left;
  store<i32>(small, 0, 24);
  store<i32>(small + FOUND, -1, 8);
  store<i32>(large + FOUND, -1, 8);
  if (word(108) >= word(80) || !isSplittable(large)) {
    giveBlock(large);
    return;
  }
  const block = takeBlock();
  store<i32>(small, <i32>block, 24);
  fillBlock(block, load<i32>(small), load<i32>(small, 4));
  const own = <usize>load<u32>(large, 24);
  if (own != 0) subtract(own, block, word(24));
  else {
    const fresh = takeBlock();
    store<i32>(large, <i32>fresh, 24);
    fillBlock(fresh, load<i32>(large), load<i32>(large, 4));
  }
  search(small);
  keepOrGive(small);
  search(large);
  keepOrGive(large);
}

// A leaf that will not be split needs no histogram; nor does one keep the last two blocks.
function keepOrGive(leaf: usize): void {
  if (load<i32>(leaf + FOUND, 8) < 0 || word(100) < 2) giveBlock(leaf);
}

function takeBlock(): usize {
  setWord(100, word(100) - 1);
  return <usize>load<u32>(place(96) + (<usize>word(100) << 2));
}

function giveBlock(leaf: usize): void {
  if (load<i32>(leaf, 24) == 0) return;
  store<i32>(place(96) + (<usize>word(100) << 2), load<i32>(leaf, 24));
  setWord(100, word(100) + 1);
  store<i32>(leaf, 0, 24);
}

// Sums the records of a range of the row list into a histogram.
function fillBlock(block: usize, start: i32, count: i32): void {
  const rows = listAt(48, start);
  const slots = word(8);
  if (word(72) != 0 && count * slots >= SHARED_CELLS) {
    shareJob(HISTOGRAM, count, word(0), word(4), slots, <i32>rows, word(12));
    for (let part = 1; part < word(76); part++) {
      addCells(place(12), place(12) + <usize>(part * slots) * 2048, slots << 8);
    }
  } else setWord(168, histogram(place(0), word(4), slots, rows, count, place(12)));
  marginals(place(12), place(16), word(20), block);
  store<f64>(plan, number(176) + <f64>count * <f64>word(20), 176);
}

// Leaves the best split in the leaf, or -1 for its feature.
function search(leaf: usize): void {
  const found = leaf + FOUND;
  store<i32>(found, -1, 8);
  if (!isSplittable(leaf)) return;
  const own = writeSearch(leaf);
  findSplit(
    <usize>load<u32>(leaf, 24), place(28), place(88), word(92), place(64), found, place(68), word(36),
  );
  store<f64>(found, load<f64>(found) - own);
}

// Writes what findSplit reads, and returns the leaf's own score.
function writeSearch(leaf: usize): f64 {
  const at = place(64);
  const count = <f64>load<i32>(leaf, 4);
  const G = <f64>load<i32>(leaf, 16) / number(152);
  const H = <f64>load<i32>(leaf, 20) / number(160);
  const l2 = number(128);
  const perRow = H / count;
  const value = min(max(-G / (H + l2), load<f64>(leaf, 40)), load<f64>(leaf, 48));
  const own = -(2.0 * G * value + (H + l2) * value * value);
  const group = number(144);
  store<f64>(at, G);
  store<f64>(at, H, 8);
  store<f64>(at, l2, 16);
  store<f64>(at, max(MIN_HESSIAN, (<f64>word(84) - 0.5) * perRow), 24);
  store<f64>(at, own + abs(own) * MIN_GAIN, 32);
  store<f64>(at, l2 + CATEGORY_L2, 40);
  store<f64>(at, CATEGORY_SMOOTHING, 48);
  store<f64>(at, (min(CATEGORY_SMOOTHING, group) - 0.5) * perRow, 56);
  store<f64>(at, 1.0 / number(152), 64);
  store<f64>(at, 1.0 / number(160), 72);
  store<f64>(at, load<f64>(leaf, 40), 80);
  store<f64>(at, load<f64>(leaf, 48), 88);
  store<f64>(at, (group - 0.5) * perRow, 96);
  return own;
}
