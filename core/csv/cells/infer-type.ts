/**
 * Infers the type of a column as a person would. Considers all of its values, never a single cell: a number column may
 * contain words for missing, a postcode is not a number, and a label with digits remains a label.
 */

import { plural } from "../../platform/figures.ts";
import type { ColumnPlan, ColumnType, Finding, StoredKind } from "../types.ts";
import { mixesOrders, type SniffedDates, sniffDateFormat } from "./dates/date-format.ts";
import { DATE_FORMATS, parseDate, stylesOf } from "./dates/dates.ts";
import { sniffDayNumber } from "./dates/day-numbers.ts";
import { zoneFindings } from "./dates/zone-names.ts";
import { isIdName } from "./id-column.ts";
import { missingAmongWords } from "./missing-words.ts";
import { numberLikeFindings } from "./number-like.ts";
import {
  hasLeadingZero,
  isHugeWhole,
  isPartNumber,
  isWhole,
  namesFinding,
  namesInDigits,
} from "./numbers/digit-names.ts";
import { withPlainDigits } from "./numbers/foreign-digits.ts";
import { type NumberHints, type SniffedNumbers, sniffNumberFormat } from "./numbers/number-format.ts";
import { type NumberFormat, PLAIN_NUMBER, parseNumber } from "./numbers/numbers.ts";
import { CURRENCY_NAME } from "./numbers/units.ts";
import { areStrays, wordsAmong } from "./strays.ts";
import { settleWordType } from "./word-type.ts";
import { BOOLEAN_WORDS, MISSING_AMONG_VALUES, MISSING_ANYWHERE } from "./words.ts";

export interface ColumnSample extends NumberHints {
  name: string;
  /** Cells in file order, unchanged, including blank ones. */
  cells: readonly string[];
  /** The type that the user chose. */
  type?: ColumnType;
  /** How the file stores the values, if its format says so. */
  stored?: StoredKind | null;
  /** Words that the user chose to mean missing. */
  missing?: readonly string[];
}

export interface Inferred {
  plan: ColumnPlan;
  findings: Finding[];
}

const MAX_DISTINCT_PROBED = 4000;

/** The type of a column and how to read it, from a sample of its distinct values. */
export function inferColumn(sample: ColumnSample): Inferred {
  const values = sample.cells.map((cell) => cell.trim()).filter((cell) => cell !== "");
  const { plan, findings } = sample.type
    ? { plan: planAs(sample, values, sample.type), findings: [] }
    : inferType(sample, values);
  if (!sample.missing) return { plan, findings };
  return { plan: { ...plan, missingWords: sample.missing.map((word) => word.toLowerCase()) }, findings };
}

function inferType(sample: ColumnSample, values: readonly string[]): Inferred {
  if (sample.stored) return inferStored(sample, values, sample.stored);
  const solid = values.filter((value) => !MISSING_AMONG_VALUES.has(value.toLowerCase()));
  return (
    inferNumber(sample, values, solid.map(withPlainDigits)) ??
    inferDate(sample, values, solid.map(withPlainDigits)) ??
    inferWords(sample, values, solid)
  );
}

/** The plan if the file format has types: text that says NA is text, and only an empty cell is missing. */
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
  if (stored === "number" || stored === "integer") return { type: "number", number: PLAIN_NUMBER };
  if (stored === "date") return { type: "date", dateFormat: "yyyy-M-d" };
  if (stored === "boolean") return { type: "boolean", booleanWords: ["false", "true"] };
  return { type: wordType(name, values) };
}

/** The plan for a type that the user chose; cells that do not fit become missing. */
function planAs(sample: ColumnSample, values: readonly string[], type: ColumnType): ColumnPlan {
  const { name } = sample;
  const isValue = type === "number" || type === "date" || type === "boolean";
  const missingWords = missingIn(values, isValue ? MISSING_AMONG_VALUES : MISSING_ANYWHERE);
  const solid = values.filter((value) => !missingWords.includes(value.toLowerCase()));
  const plan: ColumnPlan = { name, type, missingWords };
  if (type === "number") return { ...plan, number: sniffNumberFormat(distinct(solid), sample).format };
  if (type === "date") return { ...plan, ...dateStyle(sniffAnyDate(name, solid)) };
  if (type === "boolean") return { ...plan, booleanWords: wordPair(solid) ?? firstTwo(solid) };
  return type === "category" && areCodes(solid) ? { ...plan, number: PLAIN_NUMBER } : plan;
}

/** Numbers used as labels: 1 and 1.0 are the same label, 007 and 7 are not. */
function areCodes(values: readonly string[]): boolean {
  return (
    values.length > 0 &&
    !values.some(
      (value) =>
        hasLeadingZero(value) || Number.isNaN(parseNumber(value, PLAIN_NUMBER)) || isHugeWhole(value),
    )
  );
}

