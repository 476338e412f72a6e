/** Finds the title rows, the header and the first data row, by how sample rows differ from the columns below them. */

import { TIME_UNITS, UNIT_FAMILIES } from "../cells/numbers/units.ts";
import { isMissingWord } from "../cells/words.ts";
import { cellKind, fieldKind, isTyped, kindsOf, type Share } from "../rows/cell-kinds.ts";

export interface Layout {
  /** Rows before the header, blank ones included. */
  preambleRows: number;
  /** 0 if there is no header. */
  headerRows: number;
}

const BODY_ROWS = 200;
const MAX_PREAMBLE = 100;
const MAX_HEADER_ROWS = 4;

/** `rows` as split; blank lines are rows of one empty cell. */
export function findLayout(
  rows: readonly string[][],
  width: number,
  header: boolean | number | undefined,
): Layout {
  if (rows.length === 0) return { preambleRows: 0, headerRows: 0 };
  if (typeof header === "number") return { preambleRows: header - 1, headerRows: 1 };
  const first = firstTableRow(rows, width);
  if (first >= rows.length)
    return { preambleRows: 0, headerRows: rows.length > 0 && header !== false ? 1 : 0 };
  if (header === false) return { preambleRows: first, headerRows: 0 };
  const top = rows.slice(first);
  if (header === undefined && !hasHeader(top, width)) return { preambleRows: first, headerRows: 0 };
  const headerRows = header ? 1 : countHeaderRows(top, width);
  const isGrouped = first > 0 && isGroupRow(rows[first - 1], width);
  return isGrouped
    ? { preambleRows: first - 1, headerRows: headerRows + 1 }
    : { preambleRows: first, headerRows };
}

/** `,Women,,Men,` above the header: names of column groups. */
function isGroupRow(row: readonly string[], width: number): boolean {
  if (row.length !== width || row[0].trim() !== "" || filled(row) < 2) return false;
  return row.every((cell) => !isTyped(cellKind(cell)));
}

/** Titles and notes fill far fewer cells than the table does, or are separated from it by a blank row. */
function firstTableRow(rows: readonly string[][], width: number): number {
  if (width < 2)
    return Math.max(
      0,
      rows.findIndex((row) => filled(row) > 0),
    );
  const usual = usualFill(rows, width);
  const limit = Math.min(rows.length, MAX_PREAMBLE);
  for (let k = 0; k < limit; k++) {
    if (!isTitle(rows[k], usual, width) && !isApart(rows, k, usual) && !isAboveHeader(rows, k, width))
      return k;
  }
  return 0;
}

/** A title that happens to contain a delimiter: one cell short, followed by a row of names and then values. */
function isAboveHeader(rows: readonly string[][], at: number, width: number): boolean {
  const [row, next, after] = [rows[at], rows[at + 1], rows[at + 2]];
  if (width > 4 || row.length !== width - 1 || next?.length !== width || after?.length !== width)
    return false;
  const typed = (cells: readonly string[]) => cells.filter((cell) => isTyped(cellKind(cell))).length;
  return typed(next) === 0 && typed(after) > 0 && filled(next) === width;
}

/** Not as full as the table, and a blank row follows within three. */
function isApart(rows: readonly string[][], at: number, usual: number): boolean {
  if (filled(rows[at]) >= usual) return false;
  const blank = rows.slice(at + 1, at + 4).findIndex((row) => filled(row) === 0);
  if (blank < 0 || rows.slice(at + 1, at + 1 + blank).some((row) => filled(row) >= usual)) return false;
  return rows.slice(at + 1 + blank).some((row) => filled(row) >= usual);
}

function isTitle(row: readonly string[], usual: number, width: number): boolean {
  const count = filled(row);
  if (count === 0 || (row.length === 1 && width > 1)) return true;
  if (width === 2) return false;
  if (row.length < Math.min(0.7 * width, width - 1) && count < usual) return true;
  return count === 1 ? usual > 1 : count <= 0.4 * usual && count < 0.5 * width;
}

