/**
 * Which of a file's rows are the first table's data? Drops what stands before the header, holds back what may be a
 * footer or another table until it is known. What it holds back is bounded.
 */
import type { Irregular } from "./tokenizer.ts";

export interface FrameHandlers {
  header(row: string[]): void;
  /** `row` is 1-based in the file. */
  data(bytes: Uint8Array, spans: Int32Array, cells: number, row: number): void;
  odd(row: number, irregular: Irregular, cells: number): void;
}

export interface FramePlan {
  preambleRows: number;
  headerRows: number;
  width: number;
  comment: string;
  /** Data rows of the first table where a first reading has counted them. */
  tableRows?: number;
}

interface HeldRow {
  bytes: Uint8Array;
  spans: Int32Array;
  cells: number;
  row: number;
  irregular: Irregular;
}

const HELD_ROWS = 40;
const decoder = new TextDecoder();

export class Frame {
  /** Data rows handed on. */
  rows = 0;
  footerRows = 0;
  /** A second table begins at this row; 0: none was seen. */
  nextTableRow = 0;
  blankRows = 0;
  private seen = 0;
  private readonly held: HeldRow[] = [];
  private headerBytes: Uint8Array[] = [];
  private isOver = false;

  constructor(
    private readonly plan: FramePlan,
    private readonly handlers: FrameHandlers,
  ) {}

  get isFinished(): boolean {
    return this.isOver;
  }

  /** A row as cut. */
  readonly take = (bytes: Uint8Array, spans: Int32Array, cells: number, irregular: Irregular): void => {
    const { preambleRows, headerRows, width, tableRows } = this.plan;
    const row = ++this.seen;
    if (row <= preambleRows || this.isOver) return;
    if (row <= preambleRows + headerRows) return this.takeHeader(bytes, spans, cells);
    if (tableRows !== undefined && this.rows >= tableRows) {
      this.isOver = true;
      return;
    }
    if (
      cells === width &&
      irregular === "" &&
      this.held.length === 0 &&
      !this.mayRepeatHeader(bytes, spans)
    ) {
      this.rows++;
      this.handlers.data(bytes, spans, cells, row);
      return;
    }
    this.takeOdd({ bytes, spans, cells, row, irregular });
  };

  /** What is still held is a footer where it is not as wide as the table. */
  end(): void {
    if (this.isOver) return;
    let last = this.held.length;
    while (last > 0 && isFooter(this.held[last - 1], this.plan.width)) last--;
    if (this.held.length - last < this.held.length || this.rows > 0)
      this.footerRows = this.held.length - last;
    else last = this.held.length;
    for (const held of this.held.slice(0, last)) this.hand(held);
    this.held.length = 0;
  }

  private takeHeader(bytes: Uint8Array, spans: Int32Array, cells: number): void {
    const row: string[] = [];
    this.headerBytes = [];
    for (let k = 0; k < cells; k++) {
      const cell = bytes.slice(spans[2 * k], spans[2 * k + 1]);
      this.headerBytes.push(cell);
      row.push(decoder.decode(cell));
    }
    this.handlers.header(row);
  }

  /** Cheap test first: nearly every row differs from the header in its first bytes. */
  private mayRepeatHeader(bytes: Uint8Array, spans: Int32Array): boolean {
    const first = this.headerBytes[0];
    if (first === undefined || spans[1] - spans[0] !== first.length) return false;
    if (first.length > 0 && bytes[spans[0]] !== first[0]) return false;
    return this.headerBytes.every((cell, k) => isSame(cell, bytes.subarray(spans[2 * k], spans[2 * k + 1])));
  }

  private takeOdd(odd: HeldRow): void {
    const { width, comment, tableRows } = this.plan;
    const isBlank = odd.cells === 1 && odd.spans[0] === odd.spans[1];
    if (isBlank) this.blankRows++;
    if (isBlank && width > 1 && this.held.length === 0) return;
    if (comment && this.isComment(odd)) return;
    if (tableRows !== undefined) return isBlank && width > 1 ? undefined : this.hand(odd);
    if (
      odd.cells === width &&
      this.headerBytes.length === width &&
      this.mayRepeatHeader(odd.bytes, odd.spans)
    ) {
      return this.finish(odd.row);
    }
    if (odd.cells === width && !isBlank) {
      this.release();
      return this.hand(odd);
    }
    this.hold(odd);
    if (this.startsTable()) return this.finish(this.held[0].row);
    if (this.held.length >= HELD_ROWS) this.release();
  }

  private isComment({ bytes, spans }: HeldRow): boolean {
    const { comment } = this.plan;
    for (let k = 0; k < comment.length; k++) if (bytes[spans[0] + k] !== comment.charCodeAt(k)) return false;
    return spans[1] - spans[0] >= comment.length;
  }

  /** The row's bytes are reused by the tokenizer, so what is held is copied. */
  private hold({ bytes, spans, cells, row, irregular }: HeldRow): void {
    const from = cells > 0 ? spans[0] : 0;
    const to = cells > 0 ? spans[2 * cells - 1] : 0;
    const moved = new Int32Array(2 * cells);
    for (let k = 0; k < 2 * cells; k++) moved[k] = spans[k] - from;
    this.held.push({ bytes: bytes.slice(from, to), spans: moved, cells, row, irregular });
  }

  /** Rows alike among themselves and unlike the table, to the last one held. */
  private startsTable(): boolean {
    const filled = this.held.filter(({ cells }) => cells > 1);
    const widths = filled.slice(-6).map(({ cells }) => cells);
    return widths.length === 6 && widths.every((cells) => cells === widths[0]) && this.rows >= 3;
  }

  private finish(row: number): void {
    this.end();
    this.nextTableRow = row;
    this.isOver = true;
  }

  private release(): void {
    for (const held of this.held) this.hand(held);
    this.held.length = 0;
  }

  private hand({ bytes, spans, cells, row, irregular }: HeldRow): void {
    const isBlank = cells === 1 && spans[0] === spans[1];
    if (isBlank && this.plan.width > 1) return;
    this.rows++;
    if (cells !== this.plan.width || irregular !== "") this.handlers.odd(row, irregular, cells);
    this.handlers.data(bytes, spans, cells, row);
  }
}

function isFooter({ cells, spans }: HeldRow, width: number): boolean {
  let filled = 0;
  for (let k = 0; k < cells; k++) if (spans[2 * k] < spans[2 * k + 1]) filled++;
  return width > 1 && (filled === 0 || filled <= 0.34 * width || cells === 1);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
