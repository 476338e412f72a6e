/**
 * Which moment is written here? Some twenty styles of dates, each with or without a time and a zone, read by the style
 * of the whole column. Always UTC; linear in the cell; a day that does not exist is no date.
 */

/** Longer than any date that a person writes. */
const MAX_LENGTH = 64;
const DAY_MS = 86_400_000;

/**
 * yyyy, yy: year; M, d: one or two digits; MM, dd: two; MMM: a month's name; EEE: a weekday's; other characters stand
 * for themselves, a blank for one or more. All but the pure times may be followed by a time.
 */
export const DATE_FORMATS = [
  "yyyy-M-d",
  "yyyy/M/d",
  "yyyy.M.d",
  "M/d/yyyy",
  "d/M/yyyy",
  "d.M.yyyy",
  "M.d.yyyy",
  "d-M-yyyy",
  "M-d-yyyy",
  "M/d/yy",
  "d/M/yy",
  "d.M.yy",
  "d-M-yy",
  "M-d-yy",
  "d MMM yyyy",
  "d. MMM yyyy",
  "d-MMM-yyyy",
  "d/MMM/yyyy",
  "d-MMM-yy",
  "d MMM yy",
  "MMM d, yyyy",
  "MMM d yyyy",
  "MMM-d-yyyy",
  "yyyy MMM d",
  "yyyy-MMM-d",
  "EEE, d MMM yyyy",
  "EEE, MMM d, yyyy",
  "EEE MMM d yyyy",
  "yyyy年M月d日",
  "MMM yyyy",
  "MMM-yyyy",
  "MMM-yy",
  "yyyy-MM",
  "yyyyMMdd",
  "H:mm",
] as const;

export type DateFormat = (typeof DATE_FORMATS)[number];

const MONTHS = [
  "jan january januar janvier enero gennaio januari janeiro janv ene gen",
  "feb february februar février fevrier febrero febbraio februari fevereiro févr fév fev",
  "mar march märz mars marzo maart março mär mrz mrt",
  "apr april avril abril aprile avr abr",
  "may mai mayo maggio mei maio mag",
  "jun june juni juin junio giugno junho giu",
  "jul july juli juillet julio luglio julho juil lug",
  "aug august août aout agosto augustus aoû ago",
  "sep sept september septembre septiembre settembre setembro set",
  "oct october oktober octobre octubre ottobre outubro okt ott out",
  "nov november novembre noviembre novembro",
  "dec december dezember décembre decembre diciembre dicembre dezembro dez déc dic",
];
const MONTH_BY_NAME = new Map(
  MONTHS.flatMap((names, k) => names.split(" ").map((name) => [name, k + 1] as const)),
);

interface Cursor {
  text: string;
  at: number;
}

interface Moment {
  year: number;
  month: number;
  day: number;
}

type Token = { field: "yyyy" | "yy" | "M" | "MM" | "d" | "dd" | "MMM" | "EEE" } | { literal: string };

const compiled = new Map<string, Token[]>();

function tokensOf(format: string): Token[] {
  let tokens = compiled.get(format);
  if (!tokens) {
    tokens = (format.match(/yyyy|yy|MMM|MM|M|dd|d|EEE|./gu) ?? []).map((part) =>
      /^[yMdE]/.test(part) ? ({ field: part } as Token) : { literal: part },
    );
    compiled.set(format, tokens);
  }
  return tokens;
}

/** Epoch milliseconds; NaN where the text is no date of this format. */
export function parseDate(text: string, format: string): number {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed.length > MAX_LENGTH) return Number.NaN;
  const cursor = { text: trimmed, at: 0 };
  if (format === "H:mm") return readTime(cursor);
  const moment = readMoment(cursor, tokensOf(format));
  if (!moment) return Number.NaN;
  const day = dayNumber(moment);
  return day + readTimeAfterDate(cursor);
}

function readMoment(cursor: Cursor, tokens: readonly Token[]): Moment | null {
  const moment: Moment = { year: 1970, month: 1, day: 1 };
  for (const token of tokens) {
    const isRead =
      "literal" in token ? skipLiteral(cursor, token.literal) : readField(cursor, token.field, moment);
    if (!isRead) return null;
  }
  return moment;
}

function skipLiteral(cursor: Cursor, literal: string): boolean {
  if (literal === " ") {
    const from = cursor.at;
    while (cursor.text[cursor.at] === " ") cursor.at++;
    return cursor.at > from;
  }
  if (cursor.text[cursor.at] !== literal) return literal === "." && cursor.text[cursor.at] === " ";
  cursor.at++;
  return true;
}

function readField(cursor: Cursor, field: string, moment: Moment): boolean {
  if (field === "MMM" || field === "EEE") {
    const month = readName(cursor, field);
    if (field === "MMM") moment.month = month;
    return month > 0;
  }
  const max = field === "yyyy" ? 4 : 2;
  const min = field === "M" || field === "d" ? 1 : max;
  const value = readDigits(cursor, min, max);
  if (value < 0) return false;
  if (field === "yyyy") moment.year = value;
  else if (field === "yy") moment.year = value + (value < 70 ? 2000 : 1900);
  else if (field[0] === "M") moment.month = value;
  else moment.day = value;
  return true;
}