function filled(row: readonly string[]): number {
  let count = 0;
  for (const cell of row) if (cell.trim() !== "") count++;
  return count;
}

/** The median number of filled cells in rows of the table's width. */
function usualFill(rows: readonly string[][], width: number): number {
  const fills = rows
    .filter((row) => row.length === width)
    .map(filled)
    .filter((count) => count > 0)
    .sort((a, b) => a - b);
  return fills[fills.length >> 1] ?? width;
}

/** Lets the columns vote: a word above numbers is evidence for a header, a number above numbers against. */
function hasHeader(rows: readonly string[][], width: number): boolean {
  const head = rows[0];
  // A repeated header row is no evidence against the header.
  const isAgain = (row: readonly string[]) => row.every((cell, k) => cell === head[k]);
  const body = rows.slice(1, 1 + BODY_ROWS).filter((row) => row.length === width && !isAgain(row));
  if (body.length === 0) return head.filter((cell) => isTyped(cellKind(cell))).length < head.length / 2;
  if (isYears(head) || isCounted(head, body)) return true;
  let votes = 0;
  for (let column = 0; column < width; column++) votes += vote(head[column] ?? "", body, column);
  return votes === 0 ? head.every((cell) => !isTyped(cellKind(cell))) : votes > 0;
}

function vote(cell: string, body: readonly string[][], column: number): number {
  const kind = cellKind(cell);
  const below = fieldKind(kindsOf(body, column));
  if (kind === "empty") return 0;
  if (below !== null) return isTyped(kind) ? -1.5 : 1;
  const values = body.map((row) => row[column]);
  if (isTyped(kind)) return -0.7;
  if (values.includes(cell)) return isRepeated(values) ? -0.7 : -0.3;
  return wordVote(cell, values);
}

function isRepeated(values: readonly string[]): boolean {
  return new Set(values).size < 0.5 * values.length;
}

/** Among words: a few labels that do not include the column's name, or long texts under a short name. */
function wordVote(cell: string, values: readonly string[]): number {
  const lengths = values.map((value) => value.length).filter((length) => length > 0);
  if (lengths.length === 0) return 0.2;
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const spread = Math.sqrt(lengths.reduce((sum, length) => sum + (length - mean) ** 2, 0) / lengths.length);
  const isUnlike = Math.abs(cell.length - mean) > 2 * spread + 1;
  const isShared = values.length >= 4 && isRepeated(values);
  return (isUnlike ? 0.4 : 0) + (isShared ? 0.4 : 0) + 0.05;
}

/** `country, 1990, 1991, 1992`: numbers that are names. */
function isYears(head: readonly string[]): boolean {
  const numbers = head.filter((cell) => /^(?:19|20)\d{2}$/.test(cell.trim())).map(Number);
  const typed = head.filter((cell) => isTyped(cellKind(cell))).length;
  if (numbers.length < 3 || numbers.length < typed || typed === head.length) return false;
  return numbers.every((year, k) => k === 0 || Math.abs(year - numbers[k - 1]) === 1);
}

/** `0, 1, 2, label`: places that programs write for names, which no row of the data repeats. */
function isCounted(head: readonly string[], body: readonly string[][]): boolean {
  const typed = head.filter((cell) => isTyped(cellKind(cell)));
  const isInOrder = (cells: readonly string[], from: number) =>
    cells.every((cell, k) => cell.trim() === String(k + from));
  if (typed.length < 3 || !(isInOrder(typed, 0) || isInOrder(typed, 1))) return false;
  return !body.some((row) => {
    const numbers = row.filter((cell) => isTyped(cellKind(cell)));
    return isInOrder(numbers, 0) || isInOrder(numbers, 1);
  });
}

