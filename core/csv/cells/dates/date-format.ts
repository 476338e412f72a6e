/**
 * Decides which date format a column uses: the one that reads most of its values. If day and month could be swapped, it
 * checks which reading gives plausible dates over the whole column: which days and months occur, and how regular the
 * steps are.
 */
import { DAY_MS } from "../../../platform/figures.ts";
import { DATE_FORMATS, type DateFormat, joinStyles, parseDate, YEAR_FROM } from "./dates.ts";

export interface SniffedDates {
  /** Several styles joined (see stylesOf) if the column uses more than one. */
  format: string;
  /** The first year of the century window for two-digit years. */
  yearFrom?: number;
  /** Share of the values that this format reads. */
  share: number;
  /** True if day first and month first both read every value and nothing favours either. */
  isAmbiguous: boolean;
}

/** The two styles, day first and month first. */
const TWINS: readonly (readonly [DateFormat, DateFormat])[] = [
  ["M/d/yyyy", "d/M/yyyy"],
  ["M.d.yyyy", "d.M.yyyy"],
  ["M-d-yyyy", "d-M-yyyy"],
  ["M/d/yy", "d/M/yy"],
  ["M-d-yy", "d-M-yy"],
];
const PROBED = 40;
/**
 * Styles that other values have, too: 2023-014 is a day of a year in a column that is called so, else an invoice's
 * number; 11/26 a month, else eleven of twenty-six.
 */
const NAMED_ONLY: Partial<Record<DateFormat, RegExp>> = {
  "yyyy-DDD": /date|day|datum|fecha|jour|julian|\bdoy\b/i,
  "M/yy": /date|datum|fecha|month|monat|mois|expir|valid|ablauf|period|\bexp\b/i,
};

/** The style that reads most of `values` (in file order); null if hardly any value is a date. */
export function sniffDateFormat(values: readonly string[], name = ""): SniffedDates | null {
  const probe = values.slice(0, PROBED);
  if (!probe.some((value) => /\d/.test(value))) return null;
  let best: SniffedDates | null = null;
  for (const format of DATE_FORMATS) {
    if (format.startsWith("epoch") || format === "sheet days" || NAMED_ONLY[format]?.test(name) === false)
      continue;
    if (readShare(probe, format) < 0.5 * Math.max(LEAST_SHARE, best?.share ?? 0)) continue;
    const share = readShare(values, format);
    if (share > (best?.share ?? LEAST_SHARE)) best = { format, share, isAmbiguous: false };
  }
  if (!best) return null;
  const settled = withOthers(resolveTwin(best, values), values);
  if (settled.share <= 0.5) return null;
  const hasShortYear = /(?<!y)yy(?!y)/.test(settled.format);
  return hasShortYear ? { ...settled, yearFrom: plausibleCentury(values, settled.format, name) } : settled;
}

/** Minimum share of values that the commonest style must read. */
const LEAST_SHARE = 0.2;
/** Fewer values than this are outliers, not a second style. */
const LEAST_VALUES = 3;
const LEAST_STYLE_SHARE = 0.05;
const MOST_STYLES = 4;

/**
 * As above, with the styles of the remaining values added if dates are written in several formats that never contradict
 * each other.
 */
function withOthers(first: SniffedDates, values: readonly string[]): SniffedDates {
  const styles = [first.format];
  let { share, isAmbiguous } = first;
  let rest = unreadBy(values, first.format);
  while (styles.length < MOST_STYLES && hasDay(first.format)) {
    const next = commonestIn(rest, styles, values);
    if (next === null) break;
    styles.push(next.format);
    isAmbiguous ||= next.isAmbiguous;
    const left = unreadBy(rest, next.format);
    share += (rest.length - left.length) / values.length;
    rest = left;
  }
  return { ...first, format: joinStyles(styles), share, isAmbiguous };
}

function commonestIn(
  rest: readonly string[],
  styles: readonly string[],
  all: readonly string[],
): SniffedDates | null {
  if (rest.length < Math.max(LEAST_VALUES, LEAST_STYLE_SHARE * all.length)) return null;
  let best: SniffedDates | null = null;
  for (const format of DATE_FORMATS) {
    if (!hasDay(format) || readShare(rest.slice(0, PROBED), format) <= (best ? best.share / 2 : 0)) continue;
    const share = readShare(rest, format);
    if (share > (best?.share ?? 0)) best = { format, share, isAmbiguous: false };
  }
  if (!best || best.share * rest.length < Math.max(LEAST_VALUES, LEAST_STYLE_SHARE * all.length)) return null;
  const settled = resolveTwin(best, rest);
  return styles.some((style) => areRivals(style, settled.format, all)) ? null : settled;
}

/** Whether the style names a full day: year, month and day. */
const hasDay = (format: string) => format.includes("yy") && format.includes("d");

/** Both styles read a value, but as different days. */
function areRivals(one: string, other: string, values: readonly string[]): boolean {
  return values.some((value) => {
    const [a, b] = [parseDate(value, one), parseDate(value, other)];
    return a !== b && !Number.isNaN(a) && !Number.isNaN(b);
  });
}

