/**
 * Which number is written here? Thousands marks, decimal commas, currency, percent signs and parentheses for negatives,
 * by the format of the whole column. Linear in the cell; never guesses on a single one.
 */
import type { ColumnPlan } from "../types.ts";

export type NumberFormat = NonNullable<ColumnPlan["number"]>;

export const PLAIN_NUMBER: NumberFormat = { decimal: ".", thousands: "", percent: false };

/** Longer than any number that a person writes. */
const MAX_LENGTH = 64;
const SIGNS =
  /^(?:US\$|R\$|A\$|C\$|NZ\$|HK\$|[$€£¥₹₽₩₺₪฿₫₴]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|ZAR|kr\.?|Rs\.?|zł)(?=[\s\d.,+-]))\s*/i;
const TRAILING_SIGNS =
  /\s*(?:[$€£¥₹₽₩₺₪฿₫₴%‰]|(?:USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|ZAR|kr\.?|zł|,-))$/i;
const PLAIN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,4})?$/;
const BLANKS = /[\s\u00a0\u202f\u2009]/g;

/** NaN where the text is no number of this format. */
export function parseNumber(text: string, format: NumberFormat): number {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > MAX_LENGTH) return Number.NaN;
  const isBracketed = trimmed.startsWith("(") && trimmed.endsWith(")");
  const { sign, rest } = takeSigns(isBracketed ? trimmed.slice(1, -1).trim() : trimmed);
  const digits = plainDigits(rest, format);
  return digits === null ? Number.NaN : (isBracketed ? -sign : sign) * Number(digits);
}

/** A minus stands before the currency, behind it, or at the end, once. */
function takeSigns(text: string): { sign: number; rest: string } {
  const outer = takeSign(text);
  const bare = outer.rest.replace(SIGNS, "");
  const isFree = outer.rest === text && bare !== outer.rest;
  const { sign, rest } = isFree ? takeSign(bare) : { sign: outer.sign, rest: bare };
  const number = rest.replace(TRAILING_SIGNS, "").trim();
  const isBehind = sign === 1 && number.endsWith("-");
  return isBehind ? { sign: -1, rest: number.slice(0, -1) } : { sign, rest: number };
}

function takeSign(text: string): { sign: number; rest: string } {
  if (text.startsWith("-") || text.startsWith("−")) return { sign: -1, rest: text.slice(1).trimStart() };
  return { sign: 1, rest: text.startsWith("+") ? text.slice(1).trimStart() : text };
}

/** The number as JavaScript writes it; null where a mark stands where it must not. */
function plainDigits(text: string, { decimal, thousands }: NumberFormat): string | null {
  let whole = text;
  let rest = "";
  const at = text.indexOf(decimal);
  if (at >= 0) {
    whole = text.slice(0, at);
    rest = `.${text.slice(at + 1)}`;
  }
  if (thousands !== "" && whole !== "") {
    const mark = thousands === " " ? whole.replace(BLANKS, " ") : whole;
    const groups = mark.split(thousands);
    if (groups.length > 1 && !isGrouped(groups)) return null;
    whole = groups.join("");
  }
  const digits = whole + rest;
  return PLAIN.test(digits) ? digits : null;
}

/** `1,234,567`, or as in India `12,34,567`. */
function isGrouped(groups: readonly string[]): boolean {
  const [first, ...others] = groups;
  if (!/^\d{1,3}$/.test(first) || !/^\d{3}/.test(others[others.length - 1])) return false;
  return others.every((group, k) =>
    k === others.length - 1 ? group.length === 3 : group.length === 3 || group.length === 2,
  );
}

const FORMATS: readonly NumberFormat[] = [
  PLAIN_NUMBER,
  { decimal: ".", thousands: ",", percent: false },
  { decimal: ",", thousands: "", percent: false },
  { decimal: ",", thousands: ".", percent: false },
  { decimal: ".", thousands: " ", percent: false },
  { decimal: ",", thousands: " ", percent: false },
  { decimal: ".", thousands: "'", percent: false },
  { decimal: ".", thousands: "’", percent: false },
];

/** The format that most of `values` have, and the share of them that it reads. `delimiter` hints at decimal commas. */
export function sniffNumberFormat(
  values: readonly string[],
  delimiter: string,
): { format: NumberFormat; share: number; isAmbiguous: boolean } {
  if (values.length > 0 && shareOf(values, PLAIN_NUMBER) === 1)
    return { format: PLAIN_NUMBER, share: 1, isAmbiguous: false };
  const probe = values.slice(0, 30);
  const shares = FORMATS.map((format) => (shareOf(probe, format) < 0.3 ? 0 : shareOf(values, format)));
  const best = Math.max(...shares);
  const order = delimiter === ";" ? [0, 2, 3, 1, 5, 4, 6, 7] : FORMATS.map((_, k) => k);
  const chosen = order.find((k) => shares[k] === best)!;
  const percent = values.some((value) => value.trimEnd().endsWith("%"));
  const isAmbiguous = chosen !== 0 && shares[1] === best && shares[2] === best;
  return { format: { ...FORMATS[chosen], percent }, share: best, isAmbiguous };
}

function shareOf(values: readonly string[], format: NumberFormat): number {
  let read = 0;
  for (const value of values) if (!Number.isNaN(parseNumber(value, format))) read++;
  return values.length === 0 ? 0 : read / values.length;
}

const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const ZERO = 48;
const decoder = new TextDecoder();

/**
 * As parseNumber, from bytes. Up to 15 digits are exact in a double, and so is dividing them by a power of ten up to 22
 * (Clinger, "How to read floating point numbers accurately", 1990); anything else takes the careful way.
 * Four positional arguments, because an object for each cell costs more than the cell.
 */
export function readNumber(bytes: Uint8Array, start: number, end: number, format: NumberFormat): number {
  let i = start;
  const isNegative = bytes[i] === 45;
  if (isNegative) i++;
  const point = format.decimal === "." ? 46 : 44;
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (; i < end; i++) {
    const digit = bytes[i] - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (bytes[i] === point && decimals < 0) decimals = 0;
    else break;
  }
  if (i !== end || digits === 0 || digits > 15)
    return parseNumber(decoder.decode(bytes.subarray(start, end)), format);
  const value = decimals > 0 ? mantissa / POWERS[decimals] : mantissa;
  return isNegative ? -value : value;
}
