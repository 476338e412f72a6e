/**
 * Writes rows as CSV that a spreadsheet opens safely: RFC 4180 quoting; a cell that a spreadsheet would run as a
 * formula gets a leading apostrophe (OWASP, CSV injection). Numbers stay numbers.
 */

/** Neither quotes nor an apostrophe: most cells. */
const PLAIN = /^(?![=+\-@\t])[^",\r\n]*$/;
const NEEDS_QUOTES = /[",\r\n]/;
const FORMULA = /^[=+\-@\t\r]/;
/** A digit can match in only one way: a cell of a million digits takes time linear in its length. */
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/;

export type CsvValue = string | number | boolean | null;

/** One line, ended by CRLF. */
export function writeRow(cells: readonly (CsvValue | bigint | undefined)[]): string {
  let line = cells.length > 0 ? writeCell(cells[0]!) : "";
  for (let k = 1; k < cells.length; k++) line += `,${writeCell(cells[k]!)}`;
  // A line of one blank cell would not count as a row.
  return `${line === "" ? '""' : line}\r\n`;
}

/** Quoted if it needs quotes; a text that a spreadsheet would run as a formula gets an apostrophe. Blank for null. */
export function writeCell(cell: CsvValue | bigint | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (typeof cell !== "string" || PLAIN.test(cell)) return String(cell);
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
