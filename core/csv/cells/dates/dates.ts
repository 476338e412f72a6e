/**
 * Parses a date or a timestamp. Knows the usual styles of people, logs and programs, each with or without a time and a
 * zone; the style is decided for the whole column. Result in UTC; time linear in the length of the cell; a day that
 * does not exist is not a date.
 */
import { DAY_MS } from "../../../platform/figures.ts";
import { withPlainDigits } from "../numbers/foreign-digits.ts";
import { type Cursor, offsetOf, readTime, readZone } from "./time-of-day.ts";

/** Longer than any date that people write. */
const MAX_LENGTH = 64;

/**
 * yyyy, yy: year; M, d: one or two digits; MM, dd: two digits; MMM: a month name; EEE: a weekday name; H: a time; z: a
 * zone. Other characters are literal; a space matches one or more. Every pattern without a time may be followed by one.
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
  "yy/M/d",
  "yy-M-d",
  "d MMM yyyy",
  "d. MMM yyyy",
  "d-MMM-yyyy",
  "d/MMM/yyyy",
  "dMMMyyyy",
  "d-MMM-yy",
  "d MMM yy",
  "dMMMyy",
  "MMM d, yyyy",
  "MMM d yyyy",
  "MMM-d-yyyy",
  "MMM/d/yyyy",
  "yyyy MMM d",
  "yyyy-MMM-d",
  "yyyy/MMM/d",
  "d 'of' MMM yyyy",
  "d. M. yyyy",
  "yyyy. M. d",
  "EEE, d MMM yyyy",
  "EEE d MMM yyyy",
  "EEE, MMM d, yyyy",
  "EEE, MMM d yyyy",
  "EEE MMM d yyyy",
  "EEE, d.M.yyyy",
  "EEE, d. MMM yyyy",
  "EEE M/d/yyyy",
  "EEE MMM d H yyyy",
  "EEE MMM d H z yyyy",
  "MMM d H yyyy",
  "d/MMM/yyyy:H",
  "H d/M/yyyy",
  "H d.M.yyyy",
  "H yyyy-M-d",
  "yyyy年M月d日",
  "yyyy年M月",
  "yyyy년 M월 d일",
  "d 'de' MMM 'de' yyyy",
  "MMM yyyy",
  "MMM-yyyy",
  "MMM/yyyy",
  "MMM yy",
  "M/yy",
  "MMM-yy",
  "yyyy MMM",
  "yyyy-MMM",
  "yyyy-MM",
  "yyyy-DDD",
  "yyyy'M'MM",
  "yyyy/MM",
  "MM/yyyy",
  "MM.yyyy",
  "MM-yyyy",
  "yyyy-'W'ww",
  "yyyy-'Q'q",
  "'Q'q yyyy",
  "yyyyMMdd",
  "yyyyMMddHHmmss",
  "d-MMM",
  "d MMM",
  "d. MMM",
  "MMM d",
  "MMM-d",
  "epoch s",
  "epoch ms",
  "epoch us",
  "epoch ns",
  "sheet days",
  "H:mm",
] as const;

export type DateFormat = (typeof DATE_FORMATS)[number];

const MONTHS = [
  "jan january januar janvier enero gennaio januari janeiro janv ene gen január ianuarie ian stycznia styczeń sty ledna leden led tammikuuta tammikuu ocak января январь янв",
  "feb february februar février fevrier febrero febbraio februari fevereiro févr fév fev február februarie lutego luty lut února únor helmikuuta helmikuu şubat февраля февраль фев",
  "mar march märz mars marzo maart março mär mrz mrt marts március martie marca marzec března březen maaliskuuta maaliskuu mart марта март мар",
  "apr april avril abril aprile avr abr április aprilie kwietnia kwiecień kwi dubna duben huhtikuuta huhtikuu nisan апреля апрель апр",
  "may mai mayo maggio mei maio mag maj május maja května květen toukokuuta toukokuu mayıs мая май",
  "jun june juni juin junio giugno junho giu június iunie czerwca czerwiec cze června červen kesäkuuta kesäkuu haziran июня июнь июн",
  "jul july juli juillet julio luglio julho juil lug július iulie lipca lipiec lip července červenec heinäkuuta heinäkuu temmuz июля июль июл",
  "aug august août aout agosto augustus aoû ago augusti augusztus agustus sierpnia sierpień sie srpna srpen elokuuta elokuu ağustos августа август авг",
  "sep sept september septembre septiembre settembre setembro set szeptember septembrie września wrzesień wrz září syyskuuta syyskuu eylül сентября сентябрь сен сент",
  "oct october oktober octobre octubre ottobre outubro okt ott out október octombrie października październik paź října říjen lokakuuta lokakuu ekim октября октябрь окт",
  "nov november novembre noviembre novembro noiembrie listopada listopadu listopad marraskuuta marraskuu kasım ноября ноябрь ноя нояб",
  "dec december dezember décembre decembre diciembre dicembre dezembro dez déc dic desember decembrie grudnia grudzień gru prosince prosinec joulukuuta joulukuu aralık декабря декабрь дек",
];
const MONTH_BY_NAME = new Map(
  MONTHS.flatMap((names, k) => names.split(" ").map((name) => [name, k + 1] as const)),
);

const WEEKDAYS = new Set(
  (
    "mon tue wed thu fri sat sun tues thur thurs monday tuesday wednesday thursday friday saturday sunday " +
    "mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag " +
    "lun mar mer jeu ven sam dim lundi mardi mercredi jeudi vendredi samedi dimanche " +
    "mié mie jue vie sáb sab dom lunes martes miércoles miercoles jueves viernes sábado sabado domingo " +
    "gio lunedì martedì mercoledì giovedì venerdì sabato domenica " +
    "ma wo vr za zo maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
  ).split(" "),
);

/** The year used for dates without one: a leap year, so that 29 February exists. */
const NO_YEAR = 1972;
/** Two-digit years begin at 1970 unless the column says otherwise. */
export const YEAR_FROM = 1970;

