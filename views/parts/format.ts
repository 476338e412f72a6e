/** How is a figure written for people? Pure functions from numbers to words; it never rounds away a unit. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** 1440 -> "1440", 53940 -> "53,940": groups from five digits on. */
export function count(n: number): string {
  return signed(grouped(Math.round(n)));
}

function grouped(n: number): string {
  return Math.abs(n) < 10_000 ? String(n) : n.toLocaleString("en");
}

/** One minus sign on all pages. */
const signed = (digits: string) => digits.replace("-", "−");

/** 1 -> "1 row", 2 -> "2 rows". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

export function bytes(n: number): string {
  const power = n < 1000 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(n) / 3));
  const value = n / 1000 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${BYTE_UNITS[power]}`;
}

/** 850 -> "850 ms", 12300 -> "12 s", 200000 -> "3 min 20 s". */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) return both(`${Math.floor(seconds / 60)} min`, seconds % 60, "s");
  return both(`${Math.floor(minutes / 60)} h`, minutes % 60, "min");
}

/** 600000 -> "10 min", without a tail of nothing. */
function both(large: string, small: number, unit: string): string {
  return small > 0 ? `${large} ${small} ${unit}` : large;
}

/** Three significant digits without a tail of zeros, whole from 100 on: 0.841, 12.3, 53,940, −8 × 10⁻⁵. */
export function figure(n: number): string {
  if (!Number.isFinite(n)) return "–";
  const size = Math.abs(n);
  if (isPower(size)) return power(n);
  return signed(size >= 100 ? grouped(Math.round(n)) : String(Number(n.toPrecision(3))));
}

/** The same with its tail: scores that stand beside each other have as many digits. */
export function score(n: number): string {
  const size = Math.abs(n);
  if (!Number.isFinite(n) || n === 0 || size >= 100 || isPower(size)) return figure(n);
  return signed(n.toPrecision(3));
}

const isPower = (size: number) => size !== 0 && (size < 0.001 || size >= 1e9);
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** 1.2e-7 -> "1.2 × 10⁻⁷". */
function power(n: number): string {
  const [digits, exponent] = n.toExponential(2).split("e") as [string, string];
  const raised = exponent
    .replace("+", "")
    .replace("-", "⁻")
    .replace(/\d/g, (digit) => SUPERSCRIPTS[+digit]!);
  return `${signed(String(Number(digits)))}\u00a0×\u00a010${raised}`;
}

const MOST_DECIMALS = 6;

/** Figures of one column: three significant digits for the largest, as many decimals for all. */
export function figures(values: readonly number[]): string[] {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || isPower(largest)) return values.map(figure);
  const decimals = Math.min(MOST_DECIMALS, Math.max(0, 2 - Math.floor(Math.log10(largest))));
  return values.map((value) => {
    const isLost = value !== 0 && Math.abs(value) < 0.5 * 10 ** -decimals;
    if (!Number.isFinite(value) || isLost) return figure(value);
    return signed(decimals === 0 ? grouped(Math.round(value)) : value.toFixed(decimals));
  });
}

/** Shares of rows, progress, load: 0.1234 -> "12 %"; small shares keep a digit, and what is not all is not 100 %. */
export function percent(share: number): string {
  const value = Math.abs(share * 100);
  const sign = share < 0 ? "−" : "";
  if (value > 0 && value < 0.05) return `${sign}<0.1 %`;
  if (value > 99.9 && value < 100) return `${sign}>99.9 %`;
  const text =
    value > 0 && (value < 9.95 || (value > 99 && value < 100)) ? value.toFixed(1) : value.toFixed(0);
  return `${sign}${text} %`;
}

/** Scores, baselines and their differences: one digit after the point. */
export function scorePercent(share: number): string {
  const value = share * 100;
  const isAlmost = Math.abs(value) > 99.9 && Math.abs(value) < 100;
  return isAlmost || (value !== 0 && Math.abs(value) < 0.05)
    ? percent(share)
    : `${signed(value.toFixed(1))} %`;
}

/** Up to the first full stop that ends a sentence; "79.3 %" does not. */
export function firstSentence(text: string): string {
  return /^.*?[^.]\.(?=\s|$)/.exec(text)?.[0] ?? text;
}

/** A number and its unit stay on one line: "79.3 %", "12 ms". */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=%|ms\b|kB\b|MB\b|GB\b)/g, "$1\u00a0");
}

/** As a file writes it, without groups of digits: what is compared with its cells, or typed. */
export function plain(n: number): string {
  return String(Number(n.toPrecision(4)));
}

/** A sentence's first letter as a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "2026-11-22 16:22:07 UTC"; scripts show it in the reader's own zone. */
export function utc(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** "16:22:07", for feeds. */
export function clock(iso: string): string {
  return iso.slice(11, 19);
}

/** Cuts what is too long for its place; the full text belongs into a title. */
export function short(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** A value as it goes between single quotes of a shell. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
