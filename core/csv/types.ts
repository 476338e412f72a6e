/**
 * What a CSV file becomes: a reading plan (what was decided), a profile (what is in it), a table (typed columns).
 * Only types: every other module may import them.
 */

export const COLUMN_TYPES = ["number", "category", "boolean", "date", "text", "id"] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/**
 * How the values of a column are kept in the file. number, integer, boolean, date: as such; words: as text, whatever it looks
 * like; string: as text, because the format has no other way to write dates and the like.
 */
export type StoredKind = "number" | "integer" | "boolean" | "date" | "words" | "string";

export type Severity = "info" | "warning" | "error";

/** Something odd that was seen, said once, with a way out that the API can apply. */
export interface Finding {
  /** snake_case, stable, so scripts can filter by it. */
  code: string;
  severity: Severity;
  /** Null where it is about the whole file. */
  column: string | null;
  /** One sentence a non-expert understands. */
  message: string;
  /**
   * What PATCH /api/datasets/:id would take to mend it, or POST /api/train (`exclude`, `split`, `splitColumn`); null where
   * nothing needs doing.
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
  /** 1-based row in the file, the header included, where one row is meant. */
  row?: number;
}

/** How the bytes are cut into rows of strings. */
export interface Dialect {
  encoding: string; // "utf-8", "windows-1252", "utf-16le", ...
  bom: boolean;
  compression: "none" | "gzip" | "zip" | "zstd";
  delimiter: string; // one or more characters
  quote: string; // "" where the file has no quoting
  escape: string;
  newline: "\n" | "\r\n" | "\r" | "mixed";
  comment: string; // "" where there is none
  /** Rows before the header that are not data (titles, comments). */
  preambleRows: number;
  /** 0: the file has no header and the columns were named column_1 ...; 2 or more: merged with a blank between. */
  headerRows: number;
  /** Rows after the data that are not data (totals, notes). */
  footerRows: number;
  /** The decision in one sentence for the page. */
  sentence: string;
  /** Cells of a usual row. */
  width?: number;
  /** What a usual row looks like, a letter a column (see shape): tells odd rows from data. */
  shape?: string;
  /** Other formats than CSV: what the file is; the rest tells how its table file is cut. */
  format?: string;
  /** Other formats: the beginning of the sentence. */
  origin?: string;
  /** Workbooks: the sheet and the cells that were read, and all sheets. */
  sheet?: string;
  range?: string;
  sheets?: string[];
  /** Data rows of the first table: what follows them is a footer or another table. Known once the file was read. */
  tableRows?: number;
}

/** How the cells of one column become values. Kept in the model, so that serving reads a cell exactly as training did. */
export interface ColumnPlan {
  name: string;
  /** Its place in the file, from 0, where that is not its place in the list (columns were dropped). */
  index?: number;
  type: ColumnType;
  /** Cells (trimmed, lower case) that mean missing in this column, beside the empty one. */
  missingWords: string[];
  /** type number: the separators of thousands and decimals; a percent or currency sign is dropped. */
  number?: {
    decimal: "." | ",";
    thousands: string;
    percent: boolean;
    /** The unit after the digits, as written, and the factor that it means. */
    units?: Record<string, number>;
    /** Marks for "about" and "at least", and a margin after ±, are passed over. */
    marks?: true;
    /** Written in another way than with digits alone; feet are read in inches, durations in seconds. */
    style?: "hex" | "feet" | "duration" | "clock";
  };
  /** type date: the pattern by name that date parsing knows, several joined by " | " (see dates). */
  dateFormat?: string;
  /** type date: the first of the hundred years that two digits stand for. */
  yearFrom?: number;
  /** type boolean: the two words (trimmed, lower case), [false, true]. */
  booleanWords?: [string, string];
  /** type number, date: values of the file that were not read, some: what is missing there is missing when it is asked. */
  unread?: string[];
  /** Labels that differ in blanks around them are always one; "case": in upper and lower case too. */
  labels?: "case";
}

/** How the rows of a file are cut and named, dropped columns too; with the plans it is all that reading a row takes. */
export interface RowReading {
  /** Each once, in the file's order. */
  names: string[];
  /** The header named them; false: they are column_1 and so on. */
  hasHeader: boolean;
  /** The first cell of a row is its name, above which the header has none. */
  hasRowNames: boolean;
  delimiter: string;
  quote: string;
  comment: string;
  /** Rows of the header that were joined, and rows above it. */
  headerRows: number;
  preambleRows: number;
  /** See Dialect. */
  shape: string;
}

/** All that reading a row as the model does takes. */
export interface Readings extends RowReading {
  /** Those that the model reads, and the target last. */
  columns: ColumnPlan[];
}

export interface ReadingPlan {
  dialect: Dialect;
  columns: ColumnPlan[];
  /** Absent in files that were read before there was one. */
  rows?: RowReading;
}

/** What a person may override; every field optional. Unknown names are refused with an AppError. */
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
  /** By column, the words that mean missing in it, in lower case, beside the empty cell. */
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
  /** Commonest values as in the file, at most 12, commonest first. */
  top: { value: string; count: number }[];
  /** The first distinct values as in the file, at most 5. */
  examples: string[];
  /** How closely it goes with the target; absent for ids, texts, the target itself, and where there is none. */
  correlation?: Correlation;
}

/** Pearson's r in [-1, 1]; the correlation ratio η and Cramér's V, both corrected for chance, in [0, 1]. */
export interface Correlation {
  measure: "pearson" | "correlation_ratio" | "cramers_v";
  value: number;
  /** How far the column alone tells the target's classes (λ, in [0, 1]); from a value of 0.95 on; absent where the target is a number. */
  determines?: number;
  /** Of the seeded sample, with both values there. */
  rows: number;
}

/** Everything that a reading found; what the dataset's row in the store keeps. */
export interface CsvProfile {
  plan: ReadingPlan;
  rows: number;
  columns: ColumnProfile[];
  findings: Finding[];
  target: string | null;
  /** Why this target, one sentence. */
  targetReason: string;
  task: "binary" | "multiclass" | "regression" | null;
  taskReason: string;
  /** Of a target with two values, the one that a training's figures are about, and why. */
  positiveClass?: { label: string; reason: string };
  /** The first 50 data rows as strings, columns in order. */
  preview: string[][];
  /** Places in `preview` of rows that were odd: too short, too long, quotes that do not match. */
  previewOdd?: number[];
}

/** One typed column, length `rows` of its table. */
export type Column =
  | { name: string; type: "number" | "date"; values: Float64Array } // NaN: missing; dates: epoch ms, UTC
  | { name: string; type: "category" | "boolean" | "text" | "id"; codes: Int32Array; labels: string[] }; // -1: missing

export interface Table {
  rows: number;
  columns: Column[];
  /** Which data row of the file each row is, from 0; absent: all of them, in order. */
  numbers?: Int32Array;
  /** Milliseconds that cutting and reading the file took, on this machine, when that was done. */
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

/** What cutting needs of a dialect. */
export type Cutting = Pick<Dialect, "delimiter" | "quote" | "escape" | "newline">;
