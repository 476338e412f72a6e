/** Checks that malicious workbooks are refused in plain words, with nothing run and nothing fetched. */
import { afterAll, expect, test } from "bun:test";
import { strToU8, unzipSync, zipSync } from "fflate";
import { type MadeWorkbook, sheetData, tableOf, workbookOf } from "../files.ts";
import { type Hostile, testHostile } from "./child.ts";

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

const BOMBS: Hostile[] = [
  ["a sheet of zeros", () => book({ parts: { "xl/worksheets/sheet1.xml": zeros } }), /expands/],
  ["shared texts of zeros", () => book({ parts: { "xl/sharedStrings.xml": zeros } }), /expands/],
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
];

const AB = [
  ["a", "b"],
  ["1", "2"],
  ["3", "4"],
];
const sheet = (xml: string, more: Partial<MadeWorkbook> = {}) =>
  workbookOf({ sheets: [{ name: "S", xml }], ...more });
const part = (name: string, body: string | Uint8Array) => () => book({ parts: { [name]: body } });
const SHEET = "xl/worksheets/sheet1.xml";
const ENTITY = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
const rowOf = (row: string, cells: string) => `<row r="${row}">${cells}</row>`;
const textCell = (index: string) => `<c t="s"><v>${index}</v></c>`;
const names = rowOf("1", `${textCell("0")}${textCell("1")}`);
const strings = ["<t>a</t>", "<t>b</t>"];
const withText = (index: string) => () =>
  sheet(`<sheetData>${names}${rowOf("2", `${textCell(index)}<c><v>2</v></c>`)}</sheetData>`, { strings });
const styled = (value: string, style: string) => () =>
  sheet(
    `<sheetData>${names}${rowOf("2", `<c s="${style}"><v>${value}</v></c><c><v>2</v></c>`)}${rowOf("3", `<c s="${style}"><v>45000</v></c><c><v>4</v></c>`)}</sheetData>`,
    { strings, formats: ["yyyy-mm-dd"] },
  );
/** A part's bytes as they are, so that one of them can be changed. */
const stored = () => zipSync(unzipSync(book()), { level: 0 });
const changedDigit = () => {
  const bytes = stored();
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf("<v>3</v>");
  bytes[at + 3] = "8".charCodeAt(0);
  return bytes;
};
/** The size that the directory states for each part. */
const withSizes = (size: number) => () => {
  const bytes = Buffer.from(book());
  for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 4))
    bytes.writeUInt32LE(size, at + 24);
  return bytes;
};
const encrypted = () => {
  const bytes = Buffer.from(book());
  for (let at = bytes.indexOf("PK\x01\x02"); at >= 0; at = bytes.indexOf("PK\x01\x02", at + 4))
    bytes.writeUInt16LE(bytes.readUInt16LE(at + 8) | 1, at + 8);
  return bytes;
};

