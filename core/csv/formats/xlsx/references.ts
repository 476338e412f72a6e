/** Converts cell and range references: "B3:F1204". Columns and rows count from 1. */
import { AppError } from "../../../platform/errors.ts";

export const MAX_COLUMN = 16_384;
export const MAX_ROW = 1_048_576;

export interface Range {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** "AB" -> 28; 0 if it is not a column. */
export function columnNumber(letters: string): number {
  let column = 0;
  for (let k = 0; k < letters.length; k++) column = 26 * column + (letters.charCodeAt(k) & 31);
  return column;
}

export function columnLetters(column: number): string {
  let letters = "";
  for (let left = column; left > 0; left = Math.floor((left - 1) / 26))
    letters = String.fromCharCode(65 + ((left - 1) % 26)) + letters;
  return letters;
}

export function rangeText({ left, top, right, bottom }: Range): string {
  return `${columnLetters(left)}${top}:${columnLetters(right)}${bottom}`;
}

const RANGE = /^\$?([A-Z]{1,3})\$?(\d{1,7})?(?::\$?([A-Z]{1,3})\$?(\d{1,7})?)?$/i;

/** "B3:F100", "B:F" (whole columns), "B3" (to the end). Throws AppError `invalid`. */
export function parseRange(text: string): Range {
  const match = RANGE.exec(text.trim());
  const [, left = "", top, right, bottom] = match ?? [];
  const range = {
    left: columnNumber(left.toUpperCase()),
    top: Number(top ?? 1),
    right: right ? columnNumber(right.toUpperCase()) : MAX_COLUMN,
    bottom: Number(bottom ?? MAX_ROW),
  };
  const isRange =
    match !== null &&
    range.left <= range.right &&
    range.right <= MAX_COLUMN &&
    range.top >= 1 &&
    range.top <= range.bottom &&
    range.bottom <= MAX_ROW;
  if (isRange) return range;
  throw new AppError("invalid", `${text} is not a range of cells`, {
    fix: "Name the first and the last cell.",
    example: "B3:F100",
  });
}

/** As `parseRange`; null if a reference inside a file is invalid. */
export function readRange(text: string): Range | null {
  try {
    return text.includes(":") ? parseRange(text) : null;
  } catch {
    return null;
  }
}
