/**
 * Decides whether a column of words holds labels, IDs or text. Judged by how often they repeat, how they look, and
 * what the column is called.
 */
import type { ColumnType } from "../types.ts";

/** `values` are distinct ones, `distinct` and `count` of the whole column. */
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

/** Of all values together: how many, their words and letters, and whether each is one token. */
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

/** One more than there are stretches of blanks. */
function wordsIn(text: string): number {
  let words = 1;
  for (let i = 1; i < text.length; i++) if (BLANK.test(text[i]!) && !BLANK.test(text[i - 1]!)) words++;
  return words;
}

function isToken(value: string): boolean {
  return /^[\w./:@#{}-]+$/.test(value);
}

/** Names that ids go by, whatever is in them. */
const ID_NAME = /(?:^|[\s_.-])(?:id|ids|uuid|guid|pid|key|rowid)$/i;
const CAMEL_ID = /[a-z](?:Id|ID|Key|No|Nr)$/;
/** Names of ids, but also of what is measured: a price index, a number of rooms. */
const COUNTER_NAME = /(?:^|[\s_.-])(?:index|idx|row|no|nr|num|number|order|instant|serial|sn)$/i;

/** Names that ids go by. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name) || CAMEL_ID.test(name) || COUNTER_NAME.test(name);
}

/** Whole numbers that never repeat are ids where their name says so and their values do not look measured. */
export function isNumberId(name: string, values: { isSequence: boolean; min: number; max: number }): boolean {
  if (ID_NAME.test(name) || CAMEL_ID.test(name)) return true;
  if (!COUNTER_NAME.test(name)) return false;
  // Numbers of one length, and a long one, are given out, not measured.
  const isFixed = values.min >= 1e5 && String(values.min).length === String(values.max).length;
  return values.isSequence || isFixed;
}
