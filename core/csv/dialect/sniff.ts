/**
 * Detects the delimiter, quote and escape character of a text. Each candidate splits a sample; the one with the most
 * consistent rows and the most plausible cell values wins (van den Burg et al., "Wrangling messy CSV files by detecting
 * row and type patterns", 2019, with our own weights). Time linear in the sample.
 */
import { cellKind } from "../rows/cell-kinds.ts";
import { Tokenizer } from "../rows/tokenizer.ts";
import type { Cutting } from "../types.ts";

export interface Sniffed extends Cutting {
  comment: string;
  /** Number of cells in a usual row. */
  width: number;
}

/** The user's choices; they are final. */
export interface SniffChoices {
  delimiter?: string;
  quote?: string;
}

/** Prior probability of each delimiter, commonest first. */
const PRIORS: readonly (readonly [string, number])[] = [
  [",", 1],
  [";", 1],
  ["\t", 1],
  ["|", 0.98],
  [", ", 1.01],
  ["; ", 1.01],
  ["\x1f", 0.95],
  ["\x1e", 0.95],
  ["\x01", 0.95],
  ["||", 1],
  ["::", 0.95],
  ["~", 0.9],
  ["^", 0.9],
  ["§", 0.9],
  ["¦", 0.9],
  ["*", 0.7],
  ["#", 0.6],
  ["&", 0.6],
  ["=", 0.5],
  [":", 0.5],
  [" ", 0.55],
  ["/", 0.2],
  ["_", 0.2],
  ["-", 0.2],
];
const QUOTES = ['"', "'", "`", ""] as const;
const SAMPLE_ROWS = 400;
/** Below this score no delimiter is better than a single column. */
const NO_DELIMITER = 0.1;

interface Attempt {
  cutting: Cutting;
  rows: string[][];
  width: number;
  score: number;
}

/** `sample` is UTF-8; its last row may be cut off and is then ignored. */
export function sniff(sample: Uint8Array, choices: SniffChoices, isWhole: boolean): Sniffed {
  const text = new TextDecoder().decode(sample);
  const newline = sniffNewline(text);
  const comment = sniffComment(text);
  const attempts: Attempt[] = [];
  for (const [delimiter, prior] of delimitersIn(text, choices.delimiter)) {
    for (const quote of quotesIn(text, choices.quote)) {
      for (const escaping of escapesIn(text, quote)) {
        attempts.push(
          attempt(sample, {
            cutting: { delimiter, quote, escape: escaping, newline },
            prior,
            comment,
            isWhole,
          }),
        );
      }
    }
  }
  const best = attempts.reduce((winner, other) => (other.score > winner.score + 1e-9 ? other : winner));
  if (best.score < NO_DELIMITER && choices.delimiter === undefined)
    return oneColumn(text, choices, newline, comment);
  return { ...best.cutting, comment, width: best.width };
}

function oneColumn(
  text: string,
  choices: SniffChoices,
  newline: Cutting["newline"],
  comment: string,
): Sniffed {
  const quote = choices.quote ?? '"';
  return { delimiter: ",", quote, escape: escapesIn(text, quote)[0], newline, comment, width: 1 };
}

function delimitersIn(text: string, chosen: string | undefined): (readonly [string, number])[] {
  if (chosen !== undefined) return [[chosen, 1]];
  const found = PRIORS.filter(([delimiter]) => text.includes(delimiter));
  return found.length > 0 ? found : [[",", 1]];
}

function quotesIn(text: string, chosen: string | undefined): readonly string[] {
  if (chosen !== undefined) return [chosen];
  const found = QUOTES.filter((quote) => quote !== "" && text.includes(quote));
  return found[0] === '"' ? found : ['"', ...found];
}

