/** Decides which cells may count as missing in a column of numbers or dates without changing its type. */

/** How many different words a number column may contain, and in what share of its cells, without becoming text. */
const MAX_STRAY_WORDS = 5;
const MAX_STRAY_SHARE = 0.1;
/** With this many different values, a single word is a remark, not a label. */
const MIN_RICH = 25;
const MAX_RICH_STRAY_SHARE = 0.5;
/** Shape of an unlisted word for missing: short, without digits. */
export function wordsAmong(strays: readonly string[]): string[] {
  const words = distinct(strays.map((value) => value.toLowerCase())).filter(isPlainWord);
  return words.length <= MAX_STRAY_WORDS ? words : [];
}

const isPlainWord = (value: string) => !/\d/.test(value) && value.length < 30;

/** Among many numbers, a dozen different remarks in a fifth of the cells are still remarks. */
const MOST_REMARKS = 12;
const MAX_REMARK_SHARE = 0.2;
/** The share of cells of any kind that may be odd without changing the type. */
const MAX_ODD_SHARE = 0.05;
const MAX_RICH_ODD_SHARE = 0.1;
const LEAST_SOLID = 10;

/**
 * Whether these cells may count as missing in a column of values: listed words for missing in up to a tenth of the
 * cells; one or two words in up to half of them if there are many values; values with a footnote or a "less than" in as
 * many; anything else in a few.
 */
export function areStrays(
  strays: readonly string[],
  solid: readonly string[],
  isValue: (value: string) => boolean,
): boolean {
  if (strays.length === 0) return true;
  const isRich = distinct(solid).length >= MIN_RICH;
  const words = strays.filter(isPlainWord);
  const kinds = distinct(words.map((value) => value.toLowerCase())).length;
  const noted = strays.filter((value) => !isPlainWord(value) && isNoted(value, isValue));
  const odd = strays.length - words.length - noted.length;
  const wordShare =
    kinds <= 2 && isRich
      ? MAX_RICH_STRAY_SHARE
      : isRich && kinds <= MOST_REMARKS
        ? MAX_REMARK_SHARE
        : kinds <= MAX_STRAY_WORDS
          ? MAX_STRAY_SHARE
          : MAX_ODD_SHARE;
  const oddShare = isRich ? MAX_RICH_ODD_SHARE : MAX_ODD_SHARE;
  const notedShare = isRich ? MAX_RICH_STRAY_SHARE : MAX_STRAY_SHARE;
  const isOneOdd = odd === 0 || (odd === 1 && solid.length >= LEAST_SOLID);
  return (
    (words.length <= wordShare * solid.length || (words.length === 1 && solid.length >= LEAST_SOLID)) &&
    noted.length <= notedShare * solid.length &&
    (isOneOdd || odd <= oddShare * solid.length) &&
    strays.length <= MAX_RICH_STRAY_SHARE * solid.length
  );
}

/**
 * A value with a footnote or a sign before it: `88.2*`, `<20`, `12 (est.)`; or one outside the range of a double,
 * `1e999`.
 */
function isNoted(value: string, isValue: (value: string) => boolean): boolean {
  if (/^[-+]?\d[\d.]*e\+?\d{3,}$/i.test(value)) return true;
  const bare = value
    .replace(/^[<>≤≥=~≈*†‡\s]+/, "")
    .replace(/\s*(?:[*†‡¹²³^#?!]+|\([^)]{1,15}\)|\[[^\]]{1,15}\]|[a-z])$/i, "");
  return bare !== value && isValue(bare);
}

function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
