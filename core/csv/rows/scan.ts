/**
 * Turns the bytes of a file into the rows of its first table. Connects source, tokenizer and table bounds; keeps
 * nothing.
 */

import { unquotedLines } from "../bytes/quoted-lines.ts";
import { type SourceProgress, utf8Chunks } from "../bytes/source.ts";
import type { Dialect } from "../types.ts";
import { type BoundsHandlers, TableBounds } from "./table-bounds.ts";
import { Tokenizer } from "./tokenizer.ts";

export interface ScanOptions {
  signal?: AbortSignal;
  /** Called after each chunk. */
  onProgress?: (progress: SourceProgress, bounds: TableBounds) => void;
  /** True to stop reading. Called after each chunk. */
  isDone?: () => boolean;
}

/** Reads to the end of the table, or until `isDone`; the bounds tell what was seen. */
export async function scanTable(
  path: string,
  dialect: Dialect,
  reading: { handlers: BoundsHandlers; options?: ScanOptions },
): Promise<TableBounds> {
  const { handlers, options = {} } = reading;
  const width = dialect.width ?? 0;
  const bounds = new TableBounds({ ...dialect, width }, handlers);
  const tokenizer = new Tokenizer(dialect, width, bounds.take, bounds.takesMany(dialect));
  const onProgress = (progress: SourceProgress) => options.onProgress?.(progress, bounds);
  const chunks = utf8Chunks(path, dialect.encoding, { signal: options.signal, onProgress });
  for await (const chunk of dialect.lineQuotes ? unquotedLines(chunks) : chunks) {
    tokenizer.push(chunk);
    if (bounds.isFinished || options.isDone?.()) return bounds;
  }
  tokenizer.end();
  bounds.end();
  return bounds;
}

const decoder = new TextDecoder();

/** A row as written, with quotes and delimiters. */
export function rowText(bytes: Uint8Array, spans: Int32Array, cells: number): string {
  return decoder.decode(bytes.subarray(spans[0], spans[2 * cells - 1]));
}

/** A row's cells as strings; `text`: the row's text, of which they are slices. */
export function cellsOf(
  bytes: Uint8Array,
  spans: Int32Array,
  { cells, text = rowText(bytes, spans, cells) }: { cells: number; text?: string },
): string[] {
  const row = new Array<string>(cells);
  const start = spans[0];
  if (text.length === spans[2 * cells - 1] - start)
    for (let k = 0; k < cells; k++) row[k] = text.slice(spans[2 * k] - start, spans[2 * k + 1] - start);
  else if (!sliceWide(row, { bytes, spans, text }))
    for (let k = 0; k < cells; k++) row[k] = decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1]));
  return row;
}

/**
 * Slices the cells of a row with characters of several bytes: counting them is faster than decoding each cell. False if
 * the text does not have the counted length, as with a byte order mark, which decoding drops.
 */
function sliceWide(
  row: string[],
  { bytes, spans, text }: { bytes: Uint8Array; spans: Int32Array; text: string },
): boolean {
  let at = 0;
  let byte = spans[0]!;
  for (let k = 0; k < row.length; k++) {
    const [start, end] = [spans[2 * k]!, spans[2 * k + 1]!];
    if (bytes[start] === MARK_START && start < end) return false;
    at += unitsIn(bytes, byte, start);
    const units = unitsIn(bytes, start, end);
    row[k] = text.slice(at, at + units);
    at += units;
    byte = end;
  }
  return at === text.length;
}

/** The first byte of a byte order mark in UTF-8. */
const MARK_START = 0xef;

/** UTF-16 code units of valid UTF-8 bytes. */
function unitsIn(bytes: Uint8Array, from: number, to: number): number {
  let units = 0;
  for (let at = from; at < to; at++) {
    const value = bytes[at]!;
    if ((value & 0xc0) !== 0x80) units += value >= 0xf0 ? 2 : 1;
  }
  return units;
}
