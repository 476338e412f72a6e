/** Reports data issues of a file and its columns, each with a fix. Reports only; changes nothing. */

import { count as grouped, percent, plural } from "../../platform/figures.ts";
import { isHugeWhole } from "../cells/numbers/digit-names.ts";
import type { Oddity } from "../rows/table-bounds.ts";
import type { ColumnPlan, ColumnProfile, Finding } from "../types.ts";
import type { ColumnAccumulator, Stray } from "./accumulator.ts";
import { groupFinding, isGroupColumn } from "./advice/group-column.ts";

/** By kind of problem: how many rows, and the first few of them, 1-based in the file. */
export type OddRows = Map<string, { count: number; rows: number[] }>;

const ROWS_NAMED = 3;

export function noteOdd(
  odd: OddRows,
  found: { row: number; oddity: Oddity; cells: number; width: number },
): void {
  const { row, oddity, cells, width } = found;
  const isRagged = oddity !== "surplus" && cells !== width;
  if (isRagged) note(odd, cells < width ? "short" : "long", row);
  if (oddity !== "") note(odd, oddity, row);
}

function note(odd: OddRows, kind: string, row: number): void {
  const noted = odd.get(kind) ?? { count: 0, rows: [] };
  odd.set(kind, noted);
  noted.count++;
  if (noted.rows.length < ROWS_NAMED) noted.rows.push(row);
}

/** The text for each kind, after `Row 7 has` or `12 rows have`; `#` is the usual width. */
const ODDITIES: readonly { kind: string; code: string; severity: Finding["severity"]; says: string }[] = [
  {
    kind: "short",
    code: "short_rows",
    severity: "warning",
    says: "fewer than # cells; the rest counts as missing",
  },
  {
    kind: "long",
    code: "long_rows",
    severity: "warning",
    says: "more than # cells; everything beyond the last column was left out",
  },
  {
    kind: "surplus",
    code: "surplus_separators",
    severity: "warning",
    says: "one separator too many; the blank cell it made was left out",
  },
  {
    kind: "delimiter",
    code: "other_delimiter",
    severity: "warning",
    says: "a different delimiter and were split by it",
  },
  {
    kind: "quote",
    code: "odd_quotes",
    severity: "warning",
    says: "quotes that do not match; they were read in the way that fits the other rows",
  },
  {
    kind: "bare",
    code: "bare_quotes",
    severity: "info",
    says: "quotes inside cells that are not quoted; they were kept",
  },
  {
    kind: "unclosed",
    code: "unclosed_quote",
    severity: "warning",
    says: "a quote that never closes; it was read as an ordinary character",
  },
];

export function describeOddRows(odd: OddRows, width: number): Finding[] {
  return ODDITIES.flatMap(({ kind, code, severity, says }) => {
    const noted = odd.get(kind);
    if (!noted) return [];
    const message = `${rowsText(noted.count, noted.rows)} ${says.replace("#", String(width))}.`;
    return [{ code, severity, column: null, message, fix: null, row: noted.rows[0] }];
  });
}

function rowsText(count: number, rows: readonly number[]): string {
  if (count === 1) return `Row ${rows[0]} has`;
  return `${count} rows (${count > ROWS_NAMED ? "first: " : ""}${rows.join(", ")}) have`;
}

/** Unreadable values of a column, and spellings that are one label; `rowOf` maps a data row to its row in the file. */
export function describeReading(
  accumulator: Pick<ColumnAccumulator, "strays" | "variants">,
  plan: ColumnPlan,
  rowOf: (row: number) => number,
): Finding[] {
  const strays = [...accumulator.strays];
  const inexact = strays.filter(([text]) => isHugeWhole(text));
  const unread = strays.filter(([text]) => !isHugeWhole(text));
  const isRead = plan.type === "number" || plan.type === "date" || plan.type === "boolean";
  return [
    ...(isRead && unread.length > 0 ? [unreadValues(plan, unread, rowOf)] : []),
    ...(isRead && inexact.length > 0 ? [inexactValues(plan, inexact, rowOf)] : []),
    ...variantsOf(plan, accumulator.variants()),
  ];
}

const SHOWN_STRAYS = 5;

