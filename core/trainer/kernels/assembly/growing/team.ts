// Shares one job among several threads. Each runs `work` on its own instance over the same memory.
//
// control (i32 each): 0 generation: raised by one for a new job      4 parts not yet done      8 job (0: go home)
//                     12 parts in all      16 .. 60 arguments      64 .. 72 f64 arguments
//                     128 + 16 * part: the part's own result and scratch
// Part p takes its share of the range; part 0 is the caller's. Sums are whole numbers or kept apart by block, so the
// result does not depend on the number of parts.
import { gammaGradients, logisticGradients, poissonGradients, softmaxGradients, squaredGradients } from "./gradients";
import { histogram } from "./histogram";
import { addToRows } from "./partition";
import { packGradients } from "./records";

const SPINS: i32 = 4000;

export const HISTOGRAM: i32 = 1;
const GRADIENTS: i32 = 2;
const PACK: i32 = 3;
export const PARTITION: i32 = 4;
export const ADD: i32 = 5;

// @ts-ignore: decorator
@inline
function argument(control: usize, index: i32): i32 {
  return load<i32>(control + 16 + (<usize>index << 2));
}

// A worker's loop: wait for a new generation, do its part, report it done.
export function work(control: usize, part: i32): void {
  let seen: i32 = 0;
  while (true) {
    for (let i = 0; i < SPINS && atomic.load<i32>(control) == seen; i++) {}
    while (atomic.load<i32>(control) == seen) atomic.wait<i32>(control, seen, -1);
    seen++;
    if (load<i32>(control, 8) == 0) return;
    runPart(control, part);
    if (atomic.sub<i32>(control + 4, 1) == 1) atomic.notify(control + 4, 1);
  }
}

// Starts the job that `control` describes, does part 0, and waits for the others.
export function runJob(control: usize): void {
  atomic.store<i32>(control + 4, load<i32>(control, 12) - 1);
  wake(control);
  runPart(control, 0);
  for (let i = 0; i < SPINS && atomic.load<i32>(control + 4) != 0; i++) {}
  while (true) {
    const left = atomic.load<i32>(control + 4);
    if (left == 0) return;
    atomic.wait<i32>(control + 4, left, -1);
  }
}

export function wake(control: usize): void {
  atomic.add<i32>(control, 1);
  atomic.notify(control, -1);
}

export function share(count: i32, part: i32, parts: i32): i32 {
  return <i32>((<i64>count * <i64>part) / <i64>parts);
}

function runPart(control: usize, part: i32): void {
  const job = load<i32>(control, 8);
  const parts = load<i32>(control, 12);
  const total = argument(control, 0);
  const from = share(total, part, parts);
  const to = share(total, part + 1, parts);
  if (job == HISTOGRAM) histogramPart(control, part, from, to);
  else if (job == GRADIENTS) gradientsPart(control, part, from, to);
  else if (job == PACK) packPart(control, from, to);
  else if (job == PARTITION) partitionPart(control, part, from, to);
  else if (job == ADD) addPart(control, part, parts);
}

// 0 rows  1 records  2 stride  3 slots  4 row list  5 sums: one block of slots a part
function histogramPart(control: usize, part: i32, from: i32, to: i32): void {
  const slots = argument(control, 3);
  const out = <usize>argument(control, 5) + <usize>(part * slots) * 2048;
  const rows = <usize>argument(control, 4) + (<usize>from << 2);
  histogram(<usize>argument(control, 1), argument(control, 2), slots, rows, to - from, out);
}

// 0 blocks  1 rows  2 rows a block  3 loss  4 scores  5 y  6 g  7 h  8 sums  9 outputs  10 stride
function gradientsPart(control: usize, part: i32, from: i32, to: i32): void {
  const size = argument(control, 2);
  const outputs = argument(control, 9);
  const loss = argument(control, 3);
  const scores = <usize>argument(control, 4);
  const y = <usize>argument(control, 5);
  const g = <usize>argument(control, 6);
  const h = <usize>argument(control, 7);
  const stride = argument(control, 10);
  const scratch = <usize>argument(control, 8) + <usize>((argument(control, 0) + part) * outputs) * 16;
  for (let block = from; block < to; block++) {
    const first = block * size;
    const last = min(first + size, argument(control, 1));
    const sums = <usize>argument(control, 8) + <usize>(block * outputs) * 16;
    if (loss == 0) squaredGradients(scores, y, first, last, g, h, sums);
    else if (loss == 1) logisticGradients(scores, y, first, last, g, h, sums);
    else if (loss == 2) softmaxGradients(scores, y, first, last, g, h, sums, outputs, stride, scratch);
    else if (loss == 3) poissonGradients(scores, y, first, last, g, h, sums);
    else gammaGradients(scores, y, first, last, g, h, sums);
  }
}

// 0 rows  1 records  2 stride  3 g  4 h; f64: scales of g and h
function packPart(control: usize, from: i32, to: i32): void {
  const scaleG = load<f64>(control, 64);
  const scaleH = load<f64>(control, 72);
  const records = <usize>argument(control, 1);
  packGradients(records, argument(control, 2), <usize>argument(control, 3), <usize>argument(control, 4), from, to, scaleG, scaleH);
}

// 0 rows  1 column  2 goesLeft  3 row list  4 side.  Left rows move to the head of the part's range of the list, right
// rows to its range of `side`; the result is how many are left.
function partitionPart(control: usize, part: i32, from: i32, to: i32): void {
  const column = <usize>argument(control, 1);
  const goesLeft = <usize>argument(control, 2);
  const rows = <usize>argument(control, 3);
  let left = rows + (<usize>from << 2);
  let right = <usize>argument(control, 4) + (<usize>from << 2);
  for (let i = from; i < to; i++) {
    const row = load<u32>(rows + (<usize>i << 2));
    const isLeft = <usize>load<u8>(goesLeft + <usize>load<u8>(column + <usize>row)) << 2;
    store<u32>(left, row);
    store<u32>(right, row);
    left += isLeft;
    right += 4 - isLeft;
  }
  store<i32>(control + 128 + (<usize>part << 4), <i32>((left - rows) >> 2) - from);
}

// 0 leaves  1 scores  2 list of leaves (16 bytes: row list, count, f64 value): each part takes its share of each leaf.
function addPart(control: usize, part: i32, parts: i32): void {
  const scores = <usize>argument(control, 1);
  for (let i = 0; i < argument(control, 0); i++) {
    const leaf = <usize>argument(control, 2) + (<usize>i << 4);
    const count = load<i32>(leaf, 4);
    const from = share(count, part, parts);
    const to = share(count, part + 1, parts);
    addToRows(scores, <usize>load<i32>(leaf) + (<usize>from << 2), to - from, load<f64>(leaf, 8));
  }
}
