/** Types for what a format's reader knows about the table that it wrote. Types only. */
import type { Finding, StoredKind } from "../types.ts";

const FORMATS = ["csv", "xlsx", "parquet", "json", "ndjson", "html", "fixed-width"] as const;
export type Format = (typeof FORMATS)[number];

export interface KnownTable {
  format: Format;
  compression: "none" | "gzip" | "zip" | "zstd";
  /** named: one header row with the format's own names, then rows; grid: cells as a person arranged them. */
  shape: "named" | "grid";
  /** Rows of the table file, including the header. */
  rows: number;
  /** Number of cells per row. */
  width: number;
  /** One per column if the format has types; null if it does not say. */
  kinds: (StoredKind | null)[];
  findings: Finding[];
  /** Present if merged cells mark the header rows. */
  layout?: { preambleRows: number; headerRows: number };
  /** Spreadsheets: the sheet and cell range that were read, and the names of all sheets. */
  sheet?: string;
  range?: string;
  sheets?: string[];
  /** The beginning of the sentence that describes how the file was read. */
  sentence: string;
}

/** Choices that decide which table of a file is read. */
export interface TableChoices {
  sheet?: string;
  range?: string;
}

export interface ConvertOptions {
  choices: TableChoices;
  /** Where the table is written. */
  out: string;
  sourceBytes: number;
  onProgress?: (progress: { bytesRead: number; rows: number }) => void;
}

/** As `KnownTable`, without what its caller adds. */
export type Converted = Omit<KnownTable, "compression">;
