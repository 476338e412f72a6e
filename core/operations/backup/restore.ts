/**
 * Replaces the data with an unpacked backup by renames that a crash cannot leave half done: the next start continues
 * them. The previous data is kept in a folder of its own.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FILE_FOLDERS } from "../../store/files/named-files.ts";
import { DATABASE } from "../../store/sqlite/database.ts";

/** Complete and verified: waits to be put in place. */
export const READY = "restored";
/** The previous data has been moved away: only moving in is left. */
const MOVING = "restoring";
const PARTS = [DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`, ...FILE_FOLDERS, "runs"];

/** Removes what interrupted backups and restores have left. */
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

/** Whether a backup waits to be put in place. */
export function isRestoreWaiting(folder: string): boolean {
  return existsSync(join(folder, READY)) || existsSync(join(folder, MOVING));
}

/**
 * Puts an unpacked backup in place; only the holder of the folder lock may. Returns where the previous data is kept;
 * null if there was none, or nothing waited.
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
