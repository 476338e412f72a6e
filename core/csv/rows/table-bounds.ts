/**
 * Finds which rows of a file are the data of its first table. Drops everything before the header, and holds back
 * possible footers and further tables until they are identified. What it holds back is bounded.
 */
import { RowCutter } from "../kernels/row-cutter.ts";
import type { Dialect } from "../types.ts";
import { cellKind, isTyped } from "./cell-kinds.ts";
import { isHeaderLike, misfits, shapeOf, surplusBlank, usualFill } from "./row-shape.ts";
import type { Irregular, RowsHandler } from "./tokenizer.ts";

/** What was odd about a row that was kept: its quotes, or a superfluous blank cell that was left out. */
export type Oddity = Irregular | "surplus";

export interface BoundsHandlers {
  header(row: string[]): void;
  /** `row` is 1-based in the file. */
  data(bytes: Uint8Array, spans: Int32Array, cells: number, row: number): void;
  odd(row: number, oddity: Oddity, cells: number): void;
  /** Takes many data rows at once, as they are in the cutter; if absent, each row goes to `data`. */
  many?(cutter: RowCutter, rows: number, firstRow: number): void;
}

export interface BoundsPlan {
  preambleRows: number;
  headerRows: number;
  width?: number;
  comment: string;
  /** See row-shape.ts. */
  shape?: string;
  /** Data rows of the first table, if an earlier reading has counted them. */
  tableRows?: number;
}

interface Row {
  bytes: Uint8Array;
  spans: Int32Array;
  cells: number;
  row: number;
  irregular: Irregular;
}

const HELD_ROWS = 40;
/** This many rows that are alike, and unlike the table, are another table. */
const NEW_TABLE_ROWS = 5;
const decoder = new TextDecoder();

export class TableBounds {
  /** Data rows handed on. */
  rows = 0;
  footerRows = 0;
  /** The row at which a second table begins; 0 if there is none. */
  nextTableRow = 0;
  /** Rows in which the header is repeated because files were joined; they are left out. */
  readonly repeatedHeaders: number[] = [];
  private seen = 0;
  private held: Row[] = [];
  private headerBytes: Uint8Array[] = [];
  private isOver = false;
  private firstRow: string[] = [];
  /** The row of a header that has just been repeated; 0 if none. */
  private jointRow = 0;
  private cutter: RowCutter | null = null;
  private readonly width: number;
  private readonly shape: string;
  /** A row that fills no more cells than this may be a note. */
  private readonly noteFill: number;

  constructor(
    private readonly plan: BoundsPlan,
    private readonly handlers: BoundsHandlers,
  ) {
    this.width = plan.width ?? 0;
    this.shape = plan.shape ?? "";
    this.noteFill = usualFill(this.shape) >= 3 ? Math.max(1, Math.floor(0.34 * usualFill(this.shape))) : 0;
  }

  get isFinished(): boolean {
    return this.isOver;
  }

  /** A row as split. */
  readonly take = (bytes: Uint8Array, spans: Int32Array, cells: number, irregular: Irregular): void => {
    const { preambleRows, headerRows, tableRows } = this.plan;
    const row = ++this.seen;
    if (row <= preambleRows || this.isOver) return;
    if (row <= preambleRows + headerRows) this.takeHeader(bytes, spans, cells);
    else if (this.jointRow > 0 && this.beginsAnew(bytes, spans, cells)) this.finish(this.jointRow);
    else if (tableRows !== undefined && this.rows >= tableRows) this.isOver = true;
    else this.takeRow({ bytes, spans, cells, row, irregular });
  };

  private takeRow(given: Row): void {
    const { bytes, spans, cells, row, irregular } = given;
    if (this.rows === 0) this.firstRow = textsOf(given);
    const isUsual = cells === this.width && irregular === "" && this.held.length === 0;
    if (isUsual && this.isPlain(bytes, spans)) {
      this.rows++;
      this.handlers.data(bytes, spans, cells, row);
    } else this.takeOdd(given);
  }

  /** Takes many regular rows at a time; null if the handlers or the dialect do not allow it. */
  takesMany(dialect: Pick<Dialect, "delimiter" | "quote" | "escape">): RowsHandler | null {
    const { many } = this.handlers;
    const cutter = many ? RowCutter.for({ ...dialect, width: this.width, noteFill: this.noteFill }) : null;
    if (!many || !cutter) return null;
    this.cutter = cutter;
    const take = (rows: number) => {
      if (this.rows === 0) this.firstRow = textsOf({ ...cutter, cells: cutter.width });
      this.seen += rows;
      this.rows += rows;
      many(cutter, rows, this.seen - rows + 1);
    };
    return { cutter, room: () => this.room(), take };
  }

  private room(): number {
    const { preambleRows, headerRows, tableRows = Number.POSITIVE_INFINITY } = this.plan;
    const isBelow = this.seen >= preambleRows + headerRows && this.jointRow === 0;
    const isUsual = isBelow && this.held.length === 0 && !this.isOver;
    return isUsual ? Math.min(tableRows - this.rows, 1 << 30) : 0;
  }

