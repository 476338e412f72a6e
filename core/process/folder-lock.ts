/**
 * Locks the data folder for one process: two would interrupt each other's runs. A lock keeps others out; a file beside
 * it names the holder, so that the error can say who that is.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../platform/errors.ts";
import { lockFile } from "../store/sqlite/lock.ts";

const LOCK = "hold.lock";
const HOLDER = "holder.json";

/** Takes the folder; the returned function releases it. Throws AppError `conflict` if a living process has it. */
export function holdFolder(folder: string): () => void {
  const path = join(folder, HOLDER);
  const unlock = lock(folder);
  if (!unlock) throw heldBy(folder);
  const mine = { pid: process.pid, startedAt: processStart(process.pid), since: new Date().toISOString() };
  try {
    writeFileSync(path, JSON.stringify(mine));
  } catch (error) {
    unlock();
    throw unwritable(folder, error);
  }
  return () => {
    rmSync(path, { force: true });
    unlock();
  };
}

/** As `holdFolder`, and nothing in the folder is different afterwards. */
export function holdUntouched(folder: string): () => void {
  const wasLocked = existsSync(join(folder, LOCK));
  const unlock = lock(folder);
  if (!unlock) throw heldBy(folder);
  return () => {
    unlock();
    if (!wasLocked) rmSync(join(folder, LOCK), { force: true });
  };
}

function heldBy(folder: string): AppError {
  const holder = readHolder(join(folder, HOLDER));
  const words = holder
    ? `Process ${holder.pid} has been using ${folder} since ${holder.since}`
    : `Another process uses ${folder}`;
  return new AppError("conflict", words, { fix: "Stop that process, or choose another DATA_DIR." });
}

function lock(folder: string): (() => void) | null {
  try {
    return lockFile(join(folder, LOCK));
  } catch (error) {
    throw unwritable(folder, error);
  }
}

function unwritable(folder: string, error: unknown): AppError {
  return new AppError("conflict", `${folder} cannot be written: ${(error as Error).message}`, {
    fix: "Choose another DATA_DIR, or make it writable.",
  });
}

/** The process that has the folder now; null: none. */
export function holderOf(folder: string): number | null {
  const holder = readHolder(join(folder, HOLDER));
  return holder && isAlive(holder) ? holder.pid : null;
}

interface Holder {
  pid: number;
  /** Start time as the kernel counts it: a new process with a reused PID is a different one. Empty if unknown. */
  startedAt: string;
  since: string;
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    // No file, or one truncated by a crash: nobody holds the folder.
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as { code?: string }).code === "ESRCH") return false;
  }
  return holder.startedAt === "" || holder.startedAt === processStart(holder.pid);
}

function processStart(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")")).split(" ")[20] ?? "";
  } catch {
    return "";
  }
}
