/** Checks that malicious files are refused in plain words, at once, with nothing run and nothing fetched. */
import { afterAll, expect, test } from "bun:test";
import { strToU8, zipSync } from "fflate";
import { refusalOf, sheetData, tableOf, workbookOf } from "./files.ts";

const asked: string[] = [];
const bait = Bun.serve({
  port: 0,
  fetch: (request) => {
    asked.push(request.url);
    return new Response("fetched");
  },
});
afterAll(() => bait.stop(true));

const DATA = sheetData([
  ["a", "b"],
  [1, 2],
  [3, 4],
]);
const book = (more: object = {}) => workbookOf({ sheets: [{ name: "S", xml: DATA }], ...more });
const zeros = new Uint8Array(128 * 1024 * 1024);
const cell = (reference: string) => `<sheetData><row><c r="${reference}"><v>1</v></c></row></sheetData>`;

const BOMBS: [string, () => Uint8Array, RegExp][] = [
  ["a sheet of zeros", () => book({ parts: { "xl/worksheets/sheet1.xml": zeros } }), /expands/],
  ["shared texts of zeros", () => book({ parts: { "xl/sharedStrings.xml": zeros } }), /expands/],
  ["a gzip of zeros", () => new Uint8Array(Bun.gzipSync(zeros)), /binary|expands/],
  ["a zstd of zeros", () => new Uint8Array(Bun.zstdCompressSync(zeros)), /binary|swells|expands/],
  ["a zip of zeros", () => zipSync({ "a.csv": zeros }), /binary|expands/],
  [
    "a document type with entities that grow",
    () =>
      book({
        parts: {
          "xl/sharedStrings.xml":
            '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>',
        },
      }),
    /document type/,
  ],
  [
    "a million sheets",
    () =>
      book({
        parts: {
          "xl/workbook.xml": `<workbook xmlns:r="r"><sheets>${'<sheet name="x" sheetId="1" r:id="rId1"/>'.repeat(1_000_000)}</sheets></workbook>`,
        },
      }),
    /more than 1000 sheets/,
  ],
  [
    "more parts than any workbook has",
    () => zipSync(Object.fromEntries(Array.from({ length: 20_001 }, (_, k) => [`xl/${k}.xml`, strToU8("")]))),
    /parts/,
  ],
  [
    "a cell beyond the last column",
    () => workbookOf({ sheets: [{ name: "S", xml: cell("XFE1") }] }),
    /outside/,
  ],
  ["a cell without a column", () => workbookOf({ sheets: [{ name: "S", xml: cell("12") }] }), /outside/],
  [
    "a row beyond the last",
    () => workbookOf({ sheets: [{ name: "S", xml: DATA.replace('row r="2"', 'row r="99999999"') }] }),
    /outside/,
  ],
  [
    "elements in elements without end",
    () => workbookOf({ sheets: [{ name: "S", xml: "<a>".repeat(100_000) }] }),
    /nested/,
  ],
  ["a workbook without sheets", () => workbookOf({ sheets: [] }), /no sheet/],
  ["a sheet without cells", () => workbookOf({ sheets: [{ name: "S", xml: "<sheetData/>" }] }), /has cells/],
  ["a workbook without its sheet", () => withoutSheet(), /damaged/],
  ["the same part twice", () => twice(), /damaged/],
  [
    "a Word document",
    () => zipSync({ "[Content_Types].xml": strToU8(""), "word/document.xml": strToU8("") }),
    /Word/,
  ],
  [
    "an OpenDocument sheet",
    () => zipSync({ mimetype: strToU8(""), "content.xml": strToU8("") }),
    /OpenDocument/,
  ],
  [
    "a binary workbook",
    () => zipSync({ "[Content_Types].xml": strToU8(""), "xl/workbook.bin": strToU8("") }),
    /xlsb/,
  ],
  ["half a workbook", () => book().subarray(0, 700), /damaged|binary/],
  [
    "two files in a zip",
    () => zipSync({ "a.csv": strToU8("a,b\n1,2"), "b.csv": strToU8("a,b\n1,2") }),
    /more than one/,
  ],
];

/** A Parquet file whose footer says that it is so long, over these bytes. */
function parquet(footerLength: number, body: string | number[] = ""): Uint8Array {
  const end = new Uint8Array(8);
  new DataView(end.buffer).setUint32(0, footerLength, true);
  end.set(strToU8("PAR1"), 4);
  const inside = typeof body === "string" ? strToU8(body) : Uint8Array.from(body);
  return new Uint8Array(Buffer.concat([strToU8("PAR1"), inside, end]));
}

