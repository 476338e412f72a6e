/**
 * Checks that drift is reported where it exists, not where chance explains it, and that the bins hold every row once.
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  chiSquareQuantile,
  driftView,
  LEAST_PREDICTIONS,
  stabilityIndex,
} from "../../../../../core/models/monitoring/drift/drift.ts";
import {
  addCounts,
  type ColumnCounts,
  DriftCounter,
  noCounts,
} from "../../../../../core/models/monitoring/drift/drift-counts.ts";
import {
  binOf,
  type ColumnReference,
  columnReference,
  type TrainingReference,
} from "../../../../../core/trainer/model/reference.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";

const rowsOf = (length: number) => Int32Array.from({ length }, (_, row) => row);
const numbers = (values: number[]) =>
  columnReference({ name: "x", type: "number", values: Float64Array.from(values) }, rowsOf(values.length));
const labels = (values: (string | null)[]) => {
  const known = [...new Set(values.filter((value) => value !== null))];
  const codes = Int32Array.from(values, (value) => (value === null ? -1 : known.indexOf(value)));
  return { name: "c", type: "category" as const, codes, labels: known };
};
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

test("every value falls into one of at most 20 bins, by the number of edges that are not above it", () => {
  const value = fc.oneof(
    fc.integer({ min: -5, max: 5 }),
    fc.double({ noNaN: true }),
    fc.constant(Number.NaN),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 300 }), (values) => {
      const reference = numbers(values);
      if (reference.kind === "category") throw new Error("numbers became a category");
      const { edges, counts, missing } = reference;
      expect(counts.length).toBeLessThanOrEqual(20);
      expect(edges.toSorted((a, b) => a - b)).toEqual(edges);
      expect(sum(counts) + missing).toBe(values.length);
      for (const value of values.filter(Number.isFinite))
        expect(binOf(edges, value)).toBe(edges.filter((edge) => edge <= value).length);
    }),
    { numRuns: 200 },
  );
});

test("a column of mostly one value with few outliers still gets bins for its rows", () => {
  const random = seededRandom(1);
  const values = Array.from({ length: 2000 }, () => Math.exp(6 * random() ** 3));
  const { counts } = numbers(values);
  expect(Math.max(...counts) / values.length).toBeLessThanOrEqual(0.4);
});

test("quantiles of chi² match the published tables", () => {
  for (const [freedom, share, expected] of [
    [1, 0.95, 3.841],
    [5, 0.99, 15.086],
    [10, 0.99, 23.209],
    [19, 0.999, 43.82],
  ] as const) {
    expect(Math.abs(chiSquareQuantile(freedom, share) / expected - 1)).toBeLessThan(0.025);
  }
});

test("the index is zero for equal shares, and matches the formula for two halves", () => {
  expect(stabilityIndex([500, 500], [50, 50]).index).toBeCloseTo(0, 6);
  const { index } = stabilityIndex([50_000, 50_000], [20_000, 80_000]);
  expect(index).toBeCloseTo((0.2 - 0.5) * Math.log(0.2 / 0.5) + (0.8 - 0.5) * Math.log(0.8 / 0.5), 3);
});

const reference = (column: ColumnReference): TrainingReference => ({ columns: [column], answers: column });
const counted = (column: ColumnReference, values: number[]): ColumnCounts => {
  const bins = column.counts.map(() => 0);
  if (column.kind === "category") throw new Error("numbers are expected");
  for (const value of values) bins[binOf(column.edges, value)]! += 1;
  return { bins, missing: 0, unseen: 0, examples: [] };
};
const gauss = (random: () => number) =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const look = (column: ColumnReference, values: number[]) => {
  const counts = counted(column, values);
  return driftView(reference(column), { rows: values.length, columns: [counts], answers: counts }, 2)
    .columns[0]!;
};

test("rows from the same source are reported as drifted in at most 1 % of checks", () => {
  const random = seededRandom(7);
  const column = numbers(Array.from({ length: 2000 }, () => gauss(random)));
  let falsePositives = 0;
  for (let look_ = 0; look_ < 300; look_++) {
    const rows = 200 + Math.floor(800 * random());
    const drift = look(
      column,
      Array.from({ length: rows }, () => gauss(random)),
    );
    if (drift.verdict !== "none") falsePositives += 1;
  }
  expect(falsePositives).toBeLessThanOrEqual(6);
});

test("a shift by a standard deviation is major, by a third moderate at most, and the sentence names the medians", () => {
  const random = seededRandom(3);
  const column = numbers(Array.from({ length: 3000 }, () => 50 + 10 * gauss(random)));
  const shifted = (by: number) =>
    look(
      column,
      Array.from({ length: 1000 }, () => 50 + by + 10 * gauss(random)),
    );
  expect(shifted(10).verdict).toBe("major");
  expect(shifted(10).sentence).toMatch(
    /half of the values are above (59|6\d)(\.\d)? now, (49|50)(\.\d)? in training/,
  );
  expect(["none", "moderate"]).toContain(shifted(3).verdict);
  expect(
    look(
      column,
      Array.from({ length: 1000 }, () => 50 + 10 * gauss(random)),
    ).sentence,
  ).toBe("As in training.");
});

test("too few predictions give no drift report", () => {
  const column = numbers([1, 2, 3]);
  const counts = counted(
    column,
    Array.from({ length: LEAST_PREDICTIONS - 1 }, () => 99),
  );
  const view = driftView(
    reference(column),
    { rows: LEAST_PREDICTIONS - 1, columns: [counts], answers: counts },
    2,
  );
  expect(view).toMatchObject({ predictions: 199, needed: 200, columns: [], answers: null });
});

const encoderOf = (known: string[]) => ({
  encoder: { columns: [{ kind: "category" as const, column: "c", labels: known, counts: [] }] },
  plans: [{ name: "c", type: "category" as const, missingWords: [] }],
});

test("new categories count if training had all of them, not if it saw most only once", () => {
  const few = columnReference(
    labels(Array.from({ length: 400 }, (_, i) => (i % 2 ? "a" : "b"))),
    rowsOf(400),
  );
  const many = columnReference(labels(Array.from({ length: 400 }, (_, i) => `v${i}`)), rowsOf(400));
  const live = labels(Array.from({ length: 300 }, (_, i) => (i < 12 ? `new${i % 6}` : i % 2 ? "a" : null)));
  const table = { rows: 300, columns: [live] };
  for (const [column, isMore] of [
    [few, true],
    [many, false],
  ] as const) {
    const trained = reference(column);
    const known = column === few ? ["a", "b"] : Array.from({ length: 400 }, (_, i) => `v${i}`).concat("a");
    const counter = new DriftCounter(trained, encoderOf(known));
    const [counts, again] = [noCounts(trained), noCounts(trained)];
    counter.count(counts, { table, predictions: [], examples: true });
    counter.count(again, { table, predictions: [], examples: false });
    expect(counts.columns[0]).toMatchObject({ unseen: 12, missing: 144 });
    expect(counts.columns[0]!.examples).toHaveLength(5);
    expect(again.columns[0]!.examples).toEqual([]);
    const oneByOne = noCounts(trained);
    for (const code of live.codes) {
      const asked = { values: [live.labels[code] ?? null], prediction: "a" };
      counter.countRow(oneByOne, asked, true);
    }
    expect(oneByOne.columns).toEqual(counts.columns);
    expect(oneByOne.rows).toBe(300);
    addCounts(again, counts);
    expect(again).toMatchObject({ rows: 600, columns: [{ unseen: 24, missing: 288 }] });
    const [drift] = driftView(trained, counts, 2).columns;
    expect(drift!.unseen).toMatchObject({ rows: 12, isMore });
    expect(drift!.missing).toMatchObject({ training: 0, live: 0.48, isMore: true });
    expect(drift!.sentence).toContain("Missing in 48 % of the rows; in training it was 0 %.");
  }
});
