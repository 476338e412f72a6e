/** Types for what a reader of another format knows about the table that it wrote. Only types. */
import type { Finding, StoredKind } from "../types.ts";

export const FORMATS = [
  "csv",
  "xlsx",
  "ods",
  "parquet",
  "arrow",
  "json",
  "ndjson",
  "html",
  "fixed-width",
] as const;
export type Format = (typeof FORMATS)[number];

export interface KnownTable {
  format: Format;
  compression: "none" | "gzip" | "zip" | "zstd";
  /** named: one header row of the format's own names, then rows; grid: cells as a person arranged them. */
  shape: "named" | "grid";
  /** Rows of the table file, the header included. */
  rows: number;
  /** Cells of a row. */
  width: number;
  /** A column each, where the format keeps types; null where it does not say. */
  kinds: (StoredKind | null)[];
  findings: Finding[];
  /** Where merged cells tell which rows are the header. */
  layout?: { preambleRows: number; headerRows: number };
  /** Spreadsheets: which sheet, which cells of it, and which sheets there are. */
  sheet?: string;
  range?: string;
  sheets?: string[];
  /** The beginning of the sentence that tells how the file was read. */
  sentence: string;
}

/** Choices that decide which table a file holds. */
export interface TableChoices {
  sheet?: string;
  range?: string;
}

export interface ConvertOptions {
  choices: TableChoices;
  /** Where the table goes. */
  out: string;
  sourceBytes: number;
  onProgress?: (progress: { bytesRead: number; rows: number }) => void;
}

/** As `KnownTable`, without what its caller knows. */
export type Converted = Omit<KnownTable, "compression">;
