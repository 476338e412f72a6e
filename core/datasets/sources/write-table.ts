/**
 * Writes the rows of an NDJSON file into a table of a database, all or nothing. The table is created if it does not
 * exist; columns that hold only numbers are numeric, all others text.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { TransactionSQL } from "bun";
import { AppError } from "../../platform/errors.ts";
import { type ConnectOptions, databaseError, openDatabase, prepared } from "./database.ts";
import { isTableName, type Place } from "./place.ts";

export interface TableWork {
  path: string;
  table: string;
  /** The table's existing rows are deleted first, in the same transaction. */
  isReplacing: boolean;
}

type Cell = string | number | boolean | null;

const MOST_ROWS = 200;
/** SQLite takes 32,766 parameters in a statement, PostgreSQL and MySQL 65,535. */
const MOST_PARAMETERS = 30_000;
const NUMBER = { postgres: "double precision", mysql: "double", sqlite: "real" };

/** Resolves with the number of rows. Throws AppError. */
export async function writeTable(
  place: Place,
  { path, table, isReplacing }: TableWork,
  options: ConnectOptions,
): Promise<{ rows: number }> {
  if (!isTableName(table))
    throw new AppError("invalid", `${table} is not a valid table name`, { column: "table" });
  const { sql, adapter } = await openDatabase(place, { ...options, isReadOnly: false });
  const quote = (name: string) =>
    adapter === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
  const target = table.split(".").map(quote).join(".");
  try {
    const { names, isNumber } = await columnsOf(path);
    const columns = names.map(quote);
    const typed = columns.map((name, at) => `${name} ${isNumber[at] ? NUMBER[adapter] : "text"}`);
    return await sql.begin(async (tx) => {
      await prepareTable(tx, { target, columns: typed, isReplacing });
      let rows = 0;
      for await (const batch of batchesOf(path, names)) {
        await insertRows(tx, { target, columns, rows: batch, adapter });
        rows += batch.length;
      }
      return { rows };
    });
  } catch (error) {
    throw databaseError(error, place);
  } finally {
    void sql.close({ timeout: 1 });
  }
}

/** The columns of the first line, which every line has; one without any number is text. */
async function columnsOf(path: string): Promise<{ names: string[]; isNumber: boolean[] }> {
  let names: string[] = [];
  const kinds = { number: new Set<string>(), other: new Set<string>() };
  for await (const record of recordsOf(path)) {
    if (!names.length) names = Object.keys(record);
    for (const name of names) {
      const cell = record[name] ?? null;
      if (cell !== null) kinds[typeof cell === "number" ? "number" : "other"].add(name);
    }
  }
  return { names, isNumber: names.map((name) => kinds.number.has(name) && !kinds.other.has(name)) };
}

async function prepareTable(
  tx: TransactionSQL,
  { target, columns, isReplacing }: { target: string; columns: string[]; isReplacing: boolean },
): Promise<void> {
  await tx(prepared(`create table if not exists ${target} (${columns.join(", ")})`));
  if (isReplacing) await tx(prepared(`delete from ${target}`));
}

async function insertRows(
  tx: TransactionSQL,
  entry: { target: string; columns: string[]; rows: Cell[][]; adapter: string },
): Promise<void> {
  const { target, columns, rows, adapter } = entry;
  const place = (at: number) => (adapter === "postgres" ? `$${at + 1}` : "?");
  const values = rows.map(
    (row, at) => `(${row.map((_, column) => place(at * columns.length + column)).join(", ")})`,
  );
  await tx.unsafe(`insert into ${target} (${columns.join(", ")}) values ${values.join(", ")}`, rows.flat());
}

async function* batchesOf(path: string, names: readonly string[]): AsyncGenerator<Cell[][]> {
  const size = Math.max(1, Math.min(MOST_ROWS, Math.floor(MOST_PARAMETERS / names.length)));
  let rows: Cell[][] = [];
  for await (const record of recordsOf(path)) {
    rows.push(names.map((name) => record[name] ?? null));
    if (rows.length < size) continue;
    yield rows;
    rows = [];
  }
  if (rows.length) yield rows;
}

async function* recordsOf(path: string): AsyncGenerator<Record<string, Cell>> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line.trim()) yield JSON.parse(line) as Record<string, Cell>;
}
