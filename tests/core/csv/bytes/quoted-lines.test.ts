/** Checks files whose lines are each one quoted cell, and files that look like them. */
import { describe, expect, test } from "bun:test";
import { profileCsv } from "../../../../core/csv/read.ts";
import { fileOf, rowsOf } from "../files.ts";

const HEADER = ["name", "town", "size", "sold"];
const BODY = Array.from({ length: 40 }, (_, k) => [
  `Item ${k}`,
  k % 3 === 0 ? 'York, "Old"' : "Bath",
  String(k * 1.5),
  k % 2 === 0 ? "yes" : "no",
]);
const ROWS = [HEADER, ...BODY];
const cell = (text: string, delimiter: string) =>
  text.includes(delimiter) || text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text;
const line = (row: readonly string[], delimiter = ",") =>
  row.map((text) => cell(text, delimiter)).join(delimiter);
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe("rows in quotes are read as rows", () => {
  test.each<[string, string]>([
    ["each line", ROWS.map((row) => quoted(line(row))).join("\n")],
    ["all but the header", [line(HEADER), ...BODY.map((row) => quoted(line(row)))].join("\r\n")],
    ["with separators behind them", `${ROWS.map((row) => `${quoted(line(row))};;;`).join("\n")}\n`],
    ["split by semicolons", ROWS.map((row) => quoted(line(row, ";"))).join("\n")],
    ["lines that end in CR", `${ROWS.map((row) => quoted(line(row))).join("\r")}\r`],
    ["a header and a row", [quoted(line(HEADER)), quoted(line(BODY[0]!))].join("\n")],
  ])("%s", async (title, text) => {
    const { rows, dialect } = await rowsOf(text);
    expect(rows).toEqual(title === "a header and a row" ? ROWS.slice(0, 2) : ROWS);
    expect(dialect.lineQuotes).toBe(true);
    expect(dialect.sentence).toContain("quotes around whole rows removed");
  });

  test("a line end inside a quoted row belongs to its cell", async () => {
    const rows = ROWS.map((row, k) => (k === 3 ? [row[0]!, "two\nlines", row[2]!, row[3]!] : row));
    const text = rows
      .map((row) => quoted(row.map((value) => (/[",\n]/.test(value) ? quoted(value) : value)).join(",")))
      .join("\n");
    expect((await rowsOf(text)).rows).toEqual(rows);
  });

  test("it is said", async () => {
    const path = fileOf(ROWS.map((row) => quoted(line(row))).join("\n"));
    const { findings, columns, rows } = await profileCsv(path, {}, { name: "quoted.csv" });
    expect(rows).toBe(BODY.length);
    expect(columns.map(({ name }) => name)).toEqual(HEADER);
    expect(findings.map(({ code }) => code)).toContain("quoted_lines");
  });
});

describe("cells in quotes stay cells", () => {
  test.each<[string, string, string[][]]>([
    [
      "each of several",
      `"name","note"\n${'"Smith, John","a"\n'.repeat(9)}`,
      [["name", "note"], ...new Array<string[]>(9).fill(["Smith, John", "a"])],
    ],
    [
      "the only one that is filled",
      `name,note\n${'"Smith, John",\n'.repeat(9)}`,
      [["name", "note"], ...new Array<string[]>(9).fill(["Smith, John", ""])],
    ],
  ])("%s", async (_, text, rows) => {
    const read = await rowsOf(text);
    expect(read.rows).toEqual(rows);
    expect(read.dialect.lineQuotes).toBeUndefined();
  });
});
