/**
 * Lays out the memory of one fit.
 *
 *   position   0 .. train - 1 the training rows, then the validation rows (they follow the splits, so their scores cost
 *              no walk, but no sum ever holds them)
 *   columns    one byte a position and feature, column-major: partition reads one feature of many rows
 *   records    row-major, training rows only (kernels/assembly/records.ts): histograms read all features of a row
 *   lists      row numbers (u32) of the nodes: each node owns a range of `rows` and one of `heldOut`, the rows that its
 *              sums leave out; both are copied from `drawn` (the rows of this round, ascending, then all others)
 *              when a tree starts
 */

import { type Arena, Scope } from "../../../kernels/arena.ts";
import type { Checkpoint } from "../../../samples.ts";
import type { BinnedSamples } from "../binning.ts";
import { planSlots, type SlotPlan } from "./packed-bins.ts";

export interface FitShape {
  binned: BinnedSamples;
  trainRows: Int32Array;
  validationRows: Int32Array;
  monotone: Record<string, 1 | -1>;
  threads: number;
  checkpoint: Checkpoint;
}

/** Byte offsets and sizes; see above. */
export interface Fit {
  scope: Scope;
  train: number;
  total: number;
  featureCount: number;
  columns: number[];
  records: number;
  stride: number;
  rows: number;
  heldOut: number;
  drawn: number;
  /** Cells of one histogram, even. */
  cells: number;
  /**
   * The plan that the growing kernel reads (kernels/assembly/grower.ts): its offset, and views of its words and
   * numbers.
   */
  plan: { at: number; words: Int32Array; numbers: Float64Array };
}

const CELL = 8;
const PLAN_BYTES = 184;
/** What the search reads of a leaf, and 16 bytes for each category that it sorts. */
const SEARCH_BYTES = 104;
const SORTING_BYTES = 256 * 16;
/** Smaller records fit in the second-level cache. */
export const TIGHT_BYTES = 1024 * 1024;

/** Allocates one fit; the caller closes `fit.scope`. When a checkpoint throws, nothing stays allocated. */
export async function openFit(arena: Arena, shape: FitShape): Promise<Fit> {
  const scope = new Scope(arena);
  try {
    return await layOut(scope, shape);
  } catch (error) {
    scope.close();
    throw error;
  }
}

async function layOut(scope: Scope, shape: FitShape): Promise<Fit> {
  const { binned, trainRows, validationRows, monotone } = shape;
  const train = trainRows.length;
  const total = train + validationRows.length;
  const featureCount = binned.features.length;
  const columns: number[] = [];
  for (const codes of binned.codes) {
    columns.push(fillColumn(scope, codes, shape));
    await shape.checkpoint();
  }
  const bases = Int32Array.from(columns, (at) => (scope.u8(at, train).includes(0) ? 0 : 1));
  const plan = planSlots(binned.binCounts, bases);
  const stride = recordStride(plan.slotCount, train);
  const records = await buildRecords(scope, shape.checkpoint, { plan, columns, train, stride });
  const { firsts, cells } = cellLayout(binned.binCounts);
  const lists = {
    drawn: scope.bytes(total * 4),
    rows: scope.bytes(train * 4 + 4),
    heldOut: scope.bytes(total * 4),
  };
  const at = scope.bytes(PLAN_BYTES);
  const [words, numbers] = [scope.i32(at, PLAN_BYTES / 4), scope.f64(at, PLAN_BYTES / 8)];
  const slotSums = scope.bytes(shape.threads * plan.slotCount * 256 * CELL);
  words.set([records, stride, plan.slotCount, slotSums, writeMarginalPlan(scope, plan, firsts)]);
  words.set(
    [featureCount, cells, writeTable(scope, binned, { firsts, monotone }), listColumns(scope, columns)],
    5,
  );
  words.set([binned.features.some(({ name }) => monotone[name]) ? 1 : 0, lists.drawn, total], 9);
  words.set([lists.rows, lists.heldOut, scope.bytes(total * 4 + 16), scope.bytes(256)], 12);
  words.set([scope.bytes(SEARCH_BYTES), scope.bytes(SORTING_BYTES)], 16);
  const sizes = { train, total, featureCount, stride, cells };
  return { scope, ...sizes, columns, records, ...lists, plan: { at, words, numbers } };
}

function listColumns(scope: Scope, columns: number[]): number {
  const at = scope.bytes(columns.length * 4);
  scope.i32(at, columns.length).set(columns);
  return at;
}

/** Blocks of rows that stay in the cache while every feature is written into their records. */
const SEAT_ROWS = 4096;

async function buildRecords(
  scope: Scope,
  checkpoint: Checkpoint,
  from: { plan: SlotPlan; columns: number[]; train: number; stride: number },
): Promise<number> {
  const { plan, columns, train, stride } = from;
  const records = scope.bytes(train * stride);
  for (let row = 0; row < train; row += SEAT_ROWS) {
    const count = Math.min(SEAT_ROWS, train - row);
    plan.seats.forEach(({ slot, base, factor }, f) => {
      scope.kernels.buildSlot(records + row * stride, stride, slot, columns[f] + row, count, base, factor);
    });
    if (row % (64 * SEAT_ROWS) === 0) await checkpoint();
  }
  return records;
}

/**
 * Small fits are packed tightly to stay in the second-level cache; large ones so that few records cross a cache line.
 */
function recordStride(slotCount: number, train: number): number {
  const tight = CELL + slotCount;
  return train * tight < TIGHT_BYTES ? tight : Math.ceil(tight / 8) * 8;
}

function fillColumn(scope: Scope, codes: Uint8Array, { trainRows, validationRows }: FitShape): number {
  const train = trainRows.length;
  const at = scope.bytes(train + validationRows.length);
  const column = new Uint8Array(train + validationRows.length);
  gather(codes, trainRows, column);
  gather(codes, validationRows, column.subarray(train));
  scope.u8(at, column.length).set(column);
  return at;
}

/** Copies into private memory: written one by one, shared memory is ten times slower until the code is hot. */
function gather(codes: Uint8Array, rows: Int32Array, out: Uint8Array): void {
  for (let i = 0; i < rows.length; i++) out[i] = codes[rows[i]];
}

/** Bin 0, the other bins padded to an even number (they are scanned in pairs), and one more to keep all even. */
function cellLayout(binCounts: Int32Array): { firsts: number[]; cells: number } {
  const firsts: number[] = [];
  let cells = 0;
  for (const bins of binCounts) {
    firsts.push(cells);
    cells += 2 + 2 * Math.ceil((bins - 1) / 2);
  }
  return { firsts, cells };
}

function writeMarginalPlan(scope: Scope, plan: SlotPlan, firsts: number[]): number {
  const at = scope.bytes(plan.order.length * 16);
  const words = scope.i32(at, plan.order.length * 4);
  plan.order.forEach((f, i) => {
    const { slot, factor, digits, base } = plan.seats[f];
    words.set([slot, factor, digits, firsts[f] + base], i * 4);
  });
  return at;
}

function writeTable(
  scope: Scope,
  binned: BinnedSamples,
  { firsts, monotone }: { firsts: number[]; monotone: FitShape["monotone"] },
): number {
  const at = scope.bytes(firsts.length * 32);
  const words = scope.i32(at, firsts.length * 8);
  binned.features.forEach(({ name, kind }, f) => {
    words.set([firsts[f], binned.binCounts[f], kind === "category" ? 1 : 0, monotone[name] ?? 0], f * 8);
  });
  return at;
}
