/**
 * Turns each column of a table into features, the same way in training and serving. Plain data, fitted on training rows
 * only. Nothing here uses the target: target encodings are in supervised.ts.
 */

export type ColumnEncoding =
  | { kind: "number"; column: string }
  /** Booleans included. `labels` are those of the training rows, commonest first; `counts` how often each occurs. */
  | { kind: "category"; column: string; labels: string[]; counts: number[] }
  /** Epoch ms become calendar parts and days since `origin`; parts that never change are left out. */
  | { kind: "date"; column: string; origin: number; parts: DatePart[] }
  /**
   * `words`: the commonest words, one feature each for trees; `idf`, by bucket, for the hashed n-grams; `characters`:
   * how much of each text is read.
   */
  | { kind: "text"; column: string; words: string[]; idf: Float32Array; characters: number };

export const DATE_PARTS = ["year", "month", "day", "yearday", "weekday", "hour", "elapsed"] as const;
export type DatePart = (typeof DATE_PARTS)[number];

export interface Encoder {
  columns: ColumnEncoding[];
}

/** Above this many labels a category is too fine for native splits and is target-encoded within folds. */
export const NATIVE_LABELS = 50;
