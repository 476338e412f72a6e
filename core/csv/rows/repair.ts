/**
 * Repairs a row whose quotes do not match. Tries the readings for known writer mistakes and takes the first that gives
 * the table's width. Looks ahead only within a budget that grows with the bytes read: time is linear.
 */

import type { Cutting } from "../types.ts";
import { tooManyCells } from "./refuse.ts";

/** Many more cells in a row mean a wrong delimiter, or not a table. */
export const MAX_CELLS = 1 << 18;

export interface RepairWindow {
  /** 1-based in the file. */
  row: number;
  bytes: Uint8Array;
  /** Where the row begins. */
  start: number;
  /** After the newline of the line in which the error shows. */
  lineEnd: number;
  /** How far a reading over several lines may go. */
  reach: number;
  cutting: Cutting;
  /** Number of cells in a usual row; 0: unknown. */
  width: number;
}

export interface RepairedRow {
  reading: Reading;
  cells: Uint8Array[];
  /** Where the next row begins. */
  next: number;
}

/**
 * doubled: `"48"" x" y",` closes only before a delimiter or newline, and a doubled quote is one; plain: the same, but a
 * doubled quote is two (writers that escape nothing); literal: a quote that is not closed properly is an ordinary
 * character; spaced: as doubled, and spaces may precede an opening quote.
 */
export type Reading = "doubled" | "plain" | "literal" | "spaced";
const READINGS: readonly Reading[] = ["doubled", "plain", "literal"];

/** Bytes that readings over several lines may still examine. */
export class LookaheadBudget {
  static readonly REACH = 4096;
  private left = 1 << 16;

  grow(bytes: number): void {
    this.left += 2 * bytes;
  }

  take(bytes: number): boolean {
    if (this.left < bytes) return false;
    this.left -= bytes;
    return true;
  }
}

/** The reading that fits best; if none fits, the lines as they are, with quotes as characters. */
export function repairRow(window: RepairWindow, budget: LookaheadBudget): RepairedRow {
  const { lineEnd, reach, width } = window;
  const fits = (row: RepairedRow | null) => row !== null && row.cells.length === width;
  const readings: (RepairedRow | null)[] = [];
  for (const reading of READINGS) {
    const row = readAs(window, reading, lineEnd);
    if (row !== null && (width === 0 || fits(row))) return row;
    readings.push(row);
  }
  if (reach > lineEnd && budget.take(2 * (reach - lineEnd))) {
    const longer = [readAs(window, "doubled", reach), readAs(window, "plain", reach)].find(fits);
    if (longer) return longer;
  }
  return readings[2]!;
}

/** Delimiters that single rows use although the file uses another. */
const OTHER_DELIMITERS = [",", ";", "\t", "|", " "];

/**
 * The row with spaces before its quotes, or split by another delimiter, if that gives exactly the table's width; null
 * if neither does.
 */
export function recut(window: RepairWindow): RepairedRow | null {
  const { start, lineEnd, width, cutting } = window;
  const line = window.bytes.subarray(start, lineEnd);
  const spaced = readAs(window, "spaced", lineEnd);
  if (spaced?.cells.length === width && spaced.next === lineEnd) return spaced;
  for (const delimiter of OTHER_DELIMITERS) {
    // Prose contains spaces too: a few words could match the number of cells by chance.
    if (delimiter === cutting.delimiter || (delimiter === " " && width < 5)) continue;
    if (!line.includes(delimiter.charCodeAt(0))) continue;
    const row = readAs({ ...window, cutting: { ...cutting, delimiter } }, "doubled", lineEnd);
    if (row?.cells.length !== width || row.next !== lineEnd) continue;
    if (delimiter !== " " || line.includes(cutting.quote.charCodeAt(0)) || countNumbers(row.cells) >= 2)
      return row;
  }
  return null;
}

function countNumbers(cells: readonly Uint8Array[]): number {
  return cells.filter(([first]) => first >= 48 && first <= 57).length;
}

