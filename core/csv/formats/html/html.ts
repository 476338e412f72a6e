/** Reads a table from HTML: the largest one of the page, or cells that a spreadsheet copied to the clipboard. */
import { Parser } from "htmlparser2";
import { AppError } from "../../../platform/errors.ts";
import { detectEncoding } from "../../bytes/encoding.ts";
import { utf8Chunks } from "../../bytes/source.ts";
import type { Converted, ConvertOptions } from "../known-table.ts";
import { TableFile } from "../table-file.ts";
import { TableGatherer } from "./table-gatherer.ts";

const MAX_BYTES = 256 * 1024 * 1024;

/** Throws AppError `invalid` if no table of the page has two columns. */
export async function convertHtml(
  { path, head }: { path: string; head: Uint8Array },
  options: ConvertOptions,
): Promise<Converted> {
  const gatherer = new TableGatherer();
  const parser = new Parser(gatherer, { decodeEntities: true });
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const chunk of utf8Chunks(path, detectEncoding(head).encoding)) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw tooLong();
    parser.write(decoder.decode(chunk, { stream: true }));
  }
  parser.end();
  const { tables } = gatherer;
  const best = tables.reduce<(typeof tables)[number] | null>(
    (largest, other) => (other.cells > (largest?.cells ?? 0) ? other : largest),
    null,
  );
  if (!best) throw noTable();
  const table = new TableFile(options.out, options.sourceBytes);
  try {
    const width = Math.max(...best.rows.map((row) => row.length));
    for (const row of best.rows) table.write(Array.from({ length: width }, (_, k) => row[k]));
    await table.finish();
    const isNamed = best.headerRows > 0 && best.headerRows < best.rows.length;
    return {
      format: "html",
      shape: "grid",
      rows: table.rows,
      width,
      kinds: [],
      findings: [],
      ...(isNamed && { layout: { preambleRows: 0, headerRows: best.headerRows } }),
      sentence: tables.length === 1 ? "HTML table" : `HTML, the largest of ${tables.length} tables`,
    };
  } catch (error) {
    await table.discard();
    throw error;
  }
}

function tooLong(): AppError {
  return new AppError("invalid", `The HTML page is larger than ${MAX_BYTES >> 20} MB`, {
    fix: "Export the table as CSV.",
  });
}

function noTable(): AppError {
  return new AppError("invalid", "The file is an HTML page without a table", {
    fix: "You may have saved the page about the data: look for its download link.",
  });
}