const LIES: Hostile[] = [
  ["a workbook as it should be", () => book(), AB],
  ["a text that is number 7 of 2", withText("7"), /text that does not exist/],
  ["a text that is number minus one", withText("-1"), /text that does not exist/],
  ["a text that is number NaN", withText("x"), /text that does not exist/],
  [
    "texts that say they are four billion",
    () =>
      book({
        parts: {
          "xl/sharedStrings.xml": '<sst count="4294967295" uniqueCount="4294967295"><si><t>x</t></si></sst>',
        },
      }),
    AB,
  ],
  ["a part with a changed digit", changedDigit, /damaged/],
  ["parts of no bytes, by the directory", withSizes(0), /damaged|parts|workbook/],
  ["parts of four gigabytes, by the directory", withSizes(0xfffffff0), /more than 1000 sheets/],
  ["parts with a password", encrypted, /password/],
  [
    "an outside entity in the sheet",
    part(SHEET, `${ENTITY}<worksheet>${DATA}&a;</worksheet>`),
    /document type/,
  ],
  [
    "an outside entity in the list of sheets",
    part("xl/workbook.xml", `${ENTITY}<workbook/>`),
    /document type/,
  ],
  ["an outside entity in the styles", part("xl/styles.xml", `${ENTITY}<styleSheet/>`), /document type/],
  [
    "an outside entity in the relations",
    part("xl/_rels/workbook.xml.rels", `${ENTITY}<Relationships/>`),
    /document type/,
  ],
  ["a comment that never ends", part(SHEET, `<worksheet><!--${"x".repeat(30_000_000)}`), /does not end/],
  [
    "a tag that never ends",
    part(SHEET, `<worksheet><c r="${"A".repeat(30_000_000)}`),
    /does not end|outside/,
  ],
  [
    "a sheet outside of the archive",
    part("xl/_rels/workbook.xml.rels", relation("worksheet", "../../../../etc/passwd", "")),
    /damaged/,
  ],
  [
    "rows in another order",
    () => sheet(`<sheetData>${rowOf("2", "<c><v>1</v></c>")}${rowOf("1", "<c><v>2</v></c>")}</sheetData>`),
    /not in order/,
  ],
  [
    "the same row twice",
    () => sheet(`<sheetData>${rowOf("1", "<c><v>1</v></c>")}${rowOf("1", "<c><v>2</v></c>")}</sheetData>`),
    /not in order/,
  ],
  [
    "a row that is no number",
    () => sheet(`<sheetData>${rowOf("x", "<c><v>1</v></c>")}</sheetData>`),
    /outside/,
  ],
  ["row one and a half", () => sheet(`<sheetData>${rowOf("1.5", "<c><v>1</v></c>")}</sheetData>`), /outside/],
  [
    "a date of the year 10²⁹⁷",
    styled("1e300", "1"),
    [
      ["a", "b"],
      ["1e+300", "2"],
      ["2023-03-15", "4"],
    ],
  ],
  [
    "a date before all dates",
    styled("-5", "1"),
    [
      ["a", "b"],
      ["-5", "2"],
      ["2023-03-15", "4"],
    ],
  ],
  [
    "a style that does not exist",
    styled("1", "99"),
    [
      ["a", "b"],
      ["1", "2"],
      ["45000", "4"],
    ],
  ],
  [
    "a number beyond a double",
    styled("1e999", "0"),
    [
      ["a", "b"],
      ["1e999", "2"],
      ["45000", "4"],
    ],
  ],
  [
    "two million merged cells",
    () => sheet(`${DATA}<mergeCells>${'<mergeCell ref="C9:XFD1048576"/>'.repeat(2_000_000)}</mergeCells>`),
    AB,
  ],
  ["a sheet that says it is full", () => sheet(`<dimension ref="A1:XFD1048576"/>${DATA}`), AB],
  [
    "a cell in the last corner",
    () =>
      sheet(
        DATA.replace("</sheetData>", `${rowOf("1048576", '<c r="XFD1048576"><v>1</v></c>')}</sheetData>`),
      ),
    AB,
  ],
  [
    "sheets called __proto__ and toString",
    () =>
      workbookOf({
        sheets: [
          { name: "__proto__", xml: DATA },
          { name: "toString", xml: "" },
        ],
      }),
    AB,
  ],
  [
    "errors in cells are missing",
    () =>
      sheet(
        DATA.replace("<v>3</v>", "<v>3</v>").replace(
          "</sheetData>",
          `${rowOf("4", '<c t="e"><v>#REF!</v></c><c><v>6</v></c>')}</sheetData>`,
        ),
      ),
    [...AB, ["", "6"]],
  ],
  [
    "a text of 40 MB in a cell",
    () =>
      sheet(
        `<sheetData>${names}${rowOf("2", `<c t="inlineStr"><is><t>${"x".repeat(40_000_000)}</t></is></c><c><v>2</v></c>`)}</sheetData>`,
        { strings },
      ),
    [
      ["a", "b"],
      ["x".repeat(40_000_000), "2"],
    ],
  ],
  ["a bomb in a part that is not read", part("xl/media/image1.png", zeros), AB],
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

testHostile([...BOMBS, ...LIES]);

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
