/**
 * Reads text with cells at fixed positions as a table, line by line; cells are split where the first lines are blank.
 */
import { AppError } from "../../../platform/errors.ts";
import { detectEncoding } from "../../bytes/encoding.ts";
import { utf8Chunks } from "../../bytes/source.ts";
import type { Converted, ConvertOptions } from "../known-table.ts";
import { TableFile } from "../table-file.ts";
import { cutLine, linesOf, MAX_LINE, placesOf, untabbed } from "./positions.ts";

/** `head`: the first bytes of the file. Throws AppError `invalid` if the table grows too large. */
export async function convertFixedWidth(
  { path, head }: { path: string; head: Uint8Array },
  options: ConvertOptions,
): Promise<Converted> {
  const { encoding } = detectEncoding(head);
  const table = new TableFile(options.out, options.sourceBytes);
  try {
    const places = placesOf(linesOf(await beginning(path, encoding)));
    const onProgress = ({ bytesRead }: { bytesRead: number }) =>
      options.onProgress?.({ bytesRead, rows: table.rows });
    const decoder = new TextDecoder();
    let rest = "";
    const take = (line: string) => {
      if (line.length > MAX_LINE) throw longLine(table.rows + 1);
      table.write(line.trim() === "" ? [] : cutLine(untabbed(line), places));
    };
    for await (const chunk of utf8Chunks(path, encoding, { onProgress })) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r\n|\n|\r(?=.)/);
      rest = lines.pop() ?? "";
      for (const line of lines) take(line);
      if (rest.length > MAX_LINE) throw longLine(table.rows + 1);
    }
    if (rest.trim() !== "") take(rest);
    await table.finish();
    return {
      format: "fixed-width",
      shape: "grid",
      rows: table.rows,
      width: places.length,
      kinds: [],
      findings: [],
      sentence: `${encoding.toUpperCase()} text with columns of fixed width`,
    };
  } catch (error) {
    await table.discard();
    throw error;
  }
}

function longLine(row: number): AppError {
  return new AppError("invalid", `A line is longer than ${MAX_LINE} characters`, {
    row,
    fix: "Check that rows end with newlines.",
  });
}

const BEGINNING_CHARACTERS = 256 * 1024;

async function beginning(path: string, encoding: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of utf8Chunks(path, encoding)) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= BEGINNING_CHARACTERS) break;
  }
  return text;
}
