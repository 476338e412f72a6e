/**
 * Checks that copies and groups stay on one side of a split, and that none takes more than its share of the test
 * set.
 */
import { describe, expect, test } from "bun:test";
import { isGroupColumn } from "../../../../core/csv/profile/advice/group-column.ts";
import type { ColumnProfile, Table } from "../../../../core/csv/types.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import {
  columnGroups,
  duplicateGroups,
  mostTogether,
  onlyLearnedGroups,
} from "../../../../core/training/stages/work/rows/groups.ts";
import { left } from "../../../../core/training/stages/work/work.ts";
import { category, draw, normal, numbers, runStages } from "./run.ts";

const pause = () => {};

describe("copies", () => {
  test("are equal in what is learned from, whatever their target", async () => {
    const table = {
      rows: 6,
      columns: [
        numbers("x", [1, 1, 2, Number.NaN, Number.NaN, 3]),
        category("c", ["a", "a", "a", null, null, "b"]),
      ],
    };
    const { groups } = await duplicateGroups(table, pause);
    expect(Array.from(groups!)).toEqual([0, 0, 1, 2, 2, 3]);
  });

  test("copies of one row beyond its share are divided, and a finding says so", async () => {
    const random = seededRandom(2);
    const x = draw(1000, (row) => (row % 10 < 3 ? 7 : row % 10 === 3 ? Math.floor(row / 20) : random()));
    const { groups, findings } = await duplicateGroups({ rows: 1000, columns: [numbers("x", x)] }, pause);
    const sizes = new Map<number, number>();
    for (const group of groups!) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    expect(Math.max(...sizes.values())).toBeLessThanOrEqual(mostTogether(1000));
    expect([...sizes.values()]).toContain(2);
    expect(findings.find(({ code }) => code === "large_copies")!.message).toContain("30");
  });
});

/** Rows whose reading is blank in a third: there the pump alone says little, and equal rows have both targets. */
function blanks(): Table {
  const random = seededRandom(4);
  const rows = 300;
  const pressure = draw(rows, (row) => (row % 3 === 0 ? Number.NaN : Math.round(100 * random())));
  const answer = pressure.map((value) =>
    (Number.isNaN(value) ? random() < 0.7 : value > 50) ? "yes" : "no",
  );
  return {
    rows,
    columns: [
      category("pump", draw(rows, (row) => row % 2).map(String)),
      numbers("pressure", pressure),
      category("leak", answer),
    ],
  };
}

test("equal rows with different targets are scored like new rows", async () => {
  const { result } = await runStages(blanks(), "leak");
  // Known if there is a reading, seven in ten if there is none.
  expect(result.metrics.accuracy).toBeGreaterThan(0.8);
});

test("a row that is a third of the file fills no more than that of the test set", async () => {
  const random = seededRandom(9);
  const rows = 2000;
  const x = draw(rows, (row) => (row % 3 === 0 ? 0.25 : normal(random)));
  const table = {
    rows,
    columns: [
      numbers("x", x),
      category(
        "y",
        x.map((value) => (value + 0.5 * normal(random) > 0.25 ? "a" : "b")),
      ),
    ],
  };
  const { result, work } = await runStages(table, "y");
  const { test: tested } = left(work, "parts");
  const share = tested.filter((row) => x[row] === 0.25).length / tested.length;
  expect(share).toBeGreaterThan(0.25);
  expect(share).toBeLessThan(0.42);
  expect(result.metrics.roc_auc).toBeGreaterThan(0.8);
  expect(result.findings.map(({ code }) => code)).toContain("large_copies");
});

