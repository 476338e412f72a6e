/**
 * Runs a source's query and writes its rows as CSV: one statement in a read-only transaction, by a cursor if the
 * database has one, ended at its limits of rows and time.
 */
import type { TransactionSQL } from "bun";
import { AppError } from "../../platform/errors.ts";
import { readMySql } from "../../store/mysql/foreign-rows.ts";
import { readForeign } from "../../store/sqlite/foreign-file.ts";
import {
  type ConnectOptions,
  checkedServer,
  databaseError,
  listedFile,
  openDatabase,
  prepared,
} from "./database.ts";
import { databaseOf, type Place } from "./place.ts";

export interface QueryOptions extends ConnectOptions {
  rowLimit: number;
  timeLimitMs: number;
  /** Takes some lines of CSV. */
  write: (text: string) => Promise<void>;
}

export interface QueryResult {
  rows: number;
  /** There are more rows than the limit. */
  isCut: boolean;
}

const FETCH_ROWS = 5000;

interface Batch {
  columns: Column[];
  rows: unknown[][];
}

interface Column {
  name: string;
  /** The engine's number for the type. */
  type: number;
}

/** Throws AppError: `forbidden`, `invalid` with the database's error, `unavailable`. */
export async function runQuery(place: Place, options: QueryOptions): Promise<QueryResult> {
  const statement = oneStatement(place.query ?? "");
  const { adapter: kind, filename } = databaseOf(place);
  if (kind === "sqlite") return readFile(place, listedFile(filename, options.reach), options);
  if (kind === "mysql") return readMySqlRows(place, statement, options);
  const { sql } = await openDatabase(place, { ...options, isReadOnly: true });
  try {
    return await sql.begin("read only", (tx) => writeAll(postgresRows(tx, statement, options), options));
  } catch (error) {
    throw databaseError(error, place);
  } finally {
    // A database that hangs must not block us: the process exits with its result.
    void sql.close({ timeout: 1 });
  }
}

async function readMySqlRows(place: Place, statement: string, options: QueryOptions): Promise<QueryResult> {
  const server = await checkedServer(place, options);
  const { rowLimit, timeLimitMs } = options;
  const query = { statement, limit: rowLimit + 1, timeLimitMs, together: FETCH_ROWS };
  try {
    return await writeAll(readMySql(server, query), options);
  } catch (error) {
    throw databaseError(error, place);
  }
}

async function readFile(place: Place, file: string, options: QueryOptions): Promise<QueryResult> {
  try {
    const query = oneStatement(place.query ?? "");
    const { columns, rows, close } = readForeign(file, { query, limit: options.rowLimit + 1 });
    try {
      return await writeAll(batchesOf(columns, rows), options);
    } finally {
      close();
    }
  } catch (error) {
    throw databaseError(error, place);
  }
}

const WRITES_FILE = /\binto\s+(?:outfile|dumpfile)\b|\bload_extension\s*\(/i;

/**
 * A statement that returns rows, without the semicolon at its end. Prepared statements alone prevent a second one; this
 * gives a clear error, and refuses what a read-only transaction would allow: files that the database would write.
 */
export function oneStatement(text: string): string {
  const statement = text.trim().replace(/;\s*$/, "");
  const plain = withoutTexts(statement);
  if (plain.includes(";"))
    throw new AppError("invalid", "The query has more than one statement", {
      column: "query",
      fix: "Send one SELECT statement.",
    });
  if (!/^(?:\(\s*)*(?:select|with|values|table|show)\b/i.test(plain.trim()))
    throw new AppError("invalid", "The query must be a SELECT statement", {
      column: "query",
      fix: "Begin it with SELECT or WITH.",
    });
  if (WRITES_FILE.test(plain))
    throw new AppError("invalid", "The query would write a file or load a program", {
      column: "query",
      fix: "Leave out INTO OUTFILE, INTO DUMPFILE and load_extension.",
    });
  return statement;
}

/** Empties quoted texts and comments; what MySQL runs inside /*! stays. */
function withoutTexts(text: string): string {
  return text.replace(
    /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*(?!!)[\s\S]*?\*\//g,
    (match) => (match.startsWith("-") || match.startsWith("/") ? " " : "''"),
  );
}

async function* postgresRows(
  tx: TransactionSQL,
  statement: string,
  { timeLimitMs }: QueryOptions,
): AsyncGenerator<Batch> {
  await tx(prepared(`set local statement_timeout = ${Math.ceil(timeLimitMs)}`));
  await tx(prepared(`declare signalbox_rows no scroll cursor for ${statement}`));
  for (;;) {
    const rows = await tx(prepared(`fetch ${FETCH_ROWS} from signalbox_rows`)).values();
    yield batchOf(rows);
    if (rows.length < FETCH_ROWS) return;
  }
}

async function* batchesOf(names: readonly string[], rows: Iterable<unknown[]>): AsyncGenerator<Batch> {
  const columns = names.map((name) => ({ name, type: 0 }));
  let batch: unknown[][] = [];
  for (const row of rows) {
    if (batch.push(row) < FETCH_ROWS) continue;
    yield { columns, rows: batch };
    batch = [];
  }
  yield { columns, rows: batch };
}

/** Bun gives a result's columns beside its rows. */
function batchOf(rows: unknown[][]): Batch {
  const { columns = [] } = rows as unknown as { columns?: (Partial<Column> | string)[] };
  return {
    rows,
    columns: columns.map((column, at) =>
      typeof column === "string"
        ? { name: column, type: 0 }
        : { name: column.name ?? `column_${at + 1}`, type: column.type ?? 0 },
    ),
  };
}

async function writeAll(batches: AsyncGenerator<Batch>, options: QueryOptions): Promise<QueryResult> {
  const { rowLimit, write } = options;
  let written = 0;
  let isFirst = true;
  for await (const { columns, rows } of batches) {
    if (isFirst) await write(lineOf(columns.map(({ name }) => name)));
    isFirst = false;
    const taken = rows.slice(0, rowLimit - written);
    await write(taken.map((row) => lineOf(row.map((cell, at) => cellText(cell, columns[at])))).join(""));
    written += taken.length;
    if (taken.length < rows.length) return { rows: written, isCut: true };
  }
  return { rows: written, isCut: false };
}

/** RFC 4180. Formulas get no prefix: no spreadsheet opens this file. */
function lineOf(cells: readonly string[]): string {
  const line = cells.map((cell) =>
    /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
  );
  return `${line.length === 1 && line[0] === "" ? '""' : line.join(",")}\n`;
}

/** The numbers of the type DATE in PostgreSQL and MySQL. */
const DATE_TYPES = new Set([1082, 10]);

function cellText(cell: unknown, column: Column | undefined): string {
  if (cell === null || cell === undefined) return "";
  if (cell instanceof Date) {
    if (Number.isNaN(cell.getTime())) return "";
    const text = cell.toISOString();
    return column && DATE_TYPES.has(column.type) ? text.slice(0, 10) : text;
  }
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString("hex");
  if (typeof cell === "object") return JSON.stringify(cell);
  return String(cell);
}
