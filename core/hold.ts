/**
 * Who holds the data folder? One process: two would interrupt each other's runs. The file names the holder, so that a
 * second one can say who that is; a holder that died is no holder.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "./errors.ts";

/** Takes the folder; the function returned lets it go. Throws AppError `conflict` where a living process has it. */
export function holdFolder(folder: string): () => void {
  const path = join(folder, "holder.json");
  const mine = JSON.stringify({
    pid: process.pid,
    startedAt: processStart(process.pid),
    since: new Date().toISOString(),
  });
  const holder = readHolder(path);
  if (holder && holder.pid !== process.pid && isAlive(holder)) {
    throw new AppError("conflict", `Process ${holder.pid} holds ${folder} since ${holder.since}`, {
      fix: "Stop that process, or name another DATA_DIR.",
    });
  }
  try {
    writeFileSync(path, mine);
  } catch (error) {
    throw new AppError("conflict", `${folder} cannot be written: ${(error as Error).message}`, {
      fix: "Name another DATA_DIR, or make it writable.",
    });
  }
  return () => {
    if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true });
  };
}

/** The process that has the folder now; null: none. */
export function holderOf(folder: string): number | null {
  const holder = readHolder(join(folder, "holder.json"));
  return holder && isAlive(holder) ? holder.pid : null;
}

interface Holder {
  pid: number;
  /** Start time as the kernel counts it: a new process with an old pid is somebody else. Empty where unknown. */
  startedAt: string;
  since: string;
}

function readHolder(path: string): Holder | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Holder;
  } catch {
    // No file, or one that a crash cut short: nobody holds the folder.
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
