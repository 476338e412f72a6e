/** Locks a file for one process. */
import { Database } from "bun:sqlite";

/**
 * Locks a file, created if necessary, against other processes; returns the function that releases it, or null if
 * another process has it. The kernel releases it when the process ends, however it ends, and the lock works between
 * containers, where a process's number means nothing.
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
