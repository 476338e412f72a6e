/** Decides which cells may count as missing in a column of numbers or dates without changing its type. */

/** Words that may stand in a number column without making it text: few, and in few cells. */
const MAX_STRAY_WORDS = 5;
const MAX_STRAY_SHARE = 0.1;
/** Among so many different values, one word is a remark on a number and no label beside other labels. */
const MIN_RICH = 25;
const MAX_RICH_STRAY_SHARE = 0.5;
/** A word for missing that is not on any list: no digits, short. */
export function wordsAmong(strays: readonly string[]): string[] {
  const words = distinct(strays.map((value) => value.toLowerCase())).filter(isPlainWord);
  return words.length <= MAX_STRAY_WORDS ? words : [];
}

const isPlainWord = (value: string) => !/\d/.test(value) && value.length < 30;

/** So many cells of any kind may be odd without the column being something else. */
const MAX_ODD_SHARE = 0.05;
const LEAST_SOLID = 10;

/**
 * May these cells be missing in a column of values? Words for missing in a tenth of them, one or two words in half of
 * them where the values are many; what is a value with a footnote or a "less than", as often; anything else in a few.
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
    kinds <= 2 && isRich ? MAX_RICH_STRAY_SHARE : kinds <= MAX_STRAY_WORDS ? MAX_STRAY_SHARE : MAX_ODD_SHARE;
  const notedShare = isRich ? MAX_RICH_STRAY_SHARE : MAX_STRAY_SHARE;
  const isOneOdd = odd === 0 || (odd === 1 && solid.length >= LEAST_SOLID);
  return (
    (words.length <= wordShare * solid.length || (words.length === 1 && solid.length >= LEAST_SOLID)) &&
    noted.length <= notedShare * solid.length &&
    (isOneOdd || odd <= MAX_ODD_SHARE * solid.length) &&
    strays.length <= MAX_RICH_STRAY_SHARE * solid.length
  );
}

/** A value with a footnote, or with a sign before it: `88.2*`, `<20`, `12 (est.)`; or one beyond all numbers, `1e999`. */
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
