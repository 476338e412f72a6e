/** Checks that each column's correlation with the target is right, and left out where it cannot be computed. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { correlationRatio, cramersV, pearson } from "../../../../core/csv/profile/correlation.ts";
import { RowSample } from "../../../../core/csv/profile/row-sample.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import type { Correlation, ReadingChoices } from "../../../../core/csv/types.ts";
import { fileOf } from "../files.ts";

/** A linear congruential generator, so that every run sees the same numbers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("measures", () => {
  test("figures calculated by hand", () => {
    // Sums of products about the means: 12 between them, 10 and 21.2 within.
    expect(pearson([1, 2, 3, 4, 5], [2, 1, 4, 3, 7])).toBeCloseTo(12 / Math.sqrt(212), 9);
    // Between 150, within 4 of 154; Kelley: 1 - (4 / 4) / (154 / 5).
    expect(correlationRatio([0, 0, 0, 1, 1, 1], [4, 5, 6, 14, 15, 16])).toBeCloseTo(
      Math.sqrt(1 - 5 / 154),
      9,
    );
    expect(cramersV([0, 0, 1, 1, 0, 1], [5, 5, 9, 9, 5, 9])).toBeCloseTo(1, 9);
  });

  test("Pearson ignores scale and shift, and changes sign with direction", () => {
    const value = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value), { minLength: 5, maxLength: 60 }), (pairs) => {
        const [x, y] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
        const found = pearson(x, y);
        fc.pre(Number.isFinite(found) && Math.max(...x) - Math.min(...x) > 1);
        fc.pre(Math.max(...y) - Math.min(...y) > 1);
        expect(
          pearson(
            x.map((v) => 3 - 2 * v),
            y,
          ),
        ).toBeCloseTo(-found, 6);
        expect(pearson(y, x)).toBeCloseTo(found, 9);
      }),
    );
  });

  test("chance alone gives almost zero, even with many classes", () => {
    const next = seeded(5);
    const classes = Array.from({ length: 4000 }, () => Math.floor(next() * 200));
    const others = Array.from({ length: 4000 }, () => Math.floor(next() * 30));
    expect(correlationRatio(classes, others)).toBeLessThan(0.1);
    expect(cramersV(classes, others)).toBeLessThan(0.1);
  });

  test("a constant or all-different side has no figure", () => {
    const rows = Array.from({ length: 20 }, (_, k) => k);
    const same = rows.map(() => 1);
    for (const value of [pearson(same, rows), correlationRatio(same, rows), correlationRatio(rows, same)])
      expect(value).toBeNaN();
    expect(cramersV(rows, rows)).toBeNaN();
  });
});

describe("in the profile", () => {
  const next = seeded(9);
  const lines = Array.from({ length: 400 }, (_, k) => {
    const area = Math.floor(next() * 100);
    const town = ["Ulm", "Bonn", "Kiel"][k % 3];
    const price = 3 * area + (town === "Kiel" ? 200 : 0) + Math.floor(next() * 10);
    return `K-${k * 7},${area},${town},${k % 5 === 0 ? "" : k % 2 ? "yes" : "no"},7,${price}`;
  });
  const path = fileOf(`code,area,town,garden,same,price\n${lines.join("\n")}\n`);
  const correlations = async (choices: ReadingChoices) => {
    const { columns } = await profileCsv(path, choices, { name: "houses.csv" });
    return Object.fromEntries(columns.map(({ name, correlation }) => [name, correlation ?? null]));
  };
  const measureOf = (found: Correlation | null | undefined) => found?.measure ?? null;

  test("each kind of column has the measure of its kind; IDs, constants and the target have none", async () => {
    const found = await correlations({ target: "price" });
    expect(Object.fromEntries(Object.entries(found).map(([name, own]) => [name, measureOf(own)]))).toEqual({
      code: null,
      area: "pearson",
      town: "correlation_ratio",
      garden: "correlation_ratio",
      same: null,
      price: null,
    });
    expect(found.area!.value).toBeGreaterThan(0.5);
    expect(found.town!.value).toBeGreaterThan(0.5);
    expect(found.garden).toMatchObject({ rows: 320 });
    expect(found.garden!.value).toBeLessThan(0.2);
  });

  test("another target gives other figures; dropped columns are not mixed up", async () => {
    const found = await correlations({ target: "town", drop: ["code", "same"] });
    expect(found).toMatchObject({
      area: { measure: "correlation_ratio" },
      garden: { measure: "cramers_v" },
      price: { measure: "correlation_ratio" },
      town: null,
    });
    expect(found.price!.value).toBeGreaterThan(0.5);
    expect(found.area!.value).toBeLessThan(0.2);
  });
});

test("a sample of a long file is bounded, uniform, and the same each time", () => {
  const draw = () => {
    const sample = new RowSample([{ name: "row", type: "number", missingWords: [] }]);
    const encoder = new TextEncoder();
    for (let row = 0; row < 100_000; row++) {
      const bytes = encoder.encode(String(row));
      sample.add(bytes, Int32Array.of(0, bytes.length), 1);
    }
    return sample.column(0);
  };
  const rows = draw();
  expect(rows.length).toBeGreaterThan(9000);
  expect(rows.length).toBeLessThanOrEqual(20_000);
  expect(rows.reduce((sum, row) => sum + row, 0) / rows.length / 50_000).toBeCloseTo(1, 1);
  expect(draw()).toEqual(rows);
});
