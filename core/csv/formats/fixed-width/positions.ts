/** Detects whether cells are at fixed positions, separated by spaces, and at which. */

/** Characters `from` to `to` of a line. */
export interface Place {
  from: number;
  to: number;
  /** Values are right-aligned: a value that reaches further left still belongs to this column. */
  isRight: boolean;
}

const SAMPLE_LINES = 400;
const LEAST_LINES = 3;
export const MAX_LINE = 20_000;
const TAB_STOP = 8;
/** The share of lines that must have a gap of more than one space somewhere. */
const PADDED_SHARE = 0.5;
/** A column that hardly any line fills is a gap in a sentence. */
const LEAST_FILLED = 0.4;
/** If most lines contain quotes, the quotes separate the cells. */
const MAX_QUOTED_SHARE = 0.5;
const DELIMITERS = [",", ";", "|", "\t"];

/** `text`: the beginning of a file; its last line may be cut off. */
export function isFixedWidth(text: string): boolean {
  const written = writtenLines(text);
  if (written.length < LEAST_LINES || written.some((line) => line.length > MAX_LINE)) return false;
  if (written.filter((line) => line.includes('"')).length > MAX_QUOTED_SHARE * written.length) return false;
  if (DELIMITERS.some((delimiter) => isDelimited(written, delimiter))) return false;
  const lines = written.map(untabbed);
  const padded = lines.filter((line) => /\S {2,}\S/.test(line)).length;
  if (padded < PADDED_SHARE * lines.length) return false;
  const places = placesOf(lines);
  return places.length >= 2 && places.every((place) => isFilled(lines, place));
}

/** Lines to judge by, without blank ones. */
export function linesOf(text: string): string[] {
  return writtenLines(text).map(untabbed);
}

function writtenLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > LEAST_LINES) lines.pop();
  return lines
    .slice(0, SAMPLE_LINES)
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}

/** The line as it looks in an editor: a tab reaches to the next stop. */
export function untabbed(line: string): string {
  if (!line.includes("\t")) return line;
  return line
    .split("\t")
    .reduce((text, part) => text + " ".repeat(TAB_STOP - (text.length % TAB_STOP)) + part);
}

function isDelimited(lines: readonly string[], delimiter: string): boolean {
  const counts = lines.map((line) => line.split(delimiter).length - 1);
  const usual = counts.toSorted((a, b) => a - b)[counts.length >> 1];
  return usual > 0 && counts.filter((count) => count === usual).length >= 0.8 * counts.length;
}

function isFilled(lines: readonly string[], { from, to }: Place): boolean {
  const filled = lines.filter((line) => line.slice(from, to).trim() !== "").length;
  return filled >= LEAST_FILLED * lines.length;
}

/** Runs of characters that some line fills, between characters that are blank in every line. */
export function placesOf(lines: readonly string[]): Place[] {
  const length = Math.max(0, ...lines.map((line) => line.length));
  const used = new Uint8Array(length + 1);
  for (const line of lines)
    for (let at = 0; at < line.length; at++) if (line.charCodeAt(at) !== 32) used[at] = 1;
  const places: Place[] = [];
  let from = -1;
  for (let at = 0; at <= length; at++) {
    if (used[at] === 1 && from < 0) from = at;
    if (used[at] === 1 || from < 0) continue;
    places.push({ from, to: at, isRight: isRightAligned(lines, from, at) });
    from = -1;
  }
  return places;
}

function isRightAligned(lines: readonly string[], from: number, to: number): boolean {
  const cells = lines.map((line) => line.slice(from, to)).filter((cell) => cell.trim() !== "");
  const ending = cells.filter((cell) => cell.length === to - from && !cell.endsWith(" ")).length;
  const starting = cells.filter((cell) => !cell.startsWith(" ")).length;
  return ending > starting;
}

/** Splits a line into cells; text beyond the detected positions goes to the column it touches. */
export function cutLine(line: string, places: readonly Place[]): string[] {
  return places.map((place, k) => {
    const before = places[k - 1];
    const after = places[k + 1];
    const from =
      k === 0 ? 0 : place.isRight && before && !before.isRight ? before.to : placeStart(place, before);
    const to = after ? placeStart(after, place) : line.length;
    return line.slice(from, Math.max(from, to)).trim();
  });
}

/** A right-aligned column begins where the previous one ends; others where their values begin. */
function placeStart(place: Place, before: Place | undefined): number {
  return place.isRight && before ? before.to : place.from;
}
