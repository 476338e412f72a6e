/** Defines what is written: formats, columns, chunks, and the typed values of cells. */
import type { Cell } from "../table-file.ts";

export const OUTPUT_FORMS = ["csv", "ndjson", "xlsx", "parquet"] as const;
export type OutputForm = (typeof OUTPUT_FORMS)[number];

export interface OutputColumn {
  name: string;
  /** The type of its cells; a cell that does not fit is written as text, or as missing if that is impossible. */
  kind: "number" | "integer" | "boolean" | "date" | "text";
}

export type Chunk = string | Uint8Array<ArrayBuffer>;

/** The given cells of a row, and the cells added to it. */
export interface OutputRow {
  given: readonly Cell[];
  added: readonly Cell[];
  /**
   * The given cells as CSV, if they already have the form we write: commas, no quotes, nothing that runs as a formula.
   */
  line: string | null;
}

/** `rows` may be called any number of times; the output is complete after `end`. */
export interface TableWriter {
  rows: (rows: readonly OutputRow[]) => Chunk;
  end: () => Chunk;
}

/** A cell as a number; null if it is not one. */
export function numberOf(cell: Cell): number | null {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  if (typeof cell !== "string" || cell.trim() === "") return typeof cell === "bigint" ? Number(cell) : null;
  const number = Number(cell);
  return Number.isFinite(number) ? number : null;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?Z?$/;

/** An ISO date as epoch milliseconds, UTC, with microseconds as a fraction; null if it is not one. */
export function momentOf(cell: Cell): number | null {
  const match = typeof cell === "string" ? ISO.exec(cell) : null;
  if (!match) return null;
  const [, year, month, day, hours = "0", minutes = "0", seconds = "0"] = match;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const micros = Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e6);
  return days + micros / 1000;
}

/** As TableWriter, for whole rows. */
export interface CellWriter {
  rows: (rows: readonly (readonly Cell[])[]) => Chunk;
  end: () => Chunk;
}
