/** Checks that a workbook is read as a person sees it: values, dates, headers, the right sheet and range. */
import { describe, expect, test } from "bun:test";
import { profileOf, refusalOf, sheetData, tableOf, workbookOf } from "./files.ts";

const DATA = [
  ["city", "people", "area"],
  ["Bern", 134_000, 51.6],
  ["Basel", 173_000, 23.9],
  ["Chur", 38_000, 28.1],
];
const plain = workbookOf({ sheets: [{ name: "Cities", xml: sheetData(DATA) }] });
const asText = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.map(String));

describe("cells", () => {
  test("numbers, texts and booleans keep their type", async () => {
    const rows = [
      ["a", "b", "c"],
      [1, "x, y", true],
      [0.1, 'say "hi"', false],
    ];
    const { rows: read } = await tableOf(workbookOf({ sheets: [{ name: "S", xml: sheetData(rows) }] }));
    expect(read).toEqual([
      ["a", "b", "c"],
      ["1", "x, y", "true"],
      ["0.1", 'say "hi"', "false"],
    ]);
  });

  test("a number keeps its value: no seventeenth digit, no exponent of whole numbers", async () => {
    const cells = ["0.30000000000000004", "1E-3", "123456789012345", "5.0"];
    const xml = `<sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>${cells
      .map((text) => `<row><c><v>${text}</v></c><c><v>1</v></c></row>`)
      .join("")}</sheetData>`;
    const { rows } = await tableOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(rows.slice(1).map(([cell]) => cell)).toEqual([
      "0.30000000000000004",
      "0.001",
      "123456789012345",
      "5",
    ]);
  });

  test("shared strings, with their runs, without phonetic readings, with escaped characters", async () => {
    const strings = [
      "<t>name</t>",
      "<t>value</t>",
      "<r><t>one </t></r><r><t>two</t></r>",
      "<t>東京</t><rPh><t>トウキョウ</t></rPh>",
      "<t>a_x000D_b &amp; c</t>",
    ];
    const row = (texts: number[]) => `<row>${texts.map((k) => `<c t="s"><v>${k}</v></c>`).join("")}</row>`;
    const xml = `<sheetData>${row([0, 1])}${row([2, 0])}${row([3, 0])}${row([4, 0])}</sheetData>`;
    const { rows } = await tableOf(workbookOf({ sheets: [{ name: "S", xml }], strings }));
    expect(rows.slice(1).map(([cell]) => cell)).toEqual(["one two", "東京", "a\rb & c"]);
  });

  test("a formula gives its saved result; without one the cell is missing, with a finding", async () => {
    const xml = `<sheetData>
      <row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>
      <row><c><f>1+1</f><v>2</v></c><c t="str"><f>"x"&amp;"y"</f><v>xy</v></c></row>
      <row><c><f>HYPERLINK("http://127.0.0.1/")</f></c><c t="e"><f>1/0</f><v>#DIV/0!</v></c></row>
    </sheetData>`;
    const { preview, findings } = await profileOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(preview).toEqual([["2", "xy"]]);
    expect(findings.map(({ code }) => code)).toContain("formulas_without_results");
  });

  test("a namespace prefix changes nothing", async () => {
    const prefixed = sheetData(DATA).replace(/<(\/?)(\w)/g, "<$1x:$2");
    const { rows } = await tableOf(workbookOf({ sheets: [{ name: "S", xml: prefixed }] }));
    expect(rows).toEqual(asText(DATA));
  });
});

describe("dates", () => {
  const dated = (cells: string[], more: object) => {
    const row = (cell: string) => `<row>${cell}<c><v>1</v></c></row>`;
    const head = '<row><c t="inlineStr"><is><t>when</t></is></c><c t="inlineStr"><is><t>n</t></is></c></row>';
    const xml = `<sheetData>${head}${cells.map(row).join("")}</sheetData>`;
    return workbookOf({ sheets: [{ name: "S", xml }], ...more });
  };
  const styled = (value: number, style: number) => `<c s="${style}"><v>${value}</v></c>`;

  test.each([
    ["yyyy\\-mm\\-dd", 45_000, "2023-03-15"],
    ["dd/mm/yyyy hh:mm", 45_000.5, "2023-03-15 12:00:00"],
    ["[$-409]d\\-mmm\\-yy;@", 1, "1900-01-01"],
    ["yyyy", 60, "1900-02-28"],
    ["mmm", 61, "1900-03-01"],
    ["h:mm:ss", 0.25, "06:00:00"],
    ["[h]:mm", 1.5, "36:00:00"],
    ["0.00", 45_000, "45000"],
    ["&quot;day&quot; 0", 45_000, "45000"],
    ["[Red]0", 45_000, "45000"],
    ["General", 45_000, "45000"],
  ])("%p shows %p as %p", async (format, value, text) => {
    const { rows } = await tableOf(dated([styled(value, 1), styled(value, 1)], { formats: [format] }));
    expect(rows[1]).toEqual([text, "1"]);
  });

  test("a workbook with the 1904 date system", async () => {
    const book = dated([styled(0.5, 1), styled(1, 1), styled(43_538, 1)], {
      formats: ["yyyy-mm-dd"],
      is1904: true,
    });
    const { rows } = await tableOf(book);
    expect(rows.slice(2).map(([cell]) => cell)).toEqual(["1904-01-02", "2023-03-15"]);
  });

  test("a column of days is a date column", async () => {
    const days = Array.from({ length: 20 }, (_, k) => styled(45_000 + k, 1));
    const { columns } = await profileOf(dated(days, { formats: ["yyyy-mm-dd"] }));
    expect(columns[0].type).toBe("date");
    expect(columns[0].min).toBe(Date.UTC(2023, 2, 15));
  });
});

