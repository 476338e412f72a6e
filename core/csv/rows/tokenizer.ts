/**
 * Finds where each cell begins and ends. Splits UTF-8 bytes into rows of byte ranges, regular cells in place without
 * creating strings; a row with odd quotes goes to repair.ts. Chunks may end anywhere in a row. Never quadratic: an
 * unfinished row is scanned again only when its bytes have doubled.
 *
 *   bytes  | consumed rows | row being read ........ | free | LF as sentinel
 *                          ^ start                    ^ length
 */
import type { RowCutter } from "../kernels/row-cutter.ts";
import type { Cutting } from "../types.ts";
import { endlessRow, type RowPlace, tooManyCells } from "./refuse.ts";
import { LookaheadBudget, MAX_CELLS, recut, repairRow } from "./repair.ts";

/** Cell k is `bytes[spans[2k] .. spans[2k+1])`; both arrays are reused for the next row. */
export type RowHandler = (bytes: Uint8Array, spans: Int32Array, cells: number, irregular: Irregular) => void;

/** Handles many regular rows at a time. */
export interface RowsHandler {
  cutter: RowCutter;
  /** How many regular rows it can take now. */
  room(): number;
  /** `rows` rows are ready in the cutter. */
  take(rows: number): void;
}

/**
 * "": as RFC 4180; "bare": a quote inside an unquoted cell, kept; "quote": quotes that do not match, read in the way
 * that fits best; "unclosed": a quote that never closes; "delimiter": a row with another delimiter than the others.
 */
export type Irregular = "" | "bare" | "quote" | "unclosed" | "delimiter";

const ORDINARY = 0;
const DELIMITER = 1;
const LINE_FEED = 2;
const CARRIAGE_RETURN = 3;
const QUOTE = 4;
const LF = 10;
const CR = 13;
const SPACE = 32;
/** A row longer than this is an unclosed quote, not a cell. */
const MAX_ROW_BYTES = 64 * 1024 * 1024;
const INCOMPLETE = -1;

export class Tokenizer {
  private bytes: Uint8Array;
  private start = 0;
  private length = 0;
  private rescanAt = 0;
  private spans = new Int32Array(256);
  private escaped: number[] = [];
  private cells = 0;
  /** Rows handed on. */
  private rows = 0;
  private irregular: Irregular = "";
  private readonly kinds = new Uint8Array(256);
  private readonly delimiterTail: Uint8Array;
  private readonly quote: number;
  private readonly escape: number;
  private readonly budget = new LookaheadBudget();

  /** `width`, the number of cells in a usual row, lets odd quotes be read in the way that fits; 0: unknown. */
  constructor(
    private readonly cutting: Cutting,
    private readonly width: number,
    private readonly onRow: RowHandler,
    private readonly many: RowsHandler | null = null,
  ) {
    this.bytes = many ? many.cutter.bytes : new Uint8Array(1 << 16);
    const delimiter = new TextEncoder().encode(cutting.delimiter);
    this.quote = cutting.quote ? cutting.quote.charCodeAt(0) : -1;
    this.escape = cutting.escape ? cutting.escape.charCodeAt(0) : this.quote;
    this.delimiterTail = delimiter.subarray(1);
    this.kinds[LF] = LINE_FEED;
    this.kinds[CR] = CARRIAGE_RETURN;
    if (delimiter.length > 0) this.kinds[delimiter[0]] = DELIMITER;
    if (this.quote >= 0) this.kinds[this.quote] = QUOTE;
  }

  /** Takes the next bytes and hands on every complete row. */
  push(chunk: Uint8Array): void {
    this.append(chunk);
    this.budget.grow(chunk.length);
    if (this.length - this.start >= this.rescanAt) this.scan("more");
  }

  /** Hands on what is left; a last row without newline counts. */
  end(): void {
    this.scan("final");
  }

  private append(chunk: Uint8Array): void {
    const kept = this.length - this.start;
    if (kept + chunk.length + 1 > this.bytes.length) this.enlarge(2 * (kept + chunk.length) + 1);
    if (this.start > 0) this.bytes.copyWithin(0, this.start, this.length);
    this.bytes.set(chunk, kept);
    this.start = 0;
    this.length = kept + chunk.length;
    this.bytes[this.length] = LF;
  }

  private enlarge(size: number): void {
    const { bytes, many } = this;
    this.bytes = many ? many.cutter.reserve(size) : new Uint8Array(size);
    if (!many) this.bytes.set(bytes);
  }