function dateStyle(sniffed: SniffedDates | null): Pick<ColumnPlan, "dateFormat" | "yearFrom"> {
  if (!sniffed) return { dateFormat: DATE_FORMATS[0] };
  const { format, yearFrom } = sniffed;
  return { dateFormat: format, ...(yearFrom !== undefined && { yearFrom }) };
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
  if (solid.length === 0 || namesInDigits(solid) !== null) return null;
  if (sniffDayNumber(sample.name, solid)) return null;
  const sniffed = sniffNumberFormat(distinct(solid), sample);
  const { format, share, isAmbiguous } = sniffed;
  if (share < 0.4 || isTooFew(format, solid)) return null;
  const strays = solid.filter((value) => Number.isNaN(parseNumber(value, format)));
  if (!areStrays(strays, solid, (value) => !Number.isNaN(parseNumber(value, format)))) return null;
  const words = wordsAmong(strays);
  const missingWords = [...missingIn(values, MISSING_AMONG_VALUES), ...words];
  const findings = words.length > 0 ? [strayFinding(sample.name, words, strays)] : [];
  findings.push(...plainMissing(sample.name, values, solid));
  if (isAmbiguous) findings.push(ambiguousFinding(sample.name, solid, format));
  findings.push(...styleFindings(sample.name, sniffed, solid));
  return { plan: { name: sample.name, type: "number", missingWords, number: format }, findings };
}

/** A few labels such as <=50K and >50K are classes although they contain numbers. */
const LEAST_STYLED = 5;

function isTooFew({ units, marks, style }: NumberFormat, solid: readonly string[]): boolean {
  return (
    (units !== undefined || marks === true || style !== undefined) && distinct(solid).length < LEAST_STYLED
  );
}

/** A word of a language, such as "none", in more cells than this may be a class. */
const TOLD_MISSING = 0.02;

/** Words that count as missing among numbers, though one of them may say something: "none", "unknown". */
function plainMissing(column: string, values: readonly string[], solid: readonly string[]): Finding[] {
  if (values.length - solid.length <= TOLD_MISSING * values.length) return [];
  const words = missingIn(values, MISSING_AMONG_VALUES).filter((word) => /^\p{L}{4,}/u.test(word));
  if (words.length === 0) return [];
  const named = words.map((word) => `“${word}”`).join(", ");
  const message = `In “${column}”, ${named} counts as missing beside numbers. If it is a class, read the column as a category.`;
  return [
    { code: "missing_words", severity: "info", column, message, fix: { types: { [column]: "category" } } },
  ];
}

function sniffAnyDate(name: string, solid: readonly string[]): SniffedDates | null {
  return sniffDayNumber(name, solid) ?? sniffDateFormat(solid.slice(0, MAX_DISTINCT_PROBED), name);
}

function strayFinding(column: string, words: readonly string[], strays: readonly string[]): Finding {
  const count = strays.filter((value) => words.includes(value.toLowerCase())).length;
  return {
    code: "stray_words",
    severity: "info",
    column,
    message: `${column} holds values and, in ${plural(count, "cell")} seen, ${words.map((word) => `“${word}”`).join(", ")}: these count as missing.`,
    fix: { types: { [column]: "category" } },
  };
}

function ambiguousFinding(column: string, solid: readonly string[], format: NumberFormat): Finding {
  const example = solid.find((value) => /[.,]\d{3}$/.test(value)) ?? solid[0];
  const taken = format.thousands === "" ? "decimals were assumed" : "thousands were assumed";
  return {
    code: "ambiguous_numbers",
    severity: "info",
    column,
    message: `${column} holds values such as ${example}, which could mean thousands or decimals; ${taken}.`,
    fix: { types: { [column]: "category" } },
  };
}

const LEAST_CURRENCY_SHARE = 0.02;

/** Of more than a few of the values, the commonest first. */
function currenciesOf(solid: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const value of solid) {
    const name = CURRENCY_NAME.exec(value.replace(/^[-−+(]\s*/, "").replace(/\)$/, ""))?.[0]
      .trim()
      .toUpperCase();
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const common = [...counts].filter(([, count]) => count >= LEAST_CURRENCY_SHARE * solid.length);
  return common.sort((a, b) => b[1] - a[1]).map(([name]) => name);
}

/** How numbers with more than digits were read, shown by an example. */
function styleFindings(column: string, { format }: SniffedNumbers, solid: readonly string[]): Finding[] {
  const { units, marks, style } = format;
  const findings: Finding[] = [];
  const say = (code: string, message: string) =>
    findings.push({ code, severity: "info", column, message, fix: { types: { [column]: "category" } } });
  if (units || marks || style) {
    const written = solid.filter((value) => !/^[-+\d.,]+$/.test(value));
    const example = written.find((value) => parseNumber(value, format)) ?? written[0] ?? solid[0]!;
    const value = Number(parseNumber(example, format).toPrecision(8));
    say("number_style", `In “${column}”, values such as “${example}” are read as ${value}.`);
  }
  const currencies = currenciesOf(solid);
  if (currencies.length > 1) {
    const message = `“${column}” has amounts in several currencies (${currencies.map((name) => `“${name}”`).join(", ")}), which are read as numbers without converting them. Write them all in one currency, or exclude the column.`;
    findings.push({
      code: "mixed_currencies",
      severity: "warning",
      column,
      message,
      fix: { exclude: [column] },
    });
  }
  const powers = solid.filter(isPartNumber);
  if (powers.length > 0 && solid.every((value) => isWhole(value) || isPartNumber(value))) {
    say(
      "powers_of_ten",
      `In “${column}”, “${powers[0]}” is read as ${Number(powers[0])}; if such values are codes, read the column as a category.`,
    );
  }
  return findings;
}