describe("groups of a column", () => {
  test("a row without a group is its own group", () => {
    expect(Array.from(columnGroups(Float64Array.of(5, Number.NaN, 5, Number.NaN, 6)))).toEqual([
      0, 1, 0, 2, 3,
    ]);
  });

  test("groups too large for the test set are only learned from", () => {
    const groups = Int32Array.from({ length: 100 }, (_, row) => (row < 60 ? 0 : row));
    expect(onlyLearnedGroups(groups).count).toBe(1);
    const halves = Int32Array.from({ length: 100 }, (_, row) => (row < 60 ? 0 : 1));
    expect(onlyLearnedGroups(halves).isOnlyLearned).toEqual([true, false]);
  });

  test("a group with most rows does not become the test set", async () => {
    const random = seededRandom(6);
    const shop = draw(600, (row) => (row < 400 ? -1 : row % 20)).map((k) => (k < 0 ? "big" : `s${k}`));
    const x = draw(600, () => normal(random));
    const table = {
      rows: 600,
      columns: [
        category("shop", shop),
        numbers("x", x),
        numbers(
          "y",
          x.map((v) => v + 0.1 * normal(random)),
        ),
      ],
    };
    const { result, work } = await runStages(table, "y", {
      options: { split: "group", splitColumn: "shop" },
    });
    const { test: tested, train } = left(work, "parts");
    const shops = (rows: Int32Array) => new Set(Array.from(rows, (row) => shop[row]));
    expect(shops(tested).has("big")).toBe(false);
    expect([...shops(tested)].filter((name) => shops(train).has(name))).toEqual([]);
    expect(result.rowsTrain + result.rowsTest).toBe(600);
    expect(result.findings.find(({ code }) => code === "large_group")!.message).toContain("67 %");
  });
});

describe("columns that group rows", () => {
  const profile = (name: string, rest: Partial<ColumnProfile> = {}) =>
    ({
      name,
      type: "category",
      count: 480,
      missing: 0,
      distinct: 60,
      examples: ["P001", "P002"],
      ...rest,
    }) as ColumnProfile;

  test.each([
    profile("patient"),
    profile("Patient ID"),
    profile("userId", { type: "number", examples: ["17", "18"] }),
    profile("device_no", { type: "number", examples: ["1", "2"] }),
    profile("Visitors ID", { type: "number", examples: ["1", "2"] }),
    profile("user", { type: "number", examples: ["17", "18"] }),
    profile("customer", { examples: ["Ann", "Bob"] }),
    profile("anon_id", { examples: ["a1", "a2"] }),
  ])("$name", (column) => expect(isGroupColumn(column)).toBe(true));

  test.each([
    profile("country", { examples: ["DE", "FR"] }),
    profile("user rating", { type: "number", examples: ["1", "2"] }),
    profile("patient", { distinct: 480 }),
    profile("patient", { distinct: 3 }),
    profile("customer", { type: "number", examples: ["2.5", "3.5"] }),
    profile("class"),
    profile("Visitors", { type: "number", examples: ["212", "87"] }),
    profile("Number of customers", { type: "number", examples: ["212", "87"] }),
    profile("num_user", { type: "number", examples: ["212", "87"] }),
  ])("not $name", (column) => expect(isGroupColumn(column)).toBe(false));

  test("the split by group is proposed instead of excluding the column", async () => {
    const random = seededRandom(3);
    const ill = draw(60, random).map((value) => (value < 0.4 ? "yes" : "no"));
    const table = {
      rows: 480,
      columns: [
        category(
          "patient",
          draw(480, (row) => row >> 3).map((n) => `P${n}`),
        ),
        numbers(
          "density",
          draw(480, (row) => (row >> 3) + 0.1 * random()),
        ),
        category(
          "ill",
          draw(480, (row) => row >> 3).map((n) => ill[n]),
        ),
      ],
    };
    const { result } = await runStages(table, "ill", { options: { budgetRounds: 20 } });
    const about = result.findings.filter(({ column }) => column === "patient");
    expect(about.map(({ code }) => code)).toEqual(["group_column"]);
    expect(about[0].fix).toEqual({ split: "group", splitColumn: "patient" });
    const grouped = await runStages(table, "ill", {
      options: { budgetRounds: 20, split: "group", splitColumn: "patient" },
    });
    expect(grouped.result.findings.map(({ code }) => code)).not.toContain("group_column");
  });
});
