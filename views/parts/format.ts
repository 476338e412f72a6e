/** How is a figure written for people? Pure functions from numbers to words; it never rounds away a unit. */

const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** 53940 -> "53,940". */
export function count(n: number): string {
  return Math.round(n).toLocaleString("en");
}

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

/** Three or four significant digits, grouped, without a tail of zeros: 0.841, 12.3, 53,940, −0.00008. */
export function figure(n: number): string {
  if (!Number.isFinite(n)) return "–";
  return digits(n).replace("-", "−");
}

function digits(n: number): string {
  const size = Math.abs(n);
  if (size < 1e-6) return "0";
  if (size >= 1000) return Math.round(n).toLocaleString("en");
  if (size < 0.001) return n.toFixed(6).replace(/0+$/, "");
  return String(Number(n.toPrecision(size < 1 ? 3 : 4)));
}

/** 0.1234 -> "12 %"; small shares keep a digit. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value !== 0 && Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} %`;
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
  return figure(n).replaceAll(",", "");
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