function inferDate(
  sample: ColumnSample,
  values: readonly string[],
  solid: readonly string[],
): Inferred | null {
  const dated = solid.filter((value) => !isZeroDate(value));
  const sniffed = dated.length > 0 ? sniffAnyDate(sample.name, dated) : null;
  if (!sniffed || sniffed.share < 0.6) return null;
  const isDate = (value: string) => !Number.isNaN(parseDate(value, sniffed.format, sniffed.yearFrom));
  const strays = dated.filter((value) => !isDate(value));
  if (!areStrays(strays, dated, isDate)) return null;
  const words = wordsAmong(strays);
  const { name } = sample;
  const plan: ColumnPlan = {
    name,
    type: "date",
    missingWords: [...missingIn(values, MISSING_AMONG_VALUES), ...words],
    ...dateStyle(sniffed),
  };
  const zones = zoneFindings(name, dated.slice(0, MAX_DISTINCT_PROBED));
  return {
    plan,
    findings: [...dateFindings(name, sniffed, { words, strays, example: dated[0]! }), ...zones],
  };
}

/** Placeholders that databases write for a missing date. */
function isZeroDate(value: string): boolean {
  return /^(?:0{1,4}[-/.]0{1,2}[-/.]0{1,4}(?:[T ][0:.]*Z?)?|0+)$/.test(value);
}

function dateFindings(
  column: string,
  sniffed: SniffedDates,
  { words, strays, example }: { words: readonly string[]; strays: readonly string[]; example: string },
): Finding[] {
  const findings: Finding[] = [];
  if (words.length > 0) findings.push(strayFinding(column, words, strays));
  const styles = stylesOf(sniffed.format);
  if (sniffed.format === "sheet days") findings.push(sheetDays(column, example));
  if (styles.length > 1) findings.push(severalStyles(column, styles));
  if (!sniffed.isAmbiguous) return findings;
  const order = styles.some((style) => style.startsWith("M")) ? "the month first" : "the day first";
  findings.push({
    code: "ambiguous_dates",
    severity: "warning",
    column,
    message: `Every date in ${column} could have the day or the month first; ${order} was assumed (${sniffed.format}).`,
    fix: { types: { [column]: "category" } },
  });
  return findings;
}

function sheetDays(column: string, example: string): Finding {
  const day = new Date(parseDate(example, "sheet days")).toISOString().slice(0, 10);
  return {
    code: "sheet_days",
    severity: "info",
    column,
    message: `Values of “${column}” such as ${example} are read as days that a spreadsheet counts: ${day}. If they are numbers, read the column as a number.`,
    fix: { types: { [column]: "number" } },
  };
}

function severalStyles(column: string, styles: readonly string[]): Finding {
  return {
    code: "date_styles",
    severity: "info",
    column,
    message: `Dates in “${column}” are written in ${styles.length} formats, and all were read: ${styles.join(" and ")}.`,
    fix: { types: { [column]: "category" } },
  };
}

function mixedOrders(column: string): Finding {
  return {
    code: "mixed_dates",
    severity: "warning",
    column,
    message: `Some dates in “${column}” have the day first, others the month, so the order cannot be decided; they are read as labels. Write them all in one format, for example 2024-01-31.`,
    fix: { exclude: [column] },
  };
}

function inferWords(sample: ColumnSample, values: readonly string[], solid: readonly string[]): Inferred {
  const { name } = sample;
  const booleanWords = wordPair(solid);
  if (booleanWords) {
    const missingWords = missingIn(values, MISSING_AMONG_VALUES);
    return { plan: { name, type: "boolean", missingWords, booleanWords }, findings: [] };
  }
  const blanks = sample.cells.length - values.length;
  const { missingWords, findings } = missingAmongWords(name, values, blanks);
  if (mixesOrders(solid.slice(0, MAX_DISTINCT_PROBED))) findings.push(mixedOrders(name));
  const names = namesInDigits(solid);
  if (names && names !== "leading_zeros") findings.push(namesFinding(name, names, solid));
  const type = wordType(name, solid);
  if (!isIdName(name) && !names) findings.push(...numberLikeFindings(name, solid));
  return { plan: { name, type, missingWords }, findings };
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

/** A first guess from the sample; `settleType` decides on the whole column. */
function wordType(name: string, values: readonly string[]): ColumnType {
  const words = distinct(values);
  return settleWordType({ name, values: words, count: values.length, distinct: words.length });
}

function missingIn(values: readonly string[], words: ReadonlySet<string>): string[] {
  return distinct(values.map((value) => value.toLowerCase()).filter((value) => words.has(value)));
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
