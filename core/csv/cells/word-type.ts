/**
 * Decides whether a text column holds labels, IDs or free text, by how often values repeat, how they look, and the
 * column's name.
 */
import type { ColumnType } from "../types.ts";
import { isIdName } from "./id-column.ts";

/** `values` are the distinct ones; `distinct` and `count` describe the whole column. */
export function settleWordType(column: {
  name: string;
  values: Iterable<string>;
  count: number;
  distinct: number;
}): ColumnType {
  const { name, count } = column;
  const { values, words, letters, areTokens } = looksOf(column.values);
  if (count === 0 || values === 0) return "category";
  const ratio = column.distinct / count;
  const isProse = words >= 2.5 * values || letters > 40 * values;
  if (ratio > 0.98 && count >= 8 && !isProse && (areTokens || isIdName(name))) return "id";
  return ratio > 0.5 && isProse && column.distinct > 20 ? "text" : "category";
}

/** Totals over all values: their number, words and letters, and whether each is a single token. */
function looksOf(texts: Iterable<string>) {
  let [values, words, letters] = [0, 0, 0];
  let areTokens = true;
  for (const text of texts) {
    values++;
    words += wordsIn(text);
    letters += text.length;
    areTokens &&= isToken(text);
  }
  return { values, words, letters, areTokens };
}

const BLANK = /\s/;

/** One more than the number of gaps. */
function wordsIn(text: string): number {
  let words = 1;
  for (let i = 1; i < text.length; i++) if (BLANK.test(text[i]!) && !BLANK.test(text[i - 1]!)) words++;
  return words;
}

/** 120/80 is two measurements. */
function isToken(value: string): boolean {
  return /^[\w./:@#{}-]+$/.test(value) && !/^\d{1,3}\/\d{1,3}$/.test(value);
}
