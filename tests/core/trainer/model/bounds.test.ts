/** Bounds contain the truth with the requested probability, and are wider where errors were larger. */
import { expect, setDefaultTimeout, test } from "bun:test";
import type { Column, Table } from "../../../../core/csv/types.ts";
import { encodeRows, fitEncoder } from "../../../../core/trainer/encoding/encoder.ts";
import {
  boundRows,
  highestLevel,
  keptScores,
  leastProbability,
  type NumberBounds,
  scoreRange,
} from "../../../../core/trainer/model/bounds.ts";
import { classBounds, numberBounds } from "../../../../core/trainer/model/fit-bounds.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";

setDefaultTimeout(60_000);

const random = seededRandom(4);
const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** The prediction is x; the truth varies around it, ten times as much if `place` is "far". */
function noisy(rows: number): { table: Table; answers: Float64Array; truth: Float64Array } {
  const x = Float64Array.from({ length: rows }, () => 100 * random());
  const codes = Int32Array.from({ length: rows }, () => Number(random() < 0.5));
  const truth = x.map((value, row) => value + (codes[row] === 1 ? 10 : 1) * normal());
  const columns: Column[] = [
    { name: "x", type: "number", values: x },
    { name: "place", type: "category", codes, labels: ["near", "far"] },
  ];
  return { table: { rows, columns }, answers: x, truth };
}

async function learned(rows: number): Promise<NumberBounds> {
  const { table, answers, truth } = noisy(rows);
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const encoder = await fitEncoder(table, all, () => {});
  const encoded = encodeRows(encoder, table);
  return numberBounds(
    { rows: all, answers, truth },
    { encoder, encoded, random: seededRandom(1), checkpoint: () => {}, isOver: () => false },
  );
}

test("intervals contain 90 of 100 new truths, in precise and in noisy regions, and are wider in the noisy ones", async () => {
  const bounds = await learned(3000);
  const { table, answers, truth } = noisy(4000);
  const held = boundRows(bounds, { table, answers, probabilities: null, level: 0.9 });
  if (held.kind !== "number") throw new Error("a number has an interval");
  const { codes } = table.columns[1] as Extract<Column, { codes: Int32Array }>;
  for (const place of [0, 1]) {
    const rows = [...truth.keys()].filter((row) => codes[row] === place);
    const inside = rows.filter((row) => truth[row]! >= held.low[row]! && truth[row]! <= held.high[row]!);
    expect(Math.abs(inside.length / rows.length - 0.9)).toBeLessThan(0.03);
    const width = rows.reduce((sum, row) => sum + held.high[row]! - held.low[row]!, 0) / rows.length;
    // 2 x 1.645 standard deviations.
    const exact = place === 1 ? 32.9 : 3.29;
    expect(Math.abs(width / exact - 1)).toBeLessThan(0.2);
  }
});

test("few rows get the same width everywhere, and no level that they cannot support", async () => {
  const bounds = await learned(60);
  expect([bounds.spread, bounds.rows]).toEqual([[], 60]);
  expect(highestLevel(bounds)).toBeCloseTo(1 - 2 / 61, 10);
  const [low, high] = scoreRange(bounds, highestLevel(bounds));
  expect([low, high].every(Number.isFinite)).toBe(true);
  expect(scoreRange(bounds, 0.99).every(Number.isFinite)).toBe(false);
});

test("thinned scores give nearly the same ranges as all of them", () => {
  const scores = Float64Array.from({ length: 40_000 }, normal);
  const bounds = (kept: Float64Array): NumberBounds => ({
    ...{ kind: "number", encoder: { columns: [] }, spread: [], center: 0, belief: 0 },
    ...{ scores: kept, rows: scores.length },
  });
  const [low, high] = scoreRange(bounds(scores.toSorted()), 0.9);
  const [thinLow, thinHigh] = scoreRange(bounds(keptScores(scores)), 0.9);
  expect([Math.abs(low - thinLow) < 0.01, Math.abs(high - thinHigh) < 0.01]).toEqual([true, true]);
});

test("sets contain a class from the probability that the true class had in that share of rows", () => {
  // Nine of ten truths have at least 0.31.
  const given = Float64Array.from({ length: 99 }, (_, i) => 0.21 + 0.01 * i * (78 / 98));
  const bounds = classBounds(given);
  expect(leastProbability(bounds, 0.9)).toBeCloseTo(given[9]!, 6);
  const probabilities = Float64Array.from([0.6, 0.4, 0.9, 0.1, 0.2, 0.2]);
  const table = { rows: 3, columns: [] };
  const held = boundRows(bounds, { table, answers: new Float64Array(3), probabilities, level: 0.9 });
  expect(held).toEqual({ kind: "classes", sets: [[0, 1], [0], []] });
});
