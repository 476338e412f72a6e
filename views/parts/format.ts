/**
 * Writes numbers, times and names for pages. The rules for numbers are in core/platform/figures.ts; here they get the
 * minus sign and powers of ten for pages.
 */
import * as text from "../../core/platform/figures.ts";

export { bytes, thresholdPercent } from "../../core/platform/figures.ts";

const { typeset } = text;

/** 1440 -> "1440", 53940 -> "53,940": groups from five digits on. */
export const count = (n: number) => typeset(text.count(n));

/** An end of a range, as short as a form needs it: 22961.3 -> "22,961.3", -0.30000001 -> "−0.3". */
export const bound = (n: number) => typeset(text.exact(Number(text.plain(n))));

/** 1 -> "1 row", 2 -> "2 rows". */
export const plural = (n: number, noun: string) => typeset(text.plural(n, noun));

/** Three significant digits without trailing zeros, whole from 100: 0.841, 12.3, 53,940, −8 × 10⁻⁵. */
export const figure = (n: number) => typeset(text.figure(n));

/** As above with trailing zeros: scores beside each other have equally many digits. */
export const score = (n: number) => typeset(text.score(n));

/** Figures of one column, or a figure and its error: the same decimals for all. */
export const figures = (values: readonly number[]) => text.figures(values).map(typeset);

/** The labels of an axis: the same decimals for all. */
export const ticks = (values: readonly number[]) => text.ticks(values).map(typeset);

/** Shares of rows, progress, load: 0.1234 -> "12 %"; one decimal below 10 %. */
export const percent = (share: number) => typeset(text.percent(share));

/** Scores, baselines and their differences: 0.8534 -> "85.3 %". */
export const scorePercent = (share: number) => typeset(text.scorePercent(share));

/** A gauge's value and its unit: "42 %", "12.3 ms". */
export const reading = (value: number, unit: string) => typeset(text.reading(value, unit));

/** 850 -> "850 ms", 12300 -> "12 s", 200000 -> "3 min 20 s". */
export const duration = (ms: number) => typeset(text.duration(ms));

/** Time left of a run: "about 9 s left". */
export function timeLeft(ms: number): string {
  if (ms < 1000) return "almost done";
  return `about ${duration(1000 * Math.round(ms / 1000)).replace(".0", "")} left`;
}

/** Ends with a full stop, unless it already ends a sentence. */
export function sentence(text: string): string {
  return /[.!?…]$/.test(text.trim()) ? text : `${text}.`;
}

/** Longer names are cut on pages, so that a sentence stays readable; the title has the full name. */
const MOST_OF_NAME = 60;

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/**
 * A name of a column, a class, a file or a model: up to 60 characters of it. A right-to-left name is isolated (U+2068,
 * U+2069), so that the sentence around it keeps its order.
 */
export function shortName(name: string): string {
  const cut = short(name, MOST_OF_NAME);
  return RIGHT_TO_LEFT.test(cut) ? `\u2068${cut}\u2069` : cut;
}

/**
 * A sentence of the server as a page shows it: typographic signs, a number and its unit on one line ("79.3 %", "12
 * ms"), long names between quotes cut.
 */
export function unbroken(text: string): string {
  const cut = text.replace(/“([^“”]+)”/g, (_, name: string) => `“${shortName(name)}”`);
  return typeset(cut).replace(/(\d) (?=%|ms\b|kB\b|MB\b|GB\b)/g, "$1\u00a0");
}

/** A sentence's first letter as a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "Sun 29 Mar 2026, 03:00 (UTC+2)": a time as the clocks of a zone show it. */
export function zonedTime(iso: string, timeZone: string): string {
  const words = new Intl.DateTimeFormat("en-GB", {
    ...{ weekday: "short", day: "numeric", month: "short", year: "numeric" },
    ...{ hour: "2-digit", minute: "2-digit", timeZone, timeZoneName: "shortOffset" },
  } as Intl.DateTimeFormatOptions).formatToParts(new Date(iso));
  const part = (type: string) => words.find((word) => word.type === type)?.value ?? "";
  const date = ["weekday", "day", "month", "year"].map(part).join(" ");
  const offset = part("timeZoneName").replace("GMT", "UTC").replace(/\+0$/, "");
  return `${date}, ${part("hour")}:${part("minute")} (${offset})`;
}

/** "2026-11-22 16:22:07 UTC"; scripts convert it to the reader's time zone. */
export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** "16:22:07", for feeds. */
export function clock(iso: string): string {
  return iso.slice(11, 19);
}

/** Cuts text that is too long for its place; the full text belongs in a title. */
export function short(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
