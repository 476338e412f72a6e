/** Workbooks and other files that the tests make, and what becomes of them. */
import { strToU8, zipSync } from "fflate";
import { openTable } from "../../../../core/csv/formats/open-table.ts";
import { profileCsv } from "../../../../core/csv/read.ts";
import { readRows } from "../../../../core/csv/read-rows.ts";
import type { CsvProfile, ReadingChoices } from "../../../../core/csv/types.ts";
import type { AppError } from "../../../../core/platform/errors.ts";
import { fileOf } from "../files.ts";

let made = 0;

function outFor(path: string): string {
  return `${path}.${++made}.table`;
}

/** The rows of a file of any format, the header first. */
export async function tableOf(
  content: string | Uint8Array,
  choices: ReadingChoices = {},
): Promise<{ rows: string[][]; sentence: string }> {
  const path = fileOf(content);
  const { path: table, known } = await openTable(path, { choices, out: outFor(path) });
  const rows: string[][] = [];
  let sentence = "";
  const onDecided = (decided: { sentence: string }) => {
    sentence = decided.sentence;
  };
  for await (const batch of readRows(table, { choices, known, onDecided })) rows.push(...batch);
  return { rows, sentence };
}

export async function profileOf(
  content: string | Uint8Array,
  choices: ReadingChoices = {},
): Promise<CsvProfile> {
  const path = fileOf(content);
  const { path: table, known } = await openTable(path, { choices, out: outFor(path) });
  return profileCsv(table, choices, { name: "file", known });
}

/** Why a file is refused. */
export async function refusalOf(
  content: string | Uint8Array,
  choices: ReadingChoices = {},
): Promise<AppError> {
  return profileOf(content, choices).then(
    () => {
      throw new Error("The file was not refused");
    },
    (error: AppError) => error,
  );
}

const MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"';

export interface MadeSheet {
  name: string;
  /** The contents of the worksheet element. */
  xml: string;
  state?: string;
}

export interface MadeWorkbook {
  sheets: MadeSheet[];
  strings?: string[];
  /** Number formats of the styles 1, 2 and so on. */
  formats?: string[];
  is1904?: boolean;
  /** Parts beside, or in place of, the usual ones. */
  parts?: Record<string, string | Uint8Array>;
}

/** A workbook as spreadsheets write them. */
export function workbookOf({ sheets, strings = [], formats = [], is1904, parts = {} }: MadeWorkbook) {
  const listed = sheets.map(
    ({ name, state }, k) =>
      `<sheet name="${name}" sheetId="${k + 1}"${state ? ` state="${state}"` : ""} r:id="rId${k + 1}"/>`,
  );
  const related = sheets.map(
    (_, k) =>
      `<Relationship Id="rId${k + 1}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${k + 1}.xml"/>`,
  );
  const all: Record<string, string | Uint8Array> = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": `<Relationships ${RELATIONS}><Relationship Id="a" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `<workbook ${MAIN} xmlns:r="${OFFICE}"><workbookPr${is1904 ? ' date1904="1"' : ""}/><sheets>${listed.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `<Relationships ${RELATIONS}>${related.join("")}<Relationship Id="s" Type="${OFFICE}/styles" Target="styles.xml"/><Relationship Id="t" Type="${OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
    "xl/styles.xml": `<styleSheet ${MAIN}><numFmts>${formats.map((code, k) => `<numFmt numFmtId="${200 + k}" formatCode="${code}"/>`).join("")}</numFmts><cellXfs><xf numFmtId="0"/>${formats.map((_, k) => `<xf numFmtId="${200 + k}"/>`).join("")}</cellXfs></styleSheet>`,
    "xl/sharedStrings.xml": `<sst ${MAIN}>${strings.map((text) => `<si>${text}</si>`).join("")}</sst>`,
    ...Object.fromEntries(
      sheets.map(({ xml }, k) => [
        `xl/worksheets/sheet${k + 1}.xml`,
        `<worksheet ${MAIN}>${xml}</worksheet>`,
      ]),
    ),
    ...parts,
  };
  return zipSync(
    Object.fromEntries(
      Object.entries(all).map(([name, body]) => [name, typeof body === "string" ? strToU8(body) : body]),
    ),
  );
}

export type MadeCell = string | number | boolean | null;

/** Rows of cells from a place on, as `sheetData`. */
export function sheetData(rows: readonly (readonly MadeCell[])[], { column = 1, row = 1 } = {}): string {
  const xml = rows.map((cells, y) => {
    const made = cells.map((cell, x) => cellXml(cell, `${lettersOf(column + x)}${row + y}`));
    return `<row r="${row + y}">${made.join("")}</row>`;
  });
  return `<sheetData>${xml.join("")}</sheetData>`;
}

function cellXml(cell: MadeCell, reference: string): string {
  if (cell === null) return "";
  if (typeof cell === "number") return `<c r="${reference}"><v>${cell}</v></c>`;
  if (typeof cell === "boolean") return `<c r="${reference}" t="b"><v>${Number(cell)}</v></c>`;
  return `<c r="${reference}" t="inlineStr"><is><t>${cell}</t></is></c>`;
}

function lettersOf(column: number): string {
  return column > 26
    ? lettersOf(Math.floor((column - 1) / 26)) + lettersOf(((column - 1) % 26) + 1)
    : String.fromCharCode(64 + column);
}
