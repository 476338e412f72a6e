/** Selects rows or columns of a table, and finds equal rows. */
import type { Column, Table } from "../../../../csv/types.ts";
import { inBlocks, type Steps } from "../../../../trainer/cancellation.ts";
import { spreadRows } from "../../../../trainer/random.ts";

/** The given rows, in that order. */
export function selectRows(table: Table, rows: Int32Array): Table {
  if (rows.length === table.rows && rows.every((row, i) => row === i)) return table;
  const { numbers } = table;
  return {
    rows: rows.length,
    columns: table.columns.map((column) => selectColumn(column, rows)),
    numbers: numbers ? Int32Array.from(rows, (row) => numbers[row]) : Int32Array.from(rows),
  };
}

function selectColumn(column: Column, rows: Int32Array): Column {
  if ("values" in column)
    return { ...column, values: gather(column.values, rows, new Float64Array(rows.length)) };
  return { ...column, codes: gather(column.codes, rows, new Int32Array(rows.length)) };
}

/** A loop: with thousands of columns a callback per cell takes longer than the learning. */
function gather<T extends Float64Array | Int32Array>(from: T, rows: Int32Array, into: T): T {
  for (let i = 0; i < rows.length; i++) into[i] = from[rows[i]];
  return into;
}

export function dropColumns(table: Table, names: ReadonlySet<string>): Table {
  return { ...table, columns: table.columns.filter((column) => !names.has(column.name)) };
}

/**
 * The same number for rows that are equal in every column. With two 32-bit hashes a collision of different rows is
 * practically impossible (one in 2^53 for a pair).
 */
export function* rowGroups(table: Table): Steps<Int32Array> {
  const first = new Int32Array(table.rows).fill(0x811c9dc5 | 0);
  const second = new Int32Array(table.rows).fill(0x2545f491 | 0);
  for (const column of table.columns) {
    if ("values" in column) mixNumbers(first, second, column.values);
    else mixWords(first, second, { words: column.codes, from: 0, stride: 1 });
    yield;
  }
  return yield* numbered(first, second);
}

/** Reads every `stride`-th word, starting at `from`. */
function mixWords(
  first: Int32Array,
  second: Int32Array,
  given: { words: Int32Array; from: number; stride: number },
): void {
  const { words, from, stride } = given;
  for (let row = 0, at = from; row < first.length; row++, at += stride) {
    first[row] = Math.imul(first[row] ^ words[at], 0x01000193);
    second[row] = Math.imul((second[row] << 13) | (second[row] >>> 19), 0x85ebca6b) ^ words[at];
  }
}

/** Both halves of each number; all NaNs are equal, and so are the two zeros. */
function mixNumbers(first: Int32Array, second: Int32Array, values: Float64Array): void {
  const plain = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++)
    plain[row] = Number.isNaN(values[row]) ? Number.NaN : values[row] + 0;
  const words = new Int32Array(plain.buffer);
  mixWords(first, second, { words, from: 0, stride: 2 });
  mixWords(first, second, { words, from: 1, stride: 2 });
}

/** A look into the table of hashes takes as long as so many multiply-adds. */
const LOOK_COST = 10;

/** By row the number of its group, in the order of first rows. The hashes are found by open addressing with linear probing. */
function* numbered(first: Int32Array, second: Int32Array): Steps<Int32Array> {
  const rows = first.length;
  const mask = 2 ** Math.ceil(Math.log2(Math.max(2, 2 * rows))) - 1;
  /** The first row of a group, plus 1; 0: free. */
  const slots = new Int32Array(mask + 1);
  const groups = new Int32Array(rows);
  let count = 0;
  yield* inBlocks(rows, LOOK_COST * rows, (from, to) => {
    for (let row = from; row < to; row++) {
      let slot = (first[row] ^ (second[row] >>> 15)) & mask;
      let other = slots[slot] - 1;
      while (other >= 0 && (first[other] !== first[row] || second[other] !== second[row])) {
        slot = (slot + 1) & mask;
        other = slots[slot] - 1;
      }
      if (other < 0) slots[slot] = row + 1;
      groups[row] = other < 0 ? count++ : groups[other];
    }
  });
  return groups;
}

const SAMPLED_TEXTS = 100;

/** Characters of free text in a row, on average. */
export function charactersOf({ columns }: Table): number {
  return columns.reduce((sum, column) => {
    if (column.type !== "text" || !("labels" in column)) return sum;
    const some = spreadRows(column.labels.length, SAMPLED_TEXTS);
    const all = some.reduce((length, label) => length + column.labels[label].length, 0);
    return sum + all / Math.max(1, some.length);
  }, 0);
}
