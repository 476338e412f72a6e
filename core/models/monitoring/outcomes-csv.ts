/**
 * Reads reported outcomes from a CSV with the columns `id` and `actual`, in any order and beside any others, as it
 * streams: each wrong row is named and the others count. Encoding and delimiter are detected; csv-parse splits the
 * rows, because the file is written for this route.
 */
import { AppError, type ErrorRecord, errorRecord } from "../../platform/errors.ts";
import type { Actual } from "../rows/outcome-reader.ts";
import type { Warning } from "../rows/warnings.ts";
import type { Told } from "./outcomes.ts";

export interface ReportedRows {
  /** Rows whose outcome is now stored: new ones, and the two below. */
  accepted: number;
  unchanged: number;
  changed: number;
  rejected: number;
  /** The first wrong rows; `row` counts from 1, header included. */
  errors: (Pick<ErrorRecord, "row" | "code" | "message" | "fix"> & { id: string })[];
  /** Outcomes that were read differently from how they are written: how many, and the first of them, rows as above. */
  warned: number;
  warnings: Warning[];
}

const MOST_ERRORS = 100;
const MOST_WARNINGS = 100;
const ROWS_AT_A_TIME = 1000;
const MOST_ROW_CHARACTERS = 1_000_000;
const ID_NAMES = ["id", "prediction_id"];
const ACTUAL = "actual";

/** `tellAll` gets some rows at a time. Throws AppError if a column is missing, there are no rows, or none is right. */
export async function reportCsv(
  path: string,
  tellAll: (
    rows: { id: string; actual: Actual }[],
    each: (told: Told | AppError, i: number) => void,
  ) => Promise<void>,
): Promise<ReportedRows> {
  const told: ReportedRows = {
    accepted: 0,
    unchanged: 0,
    changed: 0,
    rejected: 0,
    errors: [],
    warned: 0,
    warnings: [],
  };
  let columns: { id: number; actual: number } | null = null;
  let row = 1;
  for await (const rows of rowsOf(path)) {
    if (!columns) columns = columnsOf(rows.shift() ?? []);
    const { id, actual } = columns;
    const first = row + 1;
    row += rows.length;
    const asked = rows.map((cells) => ({ id: (cells[id] ?? "").trim(), actual: cells[actual] ?? "" }));
    await tellAll(asked, (answer, i) => count(told, answer, { id: asked[i]!.id, row: first + i }));
  }
  if (row === 1) throw new AppError("invalid", "The CSV has no rows", { fix: "Send a header and rows." });
  if (told.accepted === 0) throw noneAccepted(told);
  return told;
}

/** Some rows at a time, the header first. Throws AppError `invalid` if the file is not CSV or a quote stays open. */
async function* rowsOf(path: string): AsyncGenerator<string[][]> {
  const { utf8Chunks } = await import("../../csv/bytes/source.ts");
  const { unquotedLines } = await import("../../csv/bytes/quoted-lines.ts");
  const { decide } = await import("../../csv/dialect/decide.ts");
  const { CsvError, parse } = await import("csv-parse");
  const { pipeline } = await import("node:stream");
  const { dialect } = await decide(path, { header: true });
  const parser = parse({
    delimiter: dialect.delimiter || ",",
    quote: dialect.quote || null,
    escape: dialect.escape || dialect.quote || null,
    comment: dialect.comment || null,
    max_record_size: MOST_ROW_CHARACTERS,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  // A failure of either destroys the other, and is thrown by the loop below.
  const chunks = utf8Chunks(path, dialect.encoding);
  pipeline(dialect.lineQuotes ? unquotedLines(chunks) : chunks, parser, () => {});
  let titles = dialect.preambleRows;
  let rows: string[][] = [];
  try {
    for await (const cells of parser as AsyncIterable<string[]>) {
      if (titles-- > 0 && !hasColumns(cells)) continue;
      titles = 0;
      rows.push(cells);
      if (rows.length < ROWS_AT_A_TIME) continue;
      yield rows;
      rows = [];
    }
  } catch (error) {
    throw error instanceof CsvError ? notCut(error) : error;
  }
  if (rows.length > 0) yield rows;
}

function notCut(error: { code: string; lines?: number }): AppError {
  const isOpen = error.code === "CSV_QUOTE_NOT_CLOSED";
  const { lines: row } = error;
  return new AppError("invalid", isOpen ? "A quoted value has no closing quote" : "A row is too long", {
    ...(typeof row === "number" && { row }),
    fix: "Put values with a delimiter, a quote or a line break in double quotes, and double the quotes within.",
    example: "id,actual",
  });
}

function placesOf(header: string[]): { id: number; actual: number } {
  const names = header.map((name) => name.trim().toLowerCase());
  return { id: names.findIndex((name) => ID_NAMES.includes(name)), actual: names.indexOf(ACTUAL) };
}

function hasColumns(header: string[]): boolean {
  const { id, actual } = placesOf(header);
  return id >= 0 && actual >= 0;
}

function columnsOf(header: string[]): { id: number; actual: number } {
  const { id, actual } = placesOf(header);
  if (id >= 0 && actual >= 0) return { id, actual };
  throw new AppError("invalid", `The CSV has no column ${id < 0 ? "id" : ACTUAL}`, {
    row: 1,
    fix: "Include a header row with the columns id (or prediction_id) and actual. Other columns are ignored.",
    example: "id,actual",
  });
}

function count(told: ReportedRows, answer: Told | AppError, at: { id: string; row: number }): void {
  if (!(answer instanceof AppError)) {
    told.accepted += 1;
    if (answer.status !== "recorded") told[answer.status] += 1;
    for (const warning of answer.warnings ?? []) {
      told.warned += 1;
      if (told.warnings.length < MOST_WARNINGS) told.warnings.push({ ...warning, row: at.row });
    }
    return;
  }
  told.rejected += 1;
  if (told.errors.length >= MOST_ERRORS) return;
  const { code, message, fix } = errorRecord(answer);
  told.errors.push({ ...at, id: at.id.slice(0, 60), code, message, ...(fix && { fix }) });
}

function noneAccepted({ rejected, errors }: ReportedRows): AppError {
  const [first] = errors;
  return new AppError("invalid", `None of ${rejected} rows was accepted: ${first!.message}`, {
    row: first!.row!,
    fix: first!.fix ?? "See /docs for what this route takes.",
  });
}
