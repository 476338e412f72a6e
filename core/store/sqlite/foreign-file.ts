/** Reads rows of a SQLite file that is not ours: never written, one row at a time however many there are. */
import { Database } from "bun:sqlite";

export interface ForeignRows {
  columns: string[];
  rows: Iterable<unknown[]>;
  close: () => void;
}

/** One statement around the whole query, which renames columns that share a name. Throws SQLite's errors. */
export function readForeign(file: string, { query, limit }: { query: string; limit: number }): ForeignRows {
  // An integer beyond a double's 53 bits keeps its digits.
  const database = new Database(file, { readonly: true, safeIntegers: true });
  try {
    const statement = database.query<Record<string, unknown>, []>(
      `SELECT * FROM (${query}\n) LIMIT ${limit}`,
    );
    const columns = statement.columnNames;
    return { columns, rows: cellsOf(statement.iterate()), close: () => database.close() };
  } catch (error) {
    database.close();
    throw error;
  }
}

function* cellsOf(rows: Iterable<Record<string, unknown>>): Generator<unknown[]> {
  for (const row of rows) yield Object.values(row);
}
