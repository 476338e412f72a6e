/**
 * Keeps a seeded sample of at most 20,000 rows while a file streams, each column as plain numbers, so that two columns
 * can be compared row by row. Keeps no text: a label is stored as its hash.
 */
import { isMissing, missingValues } from "../cells/cells.ts";
import { DateReader } from "../cells/dates/date-reader.ts";
import { hashBytes } from "../cells/dictionary.ts";
import { PLAIN_NUMBER, readNumber } from "../cells/numbers/numbers.ts";
import type { RowCutter } from "../kernels/row-cutter.ts";
import type { ColumnPlan } from "../types.ts";

const MAX_ROWS = 20_000;
const MIN_ROWS = 400;
const MAX_CELLS = 4_000_000;
const FIRST_ROWS = 256;
/** A longer label counts as missing: it is not a class. */
const MAX_LABEL_BYTES = 256;

type CellReader = (bytes: Uint8Array, start: number, end: number) => number;

/**
 * Each row has a seeded random number; rows whose number begins with `level` zero bits are in the sample. When there
 * are too many, the level rises by one and about half are dropped, so the sample is uniform at any moment.
 */
export class RowSample {
  rows = 0;
  private level = 0;
  private seen = 0;
  private readonly maxRows: number;
  private readonly readers: CellReader[];
  private numbers = new Uint32Array(FIRST_ROWS);
  private columns: Float64Array<ArrayBuffer>[];

  constructor(plans: readonly ColumnPlan[]) {
    this.maxRows = Math.max(MIN_ROWS, Math.min(MAX_ROWS, Math.floor(MAX_CELLS / plans.length)));
    this.readers = plans.map(readerFor);
    this.columns = plans.map(() => new Float64Array(FIRST_ROWS));
  }

  /** The next row of the file: its bytes, and where each cell begins and ends in them. */
  add(bytes: Uint8Array, spans: Int32Array, cells: number): void {
    if (this.takes(mixed(this.seen++))) this.keep(bytes, spans, cells, 0);
  }

  addMany({ bytes, spans, width }: RowCutter, rows: number): void {
    for (let row = 0; row < rows; row++)
      if (this.takes(mixed(this.seen++))) this.keep(bytes, spans, width, 2 * row * width);
  }

  private takes(number: number): boolean {
    if (Math.clz32(number) < this.level) return false;
    if (this.rows === this.maxRows) {
      this.thin();
      if (Math.clz32(number) < this.level) return false;
    }
    if (this.rows === this.numbers.length) this.grow();
    this.numbers[this.rows] = number;
    return true;
  }

  private keep(bytes: Uint8Array, spans: Int32Array, cells: number, from: number): void {
    for (let k = 0, at = from; k < this.columns.length; k++, at += 2)
      this.columns[k][this.rows] = k < cells ? this.readers[k](bytes, spans[at], spans[at + 1]) : Number.NaN;
    this.rows++;
  }

  /** Numbers and dates as they are, labels as hashes; NaN if missing. */
  column(position: number): Float64Array {
    return this.columns[position].subarray(0, this.rows);
  }

  private thin(): void {
    while (this.rows === this.maxRows) {
      this.level++;
      let kept = 0;
      for (let row = 0; row < this.rows; row++) {
        if (Math.clz32(this.numbers[row]) < this.level) continue;
        this.numbers[kept] = this.numbers[row];
        for (const column of this.columns) column[kept] = column[row];
        kept++;
      }
      this.rows = kept;
    }
  }

  private grow(): void {
    const length = Math.min(this.maxRows, 2 * this.numbers.length);
    const numbers = new Uint32Array(length);
    numbers.set(this.numbers);
    this.numbers = numbers;
    this.columns = this.columns.map((values) => {
      const longer = new Float64Array(length);
      longer.set(values);
      return longer;
    });
  }
}

/**
 * The finalizer of MurmurHash3 (Austin Appleby, public domain) over the row's index: the same rows in every reading.
 */
function mixed(place: number): number {
  let hash = Math.imul(place + 1, 0x9e3779b9);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const decoder = new TextDecoder();

function isBlank(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 32 && bytes[i] !== 9) return false;
  return true;
}

function readerFor(plan: ColumnPlan): CellReader {
  const reader = plainReader(plan);
  const missing = missingValues(plan);
  if (!missing) return reader;
  return (bytes, start, end) => {
    const value = reader(bytes, start, end);
    return missing.has(value) ? Number.NaN : value;
  };
}

function plainReader(plan: ColumnPlan): CellReader {
  if (plan.type === "date") {
    const dates = new DateReader(plan);
    return (bytes, start, end) => (start < end ? dates.read(bytes, start, end) : Number.NaN);
  }
  if (plan.type === "number") {
    const format = plan.number ?? PLAIN_NUMBER;
    return (bytes, start, end) => (start < end ? readNumber(bytes, start, end, format) : Number.NaN);
  }
  // A leading or trailing space.
  const longestMissing = Math.max(0, ...plan.missingWords.map((word) => Buffer.byteLength(word) + 2));
  return (bytes, start, end) => {
    if (start >= end || end - start > MAX_LABEL_BYTES) return Number.NaN;
    // Decoding costs more than everything else here: only text short enough to mean missing is decoded.
    const isWord =
      end - start <= longestMissing && isMissing(plan, decoder.decode(bytes.subarray(start, end)).trim());
    return isWord || isBlank(bytes, start, end) ? Number.NaN : hashBytes(bytes, start, end);
  };
}