function unreadValues(
  { name: column, type }: ColumnPlan,
  strays: readonly (readonly [string, Stray])[],
  rowOf: (row: number) => number,
): Finding {
  const count = strays.reduce((sum, [, stray]) => sum + stray.count, 0);
  const shown = strays
    .slice(0, SHOWN_STRAYS)
    .map(([text, { row }]) => `“${text.slice(0, 40)}” (row ${rowOf(row)})`)
    .join(", ");
  const kind = type === "number" ? "number" : type === "date" ? "date" : "yes or no";
  const message = `${count === 1 ? "One value" : `${grouped(count)} values`} of “${column}” cannot be read as a ${kind} and ${count === 1 ? "counts" : "count"} as missing: ${shown}.`;
  const fix = { types: { [column]: "category" as const } };
  return { code: "unread_values", severity: "warning", column, message, fix, row: rowOf(strays[0]![1].row) };
}

function inexactValues(
  { name: column }: ColumnPlan,
  strays: readonly (readonly [string, Stray])[],
  rowOf: (row: number) => number,
): Finding {
  const [text, { row }] = strays[0]!;
  const message = `Values of “${column}” such as ${text} (row ${rowOf(row)}) have more digits than a number can hold exactly.`;
  const fix = { types: { [column]: "category" as const } };
  return { code: "inexact_numbers", severity: "warning", column, message, fix, row: rowOf(row) };
}

function variantsOf({ name: column }: ColumnPlan, groups: readonly string[][]): Finding[] {
  if (groups.length === 0) return [];
  const shown = groups.map((group) => group.map((spelling) => `“${spelling}”`).join(" = ")).join(", ");
  const message = `In “${column}”, labels that differ only in spelling are read as one: ${shown}.`;
  return [{ code: "label_variants", severity: "info", column, message, fix: null }];
}

const NOTHING_TO_PREDICT = ", so there is nothing to predict; choose another target";

/** The target is never proposed for exclusion: a problem with it means choosing another target. */
export function describeColumn(profile: ColumnProfile, target: string | null): Finding[] {
  const { name: column, type, count, missing, distinct } = profile;
  const isTarget = column === target;
  const fix = isTarget ? null : { exclude: [column] };
  if (missing === count) {
    const message = `“${column}” is empty${isTarget ? NOTHING_TO_PREDICT : ""}.`;
    return [{ code: "empty_column", severity: isTarget ? "error" : "warning", column, message, fix }];
  }
  const findings: Finding[] = [];
  if (distinct === 1 && missing === 0) {
    const message = `“${column}” has the same value in every row${isTarget ? NOTHING_TO_PREDICT : ", so it cannot help"}.`;
    findings.push({ code: "constant", severity: isTarget ? "error" : "info", column, message, fix });
  }
  if (missing > 0.5 * count) {
    const message = `“${column}” is missing in ${percent(missing / count)} of the rows.`;
    findings.push({ code: "mostly_missing", severity: "warning", column, message, fix });
  }
  if (isGroupColumn(profile)) findings.push(groupFinding(profile));
  if (type === "id") {
    const message = `“${column}” is an ID column, so it is ignored.`;
    findings.push({
      code: "id_column",
      severity: "info",
      column,
      message,
      fix: { types: { [column]: areNumbers(profile.examples) ? "number" : "category" } },
    });
  }
  return findings;
}

function areNumbers(examples: readonly string[]): boolean {
  return examples.every((text) => /^[-+]?\d+$/.test(text) && Number.isSafeInteger(Number(text)));
}

/** `nextTableRow` 0: only one table. */
export function describeFrame(frame: {
  footerRows: number;
  nextTableRow: number;
  rows: number;
  repeatedHeaders: readonly number[];
}): Finding[] {
  const findings: Finding[] = [];
  const [again] = frame.repeatedHeaders;
  if (again !== undefined) {
    const more = frame.repeatedHeaders.length - 1;
    const message = `The header is repeated in row ${again}${more > 0 ? ` and ${more} more` : ""}: the file seems to be several files joined. All rows were read.`;
    findings.push({ code: "header_again", severity: "info", column: null, message, fix: null, row: again });
  }
  if (frame.nextTableRow > 0) {
    const message = `Another table begins in row ${frame.nextTableRow}. Only the first table (${plural(frame.rows, "row")}) was read.`;
    findings.push({
      code: "more_tables",
      severity: "warning",
      column: null,
      message,
      fix: null,
      row: frame.nextTableRow,
    });
  }
  if (frame.footerRows > 0) {
    const message = `${frame.footerRows === 1 ? "One row" : `${frame.footerRows} rows`} below the table look like notes and were left out.`;
    findings.push({ code: "footer", severity: "info", column: null, message, fix: null });
  }
  return findings;
}
