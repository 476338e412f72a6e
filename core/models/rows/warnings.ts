/** Defines the warnings about values that were not read exactly as written: one shape for JSON, CSV, forms and exports. */

export const WARNING_CODES = [
  "unreadable",
  "other_style",
  "ambiguous_style",
  "unseen_category",
  "other_spelling",
  "inexact_number",
  "unknown_column",
  "short_row",
  "long_row",
  "header_again",
] as const;
export type WarningCode = (typeof WARNING_CODES)[number];

/** A value that was read as missing, differently from how it is written, or not at all. */
export interface Warning {
  /** From 0, in the order of the request. */
  row: number;
  /** "": the whole row. */
  column: string;
  code: WarningCode;
  message: string;
}

/** Further warnings are counted, not listed. */
export const MOST_WARNINGS = 10_000;

export type Warn = (code: WarningCode, message: string) => void;

const SHOWN = 60;

export function quoted(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
