/** How are rows or columns taken out of a table, and which rows are the same? */
import type { Column, Table } from "../csv/types.ts";

export function selectRows(table: Table, rows: Int32Array): Table {
  if (rows.length === table.rows) return table;
  return { rows: rows.length, columns: table.columns.map((column) => selectColumn(column, rows)) };
}

function selectColumn(column: Column, rows: Int32Array): Column {
  if ("values" in column) return { ...column, values: Float64Array.from(rows, (row) => column.values[row]) };
  return { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]) };
}

export function dropColumns(table: Table, names: ReadonlySet<string>): Table {
  return { rows: table.rows, columns: table.columns.filter((column) => !names.has(column.name)) };
}

const MISSING_NUMBER = 0x7ff80000;

/**
 * The same number for rows that are equal in every column; `extra` takes part too. Two 32-bit hashes make a collision
 * of different rows as good as impossible (one in 2^53 for a pair).
 */
export function rowGroups(table: Table, extra: Float64Array | null): Int32Array {
  const first = new Int32Array(table.rows).fill(0x811c9dc5 | 0);
  const second = new Int32Array(table.rows).fill(0x2545f491 | 0);
  const mixIn = (row: number, bits: number) => {
    first[row] = Math.imul(first[row] ^ bits, 0x01000193);
    second[row] = Math.imul((second[row] << 13) | (second[row] >>> 19), 0x85ebca6b) ^ bits;
  };
  const number = new Float64Array(1);
  const words = new Int32Array(number.buffer);
  const addNumbers = (values: Float64Array) => {
    for (let row = 0; row < table.rows; row++) {
      number[0] = values[row] + 0;
      const missing = Number.isNaN(values[row]);
      mixIn(row, missing ? MISSING_NUMBER : words[0]);
      mixIn(row, missing ? 0 : words[1]);
    }
  };
  for (const column of table.columns) {
    if ("values" in column) addNumbers(column.values);
    else for (let row = 0; row < table.rows; row++) mixIn(row, column.codes[row]);
  }
  if (extra) addNumbers(extra);
  return numbered(first, second);
}

function numbered(first: Int32Array, second: Int32Array): Int32Array {
  const known = new Map<number, number>();
  return first.map((hash, row) => {
    const key = (hash >>> 0) * 0x200000 + ((second[row] >>> 0) & 0x1fffff);
    let group = known.get(key);
    if (group === undefined) {
      group = known.size;
      known.set(key, group);
    }
    return group;
  });
}
