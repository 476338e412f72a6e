/**
 * Of which type is a column, as a person would see it? Judged on its values, never on a single cell: a number column
 * may hold words for missing, a postcode is no number, a label with digits stays a label.
 */

import type { ColumnPlan, ColumnType, Finding, StoredKind } from "../types.ts";
import { DATE_FORMATS, parseDate, sniffDateFormat } from "./dates.ts";
import { PLAIN_NUMBER, parseNumber, sniffNumberFormat } from "./numbers.ts";
import { BOOLEAN_WORDS, MISSING_AMONG_VALUES, MISSING_ANYWHERE } from "./words.ts";

export interface ColumnSample {
  name: string;
  /** Cells in the file's order, as they stand; blank ones too. */
  cells: readonly string[];
  /** The file's delimiter: with a semicolon, commas are decimal. */
  delimiter: string;
  /** What a person chose. */
  type?: ColumnType;
  /** How the file keeps the values, where its format tells. */
  stored?: StoredKind | null;
}

export interface Inferred {
  plan: ColumnPlan;
  findings: Finding[];
}

/** Words that may stand in a number column without making it text: few, and in few cells. */
const MAX_STRAY_WORDS = 5;
const MAX_STRAY_SHARE = 0.1;
/** Among so many different values, one word is a remark on a number and no label beside other labels. */
const MIN_RICH = 25;
const MAX_RICH_STRAY_SHARE = 0.5;
const MAX_DISTINCT_PROBED = 4000;

export function inferColumn(sample: ColumnSample): Inferred {
  const values = sample.cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  if (sample.type) return { plan: planAs(sample, values, sample.type), findings: [] };
  if (sample.stored) return inferStored(sample, values, sample.stored);
  const solid = values.filter((value) => !MISSING_AMONG_VALUES.has(value.toLowerCase()));
  return (
    inferNumber(sample, values, solid) ??
    inferDate(sample, values, solid) ??
    inferWords(sample, values, solid)
  );
}

/** The plan where the format keeps types: a text that says NA is a text, and only an empty cell is missing. */
function inferStored(sample: ColumnSample, values: readonly string[], stored: StoredKind): Inferred {
  if (stored === "string") {
    const read = inferNumber(sample, values, values) ?? inferDate(sample, values, values);
    if (read) return read;
  }
  return {
    plan: { name: sample.name, missingWords: [], ...storedType(sample.name, values, stored) },
    findings: [],
  };
}

function storedType(
  name: string,
  values: readonly string[],
  stored: StoredKind,
): Pick<ColumnPlan, "type" | "number" | "dateFormat" | "booleanWords"> {
  if (stored === "number") return { type: "number", number: PLAIN_NUMBER };
  if (stored === "date") return { type: "date", dateFormat: "yyyy-M-d" };
  if (stored === "boolean") return { type: "boolean", booleanWords: ["false", "true"] };
  return { type: wordType(name, values) };
}

/** The plan for a type that a person chose; cells that do not fit become missing. */
function planAs(sample: ColumnSample, values: readonly string[], type: ColumnType): ColumnPlan {
  const { name, delimiter } = sample;
  const isValue = type === "number" || type === "date" || type === "boolean";
  const missingWords = missingIn(values, isValue ? MISSING_AMONG_VALUES : MISSING_ANYWHERE);
  const solid = values.filter((value) => !missingWords.includes(value.toLowerCase()));
  const plan: ColumnPlan = { name, type, missingWords };
  if (type === "number") return { ...plan, number: sniffNumberFormat(distinct(solid), delimiter).format };
  if (type === "date") return { ...plan, dateFormat: sniffDateFormat(solid)?.format ?? DATE_FORMATS[0] };
  return type === "boolean" ? { ...plan, booleanWords: wordPair(solid) ?? firstTwo(solid) } : plan;
}

function firstTwo(values: readonly string[]): [string, string] {
  const [no = "false", yes = "true"] = distinct(values.map((value) => value.toLowerCase())).sort();
  return [no, yes];
}

function inferNumber(
  sample: ColumnSample,
  values: readonly string[],
  solid: readonly string[],
): Inferred | null {
  if (solid.length === 0 || solid.some(hasLeadingZero)) return null;
  const { format, share, isAmbiguous } = sniffNumberFormat(distinct(solid), sample.delimiter);
  if (share < 0.5 || isDayNumber(sample.name, solid)) return null;
  const strays = solid.filter((value) => Number.isNaN(parseNumber(value, format)));
  if (!areStrays(strays, solid)) return null;
  const words = distinct(strays.map((value) => value.toLowerCase()));
  const missingWords = [...missingIn(values, MISSING_AMONG_VALUES), ...words];
  const findings = words.length > 0 ? [strayFinding(sample.name, words, strays.length)] : [];
  if (isAmbiguous) findings.push(thousandsFinding(sample.name, solid[0]));
  return { plan: { name: sample.name, type: "number", missingWords, number: format }, findings };
}

/** 8 digits that are all days, in a column that says it is one. */
function isDayNumber(name: string, values: readonly string[]): boolean {
  return (
    /date|day|datum|fecha|jour/i.test(name) &&
    values.every((value) => !Number.isNaN(parseDate(value, "yyyyMMdd")))
  );
}

/** 00501 is a postcode; 0.5 and 0 are numbers. */
function hasLeadingZero(value: string): boolean {
  return /^[-+]?0\d+$/.test(value);
}

