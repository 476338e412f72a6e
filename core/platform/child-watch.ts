/** Is a child within its memory, and does it still do anything? Looked up in /proc, where there is one. */
import { readFileSync } from "node:fs";

const POLL_MS = 250;
/** Neither work nor a word for so long: it hangs. */
const SILENT_MS = 3500;

export interface WatchedChild {
  pid: number;
  memoryBytes: number;
  /** When it was last heard of, as `performance.now()`. */
  heardAt: () => number;
  /** Called once; the watch is over then. */
  failed: (how: "memory" | "silence") => void;
}

/** Watches until the function returned is called. */
export function watchChild({ pid, memoryBytes, heardAt, failed }: WatchedChild): () => void {
  let processorTicks = -1;
  let activeAt = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const found = processorOf(pid);
    // Waiting for the disk, or for a processor on a busy machine, is no hanging.
    const isActive = !found || found.ticks !== processorTicks || "DR".includes(found.state);
    processorTicks = found?.ticks ?? -1;
    if (isActive) activeAt = now;
    if (residentBytes(pid) > memoryBytes) end("memory");
    else if (now - Math.max(activeAt, heardAt()) > SILENT_MS) end("silence");
  }, POLL_MS);
  const end = (how: "memory" | "silence") => {
    clearInterval(timer);
    failed(how);
  };
  return () => clearInterval(timer);
}

/** Fields 3, 14 and 15 of /proc/PID/stat (proc(5)): state, ticks in user and in system mode of all its threads. */
function processorOf(pid: number): { state: string; ticks: number } | null {
  const text = readProc(pid, "stat");
  const [state = "", ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return text === "" ? null : { state, ticks: Number(fields[10]) + Number(fields[11]) };
}

function residentBytes(pid: number): number {
  return Number(readProc(pid, "statm").split(" ")[1] ?? 0) * 4096;
}

/** "" where the child has just ended, or the system has no /proc: the kernel's own limits then stand alone. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
