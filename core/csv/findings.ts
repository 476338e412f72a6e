/** What is odd about a file or its columns, said in sentences with the way out? Only says; changes nothing. */
import type { ColumnProfile, Finding } from "./types.ts";

export interface RaggedRows {
  short: number;
  long: number;
  quotes: number;
  /** 1-based rows in the file, the first few of each. */
  shortRows: number[];
  longRows: number[];
  quoteRows: number[];
  /** A quote that never closes begins here; 0: none. */
  unclosedRow: number;
}

export function noRaggedRows(): RaggedRows {
  return { short: 0, long: 0, quotes: 0, shortRows: [], longRows: [], quoteRows: [], unclosedRow: 0 };
}

export function describeRagged(ragged: RaggedRows, width: number): Finding[] {
  const findings: Finding[] = [];
  const { short, long, quotes, shortRows, longRows, quoteRows, unclosedRow } = ragged;
  if (short > 0) {
    const message = `${rowsText(short, shortRows)} fewer than ${width} cells; what they lack counts as missing.`;
    findings.push(about("short_rows", message, shortRows[0]));
  }
  if (long > 0) {
    const message = `${rowsText(long, longRows)} more than ${width} cells; what is beyond the last column was left out.`;
    findings.push(about("long_rows", message, longRows[0]));
  }
  if (quotes > 0) {
    const message = `${rowsText(quotes, quoteRows)} quotes that do not match; they were read in the way that fits the other rows.`;
    findings.push(about("odd_quotes", message, quoteRows[0]));
  }
  if (unclosedRow > 0) {
    const message = `A quote opens in row ${unclosedRow} and never closes; it was read as a character.`;
    findings.push(about("unclosed_quote", message, unclosedRow));
  }
  return findings;
}

function rowsText(count: number, rows: readonly number[]): string {
  const places = rows.slice(0, 3).join(", ");
  if (count === 1) return `Row ${places} has`;
  return `${count} rows (${count > 3 ? "the first: " : ""}${places}) have`;
}

function about(code: string, message: string, row: number): Finding {
  return { code, severity: "warning", column: null, message, fix: null, row };
}

export function describeColumn(profile: ColumnProfile): Finding[] {
  const { name: column, type, count, missing, distinct } = profile;
  const fix = { exclude: [column] };
  if (missing === count) {
    return [{ code: "empty_column", severity: "warning", column, message: `${column} is empty.`, fix }];
  }
  const findings: Finding[] = [];
  if (distinct === 1 && missing === 0) {
    const message = `${column} has the same value in every row and can tell nothing.`;
    findings.push({ code: "constant", severity: "info", column, message, fix });
  }
  if (missing > 0.5 * count) {
    const message = `${column} is missing in ${Math.round((100 * missing) / count)} % of the rows.`;
    findings.push({ code: "mostly_missing", severity: "warning", column, message, fix });
  }
  if (type === "id") {
    const message = `${column} names rows and is not learned from.`;
    findings.push({
      code: "id_column",
      severity: "info",
      column,
      message,
      fix: { types: { [column]: "category" } },
    });
  }
  return findings;
}

/** `nextTableRow` 0: one table only. */
export function describeFrame(frame: { footerRows: number; nextTableRow: number; rows: number }): Finding[] {
  const findings: Finding[] = [];
  if (frame.nextTableRow > 0) {
    const message = `Another table begins in row ${frame.nextTableRow}; only the first, ${frame.rows} rows, was read.`;
    findings.push(about("more_tables", message, frame.nextTableRow));
  }
  if (frame.footerRows > 0) {
    const message = `${frame.footerRows === 1 ? "One row" : `${frame.footerRows} rows`} beneath the table look like notes and were left out.`;
    findings.push({ code: "footer", severity: "info", column: null, message, fix: null });
  }
  return findings;
}
