/** Finds the header rows by their merged cells: "Women" above "age" and "height" names both. */
import type { Cell } from "../table-file.ts";
import type { Range } from "./references.ts";

export interface HeadRow {
  row: number;
  cells: Cell[];
}

export interface MergedHeader {
  top: number;
  bottom: number;
  /** The header rows, with each merged cell's value in all of its columns. */
  rows: HeadRow[];
}

const MAX_HEADER_ROWS = 5;
/** Title rows fill no more than this share of the columns. */
const TITLE_SHARE = 0.4;

/** Null if no cells are merged above the columns. `head`: the first rows of the range; `merges` of the sheet. */
export function mergedHeader(
  head: readonly HeadRow[],
  merges: readonly Range[],
  { left, right }: Pick<Range, "left" | "right">,
): MergedHeader | null {
  const width = right - left + 1;
  const inside = merges.filter((merge) => merge.left >= left && merge.right <= right);
  const groups = inside.filter((merge) => merge.right > merge.left && merge.right - merge.left + 1 < width);
  const first = head.findIndex(
    ({ row, cells }) =>
      groups.some(({ top }) => top === row) && (filled(cells) > 1 || (cells[0] ?? "") === ""),
  );
  if (
    first < 0 ||
    !head.slice(0, first).every(({ cells }) => filled(cells) <= Math.max(1, TITLE_SHARE * width))
  )
    return null;
  const top = head[first].row;
  const bottom = lastHeaderRow(head, inside, top);
  if (bottom - top >= MAX_HEADER_ROWS || !head.some(({ row }) => row > bottom)) return null;
  const rows = head
    .filter(({ row }) => row >= top && row <= bottom)
    .map((each) => spread(each, inside, left));
  return { top, bottom, rows };
}

/** The names are below the last merged row, unless data begins there. */
function lastHeaderRow(head: readonly HeadRow[], merges: readonly Range[], top: number): number {
  let bottom = top;
  for (const { row } of head) {
    const here = merges.filter((merge) => merge.top === row);
    if (row > bottom + 1 || (row > top && here.length === 0 && row > bottom)) break;
    bottom = Math.max(bottom, row, ...here.map((merge) => merge.bottom));
  }
  const next = head.find(({ row }) => row === bottom + 1);
  const isSpanned = merges.some((merge) => merge.top >= top && merge.top <= bottom && merge.bottom > top);
  const isNames = next?.cells.every((cell) => typeof cell !== "number" && !isNumber(cell)) ?? false;
  return isNames && !isSpanned ? bottom + 1 : bottom;
}

function isNumber(cell: Cell): boolean {
  return typeof cell === "boolean" || (typeof cell === "string" && /^-?\d+(?:[.\-:]\d+)*$/.test(cell));
}

function spread({ row, cells }: HeadRow, merges: readonly Range[], left: number): HeadRow {
  const copy = [...cells];
  for (const merge of merges.filter(({ top }) => top === row)) {
    for (let column = merge.left + 1; column <= merge.right; column++)
      copy[column - left] = cells[merge.left - left];
  }
  return { row, cells: copy };
}

function filled(cells: readonly Cell[]): number {
  return cells.filter((cell) => cell !== null && cell !== undefined && cell !== "").length;
}
