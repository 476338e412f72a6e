/**
 * Puts an unpacked backup in the place of the data by renames that a crash cannot leave half done: the next start goes
 * on with them. What was there before is kept in a folder of its own.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FILE_FOLDERS } from "../../store/files/named-files.ts";
import { DATABASE } from "../../store/sqlite/database.ts";

/** Whole and checked: waits to be put in place. */
export const READY = "restored";
/** What was there before has been moved away: only moving in is left. */
const MOVING = "restoring";
const PARTS = [DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`, ...FILE_FOLDERS, "runs"];

/** Removes what backups and restores that were cut off have left. */
export function sweepStages(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = /^(?:backup|restore)-(\d+)-\w+$/.exec(name) ?? [];
    if (pid && !isRunning(Number(pid))) rmSync(join(folder, name), { recursive: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}

/** Does something wait to be put in place? */
export function isRestoreWaiting(folder: string): boolean {
  return existsSync(join(folder, READY)) || existsSync(join(folder, MOVING));
}

/**
 * Puts an unpacked backup in place; only the holder of the folder may. Returns where the data of before is kept; null
 * where there was none, or nothing waited.
 */
export function adoptRestored(folder: string, now: number): string | null {
  const kept = join(folder, `replaced-${new Date(now).toISOString().replace(/[:.]/g, "-")}`);
  if (existsSync(join(folder, READY))) {
    moveParts(folder, kept);
    renameSync(join(folder, READY), join(folder, MOVING));
  }
  if (existsSync(join(folder, MOVING))) {
    moveParts(join(folder, MOVING), folder);
    rmSync(join(folder, MOVING), { recursive: true });
  }
  return existsSync(kept) ? kept : null;
}

function moveParts(from: string, to: string): void {
  const there = new Set(readdirSync(from));
  const parts = PARTS.filter((part) => there.has(part));
  if (parts.length) mkdirSync(to, { recursive: true });
  for (const part of parts) renameSync(join(from, part), join(to, part));
}
