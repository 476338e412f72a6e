/** Checks that a column's figures are exact while it is small, and within their bounds where it is not. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { accumulatorFor } from "../../../../core/csv/profile/accumulators.ts";
import { guessTarget } from "../../../../core/csv/profile/guess-target.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import type { ColumnProfile, CsvProfile } from "../../../../core/csv/types.ts";
import { profileNaively } from "../../../reference/profile.ts";
import { fileOf } from "../files.ts";

function profileOf(cells: readonly string[], type: "number" | "category"): ColumnProfile {
  const accumulator = accumulatorFor({ name: "v", type, missingWords: ["na"] }, 1);
  for (const cell of cells) {
    const bytes = new TextEncoder().encode(cell);
    accumulator.add(bytes, 0, bytes.length);
  }
  return accumulator.profile(type);
}

/** A linear congruential generator, so that every run sees the same numbers. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("numbers", () => {
  test("match the naive twin", () => {
    const value = fc.oneof(
      fc.integer({ min: -9, max: 300 }),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 1200 }), (values) => {
        fc.pre(values.some((known) => known !== null));
        const found = profileOf(
          values.map((known) => (known === null ? "NA" : String(known))),
          "number",
        );
        const wanted = profileNaively(values.map((known) => (known === null ? null : known + 0)));
        for (const key of ["count", "missing", "distinct", "min", "max"] as const)
          expect(found[key]).toBe(wanted[key]);
        expect(found.top).toEqual(wanted.top);
        expect(found.mean).toBeCloseTo(wanted.mean, 6);
        expect(found.std).toBeCloseTo(wanted.std, 5);
        for (const key of ["p05", "p25", "p50", "p75", "p95"] as const) {
          expect(found.quantiles![key]).toBeCloseTo(wanted.quantiles[key], 6);
        }
        expect(found.histogram.reduce((sum, count) => sum + count, 0)).toBe(wanted.count - wanted.missing);
      }),
      { numRuns: 200 },
    );
  });

  test("moments of numbers far from zero do not cancel", () => {
    const found = profileOf(
      Array.from({ length: 5000 }, (_, k) => String(1e9 + (k % 2))),
      "number",
    );
    expect(found.mean).toBeCloseTo(1e9 + 0.5, 6);
    expect(found.std).toBeCloseTo(0.5, 3);
  });

  test("many distinct values are estimated within a few percent, and marked as estimated", () => {
    const next = seeded(3);
    const values = Array.from({ length: 120_000 }, () => Math.floor(next() * 80_000));
    const found = profileOf(values.map(String), "number");
    const wanted = profileNaively(values);
    expect(found.distinctExact).toBe(false);
    expect(Math.abs(found.distinct / wanted.distinct - 1)).toBeLessThan(0.08);
    expect(found.mean).toBeCloseTo(wanted.mean, 4);
    for (const key of ["p05", "p25", "p50", "p75", "p95"] as const) {
      expect(Math.abs(found.quantiles![key] - wanted.quantiles[key])).toBeLessThan(0.02 * 80_000);
    }
  });
});

describe("words", () => {
  test("counts, commonest and examples", () => {
    const found = profileOf(["red", "blue", "red", "", "NA", "red", "blue", "green"], "category");
    expect(found).toMatchObject({ count: 8, missing: 2, distinct: 3, examples: ["red", "blue", "green"] });
    expect(found.top).toEqual([
      { value: "red", count: 3 },
      { value: "blue", count: 2 },
      { value: "green", count: 1 },
    ]);
  });

  test("a hundred thousand distinct ones are estimated in bounded memory", () => {
    const found = profileOf(
      Array.from({ length: 100_000 }, (_, k) => `user-${k}`),
      "category",
    );
    expect(found.distinctExact).toBe(false);
    expect(Math.abs(found.distinct / 100_000 - 1)).toBeLessThan(0.08);
  });
});

test("a word for missing is recognised even if there are too many values to keep", () => {
  const cells = Array.from({ length: 60_000 }, (_, k) => (k % 4 === 0 ? "NA" : `user-${k}`));
  expect(profileOf(cells, "category")).toMatchObject({ count: 60_000, missing: 15_000 });
});

async function fileProfile(header: string, row: (k: number) => string, rows = 60): Promise<CsvProfile> {
  const lines = Array.from({ length: rows }, (_, k) => row(k));
  return profileCsv(fileOf(`${header}\n${lines.join("\n")}\n`), {}, { name: "t.csv" });
}

describe("target", () => {
  const cases: [string, string, (k: number) => string, string, string][] = [
    [
      "by name",
      "PassengerId,Survived,Fare,Sex",
      (k) => `${k + 1},${k % 2},${k / 3},${k % 3 ? "m" : "f"}`,
      "Survived",
      "binary",
    ],
    ["the last", "a,b,kind", (k) => `${k},${k / 7},${["x", "y", "z"][k % 3]}`, "kind", "multiclass"],
    [
      "a quantity",
      "rooms,area,SalePrice",
      (k) => `${k % 5},${k / 7},${1000 + k * 3.5}`,
      "SalePrice",
      "regression",
    ],
    [
      "the first, by name",
      "species,l,w",
      (k) => `${["a", "b", "c"][k % 3]},${k / 7},${k / 3}`,
      "species",
      "multiclass",
    ],
    [
      "not a place in space",
      "price,x,y,z",
      (k) => `${k * 3},${k / 7},${k / 3},${k / 11}`,
      "price",
      "regression",
    ],
    ["no header", "0.5,1.5,yes", (k) => `${k / 9},${k / 7},${k % 2 ? "yes" : "no"}`, "column_3", "binary"],
    ["classes by number", "a,b,class", (k) => `${k / 9},${k / 7},${k % 4}`, "class", "multiclass"],
  ];
  for (const [name, header, row, target, task] of cases) {
    test(name, async () => {
      const found = await fileProfile(header, row);
      expect([found.target, found.task]).toEqual([target, task as "binary"]);
      expect(found.targetReason).toContain(target);
    });
  }

  test("IDs, texts and constants give no target", () => {
    expect(guessTarget([]).target).toBeNull();
  });
});

describe("ids", () => {
  test("a counter in the first column, and unique numbers with an ID's name", async () => {
    const found = await fileProfile(
      "row,customer_id,value",
      (k) => `${k + 1},${(k * 7919) % 10007},${(k * k) % 17}`,
    );
    expect(found.columns.map(({ type }) => type)).toEqual(["id", "id", "number"]);
  });
});

test("the page fills while a large file is read", async () => {
  const lines = Array.from({ length: 200_000 }, (_, k) => `${k % 97},${k % 2 ? "yes" : "no"}`);
  const seen: number[] = [];
  const path = fileOf(`n,flag\n${lines.join("\n")}\n`);
  const onProgress = ({ columns }: { columns?: ColumnProfile[] }) => {
    if (columns) seen.push(columns[0].count);
  };
  const profile = await profileCsv(path, {}, { name: "a", onProgress });
  expect(profile.rows).toBe(200_000);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test("reading stops when cancelled", async () => {
  const path = fileOf(`a,b\n${"1,2\n".repeat(300_000)}`);
  const stop = new AbortController();
  const reading = profileCsv(path, {}, { name: "a", signal: stop.signal, onProgress: () => stop.abort() });
  expect(await reading.catch((error: Error) => error.name)).toBe("AbortError");
});
