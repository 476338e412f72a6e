/**
 * Reads a file without hints as rows of strings: the header as row 0, titles and footers dropped, several header rows
 * merged, only the first table. Never refuses an empty file: it has no rows.
 */

import { unquotedLines } from "./bytes/quoted-lines.ts";
import { HEAD_BYTES, utf8Chunks } from "./bytes/source.ts";
import { decide, describeDialect } from "./dialect/decide.ts";
import { mergeHeader, withoutMark } from "./dialect/layout.ts";
import type { KnownTable } from "./formats/known-table.ts";
import { decideTable } from "./formats/table-dialect.ts";
import { cellsOf } from "./rows/scan.ts";
import { TableBounds } from "./rows/table-bounds.ts";
import { Tokenizer } from "./rows/tokenizer.ts";
import type { Dialect, ReadingChoices } from "./types.ts";

const LINE_FEED = 10;

/** Yields batches of rows; `onDecided` is called at the end with the decision. Throws AppError as `decide` does. */
export async function* readRows(
  path: string,
  options: {
    choices?: ReadingChoices;
    known?: KnownTable | null;
    onDecided?: (dialect: Dialect) => void;
  } = {},
): AsyncGenerator<string[][]> {
  const { choices = {}, known } = options;
  const { dialect } = known ? await decideTable(path, choices, known) : await decide(path, choices);
  const chunks = utf8Chunks(path, dialect.encoding);
  yield* rowsOf(dialect.lineQuotes ? unquotedLines(chunks) : chunks, dialect, options.onDecided);
}

/** After this long without a new byte, the decision is made on what has arrived, so that slow input is read at once. */
const PAUSE_MS = 300;

export interface Head {
  head: Uint8Array;
  /** The head is the whole file. */
  isWhole: boolean;
  /** All chunks, including those of the head. */
  rest: AsyncGenerator<Uint8Array>;
}

/** The bytes examined before reading: the usual sample size, the whole file, or what arrived before a pause. */
export async function gatherHead(chunks: AsyncGenerator<Uint8Array>, limit = HEAD_BYTES): Promise<Head> {
  let head = new Uint8Array(0);
  let next = chunks.next();
  while (head.length < limit) {
    const came = await Promise.race([next, hasRows(head) ? Bun.sleep(PAUSE_MS) : next]);
    if (!came) break;
    if (came.done) return { head, isWhole: true, rest: joined(head, null) };
    head = new Uint8Array(Buffer.concat([head, came.value]));
    next = chunks.next();
  }
  return { head, isWhole: false, rest: joined(head, { next, chunks }) };
}

/** At least a header and a row. */
function hasRows(head: Uint8Array): boolean {
  const first = head.indexOf(LINE_FEED);
  return first >= 0 && head.indexOf(LINE_FEED, first + 1) >= 0;
}

async function* joined(
  head: Uint8Array,
  more: { next: Promise<IteratorResult<Uint8Array>>; chunks: AsyncGenerator<Uint8Array> } | null,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    if (!more) return;
    const { value, done } = await more.next;
    if (!done) yield value;
    yield* more.chunks;
  } finally {
    await more?.chunks.return(undefined);
  }
}

async function* rowsOf(
  chunks: AsyncIterable<Uint8Array>,
  dialect: Dialect & { width: number },
  onDecided?: (dialect: Dialect) => void,
): AsyncGenerator<string[][]> {
  let batch: string[][] = [];
  const bounds = rowBounds(dialect, (row) => batch.push(row));
  const tokenizer = new Tokenizer(dialect, dialect.width, bounds.take);
  for await (const chunk of chunks) {
    tokenizer.push(chunk);
    if (batch.length > 0) yield batch;
    batch = [];
    if (bounds.isFinished) break;
  }
  if (!bounds.isFinished) tokenizer.end();
  bounds.end();
  if (batch.length > 0) yield batch;
  const decided = { ...dialect, footerRows: bounds.footerRows, tableRows: bounds.rows };
  onDecided?.({ ...decided, sentence: describeDialect(decided) });
}

function rowBounds(dialect: Dialect & { width: number }, put: (row: string[]) => void): TableBounds {
  const header: string[][] = [];
  return new TableBounds(dialect, {
    header: (row) => {
      header.push(row);
      if (header.length === dialect.headerRows)
        put(withoutMark(mergeHeader(header), dialect.comment, dialect.width));
    },
    data: (bytes, spans, cells) => put(cellsOf(bytes, spans, { cells })),
    odd: () => {
      // Rows are handed on as they stand; the profile is what reports them.
    },
  });
}
