/**
 * Writes rows as CSV that a spreadsheet opens safely: RFC 4180 quoting; a cell that a spreadsheet would run as a
 * formula gets a leading apostrophe (OWASP, CSV injection). Numbers stay numbers.
 */

const NEEDS_QUOTES = /[",\r\n]/;
const FORMULA = /^[=+\-@\t\r]/;
/** A digit can be read in one way only: a cell of a million digits takes no longer than its length. */
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;

export type CsvValue = string | number | boolean | null;

/** One line, ended by CRLF. */
export function writeRow(cells: readonly CsvValue[]): string {
  const line = cells.map(writeCell).join(",");
  // A line of one blank cell would be no row at all.
  return `${line === "" ? '""' : line}\r\n`;
}

export function writeCell(cell: CsvValue): string {
  if (cell === null) return "";
  const text = String(cell);
  const safe = typeof cell === "string" && FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