/** Null if a quote is still open at `end`. */
function readAs(window: RepairWindow, reading: Reading, end: number): RepairedRow | null {
  const { bytes, cutting } = window;
  const delimiter = new TextEncoder().encode(cutting.delimiter);
  const quote = cutting.quote.charCodeAt(0);
  // A reading with more cells than the table has columns does not fit and need not be finished.
  const most = reading !== "literal" && window.width > 0 ? window.width : MAX_CELLS;
  const cells: Uint8Array[] = [];
  let at = window.start;
  while (true) {
    const open = reading === "spaced" ? skipBlanks(bytes, at, end) : at;
    const isQuoted = open < end && bytes[open] === quote;
    let cell = isQuoted ? readQuoted({ bytes, at: open, end, delimiter, cutting }, reading) : null;
    if (isQuoted && cell === null && reading !== "literal") return null;
    cell ??= readPlain(bytes, at, { end, delimiter, cutting });
    cells.push(cell.value);
    if (cells.length > most) {
      if (reading === "literal")
        throw tooManyCells(MAX_CELLS, { row: window.row, bytes: bytes.subarray(window.start, end) });
      return null;
    }
    if (isDelimiter(bytes, cell.after, delimiter, end)) at = cell.after + delimiter.length;
    else return { reading, cells, next: afterNewline(bytes, cell.after, end) };
  }
}

interface Cell {
  value: Uint8Array;
  after: number;
}

function skipBlanks(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i] === 32) i++;
  return i;
}

interface Field {
  bytes: Uint8Array;
  at: number;
  end: number;
  delimiter: Uint8Array;
  cutting: Cutting;
}

/** Null if the quote does not close before `end`. */
function readQuoted(field: Field, reading: Reading): Cell | null {
  const { bytes, at, end, delimiter, cutting } = field;
  const quote = cutting.quote.charCodeAt(0);
  const escapeByte = (cutting.escape || cutting.quote).charCodeAt(0);
  const afterClose = (place: number) => (reading === "spaced" ? skipBlanks(bytes, place, end) : place);
  const pieces: Uint8Array[] = [];
  let from = at + 1;
  for (let i = from; i < end; ) {
    const byte = bytes[i];
    const next = i + 1 < end ? bytes[i + 1] : -1;
    if (reading !== "plain" && byte === escapeByte && (next === quote || next === escapeByte)) {
      pieces.push(bytes.subarray(from, i));
      from = i + 1;
      i += 2;
    } else if (
      byte === quote &&
      (next < 0 || endsCell(bytes, afterClose(i + 1), { delimiter, end, cutting }))
    ) {
      pieces.push(bytes.subarray(from, i));
      return { value: Buffer.concat(pieces), after: afterClose(i + 1) };
    } else if (byte === quote && reading === "literal") return null;
    else i++;
  }
  return null;
}

function endsCell(
  bytes: Uint8Array,
  at: number,
  how: { delimiter: Uint8Array; end: number; cutting: Cutting },
): boolean {
  return isDelimiter(bytes, at, how.delimiter, how.end) || isNewline(bytes, at, how.cutting);
}

function readPlain(
  bytes: Uint8Array,
  at: number,
  field: { end: number; delimiter: Uint8Array; cutting: Cutting },
): Cell {
  const { end, delimiter, cutting } = field;
  let i = at;
  while (i < end && !isDelimiter(bytes, i, delimiter, end) && !isNewline(bytes, i, cutting)) i++;
  return { value: bytes.slice(at, i), after: i };
}

function isDelimiter(bytes: Uint8Array, at: number, delimiter: Uint8Array, end: number): boolean {
  if (delimiter.length === 0 || at + delimiter.length > end) return false;
  for (let k = 0; k < delimiter.length; k++) if (bytes[at + k] !== delimiter[k]) return false;
  return true;
}

function isNewline(bytes: Uint8Array, at: number, cutting: Cutting): boolean {
  if (bytes[at] === 10) return true;
  if (bytes[at] !== 13) return false;
  return bytes[at + 1] === 10 || cutting.newline === "\r" || cutting.newline === "mixed";
}

function afterNewline(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return end;
  return bytes[at] === 13 && bytes[at + 1] === 10 && at + 1 < end ? at + 2 : at + 1;
}