const OTHERS: [string, () => Uint8Array, RegExp][] = [
  ["Parquet: nothing but its marks", () => strToU8("PAR1PAR1"), /Parquet file is damaged/],
  ["Parquet: a footer longer than the file", () => parquet(4_000_000_000, "abc"), /Parquet file is damaged/],
  ["Parquet: a footer of nothing", () => parquet(0, "abc"), /Parquet file is damaged/],
  ["Parquet: a footer of letters", () => parquet(64, "x".repeat(64)), /Parquet file is damaged/],
  [
    "Parquet: a list of four billion columns",
    () => parquet(16, [0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    /Parquet file is damaged/,
  ],
  ["Parquet: half a file", () => strToU8(`PAR1${"x".repeat(500)}`), /ends too early/],
  [
    "JSON: objects in objects without end",
    () => strToU8(`${'[{"a":'.repeat(100_000)}1${"}]".repeat(100_000)}`),
    /nested more than 500 levels/,
  ],
  ["JSON: half an array", () => strToU8('[{"a":1},{"a":2'), /ends too early/],
  ["JSON: rows that are no objects", () => strToU8('[{"a":1},2,"x"]'), /a row that is a number/],
  [
    "JSON: more fields than any table has",
    () => strToU8(`[{${Array.from({ length: 60_000 }, (_, k) => `"c${k}":1`).join(",")}}]`),
    /more than 20000 different fields/,
  ],
  ["NDJSON: half a line", () => strToU8('{"a":1}\n{"a":2}\n{"a":'), /ends too early/],
  ["an Arrow file", () => strToU8(`ARROW1\0\0${"x".repeat(100)}`), /Arrow/i],
  [
    "half a gzip",
    () => new Uint8Array(Bun.gzipSync(strToU8("a,b\n1,2\n".repeat(1000)))).subarray(0, 40),
    /gzip file is damaged/,
  ],
  [
    "a zip in a zip in a zip",
    () => zipSync({ "a.zip": zipSync({ "b.zip": zipSync({ "c.csv": strToU8("a,b\n1,2\n") }) }) }),
    /packed more than once/,
  ],
];

function withoutSheet(): Uint8Array {
  return workbookOf({
    sheets: [{ name: "S", xml: DATA }],
    parts: { "xl/_rels/workbook.xml.rels": relation("worksheet", "worksheets/none.xml", "") },
  });
}

/** A part's name in another case is the same part. */
function twice(): Uint8Array {
  return book({ parts: { "XL/worksheets/SHEET1.xml": "<worksheet/>" } });
}

function relation(type: string, target: string, mode: string): string {
  return `<Relationships><Relationship Id="rId1" Type="x/${type}" Target="${target}"${mode}/></Relationships>`;
}

test.each([...BOMBS, ...OTHERS])(
  "%s",
  async (_, make, words) => {
    const before = performance.now();
    const refusal = await refusalOf(make());
    expect(refusal.code).toBe("invalid");
    expect(refusal.message).toMatch(words);
    expect(refusal.place.fix).toBeTruthy();
    expect(performance.now() - before).toBeLessThan(60_000);
  },
  60_000,
);

test("external links are not followed, and formulas are not run", async () => {
  const external = ' TargetMode="External"';
  const xml = `<sheetData><row><c t="inlineStr"><is><t>a</t></is></c><c t="inlineStr"><is><t>b</t></is></c></row>
    <row><c><f>WEBSERVICE("${bait.url}")</f><v>1</v></c><c><f>[1]Sheet1!A1</f><v>2</v></c></row></sheetData>
    <hyperlinks><hyperlink ref="A1" r:id="rId9"/></hyperlinks>`;
  const bytes = workbookOf({
    sheets: [{ name: "S", xml }],
    parts: {
      "xl/externalLinks/externalLink1.xml": "<externalLink/>",
      "xl/externalLinks/_rels/externalLink1.xml.rels": relation(
        "externalLinkPath",
        String(bait.url),
        external,
      ),
      "xl/worksheets/_rels/sheet1.xml.rels": relation("hyperlink", String(bait.url), external),
      "xl/vbaProject.bin": new Uint8Array([1, 2, 3]),
    },
  });
  expect((await tableOf(bytes)).rows).toEqual([
    ["a", "b"],
    ["1", "2"],
  ]);
  expect(asked).toEqual([]);
});
