/**
 * Recognises failures of the disk or the database server and says what to do. They are not defects, and stored data is
 * safe.
 */

import { open } from "node:fs/promises";
import { AppError, StorageUnavailable, StoreUnavailable } from "./errors.ts";

const FULL = new Set(["ENOSPC", "EDQUOT", "SQLITE_FULL"]);
/** EFAULT: what Bun's `rm` reports for unexpected errors, such as a full disk. */
const BROKEN = /^(?:EIO|EROFS|ENXIO|EFAULT|EACCES|EPERM|SQLITE_(?:IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB))/;

export function diskFull(): AppError {
  return new AppError("disk_full", "The disk is full", {
    fix: "Delete datasets or model versions, or free space.",
  });
}

/** The error in plain words if the disk caused it; else null. */
export function diskFailure(error: unknown): AppError | null {
  if (error instanceof StoreUnavailable || error instanceof StorageUnavailable) return error;
  // Requests are parsed elsewhere: invalid JSON here was stored, and is damaged.
  if (error instanceof SyntaxError && error.message.startsWith("JSON Parse error")) return damagedData();
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return null;
  if (FULL.has(code)) return diskFull();
  if (code.startsWith("SQLITE_BUSY")) return databaseBusy();
  if (code === "ENOENT") return fileMissing();
  return BROKEN.test(code) ? diskBroken(code) : null;
}

function diskBroken(code: string): AppError {
  return new AppError("unavailable", `The disk could not be read or written (${code})`, {
    fix: "Try again. If it happens again, check the disk and the permissions of DATA_DIR. `signalbox check` verifies the database.",
  });
}

function fileMissing(): AppError {
  return new AppError("unavailable", "A file that belongs to the stored data is missing", {
    fix: "`signalbox check` names it. Restore a backup, or delete what it belongs to.",
  });
}

function damagedData(): AppError {
  return new AppError("unavailable", "Stored data is damaged", {
    fix: "`signalbox check` verifies the database. Restore a backup; the log has the details.",
  });
}

function databaseBusy(): AppError {
  return new AppError("unavailable", "Another process uses the database", {
    fix: "Try again when it has closed the file. Only Signalbox should have it open.",
  });
}

/** Makes created, renamed and deleted entries of a folder survive a power cut (fsync). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
