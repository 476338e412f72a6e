/**
 * Parses a number: thousands separators, decimal commas, currencies, percent signs, units, durations and parentheses
 * for negatives, in the format of the whole column. Time linear in the length of the cell; never guesses from a single
 * cell.
 */
import type { ColumnPlan } from "../../types.ts";
import { withPlainDigits } from "./foreign-digits.ts";
import { CURRENCY_BEFORE, CURRENCY_BEHIND, MARK_BEFORE, MARK_BEHIND, NO_CENTS, TIME_UNITS } from "./units.ts";

export type NumberFormat = NonNullable<ColumnPlan["number"]>;

export const PLAIN_NUMBER: NumberFormat = { decimal: ".", thousands: "", percent: false };

/** Longer than any number that people write. */
const MAX_LENGTH = 64;
const PERCENT = /\s*[%‰]$/;
const PLAIN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d{1,4})?$/;
const BLANKS = /[\s\u00a0\u202f\u2009]/g;

/** NaN if the text is not a number of this format or is outside the range of a double. */
export function parseNumber(text: string, format: NumberFormat): number {
  const trimmed = withPlainDigits(text.trim());
  if (trimmed === "" || trimmed.length > MAX_LENGTH) return Number.NaN;
  const value =
    format.style === undefined ? parseWritten(trimmed, format) : parseStyled(trimmed, format, format.style);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** "1.85 × 10^5", "2x10^-3". */
const POWER_OF_TEN = /\s?[x×*·]\s?10\s?\^\s?\{?([-−+]?\d{1,3})\}?$/;

function parseWritten(given: string, format: NumberFormat): number {
  const text = given.includes("^")
    ? given.replace(POWER_OF_TEN, (_, power: string) => `e${power.replace("−", "-")}`)
    : given;
  const isBracketed = text.startsWith("(") && text.endsWith(")");
  const { sign, rest } = takeSigns(isBracketed ? text.slice(1, -1).trim() : text, format);
  return readMagnitude(rest, format, isBracketed ? -sign : sign);
}

/** A minus sign may come once: before the currency, after it, or at the end. */
function takeSigns(text: string, { marks }: NumberFormat): { sign: number; rest: string } {
  const unmarked = marks ? text.replace(MARK_BEFORE, "").replace(MARK_BEHIND, "") : text;
  const outer = takeSign(unmarked);
  const bare = outer.rest.replace(CURRENCY_BEFORE, "");
  const isFree = outer.rest === unmarked && bare !== outer.rest;
  const { sign, rest } = isFree ? takeSign(bare) : { sign: outer.sign, rest: bare };
  const number = rest.replace(CURRENCY_BEHIND, "").trim().replace(NO_CENTS, "");
  const isBehind = sign === 1 && /\d-$/.test(number);
  return isBehind ? { sign: -1, rest: number.slice(0, -1) } : { sign, rest: number };
}

/** A hyphen, a minus, a dash, and the wide ones. */
const MINUS = /^[-−–‐‑﹣－]/;

function takeSign(text: string): { sign: number; rest: string } {
  if (MINUS.test(text)) return { sign: -1, rest: text.slice(1).trimStart() };
  return { sign: 1, rest: text.startsWith("+") ? text.slice(1).trimStart() : text };
}

/** Digits, or digits with a unit that the column uses. */
function readMagnitude(text: string, format: NumberFormat, sign: number): number {
  const { units, zeros } = format;
  const share = PERCENT.exec(text);
  if (share && !units) {
    const digits = plainDigits(text.slice(0, share.index), format);
    return digits === null ? Number.NaN : sign * Number(digits);
  }
  const digits = plainDigits(text, format);
  if (digits !== null) return sign * Number(digits);
  const parts = units && splitUnit(text);
  if (!parts || !Object.hasOwn(units, parts.unit)) return Number.NaN;
  const before = plainDigits(parts.digits, format);
  if (before === null) return Number.NaN;
  const factor = units[parts.unit]!;
  const zero = zeros && Object.hasOwn(zeros, parts.unit) ? zeros[parts.unit]! : 0;
  return zero === 0 ? sign * scaled(before, factor) : (sign * Number(before) - zero) * factor;
}

/** Powers of ten through the exponent: 1.1 × 1e6 would not be 1100000. */
function scaled(digits: string, factor: number): number {
  const power = Math.round(Math.log10(factor));
  if (!/e/i.test(digits) && factor === Number(`1e${power}`)) return Number(`${digits}e${power}`);
  return Number(digits) * factor;
}

/** A mark with a digit after it does not begin a unit: 605.19 is a plain number. */
const NUMBER_AND_UNIT = /^((?:\d[\d.,'’_\s]*)?\d[.,]?|[.,]\d+)\s*((?![.,'’_]\d)[^\d\s].*)$/su;

/** "12 km/h" is split into 12 and km/h; null if the text does not begin with digits. */
export function splitUnit(text: string): { digits: string; unit: string } | null {
  const match = NUMBER_AND_UNIT.exec(text);
  return match && { digits: match[1]!.trim(), unit: match[2]! };
}

/** The number in JavaScript notation; null if a sign is in the wrong place. */
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
  if (!/^\d{1,3}$/.test(first!) || !/^\d{3}/.test(others[others.length - 1]!)) return false;
  return others.every((group, k) =>
    k === others.length - 1 ? group.length === 3 : group.length === 3 || group.length === 2,
  );
}

