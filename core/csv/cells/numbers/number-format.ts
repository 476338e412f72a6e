/**
 * Decides which number format a column uses. All of its values are considered; if they allow two readings (1.234), so
 * are the other columns of the file. Every assumption is returned, so that it can be reported.
 */
import type { ColumnType } from "../../types.ts";
import { unitsOf } from "./column-units.ts";
import { type NumberFormat, PLAIN_NUMBER, parseNumber } from "./numbers.ts";
import { NO_CENTS } from "./units.ts";

export const NUMBER_FORMATS: readonly NumberFormat[] = [
  PLAIN_NUMBER,
  { decimal: ".", thousands: ",", percent: false },
  { decimal: ",", thousands: "", percent: false },
  { decimal: ",", thousands: ".", percent: false },
  { decimal: ".", thousands: " ", percent: false },
  { decimal: ",", thousands: " ", percent: false },
  { decimal: ".", thousands: "'", percent: false },
  { decimal: ".", thousands: "’", percent: false },
  { decimal: ",", thousands: "'", percent: false },
  { decimal: ".", thousands: "_", percent: false },
];

/** What the rest of the file says about its numbers. */
export interface NumberHints {
  /** Files separated by semicolons usually use decimal commas. */
  delimiter: string;
  /** The decimal mark of the other columns, if they are unambiguous. */
  decimal?: "." | ",";
  /** The column's name: 1:20:05 is a time of day or a duration. */
  name?: string;
  /** "number" if the user says so: 120/80 is then the quotient. */
  type?: ColumnType;
}

export interface SniffedNumbers {
  format: NumberFormat;
  /** Share of the values that this format reads. */
  share: number;
  /** True if every value can be read both with thousands and with decimals, and nothing favours either. */
  isAmbiguous: boolean;
}

const PROBED = 30;

/** The format that reads most of `values` (distinct ones), and the share that it reads. */
export function sniffNumberFormat(values: readonly string[], hints: NumberHints): SniffedNumbers {
  if (values.length === 0) return { format: PLAIN_NUMBER, share: 0, isAmbiguous: false };
  const probe = values.slice(0, PROBED);
  const digital = probe.reduce((count, value) => count + Number(/\d/.test(value)), 0);
  if (digital < 0.3 * probe.length) return { format: PLAIN_NUMBER, share: 0, isAmbiguous: false };
  const plain = sniffPlain(values, hints);
  if (plain.share > 0.97) return plain;
  const richer = [...styled(values, hints), ...marked(values, hints), ...withUnits(values, hints)];
  return richer.reduce((best, other) => (other.share > best.share + 0.02 ? other : best), plain);
}

function sniffPlain(values: readonly string[], hints: NumberHints): SniffedNumbers {
  const plainShare = shareOf(values, PLAIN_NUMBER);
  if (plainShare === 1 && !mayBeThousands(values, "."))
    return { format: withPercent(values, PLAIN_NUMBER), share: 1, isAmbiguous: false };
  const { format, share } = bestOf(values, NUMBER_FORMATS, hints);
  const chosen = settleMarks(values, { format, share }, hints);
  return { ...chosen, format: withPercent(values, chosen.format), share };
}

const isPercent = (value: string) => /[%‰]\s*$/.test(value);

/**
 * Beside fractions, percentages are divided by 100; beside other numbers they are kept as written. Per mille beside per
 * cent is divided by ten.
 */
function withPercent(values: readonly string[], format: NumberFormat): NumberFormat {
  const percentages = values.filter(isPercent);
  if (percentages.length === 0) return format;
  const numbers = (some: readonly string[]) =>
    some.map((value) => Math.abs(parseNumber(value, format))).filter((value) => !Number.isNaN(value));
  const others = numbers(values.filter((value) => !isPercent(value)));
  const areFractions = others.length > 0 && others.every((value) => value <= 1);
  const isBeyond = numbers(percentages).some((value) => value > 1);
  const hasBoth = new Set(percentages.map((value) => value.trimEnd().at(-1))).size > 1;
  const percent = areFractions && isBeyond ? 0.01 : 1;
  if (percent === 1 && !hasBoth) return { ...format, percent: true };
  return { ...format, percent: true, units: { "%": percent, ...(hasBoth && { "‰": percent / 10 }) } };
}

function bestOf(values: readonly string[], formats: readonly NumberFormat[], { delimiter }: NumberHints) {
  const probe = values.slice(0, PROBED);
  const shares = formats.map((format) => (shareOf(probe, format) < 0.3 ? 0 : shareOf(values, format)));
  const best = Math.max(...shares);
  const commaFirst = (format: NumberFormat) => Number(delimiter === ";" && format.decimal === ".");
  const order = formats
    .map((_, k) => k)
    .sort((a, b) => commaFirst(formats[a]!) - commaFirst(formats[b]!) || a - b);
  const plainFirst = shares[0] === best ? 0 : order.find((k) => shares[k] === best)!;
  return { format: formats[plainFirst]!, share: best };
}

