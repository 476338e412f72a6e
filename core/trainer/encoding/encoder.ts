/**
 * How is a table turned into samples? `fitEncoder` decides on training rows, `encodeTable` applies it to any table
 * with the same columns by name. A label never seen in training is missing; a column that is not there is missing.
 */
import type { Column, Table } from "../../csv/types.ts";
import { runPaced, runThrough, type Steps } from "../pace.ts";
import type { Checkpoint, Feature, Samples } from "../samples.ts";
import type { ColumnEncoding, Encoder } from "./columns.ts";
import { datePart, varyingParts } from "./dates.ts";
import {
  commonWords,
  DOCUMENTS_PER_STEP,
  inverseDocumentFrequency,
  type SparseRows,
  TEXT_BUCKETS,
  weightTerms,
  words,
} from "./text.ts";

/** A table as learners see it, before anything that looked at the target. */
export interface EncodedTable {
  samples: Samples;
  /** Index into encoder.columns of each feature. */
  origins: Int32Array;
  /** Hashed n-grams of the text columns, in the encoder's order. */
  texts: { origin: number; rows: SparseRows }[];
}

/** Fits one encoding a column; ids must have been dropped before. */
export async function fitEncoder(table: Table, rows: Int32Array, checkpoint: Checkpoint): Promise<Encoder> {
  const columns: ColumnEncoding[] = [];
  for (const column of table.columns) {
    await checkpoint();
    columns.push(await runPaced(fitColumn(column, rows), checkpoint));
  }
  return { columns };
}

function* fitColumn(column: Column, rows: Int32Array): Steps<ColumnEncoding> {
  if ("values" in column) {
    if (column.type === "date") return fitDate(column.name, column.values, rows);
    return { kind: "number", column: column.name };
  }
  if (column.type === "text") return yield* fitText(column, rows);
  const counts = new Int32Array(column.labels.length);
  for (const row of rows) if (column.codes[row] >= 0) counts[column.codes[row]]++;
  const seen = Array.from(counts.keys()).filter((code) => counts[code] > 0);
  seen.sort((a, b) => counts[b] - counts[a] || (column.labels[a] < column.labels[b] ? -1 : 1));
  return {
    kind: "category",
    column: column.name,
    labels: seen.map((code) => column.labels[code]),
    counts: seen.map((code) => counts[code]),
  };
}

function fitDate(column: string, values: Float64Array, rows: Int32Array): ColumnEncoding {
  let origin = Number.POSITIVE_INFINITY;
  for (const row of rows) if (values[row] < origin) origin = values[row];
  return {
    kind: "date",
    column,
    origin: Number.isFinite(origin) ? origin : 0,
    parts: varyingParts(values, rows),
  };
}

function* fitText(column: Extract<Column, { codes: Int32Array }>, rows: Int32Array): Steps<ColumnEncoding> {
  const documents = () => documentsOf(column, rows);
  return {
    kind: "text",
    column: column.name,
    words: yield* commonWords(documents()),
    idf: yield* inverseDocumentFrequency(documents()),
  };
}

function* documentsOf(column: Extract<Column, { codes: Int32Array }>, rows: Int32Array): Generator<string> {
  for (const row of rows) yield column.codes[row] < 0 ? "" : column.labels[column.codes[row]];
}

/** Features of every row of the table. */
export async function encodeTable(
  encoder: Encoder,
  table: Table,
  checkpoint: Checkpoint,
): Promise<EncodedTable> {
  const encoded = startEncoding(table.rows);
  for (let origin = 0; origin < encoder.columns.length; origin++) {
    await checkpoint();
    await runPaced(encodeColumn(encoder, table, { origin, into: encoded }), checkpoint);
  }
  return finishEncoding(encoded);
}

/** The same without pauses, for the few rows of a prediction. */
export function encodeRows(encoder: Encoder, table: Table): EncodedTable {
  const encoded = startEncoding(table.rows);
  for (let origin = 0; origin < encoder.columns.length; origin++) {
    runThrough(encodeColumn(encoder, table, { origin, into: encoded }));
  }
  return finishEncoding(encoded);
}

interface Encoding {
  rows: number;
  features: Feature[];
  origins: number[];
  texts: EncodedTable["texts"];
}

const startEncoding = (rows: number): Encoding => ({ rows, features: [], origins: [], texts: [] });