  private scan(phase: "more" | "final"): void {
    while (this.start < this.length) {
      if (this.many && this.scanMany(this.many)) continue;
      const next = this.scanRow(phase);
      if (next === INCOMPLETE) {
        if (this.length - this.start > MAX_ROW_BYTES) throw endlessRow(MAX_ROW_BYTES, this.place());
        this.rescanAt = 2 * (this.length - this.start);
        return;
      }
      this.start = next;
    }
    this.rescanAt = 0;
  }

  /** Hands on the regular rows that come next; false if there are none. */
  private scanMany({ cutter, room, take }: RowsHandler): boolean {
    const wanted = room();
    if (wanted === 0) return false;
    const { rows, next } = cutter.cut(this.start, this.length, wanted);
    this.rows += rows;
    if (rows > 0) take(rows);
    this.start = next;
    return rows > 0;
  }

  /** Reads one row and hands it on; returns where the next begins, or INCOMPLETE. */
  private scanRow(phase: "more" | "final"): number {
    const { bytes, kinds, length } = this;
    let i = this.start;
    let cellStart = i;
    this.cells = 0;
    this.escaped.length = 0;
    this.irregular = "";
    while (true) {
      let kind = kinds[bytes[i]];
      while (kind === ORDINARY) kind = kinds[bytes[++i]];
      if (kind === DELIMITER) {
        const size = this.delimiterTail.length === 0 ? 1 : this.delimiterSize(i);
        if (size > 0) {
          this.addCell(cellStart, i);
          cellStart = i + size;
        }
        i += size || 1;
      } else if (kind === QUOTE) {
        if (i !== cellStart) {
          this.irregular = "bare";
          i++;
        } else {
          const close = this.findClose(i + 1);
          if (close === INCOMPLETE) return this.unclosed(phase);
          const after = this.skipBlanks(close + 1);
          if (after >= length && phase === "more") return INCOMPLETE;
          if (!this.endsCell(after)) return this.repair(phase, after);
          this.addCell(i + 1, close);
          const ended = this.afterQuoted(after);
          if (ended >= 0) {
            if (ended >= length && phase === "more" && bytes[after] === CR) return INCOMPLETE;
            return this.emit(ended);
          }
          i = cellStart = -ended;
        }
      } else if (kind === LINE_FEED) {
        if (i >= length && phase === "more") return INCOMPLETE;
        const isCrLf = i > cellStart && bytes[i - 1] === CR && i < length;
        this.addCell(cellStart, isCrLf ? i - 1 : i);
        return this.emit(i + 1);
      } else {
        if (i + 1 >= length && phase === "more") return INCOMPLETE;
        if (this.isNewlineCr(i)) {
          this.addCell(cellStart, i);
          return this.emit(bytes[i + 1] === LF && i + 1 < length ? i + 2 : i + 1);
        }
        i++;
      }
    }
  }

  /** A lone CR ends a row only in files that are known to use it, and at the very end of a file. */
  private isNewlineCr(at: number): boolean {
    const { newline } = this.cutting;
    return newline === "\r" || newline === "mixed" || at + 1 >= this.length;
  }

  private delimiterSize(at: number): number {
    const tail = this.delimiterTail;
    for (let k = 0; k < tail.length; k++) {
      // The sentinel is not part of the file.
      if (at + 1 + k >= this.length || this.bytes[at + 1 + k] !== tail[k]) return 0;
    }
    return 1 + tail.length;
  }

  /** The position of the closing quote; escaped cells are recorded on the way. */
  private findClose(from: number): number {
    const { bytes, length, quote } = this;
    const escapeByte = this.escape;
    let i = from;
    let hasEscapes = false;
    while (i < length) {
      const byte = bytes[i];
      if (byte === escapeByte && i + 1 < length && (bytes[i + 1] === quote || bytes[i + 1] === escapeByte)) {
        hasEscapes = true;
        i += 2;
      } else if (byte === quote) {
        if (hasEscapes) this.escaped.push(this.cells);
        return i;
      } else i++;
    }
    return INCOMPLETE;
  }

  /** Spaces between a closing quote and the delimiter are ignored. */
  private skipBlanks(from: number): number {
    let i = from;
    while (this.bytes[i] === SPACE && this.kinds[SPACE] === ORDINARY) i++;
    return i;
  }

