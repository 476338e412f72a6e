/**
 * Measures how busy the machine or container is, from the kernel's own figures, a fraction of a millisecond each; only
 * what a difference needs is remembered.
 */
import { statfs } from "node:fs/promises";
import { cpus, freemem, loadavg, totalmem } from "node:os";
import { type Bound, cpuBound, memoryBound, readText } from "./cgroups.ts";

/** Share of memory in use, in percent: of the container's limit if it has one, else of the machine's memory. */
export function memoryPercent(container = memoryBound(totalmem())): number {
  return container
    ? (100 * container.used) / container.limit
    : 100 * (1 - (availableBytes() ?? freemem()) / totalmem());
}

/** What a new process could have: free memory and reclaimable cache. */
function availableBytes(): number | null {
  const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readText("/proc/meminfo") ?? "")?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}

/** Share of the disk in use, in percent of what we may fill. */
export async function diskPercent(folder: string): Promise<number> {
  const { blocks, bavail } = await statfs(folder);
  return 100 * (1 - bavail / blocks);
}

const SHORTEST_MS = 100;

/** Share of the processors that was busy since the last call, in percent: of our quota if a container sets one. */
export class CpuShare {
  private last = cpuTimes();
  /** Until two readings are far enough apart: the load of the last minute. */
  private value = Math.min(100, (100 * (loadavg()[0] ?? 0)) / cpus().length);
  private lastBound = { at: performance.now(), bound: cpuBound() };

  take(): number {
    const now = cpuTimes();
    const total = now.total - this.last.total;
    // The kernel's clock ticks every 10 ms: a shorter span means nothing.
    if (total < SHORTEST_MS * cpus().length) return this.value;
    const ofMachine = 100 * (1 - (now.idle - this.last.idle) / total);
    this.last = now;
    this.value = this.ofQuota() ?? ofMachine;
    return this.value;
  }

  private ofQuota(): number | null {
    const [before, now] = [this.lastBound, { at: performance.now(), bound: cpuBound() }];
    this.lastBound = now;
    return before.bound && now.bound && quotaPercent(before.bound, now.bound, now.at - before.at);
  }
}

/** /proc counts in hundredths of a second. */
const TICK_MS = 10;

/** What other programs use of the processors: our trainings are the machine's purpose and do not count. */
export class ForeignCpu {
  private ticks = new Map<number, number>();
  private at = performance.now();
  private value = 0;

  /** In percent since the last call. `busy`: the total use; a child that ended meanwhile took its count with it. */
  take(busy: number, children: ReadonlySet<number>): number {
    const [now, ticks] = [performance.now(), new Map<number, number>()];
    for (const pid of children) {
      const used = ticksOf(pid);
      if (used !== null) ticks.set(pid, used);
    }
    const isLost = [...this.ticks.keys()].some((pid) => !ticks.has(pid));
    const own = [...ticks].reduce((sum, [pid, used]) => sum + used - (this.ticks.get(pid) ?? 0), 0);
    const elapsedMs = now - this.at;
    [this.at, this.ticks] = [now, ticks];
    if (isLost || elapsedMs < SHORTEST_MS) return Math.min(busy, this.value);
    const processors = cpuBound()?.limit ?? cpus().length;
    this.value = Math.max(0, busy - (100 * own * TICK_MS) / (elapsedMs * processors));
    return this.value;
  }
}

/** Processor time of a process and its threads; null if it has ended, or the system does not provide it. */
function ticksOf(pid: number): number | null {
  const fields = readText(`/proc/${pid}/stat`)?.split(") ")[1]?.split(" ");
  return fields ? Number(fields[11]) + Number(fields[12]) : null;
}

/** Share of the available processor time between two readings, in percent. */
export function quotaPercent(before: Bound, now: Bound, elapsedMs: number): number {
  return Math.min(100, (100 * (now.used - before.used)) / (now.limit * (elapsedMs / 1000)));
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

/** The maximum delay of a 100 ms timer since the last call. */
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
