/** Checks that a plan reads the same cells each time: whole, in part, sampled, page by page, and written again. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { loadTable } from "../../../../core/csv/columns/load.ts";
import { readPage } from "../../../../core/csv/preview.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { writeRow } from "../../../../core/csv/write.ts";
import { fileOf, rowsOf } from "../files.ts";

const ROWS = 5000;
const path = fileOf(
  `k,colour,at,ratio\n${Array.from({ length: ROWS }, (_, k) => `${k * 3},${["red", "green", "blue"][k % 3]},2024-01-0${1 + (k % 9)},${k % 10 === 0 ? "" : k / 8}`).join("\n")}\n`,
);
const { plan } = await profileCsv(path, {}, { name: "a.csv" });

test("columns in the plan's order, typed, gaps as NaN", async () => {
  const table = await loadTable(path, plan, { columns: ["ratio", "colour"] });
  expect(table.columns.map(({ name, type }) => [name, type])).toEqual([
    ["colour", "category"],
    ["ratio", "number"],
  ]);
  const [colour, ratio] = table.columns;
  expect("codes" in colour && [...colour.codes.slice(0, 4), ...colour.labels]).toEqual([
    0,
    1,
    2,
    0,
    "red",
    "green",
    "blue",
  ]);
  expect("values" in ratio && [...ratio.values.slice(0, 3)]).toEqual([Number.NaN, 0.125, 0.25]);
});

test("a sample has the requested size, keeps file order, and is the same for the same seed", async () => {
  const sample = async (seed: number) => {
    const [column] = (await loadTable(path, plan, { columns: ["k"], maxRows: 700, seed })).columns;
    return "values" in column
      ? [...column.values]
      : [...column.codes].map((code) => Number(column.labels[code]));
  };
  const first = await sample(1);
  expect(first.length).toBe(700);
  expect(first).toEqual([...new Set(first)].sort((a, b) => a - b));
  expect(await sample(1)).toEqual(first);
  expect(await sample(2)).not.toEqual(first);
  const mean = first.reduce((sum, k) => sum + k, 0) / 700;
  expect(Math.abs(mean / (1.5 * ROWS) - 1)).toBeLessThan(0.1);
});

test("reading can stop early with the rows read so far", async () => {
  const long = fileOf(`k,twice\n${Array.from({ length: 60_000 }, (_, k) => `${k},${2 * k}`).join("\n")}\n`);
  const { plan: longPlan } = await profileCsv(long, {}, { name: "long.csv" });
  const enough = new AbortController();
  enough.abort();
  const { rows, columns } = await loadTable(long, longPlan, { enough: enough.signal });
  expect(rows).toBeGreaterThanOrEqual(5000);
  expect(rows).toBeLessThan(60_000);
  expect("values" in columns[1] && columns[1].values[rows - 1]).toBe(2 * (rows - 1));
});

test("pages", async () => {
  expect(await readPage(path, plan, { offset: 4998, limit: 50 })).toEqual([
    ["14994", "red", "2024-01-04", "624.75"],
    ["14997", "green", "2024-01-05", "624.875"],
  ]);
  expect(await readPage(path, plan, { offset: 9999, limit: 5 })).toEqual([]);
});

test("titles and footers stay out of tables and pages", async () => {
  const file = fileOf("Report\n\na,b,c\n1,2,x\n3,4,y\n5,6,z\n7,8,x\n\nSource: us\n");
  const profile = await profileCsv(file, {}, { name: "a" });
  expect(profile.rows).toBe(4);
  expect((await loadTable(file, profile.plan)).rows).toBe(4);
  expect((await readPage(file, profile.plan, { offset: 3, limit: 9 })).length).toBe(1);
});

test("what is written can be read back", async () => {
  const cell = fc.string({
    unit: fc.constantFrom("a", "b", ",", '"', "\n", "\r", " ", "é", ";", "1"),
    minLength: 1,
    maxLength: 6,
  });
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const header = ["left", "middle", "right"];
      const text = [header, ...rows.map((row) => row.map((value) => `x${value}`))].map(writeRow).join("");
      const found = await rowsOf(text, { delimiter: ",", quote: '"', header: true });
      expect(found.rows).toEqual([header, ...rows.map((row) => row.map((value) => `x${value}`))]);
    }),
    { numRuns: 300 },
  );
});

test("a spreadsheet never gets a formula", () => {
  expect(writeRow(["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\tx"])).toBe(
    "'=1+1,'+cmd|' /C calc'!A0,'-2+3,'@SUM(1),'\tx\r\n",
  );
  expect(writeRow(["-2.5", "+3e4", -7, null, true, ""])).toBe("-2.5,+3e4,-7,,true,\r\n");
  expect(writeRow(['=HYPERLINK("x","y")'])).toBe('"\'=HYPERLINK(""x"",""y"")"\r\n');
});
