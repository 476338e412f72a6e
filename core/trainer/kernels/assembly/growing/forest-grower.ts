// Grows one tree of a forest depth first, over a random handful of features at each node.
//
// plan (i32 each, written by forest-grower.ts):
//     0 columns (an offset a feature)   4 features   8 kinds (i32 a feature, 1: category)   12 y   16 outputs
//    20 row list   24 side   28 goesLeft   32 totals   36 cells   40 scratch   44 out   48 order (i32 a feature)
//    52 features looked at   56 least rows of a leaf   60 extremely randomised: one cut drawn, not the best
//    64 open nodes (a stack of 16 bytes: start, rows, split above or -1, is left)   68 their number
//    72 splits (64 bytes each, as grower.ts draws them)   76 their number
//    80 leaves (f64: rows, then a value an output)        84 their number
//    88 .. 103 state of the random numbers (sfc32)       104 f64 mean of the target, added to the leaves
import { forestSplit, forestTotals } from "./forest";
import { fillGoesLeft, partition } from "./partition";

const SPLIT: usize = 64;
const LAST_BIN: i32 = 255;
// What a node costs beside its rows, in rows.
const NODE_WORK: i32 = 100;

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

// sfc32, as core/trainer/random.ts.
function random(): f64 {
  const b = load<u32>(plan, 92);
  const c = load<u32>(plan, 96);
  const counter = load<u32>(plan, 100);
  const drawn = load<u32>(plan, 88) + b + counter;
  store<u32>(plan, b ^ (b >> 9), 88);
  store<u32>(plan, c + (c << 3), 92);
  store<u32>(plan, rotl<u32>(c, 21) + drawn, 96);
  store<u32>(plan, counter + 1, 100);
  return <f64>drawn / 4294967296.0;
}

export function startForestTree(at: usize, count: i32): void {
  plan = at;
  store<i32>(plan, 0, 68);
  store<i32>(plan, 0, 76);
  store<i32>(plan, 0, 84);
  open(0, count, -1, 1);
}

// Grows until no node is open (1), or until this many rows times features were examined (0: call again).
export function growForestTree(at: usize, work: f64): i32 {
  plan = at;
  while (word(68) > 0) {
    if (work <= 0) return 0;
    store<i32>(plan, word(68) - 1, 68);
    const node = place(64) + (<usize>word(68) << 4);
    work -= <f64>(load<i32>(node, 4) + NODE_WORK) * <f64>word(52);
    growNode(load<i32>(node), load<i32>(node, 4), load<i32>(node, 8), load<i32>(node, 12));
  }
  return 1;
}

function open(start: i32, count: i32, parent: i32, isLeft: i32): void {
  const node = place(64) + (<usize>word(68) << 4);
  store<i32>(plan, word(68) + 1, 68);
  store<i32>(node, start);
  store<i32>(node, count, 4);
  store<i32>(node, parent, 8);
  store<i32>(node, isLeft, 12);
}

function growNode(start: i32, count: i32, parent: i32, isLeft: i32): void {
  const rows = place(20) + (<usize>start << 2);
  const split = place(72) + <usize>word(76) * SPLIT;
  const isSplit = findForestSplit(rows, count, split);
  const child = isSplit ? word(76) : -1 - word(84);
  if (parent >= 0) store<i32>(place(72) + <usize>parent * SPLIT + (isLeft != 0 ? 8 : 12), child);
  if (!isSplit) {
    addLeaf();
    return;
  }
  store<i32>(plan, child + 1, 76);
  store<i32>(split, count, 20);
  const flags = load<i32>(split, 16);
  fillGoesLeft(place(28), load<i32>(split, 4), flags & 1, (flags & 2) != 0, split + 32);
  const column = <usize>load<u32>(place(0) + (<usize>load<i32>(split) << 2));
  const left = partition(column, place(28), rows, count, place(24));
  open(start + left, count - left, child, 0);
  open(start, left, child, 1);
}

// Class shares, or the mean, of the node whose totals were taken last.
function addLeaf(): void {
  const outputs = word(16);
  const leaf = place(80) + (<usize>(word(84) * (outputs + 1)) << 3);
  const totals = place(32);
  const count = load<f64>(totals);
  store<f64>(leaf, count);
  for (let k: usize = 8; k <= <usize>outputs << 3; k += 8) {
    store<f64>(leaf + k, load<f64>(plan, 104) + load<f64>(totals + k) / count);
  }
  store<i32>(plan, word(84) + 1, 84);
}

// Examines features in random order until enough were not constant here; the best split goes into `split`.
function findForestSplit(rows: usize, count: i32, split: usize): bool {
  const squares = forestTotals(rows, count, place(12), word(16), place(32));
  if (count < 2 * word(56) || isPure(squares)) return false;
  const features = word(4);
  const order = place(48);
  for (let i = 0; i < features; i++) store<i32>(order + (<usize>i << 2), i);
  let found = false;
  for (let i = 0, looked = 0; i < features && looked < word(52); i++) {
    const drawn = order + (<usize>(i + <i32>(random() * <f64>(features - i))) << 2);
    const feature = load<i32>(drawn);
    store<i32>(drawn, load<i32>(order + (<usize>i << 2)));
    const draw = word(60) != 0 ? random() : -1.0;
    const coin = random() < 0.5 ? 1 : 0;
    const state = forestSplit(
      <usize>load<u32>(place(0) + (<usize>feature << 2)), rows, count, place(12), word(16), place(32),
      load<i32>(place(8) + (<usize>feature << 2)), word(56), draw, coin, place(36), place(40), place(44),
    );
    if (state == 0) continue;
    looked++;
    if (state == 1 || (found && load<f64>(place(44)) <= load<f64>(split, 24))) continue;
    keepSplit(split, feature, count);
    found = true;
  }
  return found;
}

function isPure(squares: f64): bool {
  const totals = place(32);
  const count = load<f64>(totals);
  const outputs = word(16);
  if (outputs == 1) {
    const sum = load<f64>(totals, 8);
    return squares - sum * sum / count <= 1e-12 * squares;
  }
  for (let k: usize = 8; k <= <usize>outputs << 3; k += 8) if (load<f64>(totals + k) == count) return true;
  return false;
}

// Missing that did not occur here goes with the heavier side. Missing alone on the left has no threshold: the same
// split with its sides exchanged has one, above every number.
function keepSplit(split: usize, feature: i32, count: i32): void {
  const out = place(44);
  const isCategory = load<i32>(place(8) + (<usize>feature << 2));
  const bin = load<i32>(out, 12);
  let missingLeft = load<i32>(out, 16) != 0 ? load<i32>(out, 32) & 1 : <i32>(2 * load<i32>(out, 8) >= count);
  const exchanged = isCategory == 0 && bin == 0;
  if (exchanged) missingLeft = 0;
  store<i32>(split, feature);
  store<i32>(split, exchanged ? LAST_BIN : bin, 4);
  store<i32>(split, missingLeft | (isCategory << 1), 16);
  store<f64>(split, load<f64>(out), 24);
  memory.copy(split + 32, out + 32, 32);
  if (missingLeft != 0) store<u8>(split, load<u8>(split, 32) | 1, 32);
}
