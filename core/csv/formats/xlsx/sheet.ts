/** Reads the cells of a sheet, row by row as its XML streams. Values only: of formulas, the saved result. */

import { AppError } from "../../../platform/errors.ts";
import { DAY_MS } from "../../../platform/figures.ts";
import { momentText, timeText } from "../iso-dates.ts";
import type { Cell } from "../table-file.ts";
import { type Archive, damagedZip } from "./archive.ts";
import { columnNumber, MAX_COLUMN, MAX_ROW, type Range, readRange } from "./references.ts";
import { type SharedStrings, unescaped } from "./shared-strings.ts";
import type { NumberMeaning } from "./styles.ts";
import { readXml } from "./xml.ts";

export interface SheetContext {
  archive: Archive;
  strings: SharedStrings;
  styles: readonly NumberMeaning[];
  is1904: boolean;
}

export interface SheetHandlers {
  /** Filled cells by column; reused for the next row. */
  row: (row: number, columns: readonly number[], cells: readonly Cell[]) => void;
  merge?: (range: Range) => void;
  /** The range that the sheet declares. */
  dimension?: (range: Range) => void;
  /** True to stop reading. */
  isDone?: () => boolean;
}

/** Returns how many formulas have no saved value. Throws AppError `invalid` for cells outside the sheet's limits. */
export async function readSheet(
  part: string,
  context: SheetContext,
  handlers: SheetHandlers,
): Promise<number> {
  const reader = new SheetReader(context, handlers);
  await readXml(context.archive.text(part), reader, () => handlers.isDone?.() ?? false);
  return reader.emptyFormulas;
}

class SheetReader {
  emptyFormulas = 0;
  private row = 0;
  private lastRow = 0;
  private column = 0;
  private columns: number[] = [];
  private cells: Cell[] = [];
  private type = "";
  private style = 0;
  private element = "";
  private value = "";
  private isCollecting = false;
  private isFormula = false;
  private phonetics = 0;

  constructor(
    private readonly context: SheetContext,
    private readonly handlers: SheetHandlers,
  ) {}

  readonly open = (name: string): void => {
    this.element = name;
    if (name === "c") {
      this.column++;
      this.type = "";
      this.style = 0;
      this.value = "";
      this.isFormula = false;
    } else if (name === "row") {
      this.row++;
      this.column = 0;
      this.columns.length = 0;
      this.cells.length = 0;
    } else if (name === "v") this.isCollecting = true;
    else if (name === "t") this.isCollecting = this.phonetics === 0;
    else if (name === "f") this.isFormula = true;
    else if (name === "rPh") this.phonetics++;
  };

  readonly attribute = (name: string, value: string): void => {
    const { element } = this;
    if (element === "c") {
      if (name === "r") this.column = this.columnOf(value);
      else if (name === "t") this.type = value;
      else if (name === "s") this.style = Number(value);
    } else if (element === "row") {
      if (name === "r") this.row = Number(value);
    } else if (element === "mergeCell" && name === "ref") tell(this.handlers.merge, value);
    else if (element === "dimension" && name === "ref") tell(this.handlers.dimension, value);
  };

  readonly text = (piece: string): void => {
    if (this.isCollecting) this.value += piece;
  };

  readonly close = (name: string): void => {
    if (name === "v" || name === "t") this.isCollecting = false;
    else if (name === "rPh") this.phonetics--;
    else if (name === "c") this.finishCell();
    else if (name === "row") this.finishRow();
  };

  private columnOf(reference: string): number {
    let letters = 0;
    while (letters < reference.length && reference.charCodeAt(letters) > 64) letters++;
    const column = columnNumber(reference.slice(0, letters).toUpperCase());
    if (column < 1 || column > MAX_COLUMN) throw outside(reference);
    return column;
  }

  private finishCell(): void {
    if (this.isFormula && this.value === "" && this.type !== "str") this.emptyFormulas++;
    const cell = this.cellOf();
    if (cell === null || cell === "") return;
    if (this.column > MAX_COLUMN) throw outside(`column ${this.column}`);
    this.columns.push(this.column);
    this.cells.push(cell);
  }

  private cellOf(): Cell {
    const { value, type } = this;
    if (value === "") return null;
    if (type === "s") return this.context.strings.at(Number(value));
    if (type === "str" || type === "inlineStr") return unescaped(value);
    if (type === "b") return value.trim() === "1" || value.trim() === "true";
    if (type === "e") return null;
    if (type === "d")
      return value
        .trim()
        .replace("T", " ")
        .replace(/ 00:00:00(?:\.0+)?Z?$|Z$/, "");
    return numberCell(value.trim(), this.context.styles[this.style] ?? "number", this.context.is1904);
  }

  private finishRow(): void {
    if (!(Number.isInteger(this.row) && this.row >= 1 && this.row <= MAX_ROW))
      throw outside(`row ${this.row}`);
    if (this.row <= this.lastRow)
      throw damagedZip(new Error(`row ${this.row} after ${this.lastRow}`), "its rows are not in order");
    this.lastRow = this.row;
    if (this.columns.length > 0) this.handlers.row(this.row, this.columns, this.cells);
  }
}

function tell(handler: ((range: Range) => void) | undefined, reference: string): void {
  const range = handler && readRange(reference);
  if (range) handler(range);
}

const PLAIN_INTEGER = /^-?\d{1,15}$/;
/** Day 1 is 1 January 1900, and the format has a 29 February 1900 that never existed. */
const FIRST_DAY_1900 = Date.UTC(1899, 11, 30);
const FIRST_DAY_1904 = Date.UTC(1904, 0, 1);
const LAST_DAY = 2_958_466;

function numberCell(text: string, meaning: NumberMeaning, is1904: boolean): Cell {
  const number = Number(text);
  if (text === "" || !Number.isFinite(number)) return text === "" ? null : text;
  if (meaning === "number" || number < 0 || number >= LAST_DAY)
    return PLAIN_INTEGER.test(text) ? text : number;
  const ms = Math.round(number * DAY_MS);
  if (meaning === "time" || ms < DAY_MS) return timeText(ms * 1e6);
  const isBeforeGap = !is1904 && number < 60;
  const at = (is1904 ? FIRST_DAY_1904 : FIRST_DAY_1900) + ms + (isBeforeGap ? DAY_MS : 0);
  return momentText(at)?.replace(/ 00:00:00$/, "") ?? number;
}

function outside(where: string): AppError {
  return new AppError("invalid", `The workbook has a cell outside of any sheet: ${where.slice(0, 20)}`, {
    fix: "Open it in the spreadsheet, save it again, and upload that file.",
  });
}
