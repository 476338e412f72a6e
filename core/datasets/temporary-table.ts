/**
 * Reads a file that is not a dataset, such as rows to predict: saves it, converts it to a table in a child process, and
 * removes it afterwards.
 */
import { open, rm } from "node:fs/promises";
import type { KnownTable } from "../csv/formats/known-table.ts";
import type { ReadInput } from "./read-child.ts";

export interface TemporaryTable {
  /** A CSV. */
  path: string;
  /** Null if the file itself was a CSV. */
  known: KnownTable | null;
  remove: () => Promise<void>;
}

export interface TemporaryTableOptions {
  /** Where the file is written; its table is written beside it. */
  path: string;
  /** Reads in a child process. */
  read: (input: ReadInput) => Promise<unknown>;
}

/** Throws AppError if the file cannot be read as a table; nothing is left on disk then. */
export async function readTemporaryTable(
  chunks: AsyncIterable<Uint8Array>,
  { path, read }: TemporaryTableOptions,
): Promise<TemporaryTable> {
  const table = `${path}.table`;
  const remove = async () => {
    for (const file of [path, table, `${table}.json`]) await rm(file, { force: true });
  };
  try {
    await write(chunks, path);
    const known = (await read({
      path,
      table,
      name: "rows",
      choices: {},
      wanted: "table",
    })) as KnownTable | null;
    return { path: known ? table : path, known, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function write(chunks: AsyncIterable<Uint8Array>, path: string): Promise<void> {
  const file = await open(path, "wx");
  try {
    for await (const chunk of chunks)
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
  } finally {
    await file.close();
  }
}
