/** Reports data issues of a file and its columns, each with a fix. Reports only; changes nothing. */

import { count as grouped, percent, plural } from "../../platform/figures.ts";
import { isHugeWhole } from "../cells/numbers/digit-names.ts";
import type { Oddity } from "../rows/table-bounds.ts";
import type { ColumnPlan, ColumnProfile, Dialect, Finding } from "../types.ts";
import type { ColumnAccumulator, Stray } from "./accumulator.ts";
import { groupFinding, isGroupColumn } from "./advice/group-column.ts";

/** By kind of problem: how many rows, and the first few of them, 1-based in the file. */
export type OddRows = Map<string, { count: number; rows: number[] }>;

const ROWS_NAMED = 3;

/** Adds one row to `odd`. `row`: 1-based in the file; `cells`: how many it has. */
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
  return `${grouped(count)} rows (${count > ROWS_NAMED ? "first: " : ""}${rows.join(", ")}) have`;
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

const FAR = Date.UTC(2150, 0, 1);

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
  const stand = standIn(profile);
  if (stand) findings.push(stand);
  if (type === "date" && (profile.quantiles?.p50 ?? 0) > FAR) {
    const year = new Date(profile.quantiles!.p50).getUTCFullYear();
    const message = `Most dates of “${column}” lie far in the future, around the year ${year}: its years may be counted in another calendar.`;
    findings.push({ code: "far_dates", severity: "warning", column, message, fix: null });
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

/** Placeholders that programs write for a missing value: only nines, or the first or last day that they know. */
const STAND_IN_NUMBER = /^-?9{2,}(?:\.9+)?$|^-(?:9|88+|77+|1)$|^-?(?:8888+|7777+)$/;
const STAND_IN_DAY =
  /^(?:9999-12-31|2999-12-31|2099-12-31|1900-01-01|1753-01-01|1970-01-01|0001-01-01|1899-12-3[01])/;
const LEAST_STAND_INS = 5;
const LEAST_STAND_IN_SHARE = 0.005;
/** Spreads of the other values between them and it. */
const APART = 1.5;

/** A value at the end of the range, far from all others and often repeated, that programs write for missing. */
function standIn(profile: ColumnProfile): Finding | null {
  const { name: column, type, count, quantiles, min, max } = profile;
  if ((type !== "number" && type !== "date") || !quantiles || min === null || max === null) return null;
  const amountOf = (text: string) => (type === "date" ? Date.parse(text) : Number(text));
  const isIt = ({ value, count: times }: { value: string; count: number }) =>
    times >= Math.max(LEAST_STAND_INS, LEAST_STAND_IN_SHARE * count) &&
    (type === "date" ? STAND_IN_DAY : STAND_IN_NUMBER).test(value) &&
    isApart(amountOf(value), { quantiles, min, max });
  const found = profile.top.find(isIt);
  if (!found) return null;
  const message = `“${column}” is ${found.value} in ${grouped(found.count)} rows, far from its other values: that may stand for a missing value.`;
  const fix = { missing: { [column]: [found.value] } };
  return { code: "stand_in", severity: "warning", column, message, fix };
}

/** At one end, with more room between it and the rest than the rest takes. */
function isApart(
  value: number,
  {
    quantiles: { p05, p25, p50, p75, p95 },
    min,
    max,
  }: Pick<Required<ColumnProfile>, "min" | "max"> & {
    quantiles: NonNullable<ColumnProfile["quantiles"]>;
  },
): boolean {
  if (value !== min && value !== max) return false;
  const isLow = value === min;
  const nearest = (isLow ? [p25, p50, p75] : [p75, p50, p25]).find((quantile) => quantile !== value);
  const end = isLow ? p95 : p05;
  return nearest !== undefined && Math.abs(nearest - value) >= APART * Math.abs(nearest - end);
}

function areNumbers(examples: readonly string[]): boolean {
  return examples.every((text) => /^[-+]?\d+$/.test(text) && Number.isSafeInteger(Number(text)));
}

/** Bytes of a UTF-8 file that are not UTF-8, and zero bytes. */
export interface ChangedBytes {
  otherBytes: number;
  zeroBytes: number;
}

/** What was done to the bytes before the rows were split. */
export function describeBytes(
  { lineQuotes }: Pick<Dialect, "lineQuotes">,
  { otherBytes, zeroBytes }: ChangedBytes,
): Finding[] {
  const findings: Finding[] = [];
  const say = (code: string, message: string) =>
    findings.push({ code, severity: "info", column: null, message, fix: null });
  if (lineQuotes)
    say(
      "quoted_lines",
      "Each line is in quotes as if the whole row were one cell. The quotes were removed, and the rows were split.",
    );
  if (otherBytes > 0)
    say(
      "mixed_encodings",
      `The file is UTF-8, except for ${plural(otherBytes, "character")}, which ${otherBytes === 1 ? "was" : "were"} read as Windows-1252.`,
    );
  if (zeroBytes > 0)
    say(
      "zero_bytes",
      `${plural(zeroBytes, "zero byte")}, which some programs write behind text, ${zeroBytes === 1 ? "was" : "were"} left out.`,
    );
  return findings;
}

/** `nextTableRow` 0: only one table. */
export function describeBounds(bounds: {
  footerRows: number;
  nextTableRow: number;
  rows: number;
  repeatedHeaders: readonly number[];
}): Finding[] {
  const findings: Finding[] = [];
  const [again] = bounds.repeatedHeaders;
  if (again !== undefined) {
    const more = bounds.repeatedHeaders.length - 1;
    const message = `The header is repeated in row ${again}${more > 0 ? ` and ${more} more` : ""}: the file seems to be several files joined. All rows were read.`;
    findings.push({ code: "header_again", severity: "info", column: null, message, fix: null, row: again });
  }
  if (bounds.nextTableRow > 0) {
    const message = `Another table begins in row ${bounds.nextTableRow}. Only the first table (${plural(bounds.rows, "row")}) was read.`;
    findings.push({
      code: "more_tables",
      severity: "warning",
      column: null,
      message,
      fix: null,
      row: bounds.nextTableRow,
    });
  }
  if (bounds.footerRows > 0) {
    const message = `${bounds.footerRows === 1 ? "One row" : `${grouped(bounds.footerRows)} rows`} below the table look like notes and were left out.`;
    findings.push({ code: "footer", severity: "info", column: null, message, fix: null });
  }
  return findings;
}
