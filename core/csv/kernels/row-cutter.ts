/**
 * Splits many regular rows at once and reads their cells, by the kernels in assembly/. Holds the file's bytes in their
 * memory. The results of a call are views that are valid until the next call.
 *
 *   memory  | free: state, counts | spans | numbers | hashes | the file's bytes ... |
 */
import { READER_WASM } from "./kernels.wasm.ts";

interface Kernels {
  memory: WebAssembly.Memory;
  firstFreeByte(): number;
  cut(
    ...args: [state: number, origin: number, from: number, until: number, rows: number, spans: number]
  ): number;
  readNumbers(
    ...args: [
      origin: number,
      span: number,
      pitch: number,
      from: number,
      rows: number,
      point: number,
      out: number,
      result: number,
    ]
  ): number;
  hashCells(...args: [origin: number, span: number, pitch: number, rows: number, out: number]): void;
}

/** Which rows are regular: see assembly/cut.ts. */
export interface RegularRows {
  delimiter: string;
  quote: string;
  width: number;
  /** If this is above 0, rows with an empty second and last cell may be notes. */
  noteFill: number;
}

export interface NumbersRead {
  /** How many values are in `numbers`, in row order. */
  count: number;
  /** How many cells were left out. */
  empty: number;
  /** The first row whose cell is neither empty nor a plain number; `rows` if there is none. */
  stoppedAt: number;
}

/** As many as fit a processor's cache; */
const CELLS = 16_384;
/** wide tables still take several rows at a time, because returning to a column costs more. */
const MIN_ROWS = 16;
const MAX_WIDTH = 32_768;
/** Read beyond the last byte, and ignored. */
const MARGIN = 16;
const PAGE = 65_536;
const STATE_BYTES = 64;

let compiled: WebAssembly.Module | null = null;

export class RowCutter {
  bytes = new Uint8Array(0);
  /** Row r, cell k: from `spans[2 * (r * width + k)]` to the following number. */
  spans = new Int32Array(0);
  /** What `readNumbers` has read. */
  numbers = new Float64Array(0);
  private hashes = new Uint32Array(0);
  /** The maximum number of rows per call. */
  readonly maxRows: number;
  readonly width: number;
  private readonly kernels: Kernels;
  private state = new Int32Array(0);
  private readonly stateAt: number;
  private readonly spansAt: number;
  private readonly numbersAt: number;
  private readonly hashesAt: number;
  private readonly origin: number;

  /** Null if the kernels do not support this way of splitting rows. */
  static for(rows: RegularRows & { escape: string }): RowCutter | null {
    const { delimiter, quote, escape: escaping, width } = rows;
    const isPlain = [delimiter, quote].every((sign) => sign.length <= 1 && sign < "\x80");
    const hasOwnEscape = quote !== "" && escaping !== "" && escaping !== quote;
    if (!isPlain || delimiter === "" || hasOwnEscape || width < 2 || width > MAX_WIDTH) return null;
    return new RowCutter(rows);
  }

  private constructor({ delimiter, quote, width, noteFill }: RegularRows) {
    compiled ??= new WebAssembly.Module(Buffer.from(READER_WASM, "base64"));
    this.kernels = new WebAssembly.Instance(compiled).exports as unknown as Kernels;
    this.width = width;
    this.maxRows = Math.max(MIN_ROWS, Math.floor(CELLS / width));
    this.stateAt = this.kernels.firstFreeByte();
    this.spansAt = this.stateAt + STATE_BYTES;
    this.numbersAt = this.spansAt + 8 * this.maxRows * width;
    this.hashesAt = this.numbersAt + 8 * this.maxRows;
    this.origin = this.hashesAt + 4 * this.maxRows;
    this.reserve(PAGE);
    this.state.set([
      delimiter.charCodeAt(0),
      quote === "" ? -1 : quote.charCodeAt(0),
      width,
      noteFill,
      -1,
      0,
    ]);
  }

  /** Makes room for `size` bytes; existing bytes are kept. */
  reserve(size: number): Uint8Array<ArrayBuffer> {
    const { memory } = this.kernels;
    const missing = this.origin + size + MARGIN - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
    const buffer = memory.buffer as ArrayBuffer;
    this.state = new Int32Array(buffer, this.stateAt, STATE_BYTES / 4);
    this.numbers = new Float64Array(buffer, this.numbersAt, this.maxRows);
    this.hashes = new Uint32Array(buffer, this.hashesAt, this.maxRows);
    this.spans = new Int32Array(buffer, this.spansAt, 2 * this.maxRows * this.width);
    this.bytes = new Uint8Array(buffer, this.origin, buffer.byteLength - this.origin - MARGIN);
    return this.bytes;
  }

  /** A row whose first cell may equal this one is not regular. */
  setHeader(firstCell: Uint8Array): void {
    this.state[4] = firstCell.length;
    this.state[5] = firstCell[0] ?? 0;
  }

  /** Splits rows within [from, until); the byte after the last one is at `next`. */
  cut(from: number, until: number, maxRows: number): { rows: number; next: number } {
    const rows = this.kernels.cut(
      this.stateAt,
      this.origin,
      from,
      until,
      Math.min(maxRows, this.maxRows),
      this.spansAt,
    );
    return { rows, next: this.state[6] };
  }

  /** The column's cells from row `from` on, as numbers with at most 15 digits. */
  readNumbers(column: number, { from, rows }: { from: number; rows: number }, decimal: string): NumbersRead {
    const stoppedAt = this.kernels.readNumbers(
      this.origin,
      this.spansAt + 8 * column,
      8 * this.width,
      from,
      rows,
      decimal.charCodeAt(0),
      this.numbersAt,
      this.stateAt + 32,
    );
    return { count: this.state[8], empty: this.state[9], stoppedAt };
  }

  /** As hashBytes, for the column's cells in the first rows. */
  hashCells(column: number, rows: number): Uint32Array {
    this.kernels.hashCells(this.origin, this.spansAt + 8 * column, 8 * this.width, rows, this.hashesAt);
    return this.hashes;
  }
}
