/** Decides whether a word such as NA means missing in a column of labels or is one of the labels. */
import type { Finding } from "../types.ts";
import { MISSING_ANYWHERE, PLAIN_WORDS } from "./words.ts";

export interface WordsMissing {
  missingWords: string[];
  findings: Finding[];
}

/** `values`: filled cells, trimmed; `blanks`: how many cells are empty. */
export function missingAmongWords(column: string, values: readonly string[], blanks: number): WordsMissing {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const isSuspect = (value: string) => MISSING_ANYWHERE.has(value.toLowerCase());
  const suspects = [...counts.keys()].filter(isSuspect);
  if (suspects.length === 0) return { missingWords: [], findings: [] };
  const others = [...counts].filter(([value]) => !isSuspect(value));
  const missingWords = new Set<string>();
  const kept: string[] = [];
  for (const word of suspects) {
    if (isLabel(word, { count: counts.get(word)!, others, blanks })) kept.push(word);
    else missingWords.add(word.toLowerCase());
  }
  const all = values.length + blanks;
  const gone = suspects.filter((word) => missingWords.has(word.toLowerCase()));
  const lost = gone.reduce((sum, word) => sum + counts.get(word)!, 0);
  return {
    missingWords: [...missingWords].filter((word) => !kept.some((label) => label.toLowerCase() === word)),
    findings: [
      ...(kept.length > 0 ? [keptFinding(column, kept)] : []),
      ...(lost > 0.02 * all ? [missingFinding(column, gone)] : []),
    ],
  };
}

/** Another label has at least this share of the rows. */
const ALIKE = 0.5;

function isLabel(
  word: string,
  given: { count: number; others: readonly [string, number][]; blanks: number },
): boolean {
  const { count, others, blanks } = given;
  if (count < 2) return false;
  // Signs such as ? are never a class, unless only one other label would be left.
  const isWord = /^\p{L}+$/u.test(word);
  if (!isWord) return false;
  if (others.length === 1) return true;
  if (PLAIN_WORDS.has(word.toLowerCase())) return count >= 0.02 * total(others) || blanks > 0;
  if (word.toLowerCase() === "nan" || word === "<NA>") return false;
  if (areCodes(others) && word === word.toUpperCase()) return true;
  const [least, most] = extremes(others);
  return others.length <= 20 && blanks > 0 && count >= ALIKE * least && count <= most / ALIKE;
}

const total = (others: readonly [string, number][]) => others.reduce((sum, [, count]) => sum + count, 0);

function extremes(others: readonly [string, number][]): [number, number] {
  const counts = others.map(([, count]) => count);
  return [Math.min(...counts), Math.max(...counts)];
}

/** NA is also Namibia and North America: among short codes in capitals it is a value. */
function areCodes(others: readonly [string, number][]): boolean {
  const labels = others.map(([label]) => label);
  const isShort = labels.every((label) => /^[A-Z]{2,5}$/.test(label));
  return (
    labels.length >= 2 &&
    isShort &&
    !labels.some((label) => /^(?:YES|NO|MALE|FEMALE|TRUE|FALSE)$/.test(label))
  );
}

function keptFinding(column: string, words: readonly string[]): Finding {
  const named = words.map((word) => `“${word}”`).join(", ");
  return {
    code: "missing_word_kept",
    severity: "info",
    column,
    message: `In “${column}”, ${named} is read as a value like the others, not as missing.`,
    fix: { missing: { [column]: words.map((word) => word.toLowerCase()) } },
  };
}

function missingFinding(column: string, words: readonly string[]): Finding {
  const named = words.map((word) => `“${word}”`).join(", ");
  return {
    code: "missing_words",
    severity: "info",
    column,
    message: `In “${column}”, ${named} counts as missing.`,
    fix: { missing: { [column]: [] } },
  };
}