/** Further header rows: the same row repeated, or words above columns of numbers. */
function countHeaderRows(rows: readonly string[][], width: number): number {
  const shares = columnShares(rows, width);
  const isHeader = (at: number) =>
    isRule(rows[at]) ||
    isYearsBelow(rows, at) ||
    isBlankRow(rows[at], width) ||
    isUnits(rows[at], rows.slice(at + 1, at + 1 + BODY_ROWS), width) ||
    isHeaderRow(rows[at], rows[0], shares) ||
    isQuestions(rows[at], rows.slice(at + 1, at + 1 + BODY_ROWS), width);
  let count = 1;
  while (count < MAX_HEADER_ROWS && count + 1 < rows.length && isHeader(count)) count++;
  return count;
}

/** Nothing but separators between the header and the data. */
function isBlankRow(row: readonly string[], width: number): boolean {
  return width > 1 && row.length === width && filled(row) === 0;
}

/** Kinds of values, as databases and statistics programs name them. */
const KINDS =
  /^(?:(?:tiny|small|big)?int(?:eger)?\d*|(?:u?int|float)\d+|float|double|real|decimal|numeric|number|str(?:ing)?|text|n?(?:var)?char|bool(?:ean)?|date(?:time)?|timestamp|object|factor|enum|nominal|ordinal|continuous|discrete|categorical|category|scale|interval|ratio)(?:\s?\([\d,\s]+\))?$/i;
const UNITS = new Set([
  ...UNIT_FAMILIES.flatMap((family) => Object.keys(family)).map((unit) => unit.toLowerCase()),
  ...TIME_UNITS.keys(),
  ...(
    "% ‰ °c °f k pa hpa kpa bar mbar mmhg v a ma j kj kcal ev n nm ppm ppb db bpm rpm lux lm cd mol pct percent " +
    "m2 m3 m² m³ km² ha km/h m/s mph mg/l mg/dl mmol/l g/l usd eur gbp chf jpy € $ £ count"
  ).split(" "),
]);
const IN_BRACKETS = /^[([{].{1,24}[)\]}]$/;

/** A row of units or types below the names, none of whose cells occurs again in its column. */
function isUnits(row: readonly string[], rows: readonly string[][], width: number): boolean {
  if (row.length !== width) return false;
  const cells = row.map((cell) => cell.trim());
  const named = cells.filter((cell) => cell !== "" && cell !== "-");
  const areAll = (test: (cell: string) => boolean) => named.length >= 2 && named.every(test);
  const isUnit = (cell: string) => UNITS.has(cell.toLowerCase().replace(/^[([]|[)\]]$/g, ""));
  if (!areAll((cell) => IN_BRACKETS.test(cell)) && !areAll((cell) => KINDS.test(cell)) && !areAll(isUnit))
    return false;
  return cells.every((cell, k) => cell === "" || rows.every((other) => (other[k] ?? "").trim() !== cell));
}

/** `|---|:--:|`, which Markdown and database clients print below the header. */
function isRule(row: readonly string[]): boolean {
  return (
    filled(row) > 0 &&
    row.every((cell) => /^\s*(?::?-{2,}:?|:-+:?|-+:|[=_~*+]{2,}|\+?(?:[-=]{2,}\+?)+)?\s*$/.test(cell))
  );
}

/** `Region,Sales,,Costs,` and below it `,2020,2021,2020,2021`: years in groups, with no name in the first column. */
function isYearsBelow(rows: readonly (readonly string[])[], at: number): boolean {
  const [above, row] = [rows[at - 1]!, rows[at]!];
  const isLevelled =
    at === 1 && row[0]!.trim() === "" && row.length === above.length && above[0]!.trim() !== "";
  if (!isLevelled || !above.some((cell) => cell.trim() === "")) return false;
  const body = rows.slice(at + 1, at + 1 + BODY_ROWS);
  return (
    filled(row) >= 2 &&
    row.every((cell) => /^(?:(?:19|20)\d{2})?$/.test(cell.trim())) &&
    body.length > 0 &&
    body.every((other) => (other[0] ?? "").trim() !== "")
  );
}

