/**
 * Reads an Excel workbook as a table: one sheet, one cell range. Both are guessed, reported, and can be changed. Values
 * only: of formulas, the result when the workbook was saved; nothing is run and no link is followed.
 */
import { count } from "../../../platform/figures.ts";
import type { Finding } from "../../types.ts";
import type { Converted, ConvertOptions } from "../known-table.ts";
import { type Cell, TableFile } from "../table-file.ts";
import { Archive } from "./archive.ts";
import { type Chosen, chooseTable } from "./choose.ts";
import { type HeadRow, mergedHeader } from "./merged-header.ts";
import { columnLetters, type Range, rangeText } from "./references.ts";
import { SharedStrings } from "./shared-strings.ts";
import { readSheet, type SheetContext } from "./sheet.ts";
import { readStyles } from "./styles.ts";
import { readWorkbook, type Sheet } from "./workbook.ts";

const HEAD_ROWS = 30;
const MAX_MERGES = 10_000;
/** Up to this many rows above the table are kept blank, so that row numbers equal the sheet's own. */
const KEPT_ABOVE = 50;
const PROGRESS_ROWS = 5000;

/** Throws AppError `invalid` if it is damaged or protected, or a choice does not fit. */
export async function convertXlsx(path: string, options: ConvertOptions): Promise<Converted> {
  const archive = await Archive.open(path);
  const table = new TableFile(options.out, options.sourceBytes);
  try {
    const { sheets, is1904, stylesPart, stringsPart } = await readWorkbook(archive);
    const context: SheetContext = {
      archive,
      is1904,
      styles: await readStyles(archive, stylesPart),
      strings: await SharedStrings.read(archive, stringsPart),
    };
    const chosen = await chooseTable(sheets, context, options.choices);
    const writer = new SheetWriter(table, chosen.range, options);
    const emptyFormulas = await readSheet(chosen.sheet.part, context, writer);
    const layout = await writer.finish(emptyFormulas, chosen);
    await table.finish();
    return { ...described(chosen, sheets, writer.range()), ...layout, rows: table.rows };
  } catch (error) {
    await table.discard();
    throw error;
  } finally {
    archive.close();
  }
}

function described({ sheet, range }: Chosen, sheets: readonly Sheet[], read: Range) {
  const where = sheets.length === 1 ? "" : ` of ${sheets.length}`;
  return {
    format: "xlsx" as const,
    shape: "grid" as const,
    width: range.right - range.left + 1,
    kinds: [],
    sheet: sheet.name,
    sheets: sheets.map(({ name }) => name),
    range: rangeText(read),
    sentence: `Excel workbook, sheet “${sheet.name}”${where}, cells ${rangeText(read)}`,
  };
}

class SheetWriter {
  private readonly width: number;
  private readonly merges: Range[] = [];
  private readonly head: HeadRow[] = [];
  private headEnd = 0;
  /** The next row to be written; blank rows are written when a filled one follows. */
  private next: number;
  private last = 0;

  constructor(
    private readonly table: TableFile,
    private readonly wanted: Range,
    private readonly options: ConvertOptions,
  ) {
    this.width = wanted.right - wanted.left + 1;
    this.next = wanted.top <= KEPT_ABOVE ? 1 : wanted.top;
  }

  readonly row = (row: number, columns: readonly number[], cells: readonly Cell[]): void => {
    const { left, right, top, bottom } = this.wanted;
    if (row < top || row > bottom || row < this.next) return;
    const dense = new Array<Cell>(this.width);
    let isBlank = true;
    for (let k = 0; k < columns.length; k++) {
      if (columns[k] < left || columns[k] > right) continue;
      dense[columns[k] - left] = cells[k];
      isBlank = false;
    }
    if (isBlank) return;
    for (; this.next < row; this.next++) this.table.write([]);
    this.table.write(dense);
    this.next = row + 1;
    this.last = row;
    if (this.head.length < HEAD_ROWS) {
      this.head.push({ row, cells: dense });
      this.headEnd = this.table.end();
    }
    if (this.table.rows % PROGRESS_ROWS === 0)
      this.options.onProgress?.({ bytesRead: 0, rows: this.table.rows });
  };

  readonly merge = (range: Range): void => {
    if (this.merges.length < MAX_MERGES) this.merges.push(range);
  };

  readonly isDone = (): boolean => this.next > this.wanted.bottom && this.merges.length >= MAX_MERGES;

  /** The range that was read. */
  range(): Range {
    return { ...this.wanted, bottom: Math.max(this.wanted.top, this.last) };
  }

  async finish(emptyFormulas: number, chosen: Chosen) {
    const header = mergedHeader(this.head, this.merges, this.wanted);
    if (header) {
      const rows = this.head.map((each) => header.rows.find(({ row }) => row === each.row) ?? each);
      await this.table.replaceStart(this.headEnd, this.startWith(rows));
    }
    const firstRow = this.wanted.top <= KEPT_ABOVE ? 1 : this.wanted.top;
    const findings = [
      ...leftOutFinding(chosen),
      ...sheetFinding(chosen),
      ...formulaFinding(emptyFormulas),
      ...this.mergedFinding(header?.bottom ?? this.head[0]?.row ?? 0),
    ];
    const layout = header && {
      preambleRows: header.top - firstRow,
      headerRows: header.bottom - header.top + 1,
    };
    return { findings, ...(layout && { layout }) };
  }

  /** The first rows, including blank ones. */
  private startWith(rows: readonly HeadRow[]): Cell[][] {
    const start: Cell[][] = [];
    let next = this.wanted.top <= KEPT_ABOVE ? 1 : this.wanted.top;
    for (const { row, cells } of rows) {
      for (; next < row; next++) start.push([]);
      start.push(cells);
      next = row + 1;
    }
    return start;
  }

  private mergedFinding(headerRow: number): Finding[] {
    const { left, right } = this.wanted;
    const below = this.merges.filter(
      (merge) =>
        merge.top > headerRow && merge.bottom > merge.top && merge.left >= left && merge.right <= right,
    );
    if (below.length === 0) return [];
    const message = `${count(below.length)} merged cells span several rows; their value was read in the first of these rows, the others are missing.`;
    return [
      { code: "merged_cells", severity: "warning", column: null, message, fix: null, row: below[0].top },
    ];
  }
}

function sheetFinding({ sheet, others }: Chosen): Finding[] {
  if (others.length === 0) return [];
  const names = others.slice(0, 10).join(", ");
  const message = `The sheet ${sheet.name} was read; the workbook also has ${names}${others.length > 10 ? ", …" : ""}. Choose another under sheet.`;
  return [{ code: "other_sheets", severity: "info", column: null, message, fix: null }];
}

function leftOutFinding({ leftOut }: Chosen): Finding[] {
  if (leftOut.length === 0) return [];
  const columns = leftOut
    .map(({ left, right }) => `${columnLetters(left)}:${columnLetters(right)}`)
    .join(", ");
  const message = `Cells beside the table (columns ${columns}) were left out. Choose other cells under range.`;
  return [{ code: "cells_left_out", severity: "info", column: null, message, fix: null }];
}

function formulaFinding(formulas: number): Finding[] {
  if (formulas === 0) return [];
  const message = `${count(formulas)} formulas have no saved result, so their cells are missing. Open the workbook in the spreadsheet and save it again.`;
  return [{ code: "formulas_without_results", severity: "warning", column: null, message, fix: null }];
}