const GROUPED = {
  ".": /^\D{0,5}[1-9]\d{0,2}(?:\.\d{3})+\D{0,5}$/,
  ",": /^\D{0,5}[1-9]\d{0,2}(?:,\d{3})+\D{0,5}$/,
};

/** True if, in every value with the mark, it could separate groups of three digits. */
function mayBeThousands(values: readonly string[], mark: "." | ","): boolean {
  let marked = 0;
  for (const value of values) {
    if (!value.includes(mark)) continue;
    if (!GROUPED[mark].test(value.trim())) return false;
    marked++;
  }
  return marked > 0;
}

/** Enough values that decimals would have shown one without exactly three places. */
const SURE_MARKED = 10;

/** Chooses between two readings that both fit, by the values and by the other columns. */
function settleMarks(
  values: readonly string[],
  chosen: { format: NumberFormat; share: number },
  hints: NumberHints,
): SniffedNumbers {
  const bare = values.map(withoutCents);
  const mark = ([".", ","] as const).find(
    (candidate) => mayBeThousands(bare, candidate) && isOnlyMark(bare, candidate),
  );
  if (!mark) return { ...chosen, isAmbiguous: false };
  const other = mark === "." ? "," : ".";
  const asThousands: NumberFormat = { decimal: other, thousands: mark, percent: false };
  const asDecimals: NumberFormat = { decimal: mark, thousands: "", percent: false };
  if (shareOf(values, asThousands) < chosen.share || shareOf(values, asDecimals) < chosen.share)
    return { ...chosen, isAmbiguous: false };
  const verdict = marksMean(bare, mark, { ...hints, decimal: decimalOfCents(values) ?? hints.decimal });
  if (verdict !== null)
    return {
      format: verdict === "thousands" ? asThousands : asDecimals,
      share: chosen.share,
      isAmbiguous: false,
    };
  const isUsual = mark === "," && hints.delimiter !== ";";
  return { format: isUsual ? asThousands : asDecimals, share: chosen.share, isAmbiguous: true };
}

const withoutCents = (value: string) => value.replace(NO_CENTS, "");

/** "67.101,-": a dash after the decimal mark instead of cents. */
function decimalOfCents(values: readonly string[]): "." | "," | null {
  const marks = new Set(values.flatMap((value) => NO_CENTS.exec(value)?.[0][0] ?? []));
  const [mark] = marks;
  return marks.size === 1 ? (mark as "." | ",") : null;
}

function isOnlyMark(values: readonly string[], mark: "." | ","): boolean {
  const other = mark === "." ? "," : ".";
  return values.every((value) => !value.includes(other));
}

function marksMean(
  values: readonly string[],
  mark: "." | ",",
  { decimal }: NumberHints,
): "thousands" | "decimals" | null {
  if (decimal !== undefined) return decimal === mark ? decimalsBeside(values, mark) : "thousands";
  return isThreePlacesByRule(values, mark) ? "thousands" : null;
}

/** If other columns use this mark for decimals, whole numbers among values of fixed places still mean thousands. */
function decimalsBeside(values: readonly string[], mark: "." | ","): "thousands" | "decimals" {
  return isThreePlacesByRule(values, mark) ? "thousands" : "decimals";
}

/**
 * True if the mark is always followed by three digits, and whole numbers below a thousand have no mark: decimals ending
 * in zeros would be shorter, or the whole numbers would end in .000.
 */
function isThreePlacesByRule(values: readonly string[], mark: "." | ","): boolean {
  const marked = values.filter((value) => value.includes(mark));
  const bare = values.filter((value) => !value.includes(mark) && /^\D{0,5}\d{1,3}\D{0,5}$/.test(value));
  const isEnough = marked.length >= SURE_MARKED || values.length - marked.length >= SURE_MARKED;
  return isEnough && bare.length >= 2 && bare.length === values.length - marked.length;
}