const LEAST_ANSWERS = 8;
const IMPORT_ID = /^\{"ImportId":/;

/**
 * Surveys repeat the whole question below its short name, far longer than any answer; programs repeat their own IDs.
 */
function isQuestions(row: readonly string[], rows: readonly string[][], width: number): boolean {
  if (row.length !== width || width < 2) return false;
  const filledCells = row.filter((cell) => cell.trim() !== "");
  if (filledCells.length >= 0.6 * width && filledCells.every((cell) => IMPORT_ID.test(cell))) return true;
  const body = rows.filter((other) => other.length === width);
  if (body.length < LEAST_ANSWERS) return false;
  const isQuestion = (cell: string, column: number) => {
    if (!/\s.*\s|\?\s*$/.test(cell.trim()) || isTyped(cellKind(cell))) return false;
    return body.every((other) => other[column].length < cell.length || IMPORT_ID.test(other[column]));
  };
  const questions = row.filter(isQuestion).length;
  return questions >= 2 && questions >= 0.6 * width;
}

function columnShares(rows: readonly string[][], width: number): Share[] {
  const body = rows.slice(1, 1 + BODY_ROWS).filter((row) => row.length === width);
  return Array.from({ length: width }, (_, column) =>
    kindsOf(body.slice(Math.min(3, body.length >> 1)), column),
  );
}

function isHeaderRow(row: readonly string[], first: readonly string[], shares: readonly Share[]): boolean {
  if (row.length === first.length && row.every((cell, k) => cell === first[k]) && filled(row) > 0)
    return true;
  if (row.length !== shares.length) return false;
  let words = 0;
  let typed = 0;
  for (let column = 0; column < shares.length; column++) {
    if (fieldKind(shares[column]) === null) continue;
    const kind = cellKind(row[column]);
    if (isTyped(kind)) return false;
    typed++;
    if (kind !== "empty" && !isMissingWord(row[column])) words++;
  }
  // A row of units has no entry in the first column.
  if (typed >= 2 && words >= 1 && row[0].trim() === "") return true;
  return words >= 2 && words >= 0.6 * typed;
}

/**
 * Joins several header rows into one, separated by spaces; a group's name applies to all following columns that have
 * none.
 */
export function mergeHeader(given: readonly (readonly string[])[]): string[] {
  const rows = given.filter((row, k) => k === 0 || !isRule(row));
  if (rows.length === 2 && isYearsBelow([...rows, [rows[0]![0]!]], 1)) rows[0] = filledOn(rows[0]!);
  const width = Math.max(0, ...rows.map((row) => row.length));
  return Array.from({ length: width }, (_, column) =>
    rows
      .map((row) => row[column] ?? "")
      .filter((cell, k) => cell !== "" && (k === 0 || !IMPORT_ID.test(cell)))
      .join(" "),
  );
}

function filledOn(names: readonly string[]): string[] {
  let last = "";
  return names.map((name) => {
    if (name.trim() !== "") last = name;
    return last;
  });
}

/** A header in a comment: `# energy, n`; in a row one cell longer than `width` the mark has a cell of its own. */
export function withoutMark(header: string[], comment: string, width = header.length): string[] {
  const [first, ...others] = header;
  if (comment === "" || !first?.startsWith(comment)) return header;
  if (first.trim() === comment && header.length === width + 1) return others;
  return [first.slice(comment.length).trim(), ...others];
}

/**
 * The last comment above the table names the columns if nothing else does and it has as many words as there are
 * columns.
 */
export function headerInComment(
  rows: readonly string[][],
  layout: Layout,
  { comment, width }: { comment: string; width: number },
): Layout {
  if (comment === "" || layout.headerRows > 0) return layout;
  const at = layout.preambleRows - 1;
  const row = rows[at];
  const isMarked = row?.[0]?.trim() === comment && row.length === width + 1;
  if (!row?.[0]?.startsWith(comment) || (row.length !== width && !isMarked)) return layout;
  const names = withoutMark([...row], comment, width);
  const isNames = names.every((name) => name.trim() !== "" && !isTyped(cellKind(name)));
  return isNames ? { preambleRows: at, headerRows: 1 } : layout;
}
