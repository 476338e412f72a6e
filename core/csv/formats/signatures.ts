/** Recognises a format by the first bytes of a file. */
import { detectEncoding } from "../bytes/encoding.ts";
import { isJson } from "../rows/refuse.ts";
import { isFixedWidth } from "./fixed-width/positions.ts";
import type { Format } from "./known-table.ts";

const MARK_BYTES = 8;

/** `isCsv`: a CSV-only choice was made. */
export function formatOf(head: Uint8Array, isCsv: boolean): Format {
  const start = new TextDecoder("latin1").decode(head.subarray(0, MARK_BYTES));
  if (start.startsWith("PAR1") || start.startsWith("PARE")) return "parquet";
  if (start.startsWith("ARROW1")) return "arrow";
  if (isZip(head)) return "xlsx";
  const text = textOf(head);
  if (isJson(text)) return "json";
  if (isHtmlTable(text)) return "html";
  return !isCsv && isFixedWidth(text) ? "fixed-width" : "csv";
}

/** The text, as far as the encoding is obvious. */
function textOf(head: Uint8Array): string {
  const { encoding } = detectEncoding(head);
  const label = encoding.startsWith("utf-16") ? (encoding === "utf-16be" ? "utf-16be" : "utf-16le") : "utf-8";
  return new TextDecoder(label).decode(head).replace(/^[\uFEFF\s]+/, (blank) => blank.replace(/[^\n ]/g, ""));
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