/** The decimal mark, if the values are unambiguous. */
export function decimalEvidence(values: readonly string[]): "." | "," | null {
  let [points, commas] = [0, 0];
  for (const value of values.slice(0, 200)) {
    const bare = value.trim();
    const cents = NO_CENTS.exec(bare)?.[0][0];
    if (cents === ".") points++;
    else if (cents === ",") commas++;
    else if (
      /^\D{0,5}(?:\d+|\d{1,3}(?:[,' ]\d{3})+)\.(?:\d{1,2}|\d{4,})\D{0,5}$/.test(bare) ||
      /^0\.\d+$/.test(bare)
    )
      points++;
    else if (
      /^\D{0,5}(?:\d+|\d{1,3}(?:[.' ]\d{3})+),(?:\d{1,2}|\d{4,})\D{0,5}$/.test(bare) ||
      /^0,\d+$/.test(bare)
    )
      commas++;
  }
  if (points > 10 * commas && points > 0) return ".";
  return commas > 10 * points && commas > 0 ? "," : null;
}

/** What at least one value must look like: 5m alone means metres, and 11:34 is a time of day. */
const SHOWS_STYLE = {
  hex: (value: string) => /^0x[\da-f]+$/i.test(value.trim()),
  feet: (value: string) => /\d\s?(?:'|′|’|ft)/.test(value),
  duration: (value: string) =>
    /^P[\dT]|\d\s?\p{L}+\.?[\s,]*(?:and |und |et |y |e )?[+]?\d/u.test(value.trim()),
  clock: (value: string) => {
    const [, hours, seconds, fraction] = CLOCK_PARTS.exec(value.trim()) ?? [];
    return hours !== undefined && (Number(hours) > 24 || (seconds === undefined && fraction !== undefined));
  },
} as const;

const CLOCK_PARTS = /^[-+]?(?:\d+\s?d\D*)?(\d{1,5}):\d\d(:\d\d)?([.,]\d+)?/;
/** Names of durations, measured by a clock that starts at 0. */
const TOOK =
  /duration|elapsed|runtime|run_?time|uptime|\blap|(?:^|_)took|dauer|durée|duración|pace|split|\blength/i;

function* styled(values: readonly string[], { name = "", type }: NumberHints): Generator<SniffedNumbers> {
  for (const style of ["hex", "feet", "duration", "clock", "fraction"] as const) {
    const format: NumberFormat = { ...PLAIN_NUMBER, style };
    const isNamed = style === "clock" && TOOK.test(name) && values.some((value) => CLOCK_PARTS.test(value));
    const isShown =
      style === "fraction" ? type === "number" || areFractions(values) : values.some(SHOWS_STYLE[style]);
    if (!isNamed && !isShown) continue;
    if (shareOf(values.slice(0, PROBED), format) < 0.5) continue;
    yield { format, share: shareOf(values, format), isAmbiguous: false };
  }
}

const FRACTION_PARTS = /^(\d{1,6}(?:\s+|-))?(\d{1,4})\s?[/⁄]\s?(\d{1,4})(?!\d)/;
/** Halves to sixty-fourths, as on rulers. */
const RULED = /^(?:2|4|8|16|32|64)$/;
const LEAST_FRACTIONS = 3;

/**
 * Whether values such as 3/4 are parts of one, and not days of a month, results of a match, or two measurements: some
 * have a whole number before them, or all are smaller than one and divide by two again and again.
 */
function areFractions(values: readonly string[]): boolean {
  if (values.some((value) => /[\u00bc-\u00be\u2150-\u215e]/.test(value))) return true;
  const parts = values.flatMap((value) =>
    [FRACTION_PARTS.exec(value.trim()) ?? []].filter(({ length }) => length > 0),
  );
  if (parts.length < LEAST_FRACTIONS || parts.some(([, , above, below]) => Number(above) >= Number(below)))
    return false;
  const isMixed = parts.some(([, whole]) => whole !== undefined);
  const belows = new Set(parts.map(([, , , below]) => below!));
  return isMixed || (belows.size > 1 && [...belows].every((below) => RULED.test(below)));
}

function* marked(values: readonly string[], hints: NumberHints): Generator<SniffedNumbers> {
  const formats = NUMBER_FORMATS.map((format) => ({ ...format, marks: true as const }));
  const { format, share } = bestOf(values, formats, hints);
  // A mark in a few cells is a footnote; in more it belongs to the column.
  if (share - shareOf(values, { ...format, marks: undefined }) < LEAST_MARKED) return;
  yield { format: withPercent(values, format), share, isAmbiguous: false };
}

const LEAST_MARKED = 0.1;

/** One unit after all numbers, or several that convert into each other. */
function* withUnits(values: readonly string[], hints: NumberHints): Generator<SniffedNumbers> {
  const units = unitsOf(values);
  if (!units) return;
  const formats = NUMBER_FORMATS.map((format) => ({ ...format, ...units }));
  const { format, share } = bestOf(values, formats, hints);
  yield { format, share, isAmbiguous: false };
}

/** Share of the values that a format reads. */
function shareOf(values: readonly string[], format: NumberFormat): number {
  let read = 0;
  for (const value of values) if (!Number.isNaN(parseNumber(value, format))) read++;
  return values.length === 0 ? 0 : read / values.length;
}