interface Moment {
  year: number;
  month: number;
  day: number;
  /** Milliseconds of a time inside the pattern, minus its zone offset. */
  time: number;
  zone: number;
}

type Field = "yyyy" | "yy" | "M" | "MM" | "d" | "dd" | "MMM" | "EEE" | "H" | "z";
type Token = { field: Field } | { literal: string };

const compiled = new Map<string, Token[]>();

function tokensOf(format: string): Token[] {
  let tokens = compiled.get(format);
  if (!tokens) {
    tokens = (format.match(/'[^']*'|yyyy|yy|MMM|MM|M|dd|d|EEE|H|z|./gu) ?? []).map((part) =>
      /^[yMdEHz]/.test(part) ? ({ field: part } as Token) : { literal: part.replaceAll("'", "") },
    );
    compiled.set(format, tokens);
  }
  return tokens;
}

/**
 * Joins the styles of a column that uses several, the commonest first. No text matches two of them with different
 * results.
 */
const BETWEEN = " | ";
const several = new Map<string, readonly string[]>();

/** The styles in a column's joined format. */
export function stylesOf(format: string): readonly string[] {
  let styles = several.get(format);
  if (!styles) {
    styles = format.split(BETWEEN);
    several.set(format, styles);
  }
  return styles;
}

export function joinStyles(styles: readonly string[]): string {
  return styles.join(BETWEEN);
}

/**
 * Epoch milliseconds; NaN if the text is not a date of this format. `yearFrom`: first year of the window for two-digit
 * years.
 */
export function parseDate(text: string, format: string, yearFrom = YEAR_FROM): number {
  const trimmed = bareText(text);
  if (trimmed === "" || trimmed.length > MAX_LENGTH) return Number.NaN;
  if (!format.includes(BETWEEN)) return parseStyle(trimmed, format, yearFrom);
  for (const style of stylesOf(format)) {
    const time = parseStyle(trimmed, style, yearFrom);
    if (!Number.isNaN(time)) return time;
  }
  return Number.NaN;
}

/** Without blanks around it, nor the brackets that logs have; accents composed. */
function bareText(text: string): string {
  const trimmed = text.trim();
  const bare = trimmed.startsWith("[") && trimmed.endsWith("]") ? trimmed.slice(1, -1).trim() : trimmed;
  return withPlainDigits(bare).normalize("NFC");
}

function parseStyle(trimmed: string, format: string, yearFrom: number): number {
  const special = SPECIAL[format];
  if (special) return special(trimmed);
  const cursor: Cursor = { text: trimmed, at: 0 };
  const tokens = tokensOf(format);
  const moment = readMoment(cursor, tokens, yearFrom);
  if (!moment) return Number.NaN;
  const hasTime = tokens.some((token) => "field" in token && token.field === "H");
  const rest = hasTime ? zoneAtEnd(cursor, moment) : timeAtEnd(cursor);
  const local = dayNumber(moment) + moment.time - moment.zone + rest;
  return cursor.region === undefined ? local : local - offsetOf(cursor.region, local);
}