  /** Rows still held back are a footer if they fill few cells. */
  end(): void {
    if (this.isOver) return;
    let last = this.held.length;
    while (last > 0 && (this.isFooter(this.held[last - 1]) || this.isNoteBelow(this.held[last - 1]))) last--;
    if (last === 0 && this.rows === 0) last = this.held.length;
    this.footerRows += this.held.slice(last).filter((row) => !isBlankLine(row)).length;
    for (const held of this.held.slice(0, last)) this.hand(held);
    this.held = [];
  }

  private takeHeader(bytes: Uint8Array, spans: Int32Array, cells: number): void {
    this.headerBytes = Array.from({ length: cells }, (_, k) => bytes.slice(spans[2 * k], spans[2 * k + 1]));
    this.cutter?.setHeader(this.headerBytes[0]);
    this.handlers.header(withoutSurplus(textsOf({ bytes, spans, cells }), this.width));
  }

  /**
   * Cheap tests first: nearly every row differs from the header in its first bytes, and fills its second or last cell.
   */
  private isPlain(bytes: Uint8Array, spans: Int32Array): boolean {
    const { width, noteFill } = this;
    if (noteFill > 0 && spans[2] === spans[3] && spans[2 * width - 2] === spans[2 * width - 1]) {
      if (filledIn(spans, width) <= noteFill) return false;
    }
    const first = this.headerBytes[0];
    const isMarked = hasByteOrderMark(bytes, spans);
    if (first === undefined || (spans[1] - spans[0] !== first.length && !isMarked)) return true;
    if (!isMarked && first.length > 0 && (bytes[spans[0]] | 32) !== (first[0] | 32)) return true;
    return !this.repeatsHeader(bytes, spans);
  }

  /** In whatever case, with blanks or quotes around the names, or a byte order mark before them. */
  private repeatsHeader(bytes: Uint8Array, spans: Int32Array): boolean {
    if (this.headerBytes.length !== this.width) return false;
    return this.headerBytes.every((cell, k) =>
      isSame(bareName(cell), bareName(bytes.subarray(spans[2 * k], spans[2 * k + 1]))),
    );
  }

  private takeOdd(odd: Row): void {
    const isBlank = isBlankLine(odd);
    if (this.isComment(odd) || this.isJoint(odd)) return;
    if (this.plan.tableRows !== undefined) this.hand(odd);
    else if (odd.cells !== this.width || isBlank) this.hold(odd);
    else if (this.repeatsHeader(odd.bytes, odd.spans) || this.startsBelow(odd)) this.finish(odd.row);
    else if (this.isFooter(odd) || this.isNoteBelow(odd)) this.hold(odd);
    else {
      this.release();
      this.hand(odd);
    }
  }

  /**
   * A repeated header, with nothing but blank lines before it: another file was appended, and its rows belong to this
   * table.
   */
  private isJoint({ bytes, spans, cells, row }: Row): boolean {
    const isOne = cells === this.width && this.width > 1 && this.rows > 0 && this.held.every(isBlankLine);
    if (!isOne || !this.repeatsHeader(bytes, spans)) return false;
    this.release();
    this.repeatedHeaders.push(row);
    this.jointRow = row;
    return true;
  }

  /** The first row of the table below a repeated header: the same table once more, not further rows of it. */
  private beginsAnew(bytes: Uint8Array, spans: Int32Array, cells: number): boolean {
    this.jointRow = 0;
    const { firstRow } = this;
    const isSame =
      firstRow.length === cells && textsOf({ bytes, spans, cells }).every((cell, k) => cell === firstRow[k]);
    if (isSame) this.jointRow = this.repeatedHeaders.pop() ?? 0;
    return isSame;
  }

  private isComment({ bytes, spans }: Row): boolean {
    const { comment } = this.plan;
    for (let k = 0; k < comment.length; k++) if (bytes[spans[0] + k] !== comment.charCodeAt(k)) return false;
    return comment !== "" && spans[1] - spans[0] >= comment.length;
  }

  /** The tokenizer reuses the row's bytes, so what is held back is copied. */
  private hold(odd: Row): void {
    const last = this.held.at(-1);
    // Several blank lines mean no more than one; but if a table has one column, they are its rows.
    if (this.width > 1 && last && isBlankLine(last) && isBlankLine(odd)) return;
    this.held.push(copyOf(odd));
    const start = this.startOfTable();
    if (start > 0) this.finish(start);
    else if (this.held.length >= HELD_ROWS) this.release();
  }

