/** Recognises a format by the first bytes of a file. */
import { headText } from "../bytes/encoding.ts";
import { isJson } from "../rows/refuse.ts";
import { isFixedWidth } from "./fixed-width/positions.ts";
import type { Format } from "./known-table.ts";

const MARK_BYTES = 8;
/** A byte order mark, blanks, and the separator before each value of a JSON text sequence (RFC 7464). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the separator is a control character.
export const BLANK_START = /^[\uFEFF\s\x1e]+/;

/** `isCsv`: a CSV-only choice was made. */
export function formatOf(head: Uint8Array, isCsv: boolean): Format {
  const start = new TextDecoder("latin1").decode(head.subarray(0, MARK_BYTES));
  // A CSV may begin with a column of such a name.
  if (/^PAR[1E](?:[^ -~\t\n\r]|$)/.test(start)) return "parquet";
  if (isZip(head)) return "xlsx";
  const text = headText(head).replace(BLANK_START, (blank) => blank.replace(/[^\n ]/g, ""));
  if (isJson(text.trimStart())) return "json";
  if (isHtmlTable(text)) return "html";
  return !isCsv && isFixedWidth(text) ? "fixed-width" : "csv";
}

/** A page with a table in it, such as a spreadsheet's clipboard or an HTML file named .xls. */
function isHtmlTable(text: string): boolean {
  const start = text.trimStart();
  const isMarkup = /^(?:<!doctype html|<(?:html|head|body|meta|style|table|div|!--|\?xml)[\s>])/i.test(start);
  return isMarkup && /<table[\s>]/i.test(text) && !/^<\?xml[^>]*>\s*<(?!html|!doctype html)/i.test(start);
}

export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** Compressed: the format inside is not known yet. */
export function isPacked(bytes: Uint8Array): boolean {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const isZstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd;
  return isGzip || isZstd || isZip(bytes);
}
