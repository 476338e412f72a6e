/** Checks what folds promise: every row once, shares of classes, groups together, no future in the past. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { stratifiedFolds, timeFolds } from "../../../../core/trainer/race/folds.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";

const all = (rows: number) => Int32Array.from({ length: rows }, (_, row) => row);

function target(rows: number, classes: number): Target {
  const values = Float64Array.from({ length: rows }, (_, row) => (row * row) % classes);
  return { task: "multiclass", values, classes: Array.from({ length: classes }, (_, k) => `k${k}`) };
}

test("every row is predicted once, and never learned from at the same time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 30, max: 200 }),
      fc.integer({ min: 2, max: 9 }),
      fc.nat(),
      (rows, folds, seed) => {
        const made = stratifiedFolds(all(rows), target(rows, 3), {
          folds,
          random: seededRandom(seed),
          groups: null,
        });
        const answered = made.flatMap(({ valid }) => [...valid]).sort((a, b) => a - b);
        expect(answered).toEqual([...all(rows)]);
        for (const { train, valid } of made) {
          expect(train.length + valid.length).toBe(rows);
          expect([...train].filter((row) => valid.includes(row))).toEqual([]);
        }
      },
    ),
    { numRuns: 30 },
  );
});

test("each fold has its share of each class", () => {
  const values = Float64Array.from({ length: 100 }, (_, row) => (row % 10 === 0 ? 1 : 0));
  const given: Target = { task: "binary", values, classes: ["a", "b"] };
  for (const { valid } of stratifiedFolds(all(100), given, {
    folds: 5,
    random: seededRandom(1),
    groups: null,
  })) {
    expect(valid.filter((row) => values[row] === 1).length).toBe(2);
    expect(valid.length).toBe(20);
  }
});

test("numbers are spread by size", () => {
  const values = Float64Array.from({ length: 100 }, (_, row) => row);
  const given: Target = { task: "regression", values, classes: [] };
  for (const { valid } of stratifiedFolds(all(100), given, {
    folds: 5,
    random: seededRandom(1),
    groups: null,
  })) {
    for (let fifth = 0; fifth < 5; fifth++) {
      expect(valid.filter((row) => Math.floor(row / 20) === fifth).length).toBe(4);
    }
  }
});

test("groups stay together and folds stay even", () => {
  const groups = Int32Array.from({ length: 120 }, (_, row) => Math.floor(row / 6));
  const made = stratifiedFolds(all(120), target(120, 2), { folds: 4, random: seededRandom(2), groups });
  for (const { train, valid } of made) {
    const learned = new Set(Array.from(train, (row) => groups[row]));
    expect([...valid].some((row) => learned.has(groups[row]))).toBe(false);
    expect(Math.abs(valid.length - 30)).toBeLessThanOrEqual(6);
  }
});

describe("time", () => {
  test("a time fold trains only on earlier rows, and the last row is predicted", () => {
    const made = timeFolds(all(103), 4);
    for (const { train, valid } of made) expect(Math.max(...train)).toBeLessThan(Math.min(...valid));
    expect(Math.max(...made[3].valid)).toBe(102);
    expect(made.reduce((sum, { valid }) => sum + valid.length, 0)).toBeGreaterThan(80);
  });
});

test("another seed deals other groups, of equal size too", () => {
  const rows = Int32Array.from({ length: 400 }, (_, row) => row);
  const target = { task: "regression" as const, values: Float64Array.from(rows), classes: [] };
  const groups = rows.map((row) => row >> 1);
  const held = (seed: number) => {
    const [first] = stratifiedFolds(rows, target, { folds: 5, random: seededRandom(seed), groups, first: 1 });
    return new Set(first!.valid);
  };
  const [a, b] = [held(1), held(2)];
  expect([...a].filter((row) => b.has(row)).length).toBeLessThan(0.5 * a.size);
});
