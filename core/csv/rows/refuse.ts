/** Refuses files that are not tables, names what they are, and says what to do instead. */
import { AppError } from "../../platform/errors.ts";
import type { Encoding } from "../bytes/encoding.ts";
import { foreignFormat } from "./foreign.ts";

/** Throws AppError `invalid` that names what the file is. */
export function refuseForeign(head: Uint8Array, encoding: Encoding): void {
  refuseFormat(head);
  if (encoding.encoding.startsWith("utf-16") || encoding.encoding.startsWith("utf-32")) return;
  refuseText(head.subarray(encoding.bomBytes, 4096));
  refuseBinary(head);
}

/** Throws AppError `invalid` for a format that is not read. */
export function refuseFormat(head: Uint8Array): void {
  const foreign = foreignFormat(head);
  if (foreign) throw notTable(foreign.what, foreign.fix);
}

function refuseText(head: Uint8Array): void {
  const start = new TextDecoder().decode(head).trimStart();
  const lower = start.slice(0, 1000).toLowerCase();
  if (/^(?:<!doctype html|<(?:html|head|body)[\s>])/.test(lower)) {
    throw notTable(
      "an HTML page",
      "You may have saved the page about the data: look for its download link.",
      head,
    );
  }
  if (lower.startsWith("<?xml") || lower.startsWith("<!doctype "))
    throw notTable("an XML file", "Export the table as CSV.", head);
  if (isJson(start)) throw notTable("JSON", "Write it as CSV first, with a column for each field.", head);
}

/** An object, or a list of objects or lists; `[a],[b]` in a CSV is neither. */
export function isJson(start: string): boolean {
  return (
    /^(?:\[\s*)?\{\s*(?:"(?:[^"\\]|\\.){0,200}(?:"\s*:|(?<=.{200}))|\})/.test(start) ||
    /^\[\s*\[\s*(?:["[{]|-?\d|null|\])/.test(start) ||
    /^\[\s*\]\s*$/.test(start)
  );
}

/** Some programs fill the rest of a text with zeros; more than this share is no text. */
const MOST_ZEROS = 0.2;

/** Control characters that never occur in text; a few may be damage, many mean a binary file. */
function refuseBinary(head: Uint8Array): void {
  let [controls, zeros] = [0, 0];
  for (let i = 0; i < head.length; i++) {
    const byte = head[i];
    const isSeparator = byte === 1 || byte === 2 || (byte >= 0x1c && byte <= 0x1f) || byte === 0x1a;
    if (byte === 0) zeros++;
    else if (byte < 9 || (byte > 13 && byte < 32)) controls += isSeparator ? 0 : 1;
  }
  if ((controls > 8 && controls > 0.01 * head.length) || zeros > MOST_ZEROS * head.length) {
    throw notTable(
      "a binary file",
      "Upload a text file with one row per line and cells separated by commas, semicolons or tabs.",
    );
  }
}

/** `text`: the beginning of the file, if it is readable. */
function notTable(what: string, fix: string, text?: Uint8Array): AppError {
  return new AppError("invalid", `The file is ${what}, not a table that can be read`, {
    ...(text && { near: nearText(text) }),
    fix,
  });
}

const NEAR_BYTES = 80;

/** The beginning of some bytes as one short line of text. */
export function nearText(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, NEAR_BYTES)).replace(/\uFFFD+$/, "");
  const line = text.replace(/\p{Cc}/gu, (sign) => JSON.stringify(sign).slice(1, -1));
  return bytes.length > NEAR_BYTES ? `${line}…` : line;
}

/** The position of a row, and its beginning. */
export interface RowPlace {
  /** 1-based in the file. */
  row: number;
  bytes: Uint8Array;
}

/** Refuses a row that cannot be a row. */
export function tooManyCells(most: number, { row, bytes }: RowPlace): AppError {
  return new AppError("invalid", `A row has more than ${most} cells`, {
    row,
    near: nearText(bytes),
    fix: "Check that rows end with newlines; choose another delimiter if this one is wrong.",
  });
}

export function endlessRow(mostBytes: number, { row, bytes }: RowPlace): AppError {
  return new AppError("invalid", `A row is longer than ${mostBytes >> 20} MB`, {
    row,
    near: nearText(bytes),
    fix: "Check that rows end with newlines.",
  });
}
