/** How are rows written in the format that a client wants? A chunk at a time; numbers, dates and booleans as such. */
import type { Cell } from "../table-file.ts";

export const OUTPUT_FORMS = ["csv", "ndjson", "xlsx", "parquet"] as const;
export type OutputForm = (typeof OUTPUT_FORMS)[number];

export interface OutputColumn {
  name: string;
  /** What its cells are; a cell that is nothing of the kind is written as text, or as missing where it cannot be. */
  kind: "number" | "integer" | "boolean" | "date" | "text";
}

export type Chunk = string | Uint8Array<ArrayBuffer>;

/** `rows` may be called again and again; everything is there after `end`. */
export interface TableWriter {
  rows: (rows: readonly (readonly Cell[])[]) => Chunk;
  end: () => Chunk;
}

/** A writer; its first chunk holds the header. */
export async function openWriter(form: OutputForm, columns: readonly OutputColumn[]): Promise<TableWriter> {
  if (form === "xlsx") return new (await import("./xlsx-writer.ts")).XlsxWriter(columns);
  if (form === "parquet") return new (await import("./parquet-writer.ts")).ParquetTableWriter(columns);
  if (form === "ndjson") return ndjsonWriter(columns);
  return csvWriter(columns);
}

async function csvWriter(columns: readonly OutputColumn[]): Promise<TableWriter> {
  const { writeRow } = await import("../../write.ts");
  let start = writeRow(columns.map(({ name }) => name));
  return {
    rows: (rows) => {
      const lines = start + rows.map((row) => writeRow(row.map(csvCell))).join("");
      start = "";
      return lines;
    },
    end: () => start,
  };
}

function csvCell(cell: Cell): string | number | boolean | null {
  return cell === undefined ? null : typeof cell === "bigint" ? String(cell) : cell;
}

function ndjsonWriter(columns: readonly OutputColumn[]): TableWriter {
  const keys = columns.map(({ name }) => JSON.stringify(name));
  const line = (row: readonly Cell[]) =>
    `{${keys.map((key, k) => `${key}:${jsonCell(row[k], columns[k]!)}`).join(",")}}\n`;
  return { rows: (rows) => rows.map(line).join(""), end: () => "" };
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/** The digits as they came: a whole number may be longer than a double holds. */
function jsonCell(cell: Cell, { kind }: OutputColumn): string {
  if (cell === null || cell === undefined || cell === "") return "null";
  if (typeof cell !== "string") return typeof cell === "number" ? JSON.stringify(cell) : String(cell);
  if ((kind === "number" || kind === "integer") && JSON_NUMBER.test(cell)) return cell;
  if (kind === "boolean" && /^(?:true|false)$/i.test(cell)) return cell.toLowerCase();
  return JSON.stringify(cell);
}

/** A cell as a number; null where it is none. */
export function numberOf(cell: Cell): number | null {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  if (typeof cell !== "string" || cell.trim() === "") return typeof cell === "bigint" ? Number(cell) : null;
  const number = Number(cell);
  return Number.isFinite(number) ? number : null;
}

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?)?Z?$/;

/** An ISO date as epoch milliseconds, UTC, with its microseconds as a fraction; null where it is none. */
export function momentOf(cell: Cell): number | null {
  const match = typeof cell === "string" ? ISO.exec(cell) : null;
  if (!match) return null;
  const [, year, month, day, hours = "0", minutes = "0", seconds = "0"] = match;
  const days = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const micros = Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1e6);
  return days + micros / 1000;
}
