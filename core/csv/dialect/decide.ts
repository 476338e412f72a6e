/**
 * Decides how to read a file: encoding, delimiter, quotes, titles and header, from its first bytes. The user's choices
 * are final. Refuses files that are not text and names their format.
 */
import iconv from "iconv-lite";
import { AppError } from "../../platform/errors.ts";
import { plural } from "../../platform/figures.ts";
import { type Encoding, knownEncoding, markBytes } from "../bytes/encoding.ts";
import { Utf8Mender, withoutZeros } from "../bytes/mixed-encoding.ts";
import { hasQuotedLines, withoutLineQuotes } from "../bytes/quoted-lines.ts";
import { type OpenSource, openSource } from "../bytes/source.ts";
import { refuseForeign } from "../rows/refuse.ts";
import { shapeOf } from "../rows/row-shape.ts";
import type { Dialect, ReadingChoices } from "../types.ts";
import { findLayout, headerInComment } from "./layout.ts";
import { cutSample, sniff } from "./sniff.ts";

export interface Decision {
  dialect: Dialect & { width: number };
  /** Whether the file has no bytes at all, or only blank ones. */
  isEmpty: boolean;
  /** The sample that was used, in UTF-8; absent if the format defines how rows are split. */
  sample?: Uint8Array;
}

const SNIFF_BYTES = 128 * 1024;
const LAYOUT_ROWS = 600;
const MAX_COLUMNS = 20_000;

/** Throws AppError `invalid` if the file cannot be read as CSV, or a choice does not fit. */
export async function decide(
  path: string,
  choices: ReadingChoices,
  encodingHint?: string,
): Promise<Decision> {
  return decideOn(await openSource(path), choices, encodingHint);
}

/** As above, from the first bytes alone. */
export function decideOn(
  { head, encoding: detected, compression, bytesTotal }: OpenSource,
  choices: ReadingChoices,
  encodingHint?: string,
): Decision {
  refuseForeign(head, detected);
  const encoding = chosenEncoding(head, detected, choices.encoding ?? encodingHint);
  const decoded = asUtf8(head, encoding);
  const hasLineQuotes = (choices.quote ?? '"') === '"' && hasQuotedLines(decoded);
  const sample = hasLineQuotes ? withoutLineQuotes(decoded) : decoded;
  const isWhole = compression === "none" && head.length >= bytesTotal && sample.length <= SNIFF_BYTES;
  const isEmpty = isBlank(sample);
  const start = sample.subarray(0, SNIFF_BYTES);
  const { width, comment, ...cutting } = sniff(start, choices, isWhole);
  if (width > MAX_COLUMNS) throw tooWide(width);
  const { rows } = cutSample(start, { cutting, width, limit: LAYOUT_ROWS, isWhole });
  const plain = findLayout(withoutComments(rows, comment), width, choices.header);
  const layout = choices.header === undefined ? headerInComment(rows, plain, { comment, width }) : plain;
  const dialect = {
    encoding: encoding.encoding,
    bom: encoding.bom,
    compression,
    ...cutting,
    comment,
    ...(hasLineQuotes && { lineQuotes: true as const }),
    ...layout,
    footerRows: 0,
    sentence: "",
    width,
    shape: shapeOf(rows.slice(layout.preambleRows + layout.headerRows), width),
  };
  return { dialect: { ...dialect, sentence: describeDialect(dialect) }, isEmpty, sample: start };
}

function tooWide(width: number): AppError {
  return new AppError("invalid", `The file has at least ${width} columns; ${MAX_COLUMNS} can be read`, {
    row: 1,
    fix: "Check that rows end with newlines, or use fewer columns.",
  });
}

/** Comment lines above the table count as rows of its preamble. */
function withoutComments(rows: string[][], comment: string): string[][] {
  return comment ? rows.map((row) => (row[0].startsWith(comment) ? [""] : row)) : rows;
}

function chosenEncoding(head: Uint8Array, detected: Encoding, chosen: string | undefined): Encoding {
  if (chosen === undefined) return detected;
  const encoding = knownEncoding(chosen);
  if (!encoding) {
    throw new AppError("invalid", `The encoding ${chosen} does not exist`, {
      fix: "Choose one such as utf-8, utf-16le, windows-1252, shift_jis, big5, gb18030 or koi8-r.",
      example: "windows-1252",
    });
  }
  const bomBytes = markBytes(head, encoding);
  return { encoding, bom: bomBytes > 0, bomBytes };
}

function asUtf8(head: Uint8Array, { encoding, bomBytes }: Encoding): Uint8Array {
  const plain = head.subarray(bomBytes);
  if (encoding === "utf-8") return new Utf8Mender().push(plain);
  return withoutZeros(new TextEncoder().encode(iconv.decode(Buffer.from(plain), encoding)));
}

function isBlank(sample: Uint8Array): boolean {
  return sample.every((byte) => byte === 32 || (byte >= 9 && byte <= 13));
}

/** Formats that name their columns themselves. */
const NAMED: ReadonlySet<string> = new Set(["parquet", "json", "ndjson"]);

const NAMES: Record<string, string> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "vertical-bar",
  ":": "colon",
  " ": "space",
  ", ": "comma-and-space",
};

/** Describes the decision for the page. */
export function describeDialect(dialect: Dialect): string {
  const { encoding, compression, delimiter, quote, newline, preambleRows, headerRows, footerRows } = dialect;
  const packed = compression === "none" ? "" : `${compression} of `;
  const parts = dialect.origin
    ? [packed + dialect.origin]
    : [
        `${packed}${encoding.toUpperCase()} text`,
        `${NAMES[delimiter] ?? JSON.stringify(delimiter)}-separated`,
      ];
  if (dialect.lineQuotes) parts.push("quotes around whole rows removed");
  if (quote !== '"') parts.push(quote ? `quoted by ${quote}` : "no quotes");
  if (newline === "\r" || newline === "mixed")
    parts.push(newline === "mixed" ? "mixed line endings" : "CR line endings");
  if (preambleRows > 0) parts.push(`${plural(preambleRows, "row")} above the table skipped`);
  if (NAMED.has(dialect.format ?? "")) parts.push("columns keep their names");
  else parts.push(headerRows === 0 ? "no header row, columns named by number" : headerText(headerRows));
  if (footerRows > 0) parts.push(`${plural(footerRows, "row")} below the table skipped`);
  return `${parts.join(", ")}.`;
}

function headerText(headerRows: number): string {
  return headerRows === 1 ? "column names in the first row" : `${headerRows} header rows were joined`;
}