/** True if some values can only be day first and others only month first, so the rest is ambiguous. */
export function mixesOrders(values: readonly string[]): boolean {
  const least = Math.max(LEAST_VALUES, LEAST_STYLE_SHARE * values.length);
  return TWINS.some(([monthFirst, dayFirst]) => {
    if (values.length === 0 || readShare(values.slice(0, PROBED), monthFirst) < LEAST_SHARE) return false;
    const [noMonths, noDays] = [unreadBy(values, monthFirst), unreadBy(values, dayFirst)];
    const neither = unreadBy(noMonths, dayFirst).length;
    return (
      noMonths.length - neither >= least && noDays.length - neither >= least && neither < 0.1 * values.length
    );
  });
}

function unreadBy(values: readonly string[], format: string): string[] {
  return values.filter((value) => Number.isNaN(parseDate(value, format)));
}

function readShare(values: readonly string[], format: string): number {
  const read = values.reduce((sum, value) => sum + (Number.isNaN(parseDate(value, format)) ? 0 : 1), 0);
  return read / values.length;
}

function resolveTwin(best: SniffedDates, values: readonly string[]): SniffedDates {
  const pair = TWINS.find((twin) => (twin as readonly string[]).includes(best.format));
  if (!pair || readShare(values, pair[0]) !== readShare(values, pair[1])) return best;
  const [monthFirst, dayFirst] = pair.map((format) => plausibility(values, format)) as [number, number];
  if (Math.abs(monthFirst - dayFirst) > 0.15)
    return { ...best, format: monthFirst > dayFirst ? pair[0] : pair[1] };
  return { ...best, format: best.format.includes("/") ? pair[0] : pair[1], isAmbiguous: true };
}

/** With fewer distinct days their order means nothing. */
const LEAST_DAYS = 6;

/**
 * Scores how plausible a reading is: how regularly the days follow each other, how far the rows are sorted, and whether
 * the column is monthly.
 */
function plausibility(values: readonly string[], format: string): number {
  const times = values.map((value) => parseDate(value, format)).filter((time) => !Number.isNaN(time));
  const days = [...new Set(times.map((time) => Math.floor(time / DAY_MS)))].sort((a, b) => a - b);
  if (days.length < LEAST_DAYS) return 0;
  return evenness(days) + order(times) + Number(isMonthly(days));
}

/**
 * True if (nearly) all values are on one or two days of the month, over several years: the other reading would be the
 * same few days each year.
 */
function isMonthly(days: readonly number[]): boolean {
  const dates = days.map((day) => new Date(day * DAY_MS));
  const count = (part: (date: Date) => number) => new Set(dates.map(part)).size;
  const months = count((date) => date.getUTCMonth());
  return (
    months >= 10 && count((date) => date.getUTCDate()) <= 2 && count((date) => date.getUTCFullYear()) > 1
  );
}

/** The share of steps between days that equal the commonest step, counted in months or in days up to a week. */
function evenness(days: readonly number[]): number {
  const steps = new Map<string, number>();
  for (let k = 1; k < days.length; k++) {
    const step = stepBetween(days[k - 1]!, days[k]!);
    if (step) steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  return Math.max(0, ...steps.values()) / (days.length - 1);
}

function stepBetween(from: number, to: number): string | null {
  const [a, b] = [new Date(from * DAY_MS), new Date(to * DAY_MS)];
  const months = 12 * (b.getUTCFullYear() - a.getUTCFullYear()) + b.getUTCMonth() - a.getUTCMonth();
  if (months > 0 && a.getUTCDate() === b.getUTCDate()) return `${months} months`;
  return to - from <= 7 ? `${to - from} days` : null;
}

/** 1 if the rows are sorted by day in either direction, 0 if they are not. */
function order(times: readonly number[]): number {
  let [up, down] = [0, 0];
  for (let k = 1; k < times.length; k++) {
    if (times[k]! > times[k - 1]!) up++;
    else if (times[k]! < times[k - 1]!) down++;
  }
  return up + down === 0 ? 0 : Math.abs(up - down) / (up + down);
}

/** Names of columns that usually hold future dates. */
const AHEAD = /expir|matur|due|valid|until|deadline|ablauf|fällig|ende?\b/i;
/** The last plausible year; later for a column whose name suggests future dates. */
const LAST_YEAR = 2035;
const LAST_YEAR_AHEAD = 2069;

/** The century window in which the column's years are closest together and none is implausibly far ahead. */
function plausibleCentury(values: readonly string[], format: string, name: string): number {
  const years = new Set<number>();
  for (const value of values) {
    const time = parseDate(value, format);
    if (!Number.isNaN(time)) years.add(new Date(time).getUTCFullYear() % 100);
  }
  const sorted = [...years].sort((a, b) => a - b);
  if (sorted.length === 0) return YEAR_FROM;
  // The widest gap on the circle of a hundred years ends where the years begin.
  let [start, widest] = [sorted[0]!, sorted[0]! + 100 - sorted[sorted.length - 1]!];
  for (let k = 1; k < sorted.length; k++) {
    const gap = sorted[k]! - sorted[k - 1]!;
    if (gap > widest) [start, widest] = [sorted[k]!, gap];
  }
  const last = AHEAD.test(name) ? LAST_YEAR_AHEAD : LAST_YEAR;
  const span = 100 - widest;
  const first = 2000 + start;
  return first + span <= last ? first : first - 100;
}
