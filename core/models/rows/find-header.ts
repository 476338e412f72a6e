/**
 * Finds the header in rows to predict, and how their cells are separated. The model's own names decide, not how the
 * rows look: everything below the header is a row.
 */
import { mergeHeader, withoutMark } from "../../csv/dialect/layout.ts";
import { nameColumns } from "../../csv/dialect/names.ts";
import { cutSample, sniff } from "../../csv/dialect/sniff.ts";
import type { Cutting, RowReading } from "../../csv/types.ts";

/** What is known about the requested model. */
export interface ModelHints {
  /** Null if the model is older than its stored reading plan. */
  reading: RowReading | null;
  /** Whether the model, or the file that it learned from, has a column of this name. */
  knows: (name: string) => boolean;
  target: string;
}

export interface InputLayout {
  cutting: Cutting;
  comment: string;
  /** Rows from the top to the last one of the header. */
  headerEnd: number;
  /** The names as in the header, and the unique names used. Without a header both are the model's. */
  header: string[];
  names: string[];
  hasHeader: boolean;
}

const DELIMITERS = [",", ";", "\t", "|"];
const SAMPLE_ROWS = 60;
const LEAST_SEARCHED = 10;

/** `sample`: the beginning, in UTF-8. Null if no row names a column of the model although a header is expected. */
export function findHeader(
  sample: Uint8Array,
  isWhole: boolean,
  { reading, knows, target }: ModelHints,
): { layout: InputLayout | null; firstRow: string[] } {
  const sniffed = sniff(sample, {}, isWhole);
  const comment = reading?.comment ?? "";
  const cuttings = [...new Set([sniffed.delimiter, reading?.delimiter ?? ",", ...DELIMITERS])].map(
    (delimiter): Cutting =>
      delimiter === sniffed.delimiter ? sniffed : { ...sniff(sample, { delimiter }, isWhole), delimiter },
  );
  let best: { layout: InputLayout; score: number } | null = null;
  const samples = cuttings.map((cutting) => ({
    cutting,
    rows: cutSample(sample, { cutting, width: 0, limit: SAMPLE_ROWS, isWhole }).rows,
  }));
  for (const { cutting, rows } of samples) {
    const found = headerIn(rows, { reading, knows });
    if (found && (!best || found.score > best.score))
      best = { score: found.score, layout: layoutOf(rows, found, { cutting, comment, reading }) };
  }
  const own = samples[0]!;
  const firstRow = own.rows.find((row) => !isBlankRow(row)) ?? [];
  if (best) return { layout: best.layout, firstRow };
  if (!reading || reading.hasHeader) return { layout: null, firstRow };
  return { layout: byPlace(samples, { reading, target, comment }), firstRow };
}

interface FoundHeader {
  /** The row after the header's last. */
  end: number;
  header: string[];
  score: number;
}

/** The first row, or joined rows, with the most column names of the model. */
function headerIn(
  rows: readonly string[][],
  { reading, knows }: Pick<ModelHints, "reading" | "knows">,
): FoundHeader | null {
  const joined = Math.max(1, reading?.headerRows ?? 1);
  const searched = Math.max(LEAST_SEARCHED, (reading?.preambleRows ?? 0) + joined + 1);
  let best: FoundHeader | null = null;
  for (let at = 0; at < Math.min(rows.length, searched); at++) {
    for (const height of joined > 1 ? [joined, 1] : [1]) {
      const header = withoutMark(
        mergeHeader(rows.slice(at, at + height)),
        reading?.comment ?? "",
        reading?.names.length,
      );
      const { names } = nameColumns(header, header.length, 1);
      // A blank cell is called column_1, and a file without a header has a column of that name.
      const score = names.filter((name, k) => header[k].trim() !== "" && knows(name)).length;
      if (score > (best?.score ?? 0)) best = { end: at + height, header, score };
    }
    // The first row with any text is the header, unless one below it matches twice as many names.
    if (best && at > best.end + 3) break;
  }
  return best;
}

function layoutOf(
  rows: readonly string[][],
  { end, header }: FoundHeader,
  given: { cutting: Cutting; comment: string; reading: RowReading | null },
): InputLayout {
  const { cutting, comment, reading } = given;
  const body = rows.slice(end).filter((row) => !isBlankRow(row));
  const isShort =
    header.length > 1 && body.length > 0 && body.every((row) => row.length === header.length + 1);
  const isSurplus = isShort && body.every((row) => row[row.length - 1]!.trim() === "");
  // R writes no name above its row names.
  const named = isShort && !isSurplus ? ["", ...header] : header;
  const trimmed = withoutBlankEnd(named, reading);
  const { names } = nameColumns(trimmed, trimmed.length, end);
  return { cutting, comment, headerEnd: end, header: trimmed, names, hasHeader: true };
}

/** A separator at the end of the header and of all rows makes no column, unless training had one. */
function withoutBlankEnd(header: string[], reading: RowReading | null): string[] {
  const isEnded = header.length > 1 && header[header.length - 1]!.trim() === "";
  return isEnded && reading !== null && reading.names.length === header.length - 1
    ? header.slice(0, -1)
    : header;
}

/** Rows without a header, with the same cells as in training; the target's may be left out. */
function byPlace(
  samples: readonly { cutting: Cutting; rows: string[][] }[],
  { reading, target, comment }: { reading: RowReading; target: string; comment: string },
): InputLayout | null {
  const { names } = reading;
  const withoutTarget = names.filter((name) => name !== target);
  for (const wanted of [names, withoutTarget]) {
    const fitting = samples.find(
      ({ rows }) => rows.find((row) => !isBlankRow(row))?.length === wanted.length,
    );
    if (!fitting) continue;
    const { cutting } = fitting;
    return { cutting, comment, headerEnd: 0, header: wanted, names: wanted, hasHeader: false };
  }
  return null;
}

function isBlankRow(row: readonly string[]): boolean {
  return row.length === 0 || (row.length === 1 && row[0]!.trim() === "");
}
