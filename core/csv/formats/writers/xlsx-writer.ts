/**
 * Writes a workbook with one sheet while its rows arrive, using the parts of ECMA-376 that every spreadsheet reads.
 * Text is stored in its cell as text: nothing in a cell runs as a formula.
 */

import { strToU8, Zip, ZipDeflate } from "fflate";
import { AppError } from "../../../platform/errors.ts";
import { count, DAY_MS } from "../../../platform/figures.ts";
import type { Cell } from "../table-file.ts";
import { columnLetters, MAX_ROW } from "../xlsx/references.ts";
import { type CellWriter, momentOf, numberOf, type OutputColumn } from "./output.ts";

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";

const PARTS: Readonly<Record<string, string>> = {
  "[Content_Types].xml": `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/></Types>`,
  "_rels/.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  "xl/_rels/workbook.xml.rels": `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
  "xl/workbook.xml": `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets><sheet name="Predictions" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  "xl/styles.xml": `<styleSheet xmlns="${MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="1"><font/></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf numFmtId="164" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
};

export class XlsxWriter implements CellWriter {
  private chunks: Uint8Array[] = [];
  private readonly zip: Zip;
  private readonly sheet = new ZipDeflate("xl/worksheets/sheet1.xml", { level: 4 });
  private readonly letters: string[];
  private row = 0;

  constructor(private readonly columns: readonly OutputColumn[]) {
    this.letters = columns.map((_, k) => columnLetters(k + 1));
    this.zip = new Zip((error, bytes) => {
      if (error) throw error;
      this.chunks.push(bytes);
    });
    for (const [name, xml] of Object.entries(PARTS)) {
      const part = new ZipDeflate(name);
      this.zip.add(part);
      part.push(strToU8(DECLARATION + xml), true);
    }
    this.zip.add(this.sheet);
    this.sheet.push(strToU8(`${DECLARATION}<worksheet xmlns="${MAIN}"><sheetData>`));
    this.write([columns.map(({ name }) => name)], true);
  }

  readonly rows = (rows: readonly (readonly Cell[])[]): Uint8Array<ArrayBuffer> => {
    this.write(rows, false);
    return this.taken();
  };

  readonly end = (): Uint8Array<ArrayBuffer> => {
    this.sheet.push(strToU8("</sheetData></worksheet>"), true);
    this.zip.end();
    return this.taken();
  };

  private write(rows: readonly (readonly Cell[])[], isHeader: boolean): void {
    if (this.row + rows.length > MAX_ROW) throw tooManyRows();
    let xml = "";
    for (const row of rows) {
      this.row++;
      xml += `<row r="${this.row}">`;
      for (let k = 0; k < this.columns.length; k++) {
        const kind = isHeader ? "text" : this.columns[k]!.kind;
        xml += cellXml(row[k], kind, this.letters[k]! + this.row);
      }
      xml += "</row>";
    }
    this.sheet.push(strToU8(xml));
  }

  private taken(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Buffer.concat(this.chunks));
    this.chunks = [];
    return bytes;
  }
}

function tooManyRows(): AppError {
  return new AppError("invalid", `An Excel sheet holds at most ${count(MAX_ROW)} rows`, {
    fix: "Ask for text/csv instead.",
  });
}

const FIRST_DAY = Date.UTC(1899, 11, 30);
/** Before 1 March 1900 the format counts a day that never existed. */
const FIRST_SAFE_DAY = 61;

function cellXml(cell: Cell, kind: OutputColumn["kind"], reference: string): string {
  if (cell === null || cell === undefined || cell === "") return "";
  if (typeof cell === "boolean" || (kind === "boolean" && /^(?:true|false)$/i.test(String(cell))))
    return `<c r="${reference}" t="b"><v>${String(cell).toLowerCase() === "true" ? 1 : 0}</v></c>`;
  const number = typeof cell === "number" || kind === "number" || kind === "integer" ? numberOf(cell) : null;
  if (number !== null && isExact(cell, number)) return `<c r="${reference}"><v>${number}</v></c>`;
  const moment = kind === "date" ? momentOf(cell) : null;
  const serial = moment === null ? 0 : (moment - FIRST_DAY) / DAY_MS;
  if (serial >= FIRST_SAFE_DAY)
    return `<c r="${reference}" s="${Number.isInteger(serial) ? 1 : 2}"><v>${serial}</v></c>`;
  return `<c r="${reference}" t="inlineStr"><is><t xml:space="preserve">${escaped(String(cell))}</t></is></c>`;
}

/** A spreadsheet keeps 15 digits; a longer number is written as text. */
function isExact(cell: Cell, number: number): boolean {
  return typeof cell === "number" || Number.isSafeInteger(number) || !/^-?\d+$/.test(String(cell));
}

/** Characters that XML cannot contain, and unpaired surrogates. */
const UNWRITABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is written otherwise.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** What XML cannot contain is escaped as the format defines: `_x0007_`. */
function escaped(text: string): string {
  return text
    .replace(/_x(?=[0-9A-Fa-f]{4}_)/g, "_x005F_x")
    .replace(UNWRITABLE, hexed)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function hexed(character: string): string {
  return `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
}