function readMoment(cursor: Cursor, tokens: readonly Token[], yearFrom: number): Moment | null {
  const hasYear = tokens.some((token) => "field" in token && token.field[0] === "y");
  const moment: Moment = { year: hasYear ? 1970 : NO_YEAR, month: 1, day: 1, time: 0, zone: 0 };
  for (const token of tokens) {
    const isRead =
      "literal" in token
        ? skipLiteral(cursor, token.literal)
        : readField(cursor, token.field, { moment, yearFrom });
    if (!isRead) return null;
  }
  return moment;
}

function skipLiteral(cursor: Cursor, literal: string): boolean {
  if (literal === " ") {
    const from = cursor.at;
    while (/\s/.test(cursor.text[cursor.at] ?? "")) cursor.at++;
    return cursor.at > from;
  }
  const found = cursor.text.slice(cursor.at, cursor.at + literal.length);
  if (found !== literal && found.toLowerCase() !== literal.toLowerCase())
    return literal === "." && found === " ";
  cursor.at += literal.length;
  return true;
}

function readField(
  cursor: Cursor,
  field: Field,
  { moment, yearFrom }: { moment: Moment; yearFrom: number },
): boolean {
  if (field === "MMM" || field === "EEE") {
    const month = readName(cursor, field);
    if (field === "MMM") moment.month = month;
    return month > 0;
  }
  if (field === "H") {
    moment.time = readTime(cursor, "inside");
    return !Number.isNaN(moment.time);
  }
  if (field === "z") {
    moment.zone = readZone(cursor);
    return !Number.isNaN(moment.zone);
  }
  const max = field === "yyyy" ? 4 : 2;
  const min = field === "M" || field === "d" ? 1 : max;
  const value = readDigits(cursor, min, max);
  if (value < 0) return false;
  if (field === "d") skipOrdinal(cursor);
  if (field === "yyyy") moment.year = value;
  else if (field === "yy") moment.year = yearFrom + ((((value - yearFrom) % 100) + 100) % 100);
  else if (field[0] === "M") moment.month = value;
  else moment.day = value;
  return true;
}

/** "1st", "22nd", "1er": ordinal suffixes of a day. */
function skipOrdinal(cursor: Cursor): void {
  const ordinal = /^(?:st|nd|rd|th|er|º)(?!\p{L})/iu.exec(cursor.text.slice(cursor.at, cursor.at + 3));
  if (ordinal) cursor.at += ordinal[0].length;
}

/** -1 if there are fewer than `min` or more than `max` digits. */
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

/** The month's number if the name is a month, 1 for a weekday, 0 for neither. */
function readName(cursor: Cursor, field: "MMM" | "EEE"): number {
  const name = /^\p{L}{2,12}/u.exec(cursor.text.slice(cursor.at, cursor.at + 12))?.[0];
  if (!name) return 0;
  cursor.at += name.length;
  if (cursor.text[cursor.at] === ".") cursor.at++;
  const lower = name.toLowerCase();
  return field === "EEE" ? Number(WEEKDAYS.has(lower)) : (MONTH_BY_NAME.get(lower) ?? 0);
}

function dayNumber({ year, month, day }: Pick<Moment, "year" | "month" | "day">): number {
  if (month < 1 || month > 12 || day < 1 || day > 31 || year < 1 || year > 9999) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCDate() === day ? Math.floor(date.getTime() / DAY_MS) * DAY_MS : Number.NaN;
}

/** "01/03/2023 à 10h30", "1 March 2023 at 10:30". */
const BEFORE_TIME = /^,?\s+(?:à|at|um|às|alle|a las|om|kl\.?)\s+(?=\d)/i;

/** 0 if nothing follows; NaN if something other than a time follows. */
function timeAtEnd(cursor: Cursor): number {
  const { text } = cursor;
  const isWhole = cursor.at === text.length || (cursor.at === text.length - 1 && text.endsWith("."));
  if (isWhole) return 0;
  // DB2 has a dash before times with points.
  const isDashed = text[cursor.at] === "-" && /^-\d{2}\.\d{2}/.test(text.slice(cursor.at, cursor.at + 6));
  if (!/[Tt ,_:]/.test(text[cursor.at]!) && !isDashed) return Number.NaN;
  cursor.at += BEFORE_TIME.exec(text.slice(cursor.at, cursor.at + 12))?.[0].length ?? 0;
  while (/[Tt ,_:]/.test(text[cursor.at] ?? "") || (isDashed && text[cursor.at] === "-")) cursor.at++;
  return readTime(cursor, "last");
}

