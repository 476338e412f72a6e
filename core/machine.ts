/**
 * How busy is the machine, or the container that we are in? Readings of the kernel's own figures, a fraction of a
 * millisecond each; nothing is remembered but what a difference needs.
 */
import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";

/** Share of memory in use, in percent: of the container where it has a limit, else of the machine. */
export function memoryPercent(): number {
  const container = containerMemory();
  return container
    ? (100 * container.used) / container.limit
    : 100 * (1 - (availableBytes() ?? freemem()) / totalmem());
}

/** Bytes that processes use and may use, without the file cache that the kernel gives back; null: no limit is set. */
function containerMemory(): { used: number; limit: number } | null {
  const limit = readNumber("/sys/fs/cgroup/memory.max") ?? readNumber(`${V1}/memory.limit_in_bytes`);
  if (limit === null || limit >= totalmem()) return null;
  const current = readNumber("/sys/fs/cgroup/memory.current") ?? readNumber(`${V1}/memory.usage_in_bytes`);
  const stat = readText("/sys/fs/cgroup/memory.stat") ?? readText(`${V1}/memory.stat`) ?? "";
  const cache = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat)?.[1] ?? 0);
  return current === null ? null : { used: Math.max(0, current - cache), limit };
}

const V1 = "/sys/fs/cgroup/memory";

/** What a new process could have: free memory and the cache that can be given back. */
function availableBytes(): number | null {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Null where there is no such file (not Linux, not a container) or it holds "max". */
function readNumber(path: string): number | null {
  const value = Number.parseInt(readText(path) ?? "", 10);
  return Number.isFinite(value) ? value : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** Share of the disk in use, in percent, as far as we may fill it. */
export async function diskPercent(folder: string): Promise<number> {
  const { blocks, bavail } = await statfs(folder);
  return 100 * (1 - bavail / blocks);
}

const SHORTEST_MS = 100;

/** Share of the cores that was busy since the last call, in percent. */
export class CpuShare {
  private last = cpuTimes();
  /** Until there is a span to look at: what the last minute was like. */
  private value = Math.min(100, (100 * (loadavg()[0] ?? 0)) / cpus().length);

  take(): number {
    const now = cpuTimes();
    const total = now.total - this.last.total;
    // The kernel's clock ticks every 10 ms: a shorter span says nothing.
    if (total < SHORTEST_MS * cpus().length) return this.value;
    this.value = 100 * (1 - (now.idle - this.last.idle) / total);
    this.last = now;
    return this.value;
  }
}

function cpuTimes(): { idle: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

/** The longest time that a 100 ms timer came late since the last call. */
export class LoopDelay {
  private timer: Timer | null = null;
  private expected = 0;
  private worst = 0;

  start(): void {
    this.expected = performance.now() + 100;
    this.timer = setInterval(() => {
      const now = performance.now();
      this.worst = Math.max(this.worst, now - this.expected);
      this.expected = now + 100;
    }, 100);
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  take(): number {
    const worst = this.worst;
    this.worst = 0;
    return worst;
  }
}
