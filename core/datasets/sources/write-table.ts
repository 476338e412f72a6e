/**
 * Writes the rows of an NDJSON file of ours into a table of a database, all or nothing. The table is made where there is
 * none; columns whose first rows hold numbers are numbers in it, all others text.
 */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { TransactionSQL } from "bun";
import { AppError } from "../../platform/errors.ts";
import { databaseError, openDatabase, prepared } from "./database.ts";
import type { Place } from "./place.ts";
import type { Lookup, Reach } from "./reach.ts";

export interface TableWork {
  path: string;
  table: string;
  /** The rows that the table has are deleted first, in the same transaction. */
  isReplacing: boolean;
}

type Cell = string | number | boolean | null;

const BATCH_ROWS = 200;
const NUMBER = { postgres: "double precision", mysql: "double", sqlite: "real" };
const TABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

export function isTableName(text: string): boolean {
  return TABLE_NAME.test(text);
}

/** Resolves with the number of rows. Throws AppError. */
export async function writeTable(
  place: Place,
  { path, table, isReplacing }: TableWork,
  options: { reach: Reach; lookup: Lookup },
): Promise<{ rows: number }> {
  if (!isTableName(table))
    throw new AppError("invalid", `${table} is no name of a table`, { column: "table" });
  const { sql, adapter } = await openDatabase(place, { ...options, isReadOnly: false });
  const quote = (name: string) =>
    adapter === "mysql" ? `\`${name.replaceAll("`", "``")}\`` : `"${name.replaceAll('"', '""')}"`;
  const target = table.split(".").map(quote).join(".");
  try {
    return await sql.begin(async (tx) => {
      let rows = 0;
      let columns: string[] = [];
      for await (const batch of batchesOf(path)) {
        if (!columns.length) {
          columns = batch.names;
          const isNumber = columns.map((_, at) => isNumeric(batch.rows.map((row) => row[at])));
          const typed = columns.map(
            (name, at) => `${quote(name)} ${isNumber[at] ? NUMBER[adapter] : "text"}`,
          );
          await prepareTable(tx, { target, columns: typed, isReplacing });
        }
        await insertRows(tx, { target, columns: columns.map(quote), rows: batch.rows, adapter });
        rows += batch.rows.length;
      }
      return { rows };
    });
  } catch (error) {
    throw databaseError(error, place);
  } finally {
    void sql.close({ timeout: 1 });
  }
}

/** By the first rows; a column without any value is text. */
function isNumeric(cells: readonly (Cell | undefined)[]): boolean {
  const known = cells.filter((cell) => cell !== null && cell !== undefined);
  return known.length > 0 && known.every((cell) => typeof cell === "number");
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

/** Rows of NDJSON; every line has the columns of the first. */
async function* batchesOf(path: string): AsyncGenerator<{ names: string[]; rows: Cell[][] }> {
  let names: string[] | null = null;
  let rows: Cell[][] = [];
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (!line.trim()) continue;
    const record = JSON.parse(line) as Record<string, Cell>;
    names ??= Object.keys(record);
    rows.push(names.map((name) => record[name] ?? null));
    if (rows.length < BATCH_ROWS) continue;
    yield { names, rows };
    rows = [];
  }
  if (names && rows.length) yield { names, rows };
}
