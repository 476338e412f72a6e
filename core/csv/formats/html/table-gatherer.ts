/**
 * Collects the tables of a page from a parser's events. A cell that spans rows or columns is repeated in each of them.
 */

import type { Handler } from "htmlparser2";
import { AppError } from "../../../platform/errors.ts";
import { count } from "../../../platform/figures.ts";

export interface HtmlTable {
  rows: string[][];
  /** Rows at the top that contain only header cells. */
  headerRows: number;
  cells: number;
}

const MAX_SPAN = 1000;
const MAX_CELLS = 50_000_000;
const MAX_COLUMNS = 20_000;
/** Each level costs the parser a search through all levels around it. */
const MAX_DEPTH = 1000;
const SILENT = new Set(["script", "style", "title", "noscript", "template"]);

export class TableGatherer implements Partial<Handler> {
  readonly tables: HtmlTable[] = [];
  private table: HtmlTable | null = null;
  /** A table inside a cell is read as text of the cell. */
  private depth = 0;
  private row: string[] = [];
  private isHeader = true;
  /** By column: a value that spans down from above, and for how many more rows. */
  private hanging: ({ text: string; rows: number } | undefined)[] = [];
  private cell: { text: string; columns: number; rows: number } | null = null;
  private silent = 0;
  private count = 0;
  private levels = 0;

  onopentag(name: string, attributes: Record<string, string>): void {
    if (++this.levels > MAX_DEPTH) throw tooDeep();
    if (SILENT.has(name)) this.silent++;
    else if (name === "table") this.open();
    else if (this.depth !== 1) this.space();
    else if (name === "tr") this.startRow();
    else if (name === "td" || name === "th") this.startCell(name, attributes);
    else if (name === "br" || name === "p" || name === "div") this.space();
  }

  ontext(text: string): void {
    if (this.cell && this.silent === 0) this.cell.text += text;
  }

  onclosetag(name: string): void {
    this.levels--;
    if (SILENT.has(name)) this.silent = Math.max(0, this.silent - 1);
    else if (name === "table") this.close();
    else if (this.depth !== 1) return;
    else if (name === "td" || name === "th") this.endCell();
    else if (name === "tr") this.endRow();
  }

  private open(): void {
    if (++this.depth > 1) return;
    this.table = { rows: [], headerRows: 0, cells: 0 };
    this.hanging = [];
    this.row = [];
  }

  private close(): void {
    if (this.depth > 0) this.depth--;
    if (this.depth > 0 || !this.table) return;
    this.endRow();
    if (this.table.rows.length > 0) this.tables.push(this.table);
    this.table = null;
  }

  private space(): void {
    if (this.cell) this.cell.text += " ";
  }

  private startRow(): void {
    this.endRow();
    this.isHeader = true;
  }

  private startCell(name: string, attributes: Record<string, string>): void {
    this.endCell();
    if (name === "td") this.isHeader = false;
    this.fillHanging();
    this.cell = { text: "", columns: span(attributes.colspan), rows: span(attributes.rowspan) };
  }

  private endCell(): void {
    if (!this.cell) return;
    const { text: raw, columns, rows } = this.cell;
    const text = raw.replace(/[\s\u00a0]+/g, " ").trim();
    for (let k = 0; k < columns; k++) {
      if (rows > 1) this.hanging[this.row.length] = { text, rows: rows - 1 };
      this.row.push(text);
    }
    if (this.row.length > MAX_COLUMNS) throw tooWide();
    this.cell = null;
  }

  private fillHanging(): void {
    for (
      let above = this.hanging[this.row.length];
      above && above.rows > 0;
      above = this.hanging[this.row.length]
    ) {
      above.rows--;
      this.row.push(above.text);
    }
  }

  private endRow(): void {
    this.endCell();
    if (!this.table || this.row.length === 0) return;
    this.fillHanging();
    this.count += this.row.length;
    if (this.count > MAX_CELLS) throw tooManyCells();
    if (this.isHeader && this.table.headerRows === this.table.rows.length) this.table.headerRows++;
    this.table.rows.push(this.row);
    this.table.cells += this.row.length;
    this.row = [];
  }
}

function span(text: string | undefined): number {
  const number = Number.parseInt(text ?? "1", 10);
  return number >= 1 ? Math.min(number, MAX_SPAN) : 1;
}

function tooDeep(): AppError {
  return new AppError("invalid", `The HTML is nested more than ${MAX_DEPTH} levels deep`, {
    fix: "Export the table as CSV.",
  });
}

function tooWide(): AppError {
  return new AppError("invalid", `A row of the HTML table has more than ${MAX_COLUMNS} cells`, {
    fix: "Export the table as CSV.",
  });
}

function tooManyCells(): AppError {
  return new AppError("invalid", `The HTML has more than ${count(MAX_CELLS)} cells`, {
    fix: "Export the table as CSV.",
  });
}
