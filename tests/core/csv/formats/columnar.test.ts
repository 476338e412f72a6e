/**
 * Checks that Parquet, JSON, NDJSON, HTML and fixed-width text become the right tables, also inside gzip, zip and
 * zstd.
 */
import { describe, expect, test } from "bun:test";
import { zipSync } from "fflate";
import { parquetWriteBuffer } from "hyparquet-writer";
import { profileOf, refusalOf, tableOf } from "./files.ts";

type Columns = Parameters<typeof parquetWriteBuffer>[0]["columnData"];
const parquet = (columnData: Columns, rowGroupSize = 1000) =>
  new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize }));

describe("Parquet", () => {
  test("values keep their digits, missing ones are missing", async () => {
    const bytes = parquet([
      { name: "big", data: [2n ** 62n, -5n, null] as never, type: "INT64", nullable: true },
      { name: "x", data: [0.1, Number.NaN, 1e300] as never, type: "DOUBLE", nullable: true },
      { name: "flag", data: [true, null, false] as never, type: "BOOLEAN", nullable: true },
      { name: "text", data: ["a,b", null, 'say "hi"\nto all'] as never, type: "STRING", nullable: true },
      {
        name: "when",
        data: [new Date("2023-03-15T12:00:00Z"), null, new Date(0)] as never,
        type: "TIMESTAMP",
        nullable: true,
      },
    ]);
    expect((await tableOf(bytes)).rows).toEqual([
      ["big", "x", "flag", "text", "when"],
      ["4611686018427387904", "0.1", "true", "a,b", "2023-03-15 12:00:00"],
      ["-5", "", "", "", ""],
      ["", "1e+300", "false", 'say "hi"\nto all', "1970-01-01 00:00:00"],
    ]);
  });

  test("types are kept: digits stored as text remain text, and NA in it is not missing", async () => {
    const names = ["NA", "10", "NA", "12", "10", "NA"];
    const bytes = parquet([
      { name: "code", data: names, type: "STRING" },
      { name: "n", data: [1, 2, 3, 4, 5, 6], type: "DOUBLE" },
    ]);
    const { columns } = await profileOf(bytes);
    expect(columns.map(({ type, missing }) => [type, missing])).toEqual([
      ["category", 0],
      ["number", 0],
    ]);
  });

  test("several row groups, and a group of many pages", async () => {
    const data = Array.from({ length: 5000 }, (_, k) => k);
    const text = data.map((k) => `row ${k}`);
    const bytes = parquet(
      [
        { name: "k", data, type: "INT32" },
        { name: "t", data: text, type: "STRING" },
      ],
      1700,
    );
    const { rows } = await tableOf(bytes);
    expect(rows.length).toBe(5001);
    expect(rows.slice(1)).toEqual(data.map((k) => [String(k), `row ${k}`]));
  });

  test("nested columns are reported and left out", async () => {
    const bytes = parquet([
      { name: "a", data: [1, 2], type: "DOUBLE" },
      { name: "b", data: ["x", "y"], type: "STRING" },
      { name: "j", data: [{ c: 1 }, { c: 2 }], type: "JSON" },
    ]);
    const { plan, findings } = await profileOf(bytes);
    expect(plan.columns.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(findings.find(({ code }) => code === "nested_column")?.column).toBe("j");
  });

  test.each([
    ["cut off", (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 20), "ends too early"],
    ["a footer longer than the file", (bytes: Uint8Array) => withLength(bytes, 0x7fffffff), "damaged"],
    ["pages of noise", (bytes: Uint8Array) => withNoise(bytes), "damaged"],
    ["encrypted", () => new TextEncoder().encode("PARE\0...PARE"), "encrypted"],
  ])("%s is refused", async (_, spoil, words) => {
    const data = Array.from({ length: 300 }, (_, k) => k * 1.1);
    const bytes = parquet([
      { name: "a", data, type: "DOUBLE" },
      { name: "b", data, type: "DOUBLE" },
    ]);
    expect((await refusalOf(spoil(bytes))).message).toContain(words);
  });
});

function withLength(bytes: Uint8Array, length: number): Uint8Array {
  const copy = bytes.slice();
  new DataView(copy.buffer).setUint32(copy.length - 8, length, true);
  return copy;
}

function withNoise(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  for (let k = 4; k < 200; k++) copy[k] = (k * 7919) % 256;
  return copy;
}

describe("JSON", () => {
  const rows = [
    ["a", "b.c", "b.d.e"],
    ["1", "x", ""],
    ["2", "", "3"],
  ];
  const objects = [
    { a: 1, b: { c: "x" } },
    { a: 2, b: { d: { e: 3 } } },
  ];

  test.each([
    ["an array", JSON.stringify(objects)],
    ["an array over many lines", JSON.stringify(objects, null, 2)],
    ["an object a line", objects.map((each) => JSON.stringify(each)).join("\n")],
    ["objects one after the other", objects.map((each) => JSON.stringify(each, null, 1)).join("")],
    ["a list inside a document", JSON.stringify({ status: "ok", total: 2, rows: objects })],
    ["rows by label", JSON.stringify({ 0: objects[0], 1: objects[1] })],
    ["a mark at its start", `\uFEFF${JSON.stringify(objects)}`],
  ])("%s", async (_, text) => {
    expect((await tableOf(text)).rows).toEqual(rows);
  });

  test.each([
    ["columns by label", { a: { 0: 1, 1: 2 }, b: { 0: "x", 1: null } }],
    ["columns as lists", { a: [1, 2], b: ["x", null] }],
    [
      "split",
      {
        columns: ["a", "b"],
        index: [0, 1],
        data: [
          [1, "x"],
          [2, null],
        ],
      },
    ],
    [
      "lists below a list of names",
      [
        ["a", "b"],
        [1, "x"],
        [2, null],
      ],
    ],
  ])("as pandas and others write it: %s", async (_, document) => {
    expect((await tableOf(JSON.stringify(document))).rows).toEqual([
      ["a", "b"],
      ["1", "x"],
      ["2", ""],
    ]);
  });

  test("a column that appears late, after the header was written", async () => {
    const lines = Array.from({ length: 3000 }, (_, k) =>
      JSON.stringify({ a: k, b: 1, ...(k > 2500 && { late: k }) }),
    );
    const { rows: read } = await tableOf(lines.join("\n"));
    expect(read[0]).toEqual(["a", "b", "late"]);
    expect(read[1]).toEqual(["0", "1", ""]);
    expect(read[3000]).toEqual(["2999", "1", "2999"]);
  });

  test("numbers longer than a double holds, and values that only Python writes", async () => {
    const text = '[{"id": 12345678901234567890, "x": NaN, "s": "NaN"}, {"id": 1, "x": -Infinity, "s": "b"}]';
    expect((await tableOf(text)).rows).toEqual([
      ["id", "x", "s"],
      ["12345678901234567890", "", "NaN"],
      ["1", "", "b"],
    ]);
  });

  test("lists are reported and left out; __proto__ is an ordinary name", async () => {
    const { plan, findings } = await profileOf(
      '[{"__proto__": 1, "b": 2, "l": [1]}, {"__proto__": 3, "b": 4, "l": []}]',
    );
    expect(plan.columns.map(({ name }) => name)).toEqual(["__proto__", "b"]);
    expect(findings.find(({ code }) => code === "nested_column")?.column).toBe("l");
  });

  test("text remains text, and only null is missing", async () => {
    const text = JSON.stringify(["NA", "None", "x", "x", null].map((name, k) => ({ name, k })));
    const [column] = (await profileOf(text)).columns;
    expect([column.type, column.missing, column.distinct]).toEqual(["category", 1, 3]);
  });

  test.each([
    ["cut off", '[{"a": 1, "b": 2}, {"a": 3', "ends too early"],
    ["a bare word", '[{"a": x}]', "cannot be read"],
    ["mixed rows", '[{"a": 1, "b": 1}, [1, 2]]', "where objects are expected"],
    ["nested without end", `[{"a": ${"[".repeat(5000)}`, "nested"],
    ["nothing in it", '[{"a": []}, {"a": []}]', "no objects with single values"],
    ["something behind it", '[{"a": 1, "b": 2}] [', "continues after its end"],
  ])("%s is refused", async (_, text, words) => {
    expect((await refusalOf(text)).message).toContain(words);
  });
});

test("an HTML table, as copied from a spreadsheet; spanning cells are repeated", async () => {
  const html = `<html><body><p>Copied</p><table><tr><th rowspan=2>city</th><th colspan=2>size</th></tr>
    <tr><th>people</th><th>area</th></tr>
    <tr><td>Bern</td><td>134&nbsp;000</td><td>51.6<script>alert(1)</script></td></tr>
    <tr><td>Chur &amp; more</td><td>38</td><td>28.1</td></tr></table></body></html>`;
  expect((await tableOf(html)).rows).toEqual([
    ["city city", "size people", "size area"],
    ["Bern", "134 000", "51.6"],
    ["Chur & more", "38", "28.1"],
  ]);
});

test("text with columns of fixed width, right and left aligned", async () => {
  const lines = [
    "name        n    price",
    "apple       1     0.50",
    "red pear   12    10.25",
    "fig       133   100.00",
  ];
  expect((await tableOf(`${lines.join("\n")}\n`)).rows).toEqual([
    ["name", "n", "price"],
    ["apple", "1", "0.50"],
    ["red pear", "12", "10.25"],
    ["fig", "133", "100.00"],
  ]);
});

test.each([
  ["padded CSV", "a ,  b  ,c\n1 ,  2  ,3\n4 ,  5  ,6\n"],
  ["a sentence a line", "one, two\nthree,  four\nfive,  six\n"],
])("%s stays a CSV", async (_, text) => {
  expect((await tableOf(text)).sentence).toContain("comma");
});

describe("packed", () => {
  const csv = "a,b\n1,x\n2,y\n";
  const json = '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]';
  const columns = parquet([
    { name: "a", data: [1, 2], type: "DOUBLE" },
    { name: "b", data: ["x", "y"], type: "STRING" },
  ]);
  const bytesOf = (content: string | Uint8Array) =>
    typeof content === "string" ? new TextEncoder().encode(content) : content;

  test.each([
    ["csv", csv],
    ["json", json],
    ["parquet", columns],
  ])("%s in gzip, zip and zstd", async (_, content) => {
    const bytes = new Uint8Array(bytesOf(content));
    const packed = [Bun.gzipSync(bytes), zipSync({ "data.bin": bytes }), Bun.zstdCompressSync(bytes)];
    for (const each of packed) {
      const { rows, sentence } = await tableOf(new Uint8Array(each));
      expect(rows).toEqual([
        ["a", "b"],
        ["1", "x"],
        ["2", "y"],
      ]);
      expect(sentence).toMatch(/^(?:gzip|zip|zstd) of /);
    }
  });

  test("compression inside compression is refused beyond a depth", async () => {
    let bytes = new Uint8Array(columns);
    for (let k = 0; k < 6; k++) bytes = new Uint8Array(Bun.gzipSync(bytes));
    expect((await refusalOf(bytes)).message).toMatch(/packed|binary/);
  });
});
