/**
 * Reads reported outcomes from a CSV. A CSV with the columns `id` and `actual`, in any order and beside any others,
 * read as it streams: each wrong row is named and the others count.
 */
import { AppError, type ErrorRecord, errorRecord } from "../../platform/errors.ts";
import type { Actual, Told } from "./actuals.ts";

export interface ToldRows {
  /** Rows with an outcome that is now known: new ones, and the two below. */
  accepted: number;
  unchanged: number;
  changed: number;
  rejected: number;
  /** Of the first wrong rows; `row` counts from 1, the header included. */
  errors: (Pick<ErrorRecord, "row" | "code" | "message" | "fix"> & { id: string })[];
}

const MOST_ERRORS = 100;
const ID_NAMES = ["id", "prediction_id"];
const ACTUAL = "actual";

/** `tellAll` gets some rows at a time. Throws AppError where a column is missing, no row is there, or none is right. */
export async function tellCsv(
  path: string,
  tellAll: (
    rows: { id: string; actual: Actual }[],
    each: (told: Told | AppError, i: number) => void,
  ) => Promise<void>,
): Promise<ToldRows> {
  const { readRows } = await import("../../csv/read-rows.ts");
  const told: ToldRows = { accepted: 0, unchanged: 0, changed: 0, rejected: 0, errors: [] };
  let columns: { id: number; actual: number } | null = null;
  let row = 1;
  for await (const rows of readRows(path, { choices: { header: true } })) {
    if (!columns) columns = columnsOf(rows.shift() ?? []);
    const { id, actual } = columns;
    const first = row + 1;
    row += rows.length;
    const asked = rows.map((cells) => ({ id: (cells[id] ?? "").trim(), actual: cells[actual] ?? "" }));
    await tellAll(asked, (answer, i) => count(told, answer, { id: asked[i]!.id, row: first + i }));
  }
  if (row === 1) throw new AppError("invalid", "The CSV has no row", { fix: "Send a header and rows." });
  if (told.accepted === 0) throw noneAccepted(told);
  return told;
}

function columnsOf(header: string[]): { id: number; actual: number } {
  const names = header.map((name) => name.trim().toLowerCase());
  const id = names.findIndex((name) => ID_NAMES.includes(name));
  const actual = names.indexOf(ACTUAL);
  if (id >= 0 && actual >= 0) return { id, actual };
  throw new AppError("invalid", `The CSV has no column ${id < 0 ? "id" : ACTUAL}`, {
    row: 1,
    fix: "Include a header row with the columns id (or prediction_id) and actual. Other columns are ignored.",
    example: "id,actual",
  });
}

function count(told: ToldRows, answer: Told | AppError, at: { id: string; row: number }): void {
  if (!(answer instanceof AppError)) {
    told.accepted += 1;
    if (answer.status !== "recorded") told[answer.status] += 1;
    return;
  }
  told.rejected += 1;
  if (told.errors.length >= MOST_ERRORS) return;
  const { code, message, fix } = errorRecord(answer);
  told.errors.push({ ...at, id: at.id.slice(0, 60), code, message, ...(fix && { fix }) });
}

function noneAccepted({ rejected, errors }: ToldRows): AppError {
  const [first] = errors;
  return new AppError("invalid", `None of ${rejected} rows was accepted: ${first!.message}`, {
    row: first!.row!,
    fix: first!.fix ?? "See /docs for what this route takes.",
  });
}
