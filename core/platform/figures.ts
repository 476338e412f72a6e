/**
 * Writes numbers for people, by one set of rules: three significant digits, thousands grouped from 10,000, nothing that
 * is not zero shown as zero, nothing below 1 shown as 1 (an R² of 0.99979), and no part shown as 100 %. Plain text:
 * "-0.5", "1.2e-7". Pages set the minus sign and powers of ten with `typeset`.
 */

export const DAY_MS = 86_400_000;

const MOST_DECIMALS = 6;
/** Distinguishes a figure from 1; a closer one is ">0.9999". */
const DECIMALS_BELOW_ONE = 4;
/** Only rounding errors of floating-point sums come closer to 1, and they mean 1. */
const ROUNDING_ERROR = 1e-9;
const POWERS_BELOW = 0.001;
const POWERS_FROM = 1e9;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const BYTE_UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Whole numbers: 1440 -> "1440", 53940 -> "53,940". Any other number is written as `figure` does. */
export function count(n: number): string {
  return Number.isInteger(n) ? grouped(n) : figure(n);
}

/** 1 -> "1 row", 2 -> "2 rows", 12000 -> "12,000 rows"; 3 -> "3 classes", "3 boxes", "3 entries". */
export function plural(n: number, noun: string): string {
  return `${count(n)} ${n === 1 ? noun : pluralOf(noun)}`;
}

function pluralOf(noun: string): string {
  if (/(?:s|x|ch|sh)$/i.test(noun)) return `${noun}es`;
  return /[^aeiou]y$/i.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}

/** A value that a user may want to type: all its digits, up to twelve, grouped from 10,000: 0.12345, 970,675.5. */
export function exact(n: number): string {
  if (!Number.isFinite(n)) return "–";
  const short = Number(n.toPrecision(12));
  return Math.abs(short) < 10_000
    ? String(short + 0)
    : short.toLocaleString("en", { maximumFractionDigits: 8 });
}

/**
 * Three significant digits without trailing zeros, whole from 100: 0.841, 12.3, 53,940, 8e-5; 0.9998, not 1. NaN: "–".
 */
export function figure(n: number): string {
  if (!Number.isFinite(n)) return "–";
  const size = Math.abs(n);
  if (isPower(size)) return power(n);
  if (looksLikeOne(n, 3)) return belowOne(n);
  return size >= 100 ? grouped(Math.round(n)) : String(Number(n.toPrecision(3)));
}

/** As `figure`, with trailing zeros: "0.890", for a score that is shown beside others. */
export function score(n: number): string {
  const size = Math.abs(n);
  if (!Number.isFinite(n) || n === 0 || size >= 100 || isPower(size) || looksLikeOne(n, 3)) return figure(n);
  // Rounding may add a digit before the point: 99.96 is "100", like its neighbour 100.2.
  return size >= 99.95 ? figure(n) : n.toPrecision(3);
}

/**
 * Figures that are read together, such as a column or a figure and its error: all get the same decimals, which give the
 * largest three significant digits. One that would look like zero is written with its own digits: 0.0046, 1.2e-7.
 */
export function figures(values: readonly number[]): string[] {
  return alignedFigures(values, 2);
}

/** As `figures`, with up to two more decimals if different ones would look equal: a score and its baseline. */
export function distinctFigures(values: readonly number[]): string[] {
  const different = new Set(values).size;
  for (const digits of [2, 3]) {
    const texts = alignedFigures(values, digits);
    if (new Set(texts).size === different) return texts;
  }
  return alignedFigures(values, 4);
}

/** The labels of an axis, evenly spaced: as many decimals as their step needs, the same for all: 0.85, 0.90, 0.95. */
export function ticks(values: readonly number[]): string[] {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const step = Math.abs((values[1] ?? Number.NaN) - values[0]!);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + ROUNDING_ERROR));
  if (isPower(largest) || !(decimals <= MOST_DECIMALS)) return values.map(figure);
  const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
  return values.map((value) =>
    Math.abs(value) < 10_000 ? (value + 0).toFixed(decimals) : value.toLocaleString("en", digits),
  );
}

/** `digits`: how many follow the first digit of the largest. */
function alignedFigures(values: readonly number[], digits: number): string[] {
  const finite = values.filter((value) => Number.isFinite(value) && value !== 0);
  const largest = finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || isPower(largest)) return values.map(figure);
  const wanted = Math.min(MOST_DECIMALS, Math.max(0, digits - Math.floor(Math.log10(largest))));
  const decimals = Math.max(wanted, ...finite.map((value) => decimalsBelowOne(value, wanted)));
  return values.map((value) => {
    if (!Number.isFinite(value)) return figure(value);
    if (decimals > 0 && looksLikeOne(value, decimals)) return belowOne(value);
    const text = decimals === 0 ? grouped(Math.round(value)) : value.toFixed(decimals);
    if (value !== 0 && Number(text) === 0) return figure(value);
    return value === 0 ? text.replace("-", "") : text;
  });
}

/** Would be rounded to 1, and is less. */
function looksLikeOne(n: number, decimals: number): boolean {
  const size = Math.abs(n);
  return size < 1 - ROUNDING_ERROR && Number(size.toFixed(decimals)) >= 1;
}

