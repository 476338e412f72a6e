/**
 * Describes what a usual row of a table looks like, one letter per column. It tells odd rows from data: a footer,
 * another header, a row with one separator too many. It is small enough to be stored with the plan.
 *
 *   n number   d date   t time   w words   capital: (nearly) always filled   e: (nearly) always blank   ?: unknown
 */

import { isMissingWord } from "../cells/words.ts";
import { type CellKind, cellKind, fieldKind, isTyped, kindsOf } from "./cell-kinds.ts";

const SHAPED_ROWS = 100;
/** Wider tables are not worth checking. */
const MAX_WIDTH = 512;

/** "" for tables that are too wide, or too short to tell. */
export function shapeOf(body: readonly string[][], width: number): string {
  const rows = withoutNotes(body.filter((row) => row.length === width).slice(0, SHAPED_ROWS));
  if (width < 2 || width > MAX_WIDTH || rows.length < 3) return "";
  return Array.from({ length: width }, (_, column) => letterOf(rows, column)).join("");
}

/** Notes and blank rows at the end are not part of the table. */
function withoutNotes(rows: readonly string[][]): readonly string[][] {
  const fills = rows.map((row) => row.reduce((sum, cell) => sum + Number(cell !== ""), 0));
  const median = [...fills].sort((a, b) => b - a)[rows.length >> 2];
  let last = rows.length;
  while (last > 0 && fills[last - 1] <= Math.max(1, 0.34 * median) && median > 2) last--;
  return rows.slice(0, last);
}

function letterOf(rows: readonly string[][], column: number): string {
  const share = kindsOf(rows, column);
  if (share.empty >= 0.95 * rows.length) return "e";
  const kind = fieldKind(share);
  const letter = kind === "number" ? "n" : kind === "date" ? "d" : kind === "time" ? "t" : "w";
  return share.empty <= 0.05 * rows.length ? letter.toUpperCase() : letter;
}

/** How well one cell fits one column, from -1 to 1. */
function fit(kind: CellKind, letter: string): number {
  if (letter === "e") return kind === "empty" ? 0.6 : -0.5;
  if (kind === "empty") return letter === letter.toUpperCase() ? -1 : 0.3;
  const lower = letter.toLowerCase();
  if (lower === "w") return isTyped(kind) ? -0.3 : 0.6;
  const wanted = lower === "n" ? "number" : lower === "d" ? "date" : "time";
  return kind === wanted ? 1 : -1;
}

/**
 * Which blank cell of a row with one cell too many is superfluous: the one without which the others fit best; -1 if
 * none is clearly better than dropping the last. Linear: prefix and suffix scores are summed once.
 */
export function surplusBlank(cells: readonly string[], shape: string): number {
  const width = shape.length;
  if (cells.length !== width + 1) return -1;
  const kinds = cells.map(cellKind);
  const before = [0];
  for (let k = 0; k < width; k++) before.push(before[k] + fit(kinds[k], shape[k]));
  let after = 0;
  let best = { at: -1, score: before[width] + 0.5 };
  for (let k = width; k >= 0; k--) {
    const score = before[k] + after;
    if (kinds[k] === "empty" && score > best.score) best = { at: k, score };
    if (k > 0) after += fit(kinds[k], shape[k - 1]);
  }
  return best.at;
}

/** Words above columns of numbers: a repeated header. */
export function isHeaderLike(cells: readonly string[], shape: string): boolean {
  let words = 0;
  let typed = 0;
  for (let k = 0; k < shape.length; k++) {
    if (!/[ndt]/i.test(shape[k])) continue;
    const kind = cellKind(cells[k] ?? "");
    if (isTyped(kind)) return false;
    typed++;
    if (kind !== "empty" && !isMissingWord(cells[k])) words++;
  }
  return typed >= 2 && words >= 0.6 * typed && words >= 2;
}

/** Number of cells that a usual row fills. */
export function usualFill(shape: string): number {
  return shape.replace(/[^A-Z]/g, "").length;
}

/** Of the columns that every row fills, at least a third is blank or has a word for a number, date or time. */
export function misfits(cells: readonly string[], shape: string): boolean {
  let odd = 0;
  for (let k = 0; k < shape.length; k++) {
    if (!/[A-Z]/.test(shape[k])) continue;
    const kind = cellKind(cells[k] ?? "");
    if (kind === "empty" || (shape[k] !== "W" && !isTyped(kind) && !isMissingWord(cells[k]))) odd++;
  }
  return odd > 0 && odd >= usualFill(shape) / 3;
}