function escapesIn(text: string, quote: string): string[] {
  if (quote === "") return [""];
  const escapes = [quote];
  // A single apostrophe after a backslash is prose.
  if (text.split(`\\${quote}`).length > (quote === "'" ? 2 : 1)) escapes.push("\\");
  if (quote !== '"' && text.includes('""') && !/(?<!")"(?:"")*(?!")/.test(text)) escapes.unshift('"');
  return escapes;
}

function sniffNewline(text: string): Cutting["newline"] {
  const crlf = text.split("\r\n").length - 1;
  const lf = text.split("\n").length - 1 - crlf;
  const cr = text.split("\r").length - 1 - crlf;
  if (cr > 0 && lf + crlf === 0) return "\r";
  if (cr > 2 && cr > 0.2 * (lf + crlf)) return "mixed";
  if (lf > 0 && crlf > 0) return crlf >= lf ? "\r\n" : "\n";
  return crlf > 0 ? "\r\n" : "\n";
}

/**
 * Lines that begin with a mark and stand before the first that does not. A # may stand right before a word, unless
 * lines of data begin with one, too.
 */
function sniffComment(text: string): string {
  const lines = text.split(/\r\n|\n|\r/, 50);
  for (const mark of ["#", "//", "%"]) {
    const first = lines.findIndex((line) => !line.startsWith(mark));
    if (first <= 0) continue;
    const isTight = mark === "#" && lines.slice(first).every((line) => !line.startsWith(mark));
    const isComment = (line: string) =>
      line[mark.length] === " " || line === mark || (isTight && /^#+[\p{L}"_]/u.test(line));
    if (lines.slice(0, first).every(isComment)) return mark;
  }
  return "";
}

function attempt(
  sample: Uint8Array,
  candidate: { cutting: Cutting; prior: number; comment: string; isWhole: boolean },
): Attempt {
  const { cutting, prior, comment, isWhole } = candidate;
  const { rows, odd, quoted } = cutSample(sample, { cutting, width: 0, limit: SAMPLE_ROWS, isWhole });
  const judged = rows.filter(
    (row) => row.length > 1 || (row[0] !== "" && !(comment && row[0].startsWith(comment))),
  );
  const width = usualWidth(judged);
  const count = Math.max(1, judged.length);
  // Quotes that open and close at cell boundaries are the strongest evidence; quotes elsewhere are evidence against.
  const quoting =
    (1 + (count > 1 ? 0.4 : 0.1) * Math.min(1, quoted / count)) * 0.5 ** Math.min(1, odd / count);
  // An apostrophe that quotes nothing is only an apostrophe.
  const isIdle = quoted === 0 && cutting.quote !== '"' && cutting.quote !== "";
  const score =
    (isIdle ? 0.3 : 1) * prior * quoting * consistency(judged, width) * plausibility(judged, width);
  return { cutting, rows: judged, width, score };
}

/** The sample's rows as strings, the weighted number of rows with odd quotes, and the number of quoted cells. */
export function cutSample(
  sample: Uint8Array,
  options: { cutting: Cutting; width: number; limit: number; isWhole: boolean },
): { rows: string[][]; odd: number; quoted: number } {
  const rows: string[][] = [];
  const quote = options.cutting.quote.charCodeAt(0);
  let quoted = 0;
  const decoder = new TextDecoder();
  let odd = 0;
  const tokenizer = new Tokenizer(options.cutting, options.width, (bytes, spans, cells, irregular) => {
    if (rows.length >= options.limit) return;
    const row = new Array<string>(cells);
    for (let k = 0; k < cells; k++) row[k] = decoder.decode(bytes.subarray(spans[2 * k], spans[2 * k + 1]));
    rows.push(row);
    quoted += Number(irregular === "" && hasQuotedCell(bytes, spans, { cells, quote }));
    if (irregular === "quote" || irregular === "unclosed") odd += 2;
    else if (irregular === "bare") odd += options.cutting.quote === '"' ? 0.4 : 0.2;
  });
  tokenizer.push(sample);
  // A sample that is one endless row is judged by the part that is there.
  if (options.isWhole || rows.length === 0) tokenizer.end();
  return { rows, odd, quoted };
}

function hasQuotedCell(bytes: Uint8Array, spans: Int32Array, row: { cells: number; quote: number }): boolean {
  for (let k = 0; k < row.cells; k++)
    if (spans[2 * k] > 0 && bytes[spans[2 * k] - 1] === row.quote) return true;
  return false;
}

/** The commonest width above one cell; if two are nearly as common, the first, because the first table is read. */
function usualWidth(rows: readonly string[][]): number {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.length, (counts.get(row.length) ?? 0) + 1);
  const most = Math.max(0, ...[...counts].filter(([width]) => width > 1).map(([, count]) => count));
  for (const [width, count] of counts)
    if (width > 1 && count >= 0.6 * most && count >= 0.1 * rows.length) return width;
  return 1;
}

/** 0 to 1: how many rows have the usual width, and how much evidence that width is. */
function consistency(rows: readonly string[][], width: number): number {
  if (width < 2) return 0;
  // A single row always has one width: a space or colon in it proves nothing.
  const isAlone = rows.length === 1 && width < 3;
  const usual = rows.reduce((sum, row) => sum + (row.length === width ? 1 : 0), 0);
  const widths = new Set(rows.map((row) => row.length)).size;
  return (
    ((isAlone ? 0.2 : 1) * (usual / rows.length) * (1 - 0.3 / (width - 1))) / (1 + 0.1 * Math.log2(widths))
  );
}

const PLAUSIBLE = { empty: 0.8, number: 1, date: 1, time: 1, code: 1, word: 0.95, odd: 0.3 } as const;

/** 0 to 1: how plausible the cells are as values. */
function plausibility(rows: readonly string[][], width: number): number {
  let sum = 0;
  let cells = 0;
  for (const row of rows) {
    if (row.length !== width) continue;
    for (const cell of row)
      sum += PLAUSIBLE[cellKind(cell)] - (cell.startsWith(" ") && cell.trim() !== "" ? 0.02 : 0);
    cells += row.length;
  }
  return cells === 0 ? 0 : sum / cells;
}