  /**
   * Where the rows begin that are alike among themselves and unlike the table, up to the last one held, with a header
   * or a gap before them; 0 if there are none. Without either they are rows that lack their last cells.
   */
  private startOfTable(): number {
    const width = this.held[this.held.length - 1].cells;
    if (width < 2 || width === this.width || this.rows < 3) return 0;
    let at = this.held.length;
    while (at > 0 && this.held[at - 1].cells === width) at--;
    if (this.held.length - at !== NEW_TABLE_ROWS) return 0;
    const isAfterGap = at > 0 && this.held[at - 1].cells === 1;
    const [first, ...others] = this.held.slice(at).map(textsOf);
    return isAfterGap || isHeaderLike(first, shapeOf(others, width)) ? this.held[at].row : 0;
  }

  /** After a blank line, a row of words above columns of numbers begins another table. */
  private startsBelow(odd: Row): boolean {
    return this.held.some(isBlankLine) && this.shape !== "" && isHeaderLike(textsOf(odd), this.shape);
  }

  /** After a blank row, a row that lacks what every row has, or has a word for a number or date: "Balance,,1234.56". */
  private isNoteBelow(odd: Row): boolean {
    const isBelow = this.held.some((held) => held.row < odd.row && isBlankRow(held));
    return isBelow && odd.cells === this.width && this.shape !== "" && misfits(textsOf(odd), this.shape);
  }

  private finish(row: number): void {
    this.held = this.held.filter((held) => held.row < row);
    this.end();
    this.nextTableRow = row;
    this.isOver = true;
  }

  private release(): void {
    for (const held of this.held) this.hand(held);
    this.held = [];
  }

  private hand(odd: Row): void {
    if (isBlankLine(odd) && this.width > 1) return;
    const { bytes, spans, cells, row, irregular } = odd;
    this.rows++;
    const surplus =
      this.shape !== "" && cells === this.width + 1 ? surplusBlank(textsOf(odd), this.shape) : -1;
    if (surplus >= 0) {
      spans.copyWithin(2 * surplus, 2 * surplus + 2, 2 * cells);
      this.handlers.odd(row, "surplus", cells);
      this.handlers.data(bytes, spans, cells - 1, row);
      return;
    }
    if (cells !== this.width || irregular !== "") this.handlers.odd(row, irregular, cells);
    this.handlers.data(bytes, spans, cells, row);
  }

  private isFooter(odd: Row): boolean {
    const { cells, spans } = odd;
    const { width } = this;
    const filled = filledIn(spans, cells);
    if (cells === width) return width > 1 && filled <= this.noteFill;
    if (filled === 0) return width > 1 && (cells === 1 || this.shape !== "");
    if (width < 2) return false;
    return cells === 1 || filled <= 0.34 * width || (cells <= 0.5 * width && isProse(textsOf(odd)));
  }
}

function isBlankRow({ cells, spans }: Row): boolean {
  return filledIn(spans, cells) === 0;
}

function isBlankLine({ cells, spans }: Row): boolean {
  return cells === 1 && spans[0] === spans[1];
}

function filledIn(spans: Int32Array, cells: number): number {
  let filled = 0;
  for (let k = 0; k < cells; k++) if (spans[2 * k] < spans[2 * k + 1]) filled++;
  return filled;
}

function copyOf({ bytes, spans, cells, row, irregular }: Row): Row {
  const from = spans[0];
  const moved = spans.slice(0, 2 * cells).map((at) => at - from);
  return { bytes: bytes.slice(from, spans[2 * cells - 1]), spans: moved, cells, row, irregular };
}

function textsOf({ bytes, spans, cells }: Pick<Row, "bytes" | "spans" | "cells">): string[] {
  return Array.from({ length: cells }, (_, k) =>
    decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1])),
  );
}

/** A sentence that happens to contain delimiters. */
function isProse(cells: readonly string[]): boolean {
  return cells.every((cell) => !isTyped(cellKind(cell))) && cells.some((cell) => cell.trim().includes(" "));
}

/** A header with one cell too many, of which one is blank: that one is superfluous. */
function withoutSurplus(header: string[], width: number): string[] {
  const blanks = header.filter((name) => name.trim() === "").length;
  return header.length === width + 1 && blanks === 1 ? header.filter((name) => name.trim() !== "") : header;
}

function hasByteOrderMark(bytes: Uint8Array, spans: Int32Array): boolean {
  const at = spans[0];
  return spans[1] - at > 3 && bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

const AROUND_NAMES: ReadonlySet<number> = new Set([0x20, 0x09, 0x22, 0x27, 0xef, 0xbb, 0xbf]);

/** Without what surrounds a name: spaces, quotes and a byte-order mark. */
function bareName(cell: Uint8Array): Uint8Array {
  let [start, end] = [0, cell.length];
  while (start < end && AROUND_NAMES.has(cell[start])) start++;
  while (end > start && AROUND_NAMES.has(cell[end - 1])) end--;
  return cell.subarray(start, end);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k] && !isOtherCase(a[k], b[k])) return false;
  return true;
}

function isOtherCase(a: number, b: number): boolean {
  const lower = a | 32;
  return lower === (b | 32) && lower >= 97 && lower <= 122;
}
