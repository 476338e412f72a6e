/** Keeps a file to one process. */
import { Database } from "bun:sqlite";

/**
 * Keeps a file, made where it is not there, from other processes; the function that lets it go, or null where another
 * one has it. The kernel lets go when the process ends, however it ends, and the lock holds between containers, where a
 * process's number says nothing.
 */
export function lockFile(path: string): (() => void) | null {
  const database = new Database(path, { create: true });
  try {
    // Nothing is ever written: the file stays empty.
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return null;
    throw error;
  }
}