function parseStyled(text: string, format: NumberFormat, style: NonNullable<NumberFormat["style"]>): number {
  const readers = {
    hex: readHex,
    feet: readFeet,
    duration: readLasting,
    clock: readClock,
    fraction: readFraction,
  };
  const read = readers[style](text);
  return Number.isNaN(read) ? parseWritten(text, { ...format, style: undefined }) : read;
}

/** "3 days 04:10:00" beside "1h 20m". */
function readLasting(text: string): number {
  const seconds = readDuration(text);
  return Number.isNaN(seconds) ? readClock(text) : seconds;
}

function readHex(text: string): number {
  return /^0x[\da-f]{1,13}$/i.test(text) ? Number(text) : Number.NaN;
}

/** `3/4`, `1 1/2`, `1-1/2"`, `2½`. */
const FRACTION =
  /^([-−])?(?:(\d{1,6})(?:\s+|-))?(\d{1,6})\s?[/⁄]\s?(\d{1,6})\s?(?:"|″|”|''|in\.?|inch(?:es)?)?$/i;
const VULGAR = /\s*([\u00bc-\u00be\u2150-\u215e])/;

function readFraction(text: string): number {
  const plain = text.replace(VULGAR, (_, sign: string) => ` ${sign.normalize("NFKC")}`).trim();
  const [, sign, whole = "0", above, below] = FRACTION.exec(plain) ?? [];
  if (above === undefined || Number(below) === 0) return Number.NaN;
  const value = Number(whole) + Number(above) / Number(below);
  return sign === undefined ? value : -value;
}

const FEET =
  /^(\d{1,3})\s?(?:'|′|’|ft\.?|feet)\s?(?:(\d{1,2}(?:\.\d+)?)\s?(?:"|″|”|''|in\.?|inch(?:es)?)?)?$/i;

/** Feet and inches, in inches. */
function readFeet(text: string): number {
  const match = FEET.exec(text);
  return match ? 12 * Number(match[1]) + Number(match[2] ?? 0) : Number.NaN;
}

const ISO_DURATION =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const DURATION_PART = /^(\d+(?:[.,]\d+)?)\s?(\p{L}+)\.?(?:\s?(?:,|and|und)?\s*)/u;

/** "2h05". */
const HOURS_AND_MINUTES = /^(\d{1,4})\s?h\s?([0-5]\d)$/i;

/** Durations, in seconds: "1h 20m", "2 days 3 hours", "PT5M". */
function readDuration(text: string): number {
  const iso = text.length > 2 ? ISO_DURATION.exec(text) : null;
  if (iso) {
    const worth = [604_800, 86_400, 3600, 60, 1];
    return worth.reduce((sum, seconds, k) => sum + seconds * Number(iso[k + 1] ?? 0), 0);
  }
  const french = HOURS_AND_MINUTES.exec(text);
  if (french) return 3600 * Number(french[1]) + 60 * Number(french[2]);
  let rest = text;
  let seconds = 0;
  let last = Number.POSITIVE_INFINITY;
  while (rest !== "") {
    const part = DURATION_PART.exec(rest);
    const worth = part && TIME_UNITS.get(part[2]!.toLowerCase());
    if (!part || worth === undefined || worth === null || worth >= last) return Number.NaN;
    seconds += worth * Number(part[1]!.replace(",", "."));
    last = worth;
    rest = rest.slice(part[0].length);
  }
  return seconds;
}

const CLOCK =
  /^([-+])?(?:(\d+)\s?(?:d|days?)\s*,?\s*(\+?))?(\d{1,5}):([0-5]\d)(?::([0-5]\d))?(?:[.,](\d{1,9}))?$/;

/**
 * In seconds. 10:30 is hours and minutes if the column also has values such as 3:10:30, else minutes and seconds: only
 * ratios matter.
 */
function readClock(text: string): number {
  const match = CLOCK.exec(text);
  if (!match) return Number.NaN;
  const [, sign, days = "0", plus, first, second, third, fraction = "0"] = match;
  const seconds =
    third === undefined
      ? 60 * Number(first) + Number(second)
      : 3600 * Number(first) + 60 * Number(second) + Number(third);
  const [whole, rest] = [86_400 * Number(days), seconds + Number(`0.${fraction}`)];
  if (sign === "-") return plus ? rest - whole : -whole - rest;
  return whole + rest;
}

/**
 * Fast path for text of digits with an optional leading minus and one decimal mark; same result as parseNumber. NaN for
 * any other text, which needs parseNumber. Exact as in readNumber.
 */
export function readDigits(text: string, decimal: "." | ","): number {
  const end = text.length;
  const isNegative = text.charCodeAt(0) === 45;
  const point = decimal.charCodeAt(0);
  let mantissa = 0;
  let digits = 0;
  let decimals = -1;
  for (let i = isNegative ? 1 : 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code >= ZERO && code <= ZERO + 9) {
      mantissa = mantissa * 10 + code - ZERO;
      digits++;
      if (decimals >= 0) decimals++;
    } else if (code === point && decimals < 0) decimals = 0;
    else return Number.NaN;
  }
  if (digits === 0 || digits > 15) return Number.NaN;
  const value = decimals > 0 ? mantissa / POWERS[decimals] : mantissa;
  return isNegative ? -value : value;
}

const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const ZERO = 48;
const decoder = new TextDecoder();

/**
 * As parseNumber, from bytes. Up to 15 digits are exact in a double, and so is dividing them by a power of ten up to 22
 * (Clinger, "How to read floating point numbers accurately", 1990); other cells go to parseNumber. Four positional
 * arguments, because an object per cell costs more than the cell.
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
