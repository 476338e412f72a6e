/**
 * Checks that columns become the same features at training and at serving, and that encodings do not leak the
 * target.
 */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { datePart } from "../../../../core/trainer/encoding/dates.ts";
import { buildDesign, planDesign } from "../../../../core/trainer/encoding/design.ts";
import { encodeRows, fitEncoder } from "../../../../core/trainer/encoding/encoder.ts";
import { crossTargetEncoding, fitTargetEncoding } from "../../../../core/trainer/encoding/target-encoding.ts";
import {
  addDocument,
  affordableCharacters,
  commonWords,
  inverseDocumentFrequency,
  newVocabulary,
  type Vocabulary,
  weightTerms,
  words,
} from "../../../../core/trainer/encoding/text.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";
import { category, numbers } from "../../training/stages/run.ts";

const rowsOf = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row);
const none = () => {};

test("parts of a timestamp, in UTC, Monday first", () => {
  const moment = Date.UTC(2024, 1, 29, 18, 30);
  const parts = (["year", "month", "day", "weekday", "hour"] as const).map((part) =>
    datePart(part, moment, 0),
  );
  expect(parts).toEqual([2024, 2, 29, 3, 18.5]);
  expect(datePart("elapsed", moment, moment - 86_400_000)).toBe(1);
  expect(datePart("year", Number.NaN, 0)).toBeNaN();
  const yeardays = ["2024-01-01", "2024-02-29", "2024-12-31", "2023-03-01", "2023-12-31", "0099-01-02"].map(
    (day) => datePart("yearday", Date.parse(`${day}T23:59:59Z`), 0),
  );
  expect(yeardays).toEqual([1, 60, 366, 60, 365, 2]);
  expect(datePart("yearday", Number.NaN, 0)).toBeNaN();
});

test("labels are those of the training rows; others are missing", async () => {
  const table: Table = { rows: 4, columns: [category("c", ["b", "a", "b", "z"])] };
  const encoder = await fitEncoder(table, Int32Array.of(0, 1, 2), none);
  expect(encoder.columns).toEqual([{ kind: "category", column: "c", labels: ["b", "a"], counts: [2, 1] }]);
  const { samples } = encodeRows(encoder, { rows: 3, columns: [category("c", ["z", "a", null])] });
  expect(samples.features[0]).toMatchObject({ codes: Int32Array.of(-1, 1, -1) });
});

test("a table with its columns in another order, and one missing, encodes the same", async () => {
  const table: Table = { rows: 3, columns: [numbers("a", [1, 2, 3]), category("b", ["x", "y", "x"])] };
  const encoder = await fitEncoder(table, rowsOf(3), none);
  const whole = encodeRows(encoder, table);
  const turned = encodeRows(encoder, { rows: 3, columns: [table.columns[1], table.columns[0]] });
  expect(turned.samples).toEqual(whole.samples);
  const missing = encodeRows(encoder, { rows: 3, columns: [table.columns[1]] });
  expect(missing.samples.features[0]).toMatchObject({ values: new Float64Array(3).fill(Number.NaN) });
});

test("the design standardises, imputes the median and flags it", async () => {
  const table: Table = {
    rows: 5,
    columns: [numbers("a", [1, 2, 3, Number.NaN, 10]), category("b", ["x", "x", "y", "y", "z"])],
  };
  const encoder = await fitEncoder(table, rowsOf(5), none);
  const encoded = encodeRows(encoder, table);
  const plan = planDesign(encoded, rowsOf(5), () => false);
  const { starts, indices, values } = buildDesign(plan, encoded, rowsOf(5));
  const row = (r: number) => Array.from(indices.subarray(starts[r], starts[r + 1]));
  expect(row(0)).toEqual([0, 2]);
  expect(row(3)).toEqual([0, 1, 3]);
  expect(row(4)).toEqual([0]);
  const column = rowsOf(5).reduce((sum, r) => sum + values[starts[r]], 0);
  expect(column).toBeCloseTo(0, 5);
  expect(values[starts[3] + 1]).toBe(1);
});

test("text becomes terms of unit length, the same for the same text", () => {
  const idf = inverseDocumentFrequency(vocabularyOf(["a cat", "a dog", "the dog barks"]));
  const { indices, values } = weightTerms(words("The DOG barks!"), idf);
  expect(Math.hypot(...values)).toBeCloseTo(1, 6);
  expect(weightTerms(words("the dog barks"), idf).indices).toEqual(indices);
  expect(weightTerms([], idf).indices).toEqual([]);
  expect(words("Don't panic, Zoë-42!")).toEqual(["don't", "panic", "zoë", "42"]);
  const documents = Array.from({ length: 10 }, (_, i) => (i < 5 ? "free prize" : "lunch today"));
  expect(commonWords(vocabularyOf(documents))).toEqual(["free", "lunch", "prize", "today"]);
});

function vocabularyOf(documents: string[]): Vocabulary {
  const vocabulary = newVocabulary();
  for (const document of documents) addDocument(vocabulary, document);
  return vocabulary;
}

test("very long texts are read as far as the total budget allows", () => {
  expect(affordableCharacters(new Int32Array(1000).fill(5000))).toBe(2000);
  const most = affordableCharacters(new Int32Array(50_000).fill(5000));
  expect(most * 50_000).toBeLessThanOrEqual(15_000_000);
  expect(most).toBeGreaterThan(200);
  expect(words("one two three", 7)).toEqual(["one", "two"]);
});

test("target means shrink rare labels towards the overall mean, and no row sees its own target", async () => {
  const rows = 400;
  const random = seededRandom(3);
  const codes = rowsOf(rows);
  const values = Float64Array.from({ length: rows }, () => (random() < 0.5 ? 1 : 0));
  const target: Target = { task: "binary", values, classes: ["a", "b"] };
  const each = { feature: 0, codes, labels: rows };
  const naive = fitTargetEncoding(each, target, rowsOf(rows));
  expect(naive.means[0] > naive.prior[0]).toBe(values[0] === 1);
  const { columns } = await crossTargetEncoding(each, target, {
    rows: rowsOf(rows),
    random,
    checkpoint: none,
  });
  const mean = (of: number) => {
    const chosen = Array.from(columns[0]).filter((_, row) => values[row] === of);
    return chosen.reduce((a, b) => a + b, 0) / chosen.length;
  };
  expect(Math.abs(mean(1) - mean(0))).toBeLessThan(0.02);
});
