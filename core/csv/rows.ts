/**
 * Which rows of strings does a file hold, told nothing? The header as row 0, titles and footers dropped, several header
 * rows merged, the first table only. Never refuses an empty file: it has no rows.
 */
import { decide, describeDialect } from "./decide.ts";
import { Frame } from "./frame.ts";
import { mergeHeader } from "./layout.ts";
import { cellsOf } from "./scan.ts";
import { utf8Chunks } from "./source.ts";
import { Tokenizer } from "./tokenizer.ts";
import type { Dialect, ReadingChoices } from "./types.ts";

/** Batches of rows; `onDecided` hears at the end what was decided. Throws AppError as `decide` does. */
export async function* readRows(
  path: string,
  options: { choices?: ReadingChoices; onDecided?: (dialect: Dialect) => void } = {},
): AsyncGenerator<string[][]> {
  const { dialect } = await decide(path, options.choices ?? {});
  let batch: string[][] = [];
  const frame = rowFrame(dialect, (row) => batch.push(row));
  const tokenizer = new Tokenizer(dialect, dialect.width, frame.take);
  for await (const chunk of utf8Chunks(path, dialect.encoding)) {
    tokenizer.push(chunk);
    if (batch.length > 0) yield batch;
    batch = [];
    if (frame.isFinished) break;
  }
  if (!frame.isFinished) tokenizer.end();
  frame.end();
  if (batch.length > 0) yield batch;
  const decided = { ...dialect, footerRows: frame.footerRows, tableRows: frame.rows };
  options.onDecided?.({ ...decided, sentence: describeDialect(decided) });
}

function rowFrame(dialect: Dialect & { width: number }, put: (row: string[]) => void): Frame {
  const header: string[][] = [];
  return new Frame(dialect, {
    header: (row) => {
      header.push(row);
      if (header.length === dialect.headerRows) put(mergeHeader(header));
    },
    data: (bytes, spans, cells) => put(cellsOf(bytes, spans, cells)),
    odd: () => {
      // Rows are handed on as they stand; the profile is what reports them.
    },
  });
}