/** -1 where there are not between `min` and `max` digits. */
function readDigits(cursor: Cursor, min: number, max: number): number {
  let value = 0;
  let count = 0;
  while (count < max) {
    const digit = cursor.text.charCodeAt(cursor.at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
    cursor.at++;
    count++;
  }
  return count < min ? -1 : value;
}

const WEEKDAY = /^(?:mon|tue|wed|thu|fri|sat|sun)/;

/** The month's number, 1 for a weekday, 0 for neither. */
function readName(cursor: Cursor, field: "MMM" | "EEE"): number {
  const name = /^\p{L}{3,10}/u.exec(cursor.text.slice(cursor.at))?.[0];
  if (!name) return 0;
  cursor.at += name.length;
  if (cursor.text[cursor.at] === "." && field === "MMM") cursor.at++;
  const lower = name.toLowerCase();
  return field === "EEE" ? Number(WEEKDAY.test(lower)) : (MONTH_BY_NAME.get(lower) ?? 0);
}

function dayNumber({ year, month, day }: Moment): number {
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1 || year > 9999) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDate() === day ? Math.floor(date.getTime() / DAY_MS) * DAY_MS : Number.NaN;
}

/** 0 where nothing follows; NaN where something else than a time does. */
function readTimeAfterDate(cursor: Cursor): number {
  if (cursor.at === cursor.text.length) return 0;
  const mark = cursor.text[cursor.at];
  if (mark !== "T" && mark !== "t" && mark !== " " && mark !== ",") return Number.NaN;
  while (/[Tt ,]/.test(cursor.text[cursor.at] ?? "")) cursor.at++;
  return readTime(cursor);
}

const TIME =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?([ap]\.?m\.?)?\s?(Z|UTC|GMT|[-+]\d{2}:?\d{2}|[-+]\d{2})?$/i;

function readTime(cursor: Cursor): number {
  const match = TIME.exec(cursor.text.slice(cursor.at));
  if (!match) return Number.NaN;
  const [, hours, minutes, seconds = "0", fraction = "", half, zone] = match;
  let hour = Number(hours);
  if (half) {
    if (hour < 1 || hour > 12) return Number.NaN;
    hour = (hour % 12) + (half[0].toLowerCase() === "p" ? 12 : 0);
  }
  if (hour > 24 || Number(minutes) > 59 || Number(seconds) > 60) return Number.NaN;
  const fractionMs = fraction ? Math.floor(Number(`0.${fraction}`) * 1000 + 1e-6) : 0;
  return ((hour * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + fractionMs - zoneMs(zone);
}

function zoneMs(zone: string | undefined): number {
  if (!zone || !/^[-+]/.test(zone)) return 0;
  const digits = zone.replace(":", "");
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5) || "0");
  return (digits[0] === "-" ? -1 : 1) * minutes * 60_000;
}

/** The day-first twin of a month-first style and back; null where there is none. */
const TWINS: readonly (readonly [DateFormat, DateFormat])[] = [
  ["M/d/yyyy", "d/M/yyyy"],
  ["M.d.yyyy", "d.M.yyyy"],
  ["M-d-yyyy", "d-M-yyyy"],
  ["M/d/yy", "d/M/yy"],
  ["M-d-yy", "d-M-yy"],
];

export interface SniffedDates {
  format: DateFormat;
  /** Share of the values that it reads. */
  share: number;
  /** Day first and month first both read every value. */
  isAmbiguous: boolean;
}

/** The style that most of `values` (in the file's order) have; null where hardly any is a date. */
export function sniffDateFormat(values: readonly string[]): SniffedDates | null {
  if (values.length === 0) return null;
  const probe = values.slice(0, 20);
  let best: SniffedDates | null = null;
  for (const format of DATE_FORMATS) {
    if (readShare(probe, format) < 0.5 * Math.max(0.5, best?.share ?? 0)) continue;
    const share = readShare(values, format);
    if (share > (best?.share ?? 0.5)) best = { format, share, isAmbiguous: false };
  }
  return best && resolveTwin(best, values);
}

function readShare(values: readonly string[], format: string): number {
  const read = values.reduce((sum, value) => sum + (Number.isNaN(parseDate(value, format)) ? 0 : 1), 0);
  return read / values.length;
}

/** Both orders fit: the one in which neighbours lie closer together, for files are often sorted by day. */
function resolveTwin(best: SniffedDates, values: readonly string[]): SniffedDates {
  const pair = TWINS.find((twin) => twin.includes(best.format));
  if (!pair || readShare(values, pair[0]) !== readShare(values, pair[1])) return best;
  const [monthFirst, dayFirst] = pair.map((format) => typicalStep(values, format));
  if (monthFirst !== dayFirst) return { ...best, format: monthFirst < dayFirst ? pair[0] : pair[1] };
  return { ...best, format: best.format.includes("/") ? pair[0] : pair[1], isAmbiguous: true };
}

/** The median distance between neighbours in days, where the values are many and stand in order. */
function typicalStep(values: readonly string[], format: string): number {
  const times = values.map((value) => parseDate(value, format)).filter((time) => !Number.isNaN(time));
  if (times.length < 8) return Number.POSITIVE_INFINITY;
  const steps = times.slice(1).map((time, k) => Math.abs(time - times[k]) / DAY_MS);
  steps.sort((a, b) => a - b);
  const median = steps[steps.length >> 1];
  return median <= 7 ? median : Number.POSITIVE_INFINITY;
}
