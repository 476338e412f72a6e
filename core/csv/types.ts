/**
 * Types for what a CSV file becomes: a reading plan (what was decided), a profile (what is in it), a table (typed
 * columns). Types only: every other module may import them.
 */

export const COLUMN_TYPES = ["number", "category", "boolean", "date", "text", "id"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/**
 * How the values of a column are stored in the file. number, integer, boolean, date: as such; words: as text, whatever
 * it looks like; string: as text, because the format has no other way to write dates and the like.
 */
export type StoredKind = "number" | "integer" | "boolean" | "date" | "words" | "string";

export type Severity = "info" | "warning" | "error";

/** One data issue, reported once, with a fix that the API can apply. */
export interface Finding {
  /** snake_case, stable, so scripts can filter by it. */
  code: string;
  severity: Severity;
  /** Null if it is about the whole file. */
  column: string | null;
  /** One sentence that a non-expert understands. */
  message: string;
  /**
   * The change that PATCH /api/datasets/:id or POST /api/train (`exclude`, `split`, `splitColumn`) accepts to fix it;
   * null if nothing needs doing.
   */
  fix: {
    exclude?: string[];
    types?: Record<string, ColumnType>;
    missing?: Record<string, string[]>;
    target?: string;
    task?: "multiclass" | "regression";
    header?: boolean;
    split?: "time" | "group";
    splitColumn?: string;
  } | null;
  /** 1-based row in the file, header included, if one row is meant. */
  row?: number;
}

/** How bytes are split into rows of strings. */
export interface Dialect {
  encoding: string; // "utf-8", "windows-1252", "utf-16le", ...
  bom: boolean;
  compression: "none" | "gzip" | "zip" | "zstd";
  delimiter: string; // one or more characters
  quote: string; // "" if the file has no quoting
  escape: string;
  newline: "\n" | "\r\n" | "\r" | "mixed";
  comment: string; // "" if there is none
  /** Rows before the header that are not data (titles, comments). */
  preambleRows: number;
  /** 0: the file has no header and the columns were named column_1 ...; 2 or more: several rows joined by spaces. */
  headerRows: number;
  /** Rows after the data that are not data (totals, notes). */
  footerRows: number;
  /** The decision in one sentence for the page. */
  sentence: string;
  /** Each line is one quoted cell that holds a whole row; the quotes around it are removed before it is split. */
  lineQuotes?: true;
  /** Number of cells in a usual row. */
  width?: number;
  /** What a usual row looks like, one letter per column (see row-shape.ts): tells odd rows from data. */
  shape?: string;
  /** Other formats than CSV: what the file is; the remaining fields say how its table file is split. */
  format?: string;
  /** Other formats: the beginning of the summary sentence. */
  origin?: string;
  /** Workbooks: the sheet and cells that were read, and the names of all sheets. */
  sheet?: string;
  range?: string;
  sheets?: string[];
  /** Data rows of the first table; what follows is a footer or another table. Known once the file was read. */
  tableRows?: number;
}

/**
 * How the cells of one column become values. Stored in the model, so that serving reads a cell exactly as training did.
 */
export interface ColumnPlan {
  name: string;
  /** Its index in the file, from 0, if that differs from its index in the list (columns were dropped). */
  index?: number;
  type: ColumnType;
  /** Cells (trimmed, lower case) that mean missing in this column, in addition to the empty one. */
  missingWords: string[];
  /** type number: the separators of thousands and decimals; a percent or currency sign is dropped. */
  number?: {
    decimal: "." | ",";
    thousands: string;
    percent: boolean;
    /** The unit after the digits, as written, and its factor. */
    units?: Record<string, number>;
    /** Units that do not begin at zero: what is subtracted before the factor applies, 32 for °F. */
    zeros?: Record<string, number>;
    /** Marks for "about" and "at least", and a margin after ±, are ignored. */
    marks?: true;
    /** Written with more than digits; feet are read in inches, durations in seconds, 120/80 as 1.5. */
    style?: "hex" | "feet" | "duration" | "clock" | "fraction";
  };
  /** type date: the pattern by name that the date parser knows, several joined by " | " (see dates.ts). */
  dateFormat?: string;
  /** type date: the first year of the century window for two-digit years. */
  yearFrom?: number;
  /** type boolean: the two words (trimmed, lower case), [false, true]. */
  booleanWords?: [string, string];
  /**
   * type number, date: some of the file's unreadable values; they count as missing in predictions as they did in
   * training.
   */
  unread?: string[];
  /** Labels that differ in surrounding spaces are always one; "case": also those that differ in case. */
  labels?: "case";
}

/**
 * How the rows of a file are split and named, dropped columns included; with the plans, all that reading a row needs.
 */
export interface RowReading {
  /** Unique, in file order. */
  names: string[];
  /** True if the header named them; false: they are column_1 and so on. */
  hasHeader: boolean;
  /** The first cell of a row is its name; the header has none above it. */
  hasRowNames: boolean;
  delimiter: string;
  quote: string;
  comment: string;
  /** Header rows that were joined, and rows above the header. */
  headerRows: number;
  preambleRows: number;
  /** See Dialect. */
  shape: string;
}

/** Everything needed to read a row as the model does. */
export interface Readings extends RowReading {
  /** The columns that the model reads, then the target. */
  columns: ColumnPlan[];
}

export interface ReadingPlan {
  dialect: Dialect;
  columns: ColumnPlan[];
  /** Absent in files that were read before this field existed. */
  rows?: RowReading;
}

/** What a user may override; every field is optional. Unknown names are refused with an AppError. */
export interface ReadingChoices {
  delimiter?: string;
  quote?: string;
  encoding?: string;
  /** true: the first row is the header; false: none; a number: 1-based row of the header. */
  header?: boolean | number;
  types?: Record<string, ColumnType>;
  /** Workbooks: a sheet's name; cells as "B3:F100". "" lets the reader guess again. */
  sheet?: string;
  range?: string;
  /** By column, the words (lower case) that mean missing in it, in addition to the empty cell. */
  missing?: Record<string, string[]>;
  drop?: string[];
  target?: string;
  task?: "binary" | "multiclass" | "regression";
}

export interface ColumnProfile {
  name: string;
  type: ColumnType;
  count: number;
  missing: number;
  /** Exact up to 10,000, then an estimate (distinctExact false). */
  distinct: number;
  distinctExact: boolean;
  /** Numbers; dates as epoch milliseconds. Null for other types. */
  min: number | null;
  max: number | null;
  mean: number | null;
  std: number | null;
  quantiles: { p05: number; p25: number; p50: number; p75: number; p95: number } | null;
  /** Counts in equal-width bins from min to max (at most 24), empty for other types. */
  histogram: number[];
  /** The commonest values as in the file, at most 12, commonest first. */
  top: { value: string; count: number }[];
  /** The first distinct values as in the file, at most 5. */
  examples: string[];
  /** How strongly it is related to the target; absent for IDs, texts, the target itself, and if there is no target. */
  correlation?: Correlation;
}

/** Pearson's r in [-1, 1]; the correlation ratio η and Cramér's V, both corrected for chance, in [0, 1]. */
export interface Correlation {
  measure: "pearson" | "correlation_ratio" | "cramers_v";
  value: number;
  /**
   * How well the column alone predicts the target's classes (λ, in [0, 1]); given from 0.95 up; absent if the target is
   * a number.
   */
  determines?: number;
  /** Rows of the seeded sample that have both values. */
  rows: number;
}

/** Everything that reading a file found; stored in the dataset's row. */
export interface CsvProfile {
  plan: ReadingPlan;
  rows: number;
  columns: ColumnProfile[];
  findings: Finding[];
  target: string | null;
  /** Why this target, in one sentence. */
  targetReason: string;
  task: "binary" | "multiclass" | "regression" | null;
  taskReason: string;
  /** For a target with two values, the class that a training's metrics refer to, and why. */
  positiveClass?: { label: string; reason: string };
  /** The first 50 data rows as strings, columns in order. */
  preview: string[][];
  /** Indexes in `preview` of odd rows: too short, too long, quotes that do not match. */
  previewOdd?: number[];
}

/** One typed column, length `rows` of its table. */
export type Column =
  | { name: string; type: "number" | "date"; values: Float64Array } // NaN: missing; dates: epoch ms, UTC
  | { name: string; type: "category" | "boolean" | "text" | "id"; codes: Int32Array; labels: string[] }; // -1: missing

export interface Table {
  rows: number;
  columns: Column[];
  /** Which data row of the file each row is, from 0; absent: all rows, in order. */
  numbers?: Int32Array;
  /** Milliseconds that parsing the file took, on this machine, when it was parsed. */
  readMs?: number;
}

/** How a file would be read with other choices: the first rows as strings, before anything is applied. */
export interface ReadingPreview {
  sentence: string;
  names: string[];
  rows: string[][];
  choices: ReadingChoices;
}

export interface ReadingProgress {
  bytesRead: number;
  bytesTotal: number;
  rows: number;
}

/** The parts of a dialect that splitting needs. */
export type Cutting = Pick<Dialect, "delimiter" | "quote" | "escape" | "newline">;
