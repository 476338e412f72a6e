/**
 * Turns the bytes of a file into the rows of its first table. Connects source, tokenizer and table bounds; keeps
 * nothing.
 */

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
  for await (const chunk of utf8Chunks(path, dialect.encoding, { signal: options.signal, onProgress })) {
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

/** A row's cells as strings; `text`: the row's text, from which cells are sliced if every byte is one character. */
export function cellsOf(
  bytes: Uint8Array,
  spans: Int32Array,
  { cells, text = rowText(bytes, spans, cells) }: { cells: number; text?: string },
): string[] {
  const row = new Array<string>(cells);
  const start = spans[0];
  if (text.length === spans[2 * cells - 1] - start)
    for (let k = 0; k < cells; k++) row[k] = text.slice(spans[2 * k] - start, spans[2 * k + 1] - start);
  else
    for (let k = 0; k < cells; k++) row[k] = decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1]));
  return row;
}