/**
 * Significant digits, up to four, until it no longer looks like 1. In columns of whole numbers nobody takes it for
 * perfect.
 */
function decimalsBelowOne(n: number, wanted: number): number {
  let decimals = wanted;
  while (decimals > 0 && decimals < DECIMALS_BELOW_ONE && looksLikeOne(n, decimals)) decimals += 1;
  return decimals;
}

/** 0.99979 -> "0.9998", 0.999999 -> ">0.9999", -0.999999 -> "<-0.9999". */
function belowOne(n: number): string {
  if (!looksLikeOne(n, DECIMALS_BELOW_ONE)) return n.toFixed(DECIMALS_BELOW_ONE);
  const edge = (1 - 10 ** -DECIMALS_BELOW_ONE).toFixed(DECIMALS_BELOW_ONE);
  return n < 0 ? `<-${edge}` : `>${edge}`;
}

/** Shares of rows, progress, load: 0.1234 -> "12 %"; one decimal below 10 %. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "–";
  const value = Math.abs(share * 100);
  return edgeOf(share) ?? `${signOf(share)}${value.toFixed(decimalsOf(value))} %`;
}

function decimalsOf(value: number): number {
  const isSmall = value > 0 && value < 9.95;
  return isSmall || (value > 99 && value < 100) ? 1 : 0;
}

/** Scores, baselines, intervals and their differences: 0.8534 -> "85.3 %". */
export function scorePercent(share: number): string {
  return scorePercents([share])[0]!;
}

/** Scores that are shown together: as many decimals as needed to tell different ones apart, three at most. */
export function scorePercents(shares: readonly number[]): string[] {
  const different = new Set(shares).size;
  for (const decimals of [1, 2, 3]) {
    const texts = shares.map((share) => scoreText(share, decimals));
    if (decimals === 3 || new Set(texts).size === different) return texts;
  }
  return [];
}

function scoreText(share: number, decimals: number): string {
  if (!Number.isFinite(share)) return "–";
  return edgeOf(share, decimals) ?? `${signOf(share)}${Math.abs(share * 100).toFixed(decimals)} %`;
}

/** A gauge's value and its unit: "42 %", "12.3 ms". */
export function reading(value: number, unit: string): string {
  return unit === "%" ? percent(value / 100) : `${figure(value)} ${unit}`;
}

/** The value of a slider: 0.434 -> "43.4 %", 0.4 -> "40 %". */
export function thresholdPercent(share: number): string {
  return edgeOf(share) ?? `${Number((100 * share).toFixed(1))} %`;
}

/** The text for a share that would be rounded to none or all, and is neither; null for the rest. */
function edgeOf(share: number, decimals = 1): string | null {
  const value = Math.abs(share * 100);
  const step = 10 ** -decimals;
  const text = value.toFixed(decimals);
  if (value > 0 && Number(text) === 0) return `${signOf(share)}<${step} %`;
  if (value < 100 && Number(text) >= 100) return `${signOf(share)}>${(100 - step).toFixed(decimals)} %`;
  return null;
}

const signOf = (n: number) => (n < 0 ? "-" : "");

/** 60302 -> "60.3 kB". */
export function bytes(n: number): string {
  let value = n;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.95 ? count(Math.round(value)) : value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

/** 850 -> "850 ms", 12300 -> "12 s", 200000 -> "3 min 20 s". */
export function duration(ms: number): string {
  if (ms < 1) return `${figure(ms)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) return both(`${Math.floor(seconds / 60)} min`, seconds % 60, "s");
  return both(`${count(Math.floor(minutes / 60))} h`, minutes % 60, "min");
}

/** 600000 -> "10 min", without "0 s". */
function both(large: string, small: number, unit: string): string {
  return small > 0 ? `${large} ${small} ${unit}` : large;
}

/** As in a file or a form field: "1234567", "-0.25". Whole numbers are exact and never grouped. */
export function plain(n: number): string {
  return String(Number.isSafeInteger(n) ? n : Number(n.toPrecision(Math.abs(n) >= 1000 ? 7 : 4)));
}

/**
 * For pages: "-0.5" -> "−0.5", "1.2e-7" -> "1.2 × 10⁻⁷". Quoted text, and words with hyphens or digits, stay unchanged.
 */
export function typeset(text: string): string {
  return text
    .replace(
      /(?<![\w.“"'-])(-?\d+(?:\.\d+)?)e([+-]?\d+)(?!\w|\.\d)/g,
      (_, digits: string, exponent: string) => {
        const raised = String(Number(exponent))
          .replace("-", "⁻")
          .replace(/\d/g, (digit) => SUPERSCRIPTS[+digit]!);
        return `${digits}\u00a0×\u00a010${raised}`;
      },
    )
    .replace(/(?<![\w.“"'\u2013-])-(?=[<>]?\d)/g, "−");
}

const isPower = (size: number) => size !== 0 && (size < POWERS_BELOW || size >= POWERS_FROM);

/** 0.00000012 -> "1.2e-7". */
function power(n: number): string {
  const [digits, exponent] = n.toExponential(2).split("e") as [string, string];
  return `${Number(digits)}e${Number(exponent)}`;
}

function grouped(n: number): string {
  return Math.abs(n) < 10_000 ? String(n + 0) : n.toLocaleString("en", { maximumFractionDigits: 0 });
}
