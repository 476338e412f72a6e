/** Lists the words that mean missing, yes and no. Lists only; the column decides which of them apply. */

/** Missing in any column. */
export const MISSING_ANYWHERE: ReadonlySet<string> = new Set([
  "na",
  "n/a",
  "n.a.",
  "#n/a",
  "<na>",
  "nan",
  "null",
  "\\n",
  "(null)",
  "(missing)",
  "missing",
  "#null!",
  "#value!",
  "#ref!",
  "#div/0!",
  "?",
]);

/** Those that are ordinary words: an item may be called missing. */
export const PLAIN_WORDS: ReadonlySet<string> = new Set(["missing", "null"]);

/** Missing only among numbers, dates and booleans; elsewhere a normal label. */
export const MISSING_AMONG_VALUES: ReadonlySet<string> = new Set([
  ...MISSING_ANYWHERE,
  "none",
  "nil",
  "-",
  "--",
  "---",
  "–",
  "—",
  ".",
  "..",
  "...",
  "…",
  "*",
  "**",
  ":",
  "x",
  "nd",
  "n.d.",
  "n/d",
  "unknown",
  "unk",
  "undefined",
  "not available",
  "not applicable",
  "blank",
  "(blank)",
  "empty",
  "-nan",
  "k. a.",
  "k.a.",
]);

/** The pair [false, true] that a word belongs to, and which of the two it is; null if it means neither yes nor no. */
export function truthOf(word: string): boolean | null {
  const lower = word.trim().toLowerCase();
  if (lower === "1" || lower === "1.0") return true;
  if (lower === "0" || lower === "0.0") return false;
  if (BOOLEAN_WORDS.some(([, yes]) => yes === lower)) return true;
  return BOOLEAN_WORDS.some(([no]) => no === lower) ? false : null;
}

export function isMissingWord(cell: string): boolean {
  return MISSING_AMONG_VALUES.has(cell.trim().toLowerCase());
}

/** [false, true], trimmed and in lower case. */
export const BOOLEAN_WORDS: readonly (readonly [string, string])[] = [
  ["false", "true"],
  ["no", "yes"],
  ["n", "y"],
  ["f", "t"],
  ["off", "on"],
  ["nein", "ja"],
  ["non", "oui"],
  ["no", "si"],
  ["no", "sí"],
  ["não", "sim"],
  ["nao", "sim"],
  ["nee", "ja"],
  ["nej", "ja"],
  ["нет", "да"],
  ["no", "sì"],
  ["nie", "tak"],
  ["ne", "ano"],
  ["nem", "igen"],
  ["nu", "da"],
  ["ne", "da"],
  ["nei", "ja"],
  ["ei", "kyllä"],
  ["hayır", "evet"],
  ["hayir", "evet"],
  ["όχι", "ναι"],
  ["ні", "так"],
  ["не", "да"],
  ["לא", "כן"],
  ["لا", "نعم"],
  ["नहीं", "हाँ"],
  ["아니오", "예"],
  ["아니요", "예"],
  ["いいえ", "はい"],
  ["否", "是"],
  ["不是", "是"],
  ["không", "có"],
  ["tidak", "ya"],
  ["falsch", "wahr"],
  ["faux", "vrai"],
  ["falso", "verdadero"],
  ["falso", "verdadeiro"],
  ["falso", "vero"],
  ["fałsz", "prawda"],
  ["ложь", "истина"],
  ["onwaar", "waar"],
  ["偽", "真"],
  ["假", "真"],
  ["✗", "✓"],
  ["✘", "✔"],
  ["☐", "☑"],
];
