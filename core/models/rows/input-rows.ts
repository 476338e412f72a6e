/**
 * Reads the rows of a CSV to predict: everything below the header, in order. Nothing is taken for a footer, a second
 * table or a note. A row with too few or too many cells gets a warning.
 */
import { detectEncoding } from "../../csv/bytes/encoding.ts";
import { unquotedLines } from "../../csv/bytes/quoted-lines.ts";
import { decodedChunks, unpackedChunks } from "../../csv/bytes/source.ts";
import type { Compression } from "../../csv/bytes/unpack.ts";
import { decideOn } from "../../csv/dialect/decide.ts";
import { gatherHead } from "../../csv/read-rows.ts";
import { surplusBlank } from "../../csv/rows/row-shape.ts";
import { cellsOf, rowText } from "../../csv/rows/scan.ts";
import { Tokenizer } from "../../csv/rows/tokenizer.ts";
import type { RowReading } from "../../csv/types.ts";
import { findHeader, type InputLayout, type ModelHints } from "./find-header.ts";

/** How values are written is decided on this much of the file: the first batch of rows. */
const SETTLING_BYTES = 1024 * 1024;

export interface InputRow {
  /** One per column of the header. */
  cells: string[];
  /** The row as written, if that is also safe CSV. */
  line: string | null;
  /** Warnings about the row itself. */
  notes: { code: "short_row" | "long_row" | "header_again"; message: string }[];
}

export interface InputRows {
  layout: InputLayout;
  batches: AsyncGenerator<InputRow[]>;
}

/** `unnamed`: the error if no row names a column of the model; it gets the first row. */
export async function readInputRows(
  body: AsyncIterable<Uint8Array>,
  model: ModelHints,
  unnamed: (firstRow: string[]) => Error,
): Promise<InputRows | null> {
  let compression: Compression = "none";
  const chunks = unpackedChunks(body, (found) => {
    compression = found;
  });
  const { head, isWhole, rest } = await gatherHead(chunks, SETTLING_BYTES);
  const bytesTotal = isWhole ? head.length : Number.POSITIVE_INFINITY;
  // Refuses what is not text, by name.
  const { dialect, isEmpty, sample } = decideOn(
    { head, compression, bytesTotal, encoding: detectEncoding(head) },
    {},
  );
  if (isEmpty || !sample) return null;
  const { layout, firstRow } = findHeader(sample, isWhole, model);
  if (!layout) throw unnamed(firstRow);
  const decoded = decodedChunks(rest, dialect.encoding);
  const lines = dialect.lineQuotes ? unquotedLines(decoded) : decoded;
  return { layout, batches: rowsBelow(lines, layout, model.reading) };
}

async function* rowsBelow(
  chunks: AsyncIterable<Uint8Array>,
  layout: InputLayout,
  reading: RowReading | null,
): AsyncGenerator<InputRow[]> {
  const taker = new RowTaker(layout, reading);
  const tokenizer = new Tokenizer(layout.cutting, layout.names.length, (bytes, spans, cells) => {
    const text = rowText(bytes, spans, cells);
    taker.take(cellsOf(bytes, spans, { cells, text }), text);
  });
  for await (const chunk of chunks) {
    tokenizer.push(chunk);
    if (taker.rows.length > 0) yield taker.handOn();
  }
  tokenizer.end();
  if (taker.rows.length > 0) yield taker.handOn();
}

/** Quotes would have to be kept or added, and a cell that runs as a formula gets an apostrophe (csv/write.ts). */
const UNSAFE_LINE = /["\r\n]|(?:^|,)[=+\-@\t]/;
const NO_NOTES: InputRow["notes"] = [];

class RowTaker {
  rows: InputRow[] = [];
  private seen = 0;
  private isAgain = false;
  private readonly width: number;
  private readonly shape: string;

  constructor(
    private readonly layout: InputLayout,
    reading: RowReading | null,
  ) {
    this.width = layout.names.length;
    this.shape = reading && reading.shape.length === this.width ? reading.shape : "";
  }

  handOn(): InputRow[] {
    const { rows } = this;
    this.rows = [];
    return rows;
  }

  /** `text`: the row as written. */
  take(cells: string[], text: string): void {
    const { layout, width } = this;
    if (this.seen++ < layout.headerEnd) return;
    if (cells.length === 1 && cells[0] === "" && width > 1) return;
    if (layout.comment !== "" && cells[0]!.startsWith(layout.comment)) return;
    if (this.repeatsHeader(cells)) this.isAgain = true;
    else {
      const isCopied = cells.length === width && layout.cutting.delimiter === "," && !UNSAFE_LINE.test(text);
      this.rows.push({
        ...{ cells: this.fitted(cells), notes: this.notesOn(cells) },
        line: isCopied ? text : null,
      });
    }
  }

  /** Joined files repeat it: in another case, with blanks around the names, a byte order mark or a comment's mark before them. */
  private repeatsHeader(cells: readonly string[]): boolean {
    const { hasHeader, header } = this.layout;
    return (
      hasHeader &&
      cells.length > 1 &&
      cells.length === header.length &&
      header.every((cell, k) => bareName(cell) === bareName(cells[k]!))
    );
  }

  private fitted(cells: string[]): string[] {
    const { width } = this;
    if (cells.length === width) return cells;
    if (cells.length < width) return [...cells, ...new Array<string>(width - cells.length).fill("")];
    const surplus = this.shape === "" ? -1 : surplusBlank(cells, this.shape);
    return surplus < 0 ? cells.slice(0, width) : cells.filter((_, k) => k !== surplus);
  }

  private notesOn(cells: readonly string[]): InputRow["notes"] {
    if (cells.length === this.width && !this.isAgain) return NO_NOTES;
    const notes: InputRow["notes"] = [];
    if (this.isAgain)
      notes.push({ code: "header_again", message: "the header before this row was left out" });
    this.isAgain = false;
    const { width } = this;
    if (cells.length < width)
      notes.push({ code: "short_row", message: `the row has ${cells.length} of ${width} cells` });
    const beyond = cells.slice(width).filter((cell) => cell.trim() !== "").length;
    if (beyond > 0)
      notes.push({
        code: "long_row",
        message: `the row has ${cells.length} cells, but ${width} columns are named; the rest was left out`,
      });
    return notes;
  }
}

/** A byte order mark is a blank to trim. */
const bareName = (cell: string) =>
  cell
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim()
    .toLowerCase();
