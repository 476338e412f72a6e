/** Refuses files that are not CSV, names what they are, and says what to do instead. */
import { AppError } from "../../platform/errors.ts";
import type { Encoding } from "../bytes/encoding.ts";

interface Foreign {
  what: string;
  magic: readonly number[];
  fix: string;
}

const SPREADSHEET = "In the spreadsheet choose Save as, then CSV, and upload that file.";
const ascii = (text: string) => [...text].map((character) => character.charCodeAt(0));

const FOREIGN: readonly Foreign[] = [
  { what: "an old Excel workbook (xls)", magic: [0xd0, 0xcf, 0x11, 0xe0], fix: SPREADSHEET },
  {
    what: "an Arrow or Feather file",
    magic: ascii("ARROW1"),
    fix: "Write it as CSV first, for example with pandas.",
  },
  { what: "a Feather file", magic: ascii("FEA1"), fix: "Write it as CSV first, for example with pandas." },
  { what: "an ORC file", magic: ascii("ORC"), fix: "Write it as CSV first, for example with Spark." },
  { what: "an Avro file", magic: [...ascii("Obj"), 1], fix: "Write it as CSV first." },
  {
    what: "an SQLite database",
    magic: ascii("SQLite format 3"),
    fix: "Export the table: sqlite3 -header -csv f.db 'select …'.",
  },
  { what: "a PDF", magic: ascii("%PDF-"), fix: "Copy the table into a spreadsheet and save that as CSV." },
  { what: "an RTF document", magic: ascii("{\\rtf"), fix: "Save the table as CSV." },
  { what: "a PNG image", magic: [0x89, 0x50, 0x4e, 0x47], fix: "Upload the data, not a picture of it." },
  { what: "a JPEG image", magic: [0xff, 0xd8, 0xff], fix: "Upload the data, not a picture of it." },
  { what: "a GIF image", magic: ascii("GIF8"), fix: "Upload the data, not a picture of it." },
  { what: "a 7z archive", magic: [0x37, 0x7a, 0xbc, 0xaf], fix: "Unpack it and upload the CSV." },
  { what: "a RAR archive", magic: ascii("Rar!"), fix: "Unpack it and upload the CSV." },
  { what: "a bzip2 file", magic: ascii("BZh"), fix: "Unpack it, or pack it with gzip." },
  { what: "an xz file", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], fix: "Unpack it, or pack it with gzip." },
  { what: "an HDF5 file", magic: [0x89, 0x48, 0x44, 0x46], fix: "Write its table as CSV first." },
  {
    what: "a NumPy file",
    magic: [0x93, ...ascii("NUMPY")],
    fix: "Write it with numpy.savetxt(…, delimiter=',').",
  },
  { what: "a program", magic: [0x7f, ...ascii("ELF")], fix: "Upload a CSV." },
];

/** Throws AppError `invalid` that names what the file is. */
export function refuseForeign(head: Uint8Array, encoding: Encoding): void {
  const foreign = FOREIGN.find(({ magic }) => magic.every((byte, k) => head[k] === byte));
  if (foreign) throw notCsv(foreign.what, foreign.fix);
  if (encoding.encoding.startsWith("utf-16") || encoding.encoding.startsWith("utf-32")) return;
  refuseText(head.subarray(encoding.bomBytes, 4096));
  refuseBinary(head);
}

function refuseText(head: Uint8Array): void {
  const start = new TextDecoder().decode(head).trimStart();
  const lower = start.slice(0, 1000).toLowerCase();
  if (/^(?:<!doctype html|<(?:html|head|body)[\s>])/.test(lower)) {
    throw notCsv(
      "an HTML page",
      "You may have saved the page about the data: look for its download link.",
      head,
    );
  }
  if (lower.startsWith("<?xml") || lower.startsWith("<!doctype "))
    throw notCsv("an XML file", "Export the table as CSV.", head);
  if (isJson(start)) throw notCsv("JSON", "Write it as CSV first, with a column for each field.", head);
}

/** An object, or a list of objects or lists; `[a],[b]` in a CSV is neither. */
export function isJson(start: string): boolean {
  return (
    /^(?:\[\s*)?\{\s*(?:"(?:[^"\\]|\\.){0,200}"\s*:|\})/.test(start) ||
    /^\[\s*\[\s*(?:"|-?\d|null|\])/.test(start)
  );
}

/** Control characters that never occur in text; a few may be damage, many mean a binary file. */
function refuseBinary(head: Uint8Array): void {
  let controls = 0;
  for (let i = 0; i < head.length; i++) {
    const byte = head[i];
    const isSeparator = byte === 1 || byte === 2 || (byte >= 0x1c && byte <= 0x1f) || byte === 0x1a;
    if (byte < 9 || (byte > 13 && byte < 32)) controls += isSeparator ? 0 : 1;
  }
  if (controls > 8 && controls > 0.01 * head.length) {
    throw notCsv(
      "a binary file",
      "Upload a text file with one row per line and cells separated by commas, semicolons or tabs.",
    );
  }
}

/** `text`: the beginning of the file, if it is readable. */
function notCsv(what: string, fix: string, text?: Uint8Array): AppError {
  return new AppError("invalid", `The file is ${what}, not a CSV`, {
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
