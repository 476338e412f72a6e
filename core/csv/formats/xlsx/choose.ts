/** Chooses the sheet and the cell range of a workbook that hold the table, from the first rows of each sheet. */
import { AppError } from "../../../platform/errors.ts";
import { MAX_ROW, parseRange, type Range } from "./references.ts";
import { readSheet, type SheetContext } from "./sheet.ts";
import type { Sheet } from "./workbook.ts";

const SURVEY_ROWS = 300;
const SURVEY_CELLS = 60_000;
const SURVEYED_SHEETS = 30;
/** The first sheet is used unless another holds this many times its cells. */
const MUCH_LARGER = 4;
/** A column next to an empty one belongs to the table if it fills the same rows. */
const SAME_ROWS = 0.8;

/** Adjacent columns, with the rows that they fill. */
interface Block {
  left: number;
  right: number;
  rows: Set<number>;
  cells: number;
}

export interface Survey {
  sheet: Sheet;
  blocks: Block[];
  /** Cells of the largest block, as far as the sheet says. */
  size: number;
}

export interface Chosen {
  sheet: Sheet;
  range: Range;
  /** Columns of blocks that are not read. */
  leftOut: { left: number; right: number }[];
  /** Names of sheets that are not read. */
  others: string[];
}

/** Throws AppError `invalid` if the sheet or range does not exist, or no sheet has cells. */
export async function chooseTable(
  sheets: readonly Sheet[],
  context: SheetContext,
  choices: { sheet?: string; range?: string },
): Promise<Chosen> {
  const range = choices.range === undefined ? null : parseRange(choices.range);
  const survey =
    choices.sheet === undefined
      ? await guessSheet(sheets, context)
      : await surveySheet(namedSheet(sheets, choices.sheet), context);
  const { sheet, blocks } = survey;
  const others = sheets.filter((other) => other !== sheet).map(({ name }) => name);
  if (range) return { sheet, range: fitted(range, blocks), leftOut: [], others };
  if (blocks.length === 0) throw noCells(`The sheet ${sheet.name} has no cells`);
  const best = largest(blocks);
  return {
    sheet,
    range: { left: best.left, right: best.right, top: Math.min(...best.rows), bottom: MAX_ROW },
    leftOut: blocks.filter((block) => block !== best),
    others,
  };
}

/** Open ends of a range extend to the sheet's own last cells. */
function fitted(range: Range, blocks: readonly Block[]): Range {
  const right = Math.max(range.left, ...blocks.map((block) => block.right));
  return { ...range, right: Math.min(range.right, right) };
}

function namedSheet(sheets: readonly Sheet[], name: string): Sheet {
  const wanted = name.trim().toLowerCase();
  const found =
    sheets.find((sheet) => sheet.name === name) ??
    sheets.find((sheet) => sheet.name.trim().toLowerCase() === wanted) ??
    (/^\d+$/.test(wanted) ? sheets[Number(wanted) - 1] : undefined);
  if (found) return found;
  const names = sheets.map((sheet) => sheet.name);
  throw new AppError("invalid", `The workbook has no sheet ${name}`, {
    fix: `The sheets are ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}.`,
    example: names[0],
  });
}

async function guessSheet(sheets: readonly Sheet[], context: SheetContext): Promise<Survey> {
  const visible = sheets.filter(({ isHidden }) => !isHidden);
  const candidates = visible.length > 0 ? visible : sheets;
  let best: Survey | null = null;
  for (const sheet of candidates.slice(0, SURVEYED_SHEETS)) {
    const survey = await surveySheet(sheet, context);
    if (survey.size > (best ? MUCH_LARGER * best.size : 0)) best = survey;
  }
  if (!best) throw noCells("No sheet of the workbook has cells");
  return best;
}

async function surveySheet(sheet: Sheet, context: SheetContext): Promise<Survey> {
  const columns = new Map<number, Set<number>>();
  let rows = 0;
  let cells = 0;
  let lastRow = 0;
  await readSheet(sheet.part, context, {
    row: (row, filled) => {
      if (rows >= SURVEY_ROWS) return;
      rows++;
      cells += filled.length;
      lastRow = Math.max(lastRow, row);
      for (const column of filled) {
        const known = columns.get(column);
        if (known) known.add(row);
        else columns.set(column, new Set([row]));
      }
    },
    dimension: ({ bottom }) => {
      lastRow = Math.max(lastRow, bottom);
    },
    isDone: () => rows >= SURVEY_ROWS || cells >= SURVEY_CELLS,
  });
  const blocks = blocksOf(columns);
  return { sheet, blocks, size: sizeOf(blocks, lastRow) };
}

function sizeOf(blocks: readonly Block[], lastRow: number): number {
  if (blocks.length === 0) return 0;
  const { left, right, rows } = largest(blocks);
  const width = right - left + 1;
  if (rows.size < 2) return 0.5;
  return (
    width * (rows.size >= SURVEY_ROWS - 1 ? Math.max(rows.size, lastRow - Math.min(...rows) + 1) : rows.size)
  );
}

function blocksOf(columns: ReadonlyMap<number, Set<number>>): Block[] {
  const blocks: Block[] = [];
  for (const column of [...columns.keys()].sort((a, b) => a - b)) {
    const rows = columns.get(column)!;
    const last = blocks.at(-1);
    const isBeside = last && (column === last.right + 1 || shared(last.rows, rows) >= SAME_ROWS);
    if (last && isBeside) {
      last.right = column;
      last.cells += rows.size;
      last.rows = last.rows.union(rows);
    } else blocks.push({ left: column, right: column, rows: new Set(rows), cells: rows.size });
  }
  return blocks;
}

function shared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  return a.intersection(b).size / a.union(b).size;
}

function largest(blocks: readonly Block[]): Block {
  return blocks.reduce((best, block) => (block.cells > best.cells ? block : best));
}

function noCells(message: string): AppError {
  return new AppError("invalid", message, { fix: "Choose another sheet, or add the data to this one." });
}
