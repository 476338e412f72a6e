/**
 * Tells what a cell looks like: a number, a date, a word. Used to compare dialects and to tell headers from data, never
 * to convert. Every test is linear and looks at 200 characters at most.
 */
export type CellKind = "empty" | "number" | "date" | "time" | "code" | "word" | "odd";

const NUMBER = /^[-+(]?\s?[$€£¥]?\s?[-+]?(?:\d[\d.,' \u00a0]*|[.,]\d+)(?:e[-+]?\d{1,3})?\s?[%$€£¥)]?\)?$/i;
const DATE =
  /^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](?:\d{1,2}|[a-zäéû]{3,9}\.?)[-/. ,]+\d{2,4})(?:[T ,].{0,40})?$/i;
const TIME = /^\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]m)?$/i;
const LINK = /^(?:https?:\/\/|www\.|[\w.+-]+@[\w-]+\.)\S+$/i;
const WORDS = /^[\p{L}\p{N}_@#([*+$€£<>=~§-][\p{L}\p{N}\p{M}\s_.,:'’&()/\-+*#%$€£@!?;"<>=[\]–—°²³§~]*$/u;
const CODE = /^[\p{L}\p{N}_-]+$/u;
const QUOTED = /^["'`].*["'`]$/s;
/** Characters that a wrong delimiter leaves at the edges. */
const EDGED = /^[,;|\t]|[,;|\t]$/;
const SEVERAL = /[;|\t]|,\S*,|,(?=\S)/;

export function cellKind(cell: string): CellKind {
  const text = cell.length > 200 ? cell.slice(0, 200).trim() : cell.trim();
  if (text === "") return "empty";
  if (NUMBER.test(text)) return "number";
  if (DATE.test(text)) return "date";
  if (TIME.test(text)) return "time";
  if (CODE.test(text) || LINK.test(text)) return "code";
  if (EDGED.test(text) || (QUOTED.test(text) && text.length === cell.length)) return "odd";
  return WORDS.test(text) && !SEVERAL.test(text) ? "word" : "odd";
}

/** Kinds that a header cell hardly ever has. */
export function isTyped(kind: CellKind): boolean {
  return kind === "number" || kind === "date" || kind === "time";
}

export type Share = Record<CellKind, number>;

/** How often each kind occurs in one column of `rows`. */
export function kindsOf(rows: readonly string[][], column: number): Share {
  const share: Share = { empty: 0, number: 0, date: 0, time: 0, code: 0, word: 0, odd: 0 };
  for (const row of rows) share[cellKind(row[column] ?? "")]++;
  return share;
}

/** The typed kind of nearly all filled cells of a column; null if they are words. */
export function fieldKind(share: Share): CellKind | null {
  const filled = share.number + share.date + share.time + share.code + share.word + share.odd;
  for (const kind of ["number", "date", "time"] as const)
    if (filled > 0 && share[kind] >= 0.75 * filled) return kind;
  return null;
}