describe("which sheet and cells are read", () => {
  const notes = sheetData([["Read me first"], ["Ask Anna"]]);

  test("the sheet with the table, not the cover before it; reported, and changed by choice", async () => {
    const book = workbookOf({
      sheets: [
        { name: "Cover", xml: notes },
        { name: "Cities", xml: sheetData(DATA) },
        {
          name: "Other",
          xml: sheetData([
            ["k", "v"],
            ["x", 1],
            ["y", 2],
          ]),
        },
      ],
    });
    const guessed = await profileOf(book);
    expect(guessed.plan.dialect).toMatchObject({
      sheet: "Cities",
      range: "A1:C4",
      sheets: ["Cover", "Cities", "Other"],
    });
    expect(guessed.findings.map(({ code }) => code)).toContain("other_sheets");
    const { rows } = await tableOf(book, { sheet: "other" });
    expect(rows).toEqual([
      ["k", "v"],
      ["x", "1"],
      ["y", "2"],
    ]);
  });

  test("a hidden sheet is not guessed", async () => {
    const sheets = [
      { name: "Hidden", xml: sheetData(DATA), state: "hidden" },
      {
        name: "Shown",
        xml: sheetData([
          ["k", "v"],
          ["x", 1],
        ]),
      },
    ];
    expect((await profileOf(workbookOf({ sheets }))).plan.dialect.sheet).toBe("Shown");
  });

  test("a table that begins anywhere, with notes beside it", async () => {
    const table = sheetData(DATA, { column: 3, row: 4 });
    const xml = table.replace("</row>", '<c r="J4" t="inlineStr"><is><t>note</t></is></c></row>');
    const profile = await profileOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(profile.plan.dialect.range).toBe("C4:E7");
    expect(profile.columns.map(({ name }) => name)).toEqual(["city", "people", "area"]);
    expect(profile.findings.map(({ code }) => code)).toContain("cells_left_out");
  });

  test("a chosen range", async () => {
    const { rows } = await tableOf(plain, { range: "A2:B3", header: false });
    expect(rows).toEqual([
      ["Bern", "134000"],
      ["Basel", "173000"],
    ]);
    expect((await tableOf(plain, { range: "B1" })).rows[0]).toEqual(["people", "area"]);
  });

  test.each([
    [{ sheet: "Nix" }, "no sheet Nix"],
    [{ range: "A1:" }, "not a range"],
    [{ range: "C3:A1" }, "not a range"],
    [{ delimiter: ";" }, "delimiter cannot be chosen"],
  ])("%p is refused", async (choices, words) => {
    const refusal = await refusalOf(plain, choices);
    expect(refusal.code).toBe("invalid");
    expect(refusal.message).toContain(words);
    expect(refusal.place.fix).toBeTruthy();
  });

  test("a CSV has no sheet", async () => {
    expect((await refusalOf("a,b\n1,2\n3,4\n", { sheet: "S" })).message).toContain("no sheets");
  });
});

describe("merged cells", () => {
  const body = Array.from({ length: 6 }, (_, k) => ["NS"[k % 2]!, 20 + k, 160 + k, 30 + k, 170 + k]);
  const merged = (refs: string[]) =>
    `<mergeCells>${refs.map((ref) => `<mergeCell ref="${ref}"/>`).join("")}</mergeCells>`;

  test("group names are joined with the names below", async () => {
    const rows = [["Region", "Women", null, "Men", null], [null, "age", "height", "age", "height"], ...body];
    const xml = sheetData(rows) + merged(["A1:A2", "B1:C1", "D1:E1"]);
    const { rows: read } = await tableOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(read[0]).toEqual(["Region", "Women age", "Women height", "Men age", "Men height"]);
    expect(read.length).toBe(7);
  });

  test("a title above the table is a title", async () => {
    const rows = [["Study of 2023", null, null, null, null], ["r", "a", "b", "c", "d"], ...body];
    const xml = sheetData(rows) + merged(["A1:E1"]);
    const { rows: read } = await tableOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(read[0]).toEqual(["r", "a", "b", "c", "d"]);
  });

  test("cells merged over several data rows are reported", async () => {
    const rows = [["r", "a", "b", "c", "d"], ...body];
    const xml = sheetData(rows) + merged(["A2:A3"]);
    const { findings } = await profileOf(workbookOf({ sheets: [{ name: "S", xml }] }));
    expect(findings.map(({ code }) => code)).toContain("merged_cells");
  });
});