function zoneAtEnd(cursor: Cursor, { zone }: Moment): number {
  while (cursor.text[cursor.at] === " ") cursor.at++;
  if (cursor.at === cursor.text.length) return 0;
  const found = readZone(cursor);
  return zone === 0 && cursor.at === cursor.text.length ? -found : Number.NaN;
}

/** Styles that are not a sequence of fields. */
const SPECIAL: Record<string, ((text: string) => number) | undefined> = {
  "H:mm": (text) => (/:|[ap]\.?m|Uhr/i.test(text) ? readTime({ text, at: 0 }, "last") : Number.NaN),
  "yyyy-DDD": readDayOfYear,
  "yyyy-'W'ww": readWeek,
  "yyyy-'Q'q": (text) => readQuarter(/^(\d{4})[-\s/]?Q([1-4])$/i.exec(text), 1, 2),
  "'Q'q yyyy": (text) => readQuarter(/^Q([1-4])[-\s/']*(\d{4}|\d{2})$/i.exec(text), 2, 1),
  yyyyMMddHHmmss: readDigitsOnly,
  "epoch s": (text) => readEpoch(text, 1000),
  "epoch ms": (text) => readEpoch(text, 1),
  "sheet days": readSheetDays,
  "epoch us": (text) => readEpoch(text, 0.001),
  // Truncated, because a double cannot hold so many digits.
  "epoch ns": (text) => (/^\d{16,20}$/.test(text) ? readEpoch(text.slice(0, -6), 1) : Number.NaN),
};

/** Days since the eve of 1899's last day, which makes up for a leap day that 1900 did not have; to the second. */
function readSheetDays(text: string): number {
  if (!/^\d{1,6}(?:\.\d{1,12})?$/.test(text)) return Number.NaN;
  return Date.UTC(1899, 11, 30) + Math.round(Number(text) * 86_400) * 1000;
}

/** "2024-060". */
function readDayOfYear(text: string): number {
  const match = /^(\d{4})-(\d{3})$/.exec(text);
  if (!match) return Number.NaN;
  const [year, day] = [Number(match[1]), Number(match[2])];
  const time = dayNumber({ year, month: 1, day: 1 }) + (day - 1) * DAY_MS;
  return day > 0 && new Date(time).getUTCFullYear() === year ? time : Number.NaN;
}

/** The Monday of an ISO week, or the given day of it. */
function readWeek(text: string): number {
  const match = /^(\d{4})-?W(\d{2})(?:-?([1-7]))?$/i.exec(text);
  if (!match) return Number.NaN;
  const [year, week, day] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)];
  if (week < 1 || week > 53) return Number.NaN;
  const fourth = dayNumber({ year, month: 1, day: 4 });
  const weekday = (new Date(fourth).getUTCDay() + 6) % 7;
  return fourth + (7 * (week - 1) + day - 1 - weekday) * DAY_MS;
}

function readQuarter(match: RegExpExecArray | null, year: number, quarter: number): number {
  if (!match) return Number.NaN;
  const written = Number(match[year]);
  // Two-digit quarters occur in plans and reports: none is before 1970.
  const full = match[year]!.length === 4 ? written : written + (written < YEAR_FROM % 100 ? 2000 : 1900);
  return dayNumber({ year: full, month: 3 * Number(match[quarter]) - 2, day: 1 });
}

function readDigitsOnly(text: string): number {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?$/.exec(text);
  if (!match) return Number.NaN;
  const [year, month, day, hour, minute, second] = match.slice(1).map((part) => Number(part ?? 0));
  if (hour! > 23 || minute! > 59 || second! > 59) return Number.NaN;
  return (
    dayNumber({ year: year!, month: month!, day: day! }) + ((hour! * 60 + minute!) * 60 + second!) * 1000
  );
}

function readEpoch(text: string, unitMs: number): number {
  return /^-?\d{1,17}(?:\.\d{1,9})?$/.test(text) ? Math.floor(Number(text) * unitMs + 1e-6) : Number.NaN;
}
