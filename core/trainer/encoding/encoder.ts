/**
 * Turns a table into samples. `fitEncoder` decides on training rows, `encodeTable` applies it to any table with the
 * same columns by name. A label never seen in training counts as missing, and so does an absent column.
 */
import type { Column, Table } from "../../csv/types.ts";
import { spreadRows } from "../random.ts";
import type { Checkpoint, Feature, Samples, SparseRows } from "../samples.ts";
import type { ColumnEncoding, Encoder } from "./columns.ts";
import { datePart, varyingParts } from "./dates.ts";
import { SparseBuilder } from "./sparse.ts";
import {
  addDocument,
  affordableCharacters,
  commonWords,
  inverseDocumentFrequency,
  newVocabulary,
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

/** Fits one encoding per column; IDs must have been dropped before. */
export async function fitEncoder(
  table: Table,
  rows: Int32Array,
  checkpoint: Checkpoint,
  { dates = "parts" }: { dates?: DateHandling } = {},
): Promise<Encoder> {
  const columns: ColumnEncoding[] = [];
  for (const column of table.columns) {
    await checkpoint();
    columns.push(
      column.type === "text" ? await fitText(column, rows, checkpoint) : fitColumn(column, rows, dates),
    );
  }
  return { columns };
}

/** `elapsed`: a date is the days since the first, without calendar parts. */
export type DateHandling = "parts" | "elapsed";

function fitColumn(
  column: Exclude<Column, { type: "text" }>,
  rows: Int32Array,
  dates: DateHandling,
): ColumnEncoding {
  if ("values" in column) {
    if (column.type === "date") return fitDate(column.name, column.values, { rows, dates });
    return { kind: "number", column: column.name };
  }
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

function fitDate(
  column: string,
  values: Float64Array,
  { rows, dates }: { rows: Int32Array; dates: DateHandling },
): ColumnEncoding {
  let origin = Number.POSITIVE_INFINITY;
  for (const row of rows) if (values[row] < origin) origin = values[row];
  return {
    kind: "date",
    column,
    origin: Number.isFinite(origin) ? origin : 0,
    parts: dates === "elapsed" ? ["elapsed"] : varyingParts(values, rows),
  };
}

/** How many documents are used to estimate how common a word is. */
const VOCABULARY_DOCUMENTS = 20_000;
/** Documents between two checkpoints. */
const BLOCK_DOCUMENTS = 32;

async function fitText(
  column: Extract<Column, { codes: Int32Array }>,
  rows: Int32Array,
  checkpoint: Checkpoint,
): Promise<ColumnEncoding> {
  const document = (row: number) => (column.codes[row] < 0 ? "" : column.labels[column.codes[row]]);
  const characters = affordableCharacters(Int32Array.from(rows, (row) => document(row).length));
  const vocabulary = newVocabulary();
  const some = spreadRows(rows.length, VOCABULARY_DOCUMENTS);
  for (let i = 0; i < some.length; i++) {
    if (i % BLOCK_DOCUMENTS === 0) await checkpoint();
    addDocument(vocabulary, document(rows[some[i]]), characters);
  }
  return {
    kind: "text",
    column: column.name,
    words: commonWords(vocabulary),
    idf: inverseDocumentFrequency(vocabulary),
    characters,
  };
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
    for (const _ of encodeColumn(encoder, table, { origin, into: encoded })) await checkpoint();
  }
  return finishEncoding(encoded);
}

/** As above without checkpoints, for the few rows of a prediction. */
export function encodeRows(encoder: Encoder, table: Table): EncodedTable {
  const encoded = startEncoding(table.rows);
  for (let origin = 0; origin < encoder.columns.length; origin++) {
    for (const _ of encodeColumn(encoder, table, { origin, into: encoded }));
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

/** Yields between blocks of work. */
function* encodeColumn(
  encoder: Encoder,
  table: Table,
  place: { origin: number; into: Encoding },
): Generator<void> {
  const encoding = encoder.columns[place.origin];
  const { into, origin } = place;
  const column = table.columns.find((candidate) => candidate.name === encoding.column);
  const push = (features: Feature[]) => {
    into.features.push(...features);
    for (let i = 0; i < features.length; i++) into.origins.push(origin);
  };
  if (encoding.kind !== "text") return push(featuresOf(encoding, column, table.rows));
  const names = ["length", "words", ...encoding.words.map((word) => `has “${word}”`)];
  const columns = names.map(() => new Float64Array(table.rows));
  const sparse = new SparseBuilder(TEXT_BUCKETS);
  const position = new Map(encoding.words.map((word, i) => [word, i + 2]));
  for (let row = 0; row < table.rows; row++) {
    if (row % BLOCK_DOCUMENTS === 0) yield;
    const text = textAt(column, row);
    const found = words(text, encoding.characters);
    columns[0][row] = text.length;
    columns[1][row] = found.length;
    for (const word of found) {
      const at = position.get(word);
      if (at !== undefined) columns[at][row] = 1;
    }
    sparse.addRow(weightTerms(found, encoding.idf));
  }
  push(columns.map((values, i) => ({ name: `${encoding.column} › ${names[i]}`, kind: "number", values })));
  into.texts.push({ origin, rows: sparse.build() });
}

function featuresOf(
  encoding: Exclude<ColumnEncoding, { kind: "text" }>,
  column: Column | undefined,
  rows: number,
): Feature[] {
  if (encoding.kind === "number") {
    return [{ name: encoding.column, kind: "number", values: numbersOf(column, rows) }];
  }
  if (encoding.kind === "date") return dateFeatures(encoding, numbersOf(column, rows));
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

/** Cached beside the labels: predicting one row must not index hundreds of labels first. */
function codesByLabel(labels: string[]): Map<string, number> {
  let index = indexes.get(labels);
  if (!index) {
    index = new Map(labels.map((label, code) => [label, code]));
    indexes.set(labels, index);
  }
  return index;
}

function textAt(column: Column | undefined, row: number): string {
  if (!column || !("codes" in column) || column.codes[row] < 0) return "";
  return column.labels[column.codes[row]];
}