/** Labels such as `-10.000)` hold digits, words for missing do not; one or two words may fill many cells. */
function areStrays(strays: readonly string[], solid: readonly string[]): boolean {
  if (strays.length === 0) return true;
  const words = distinct(strays.map((value) => value.toLowerCase()));
  const isRich = words.length <= 2 && distinct(solid).length >= MIN_RICH;
  const share = isRich ? MAX_RICH_STRAY_SHARE : MAX_STRAY_SHARE;
  if (words.length > MAX_STRAY_WORDS || strays.length > share * solid.length) return false;
  return words.every((word) => !/\d/.test(word) && word.length < 30);
}

function strayFinding(column: string, words: readonly string[], count: number): Finding {
  return {
    code: "stray_words",
    severity: "info",
    column,
    message: `${column} holds numbers and, in ${count} cells seen, ${words.map((word) => `“${word}”`).join(", ")}: these count as missing.`,
    fix: { types: { [column]: "category" } },
  };
}

function thousandsFinding(column: string, example: string): Finding {
  return {
    code: "ambiguous_numbers",
    severity: "info",
    column,
    message: `${column} holds values such as ${example}, which could mean thousands or decimals; thousands were taken.`,
    fix: { types: { [column]: "category" } },
  };
}

function inferDate(
  sample: ColumnSample,
  values: readonly string[],
  solid: readonly string[],
): Inferred | null {
  const sniffed = sniffDateFormat(solid.slice(0, MAX_DISTINCT_PROBED));
  if (!sniffed || sniffed.share < 0.9) return null;
  const strays = solid.filter((value) => Number.isNaN(parseDate(value, sniffed.format)));
  if (!areStrays(strays, solid)) return null;
  const words = distinct(strays.map((value) => value.toLowerCase()));
  const { name } = sample;
  const plan: ColumnPlan = {
    name,
    type: "date",
    missingWords: [...missingIn(values, MISSING_AMONG_VALUES), ...words],
    dateFormat: sniffed.format,
  };
  return { plan, findings: dateFindings(name, sniffed, words) };
}

function dateFindings(
  column: string,
  sniffed: { format: string; isAmbiguous: boolean },
  words: string[],
): Finding[] {
  const findings: Finding[] = [];
  if (words.length > 0) findings.push(strayFinding(column, words, words.length));
  if (!sniffed.isAmbiguous) return findings;
  const order = sniffed.format.startsWith("M") ? "the month first" : "the day first";
  findings.push({
    code: "ambiguous_dates",
    severity: "warning",
    column,
    message: `Every date in ${column} could have the day or the month first; ${order} was taken (${sniffed.format}).`,
    fix: { types: { [column]: "category" } },
  });
  return findings;
}

function inferWords(sample: ColumnSample, values: readonly string[], solid: readonly string[]): Inferred {
  const { name } = sample;
  const booleanWords = wordPair(solid);
  if (booleanWords) {
    const missingWords = missingIn(values, MISSING_AMONG_VALUES);
    return { plan: { name, type: "boolean", missingWords, booleanWords }, findings: [] };
  }
  const missingWords = areCountryCodes(solid) ? [] : missingIn(values, MISSING_ANYWHERE);
  return { plan: { name, type: wordType(name, solid), missingWords }, findings: [] };
}

/** Namibia is NA: among two-letter codes it is a value. */
function areCountryCodes(values: readonly string[]): boolean {
  const codes = distinct(values);
  return codes.length >= 10 && codes.every((code) => /^[A-Z]{2}$/.test(code));
}

function wordPair(values: readonly string[]): [string, string] | null {
  const words = new Set<string>();
  for (const value of values) {
    words.add(value.toLowerCase());
    if (words.size > 2) return null;
  }
  const pair = BOOLEAN_WORDS.find(([no, yes]) => words.size === 2 && words.has(no) && words.has(yes));
  return pair ? [pair[0], pair[1]] : null;
}

/** A first judgement on the sample; the whole column has the last word (`settleType`). */
function wordType(name: string, values: readonly string[]): ColumnType {
  const words = distinct(values);
  return settleWordType({ name, values: words, count: values.length, distinct: words.length });
}

/** `values` are distinct ones, `distinct` and `count` of the whole column. */
export function settleWordType(column: {
  name: string;
  values: readonly string[];
  count: number;
  distinct: number;
}): ColumnType {
  const { name, values, count } = column;
  if (count === 0 || values.length === 0) return "category";
  const ratio = column.distinct / count;
  const words = mean(values, (value) => value.split(/\s+/).length);
  const length = mean(values, (value) => value.length);
  const isProse = words >= 2.5 || length > 40;
  if (ratio > 0.98 && count >= 8 && !isProse && (values.every(isToken) || isIdName(name))) return "id";
  return ratio > 0.5 && isProse && column.distinct > 20 ? "text" : "category";
}

function isToken(value: string): boolean {
  return /^[\w./:@#{}-]+$/.test(value);
}

/** Names that ids go by. */
export function isIdName(name: string): boolean {
  return (
    /(?:^|[\s_.-])(?:id|ids|uuid|guid|pid|key|index|idx|rowid|row|no|nr|num|number|order|instant|serial|sn)$/i.test(
      name,
    ) || /[a-z](?:Id|ID|Key|No|Nr)$/.test(name)
  );
}

function missingIn(values: readonly string[], words: ReadonlySet<string>): string[] {
  return distinct(values.map((value) => value.toLowerCase()).filter((value) => words.has(value)));
}

function mean(values: readonly string[], size: (value: string) => number): number {
  return values.reduce((sum, value) => sum + size(value), 0) / values.length;
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
