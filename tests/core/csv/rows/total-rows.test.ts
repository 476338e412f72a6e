/** Checks that a row that sums up those above it is not learned from, and that other last rows are. */
import { describe, expect, test } from "bun:test";
import { loadTable } from "../../../../core/csv/columns/load.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf } from "../files.ts";

const BODY = Array.from(
  { length: 60 },
  (_, k) => [`Shop ${k}`, 10 + ((k * 37) % 90), 100 + ((k * 7919) % 900)] as const,
);
const STAFF = BODY.reduce((sum, [, staff]) => sum + staff, 0);
const SALES = BODY.reduce((sum, [, , sales]) => sum + sales, 0);
const fileWith = (last: string) =>
  fileOf(
    `shop,staff,sales,state\n${BODY.map((row, k) => `${row.join(",")},${k % 3 ? "open" : "closed"}\n`).join("")}${last}`,
  );

async function read(last: string) {
  const path = fileWith(last);
  const { plan, rows, columns, findings } = await profileCsv(path, {}, { name: "shops.csv" });
  const table = await loadTable(path, plan);
  return { rows, loaded: table.rows, max: columns[2]!.max, codes: findings.map(({ code }) => code) };
}

describe("a total is left out, and it is said", () => {
  test.each([
    ["Grand Total"],
    ["TOTAL"],
    ["Gesamtsumme"],
    ["Total général"],
    ["Итого"],
    ["合计"],
    ["Totaal aantal"],
    // The row that no word names.
    [""],
  ])("%p", async (word) => {
    const { rows, loaded, max, codes } = await read(`${word},${STAFF},${SALES},\n`);
    expect([rows, loaded]).toEqual([BODY.length, BODY.length]);
    expect(max).toBeLessThan(1000);
    expect(codes).toContain("total_row");
  });
});

describe("other last rows are kept", () => {
  test.each([
    ["a shop that is called so", "Total Wine,52,431,open\n"],
    ["an outlier", `Shop 60,50,${SALES},open\n`],
    ["a row without a name", ",50,431,open\n"],
  ])("%s", async (_, last) => {
    const { rows, loaded, codes } = await read(last);
    expect([rows, loaded]).toEqual([BODY.length + 1, BODY.length + 1]);
    expect(codes).not.toContain("total_row");
  });
});

test("totals and averages among the rows are said", async () => {
  const subtotals = "Subtotal North,50,999,\n".concat("Shop 99,4,150,open\n");
  expect((await read(subtotals)).codes).toContain("summary_rows");
  expect((await read("Average,51.5,430.25,\n")).codes).toContain("summary_rows");
  expect((await read("Totally Sweet,51,430,open\n")).codes).not.toContain("summary_rows");
});

test("a balance below a blank row is a note", async () => {
  const { rows, codes } = await read(",,,\nBalance,,1234,\n");
  expect(rows).toBe(BODY.length);
  expect(codes).toContain("footer");
});