const finishEncoding = (encoding: Encoding): EncodedTable => ({
  samples: { rows: encoding.rows, features: encoding.features },
  origins: Int32Array.from(encoding.origins),
  texts: encoding.texts,
});

function* encodeColumn(
  encoder: Encoder,
  table: Table,
  place: { origin: number; into: Encoding },
): Steps<void> {
  const encoding = encoder.columns[place.origin];
  const { into, origin } = place;
  const column = table.columns.find((candidate) => candidate.name === encoding.column);
  const features = yield* featuresOf(encoding, column, table.rows);
  into.features.push(...features);
  for (let i = 0; i < features.length; i++) into.origins.push(origin);
  if (encoding.kind !== "text") return;
  into.texts.push({ origin, rows: yield* sparseText(encoding, column, table.rows) });
}

function* featuresOf(encoding: ColumnEncoding, column: Column | undefined, rows: number): Steps<Feature[]> {
  if (encoding.kind === "number") {
    return [{ name: encoding.column, kind: "number", values: numbersOf(column, rows) }];
  }
  if (encoding.kind === "date") return dateFeatures(encoding, numbersOf(column, rows));
  if (encoding.kind === "text") return yield* textFeatures(encoding, column, rows);
  const { labels } = encoding;
  return [{ name: encoding.column, kind: "category", labels, codes: recode(labels, column, rows) }];
}

function numbersOf(column: Column | undefined, rows: number): Float64Array {
  return column && "values" in column ? column.values : new Float64Array(rows).fill(Number.NaN);
}

function dateFeatures(encoding: ColumnEncoding & { kind: "date" }, moments: Float64Array): Feature[] {
  return encoding.parts.map((part) => ({
    name: `${encoding.column} › ${part}`,
    kind: "number",
    values: moments.map((moment) => datePart(part, moment, encoding.origin)),
  }));
}

function recode(labels: string[], column: Column | undefined, rows: number): Int32Array {
  if (!column || !("codes" in column)) return new Int32Array(rows).fill(-1);
  const known = codesByLabel(labels);
  const codeOf = column.labels.map((label) => known.get(label) ?? -1);
  return column.codes.map((code) => (code < 0 ? -1 : codeOf[code]));
}

const indexes = new WeakMap<string[], Map<string, number>>();

/** Kept beside the labels: a prediction of one row must not index some hundred labels first. */
function codesByLabel(labels: string[]): Map<string, number> {
  let index = indexes.get(labels);
  if (!index) {
    index = new Map(labels.map((label, code) => [label, code]));
    indexes.set(labels, index);
  }
  return index;
}

/** Length, number of words, and whether each common word occurs. */
function* textFeatures(
  encoding: ColumnEncoding & { kind: "text" },
  column: Column | undefined,
  rows: number,
): Steps<Feature[]> {
  const names = ["length", "words", ...encoding.words.map((word) => `has “${word}”`)];
  const columns = names.map(() => new Float64Array(rows));
  const position = new Map(encoding.words.map((word, i) => [word, i + 2]));
  for (let row = 0; row < rows; row++) {
    if (row > 0 && row % DOCUMENTS_PER_STEP === 0) yield;
    const text = textAt(column, row);
    const found = words(text);
    columns[0][row] = text.length;
    columns[1][row] = found.length;
    for (const word of found) {
      const at = position.get(word);
      if (at !== undefined) columns[at][row] = 1;
    }
  }
  return names.map((name, i) => ({
    name: `${encoding.column} › ${name}`,
    kind: "number",
    values: columns[i],
  }));
}

function textAt(column: Column | undefined, row: number): string {
  if (!column || !("codes" in column) || column.codes[row] < 0) return "";
  return column.labels[column.codes[row]];
}

function* sparseText(
  encoding: ColumnEncoding & { kind: "text" },
  column: Column | undefined,
  rows: number,
): Steps<SparseRows> {
  const starts = new Int32Array(rows + 1);
  const indices: number[] = [];
  const values: number[] = [];
  for (let row = 0; row < rows; row++) {
    if (row > 0 && row % DOCUMENTS_PER_STEP === 0) yield;
    const terms = weightTerms(textAt(column, row), encoding.idf);
    for (let i = 0; i < terms.indices.length; i++) {
      indices.push(terms.indices[i]);
      values.push(terms.values[i]);
    }
    starts[row + 1] = indices.length;
  }
  return {
    columns: TEXT_BUCKETS,
    starts,
    indices: Int32Array.from(indices),
    values: Float32Array.from(values),
  };
}