  private endsCell(at: number): boolean {
    if (at >= this.length) return true;
    const kind = this.kinds[this.bytes[at]];
    if (kind === DELIMITER) return this.delimiterTail.length === 0 || this.delimiterSize(at) > 0;
    if (kind === CARRIAGE_RETURN) return this.isNewlineCr(at) || this.bytes[at + 1] === LF;
    return kind === LINE_FEED;
  }

  /** After a closing quote: the position of the next row, or minus that of the next cell. */
  private afterQuoted(at: number): number {
    if (at >= this.length) return this.length;
    if (this.bytes[at] === LF) return at + 1;
    if (this.bytes[at] === CR) return at + 1 < this.length && this.bytes[at + 1] === LF ? at + 2 : at + 1;
    return -(at + 1 + this.delimiterTail.length);
  }

  private place(): RowPlace {
    return { row: this.rows + 1, bytes: this.bytes.subarray(this.start, this.length) };
  }

  private addCell(start: number, end: number): void {
    const at = 2 * this.cells++;
    if (at + 1 >= this.spans.length) {
      if (at >= 2 * MAX_CELLS) throw tooManyCells(MAX_CELLS, this.place());
      const larger = new Int32Array(2 * this.spans.length);
      larger.set(this.spans);
      this.spans = larger;
    }
    this.spans[at] = start;
    this.spans[at + 1] = end;
  }

  private emit(next: number): number {
    if (this.cells !== this.width && this.width > 2 && (this.cells === 1 || this.irregular !== "")) {
      const other = next - this.start > 1 ? recut(this.window(this.start)) : null;
      if (other && other.next === next) {
        return this.adopt(other, other.reading === "spaced" ? "quote" : "delimiter");
      }
    }
    if (this.escaped.length > 0) this.unescape();
    this.rows++;
    this.onRow(this.bytes, this.spans, this.cells, this.irregular);
    return next;
  }

  /** Removes escapes in place: a cell only shrinks, and its row is not read again. */
  private unescape(): void {
    const { bytes, spans, quote } = this;
    const escapeByte = this.escape;
    for (const cell of this.escaped) {
      let to = spans[2 * cell];
      const end = spans[2 * cell + 1];
      for (let from = to; from < end; from++) {
        if (
          bytes[from] === escapeByte &&
          from + 1 < end &&
          (bytes[from + 1] === quote || bytes[from + 1] === escapeByte)
        )
          from++;
        bytes[to++] = bytes[from];
      }
      spans[2 * cell + 1] = to;
    }
    this.escaped.length = 0;
  }

  private unclosed(phase: "more" | "final"): number {
    if (phase === "more" && this.length - this.start < MAX_ROW_BYTES) return INCOMPLETE;
    const repaired = repairRow(this.window(this.start), this.budget);
    return this.adopt(repaired, repaired.reading === "literal" ? "unclosed" : "quote");
  }

  private repair(phase: "more" | "final", oddAt: number): number {
    const window = this.window(oddAt);
    if (window.isCut && phase === "more") return INCOMPLETE;
    return this.adopt(repairRow(window, this.budget), "quote");
  }

  /** The bytes that repair may examine: to the end of the line with the error, and some lines more. */
  private window(oddAt: number) {
    const { bytes, start, length, cutting, width } = this;
    const lineEnd = this.lineEnd(oddAt);
    const reach = Math.min(length, lineEnd + LookaheadBudget.REACH);
    const isCut = lineEnd + LookaheadBudget.REACH > length;
    return { row: this.rows + 1, bytes, start, lineEnd, reach, isCut, cutting, width };
  }

  private lineEnd(from: number): number {
    const { bytes, length } = this;
    let i = from;
    while (i < length && bytes[i] !== LF && !(bytes[i] === CR && this.isNewlineCr(i))) i++;
    if (i >= length) return length;
    return bytes[i] === CR && bytes[i + 1] === LF && i + 1 < length ? i + 2 : i + 1;
  }

  private adopt(repaired: { cells: Uint8Array[]; next: number }, irregular: Irregular): number {
    const total = repaired.cells.reduce((sum, cell) => sum + cell.length, 0);
    const bytes = new Uint8Array(total);
    this.cells = 0;
    let at = 0;
    for (const cell of repaired.cells) {
      bytes.set(cell, at);
      this.addCell(at, at + cell.length);
      at += cell.length;
    }
    this.rows++;
    this.onRow(bytes, this.spans, this.cells, irregular);
    return repaired.next;
  }
}
