/**
 * Reads the CPU and memory limits of a container or service unit, and their use, from the kernel's control groups,
 * version 2 and 1: our own group and its parents, of which the tightest counts.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Bound {
  used: number;
  limit: number;
}

/** The kernel's mount points; another folder in tests. */
export interface KernelFiles {
  groups: string;
  /** `/proc/self/cgroup`: one line per hierarchy, "4:memory:/path" or, for version 2, "0::/path". */
  own: string;
}

interface Group {
  /** Path below the root of its hierarchy. */
  path: string;
  folder: string;
  version: 1 | 2;
}

const KERNEL: KernelFiles = { groups: "/sys/fs/cgroup", own: "/proc/self/cgroup" };

/** Bytes of memory, without the file cache that the kernel can reclaim; null: there is no limit below `most`. */
export function memoryBound(most: number, files = KERNEL): Bound | null {
  const bounds = foldersOf("memory", files).map(({ folder, version }): Bound | null => {
    const [max, current] =
      version === 2 ? ["memory.max", "memory.current"] : ["memory.limit_in_bytes", "memory.usage_in_bytes"];
    const limit = readNumber(join(folder, max));
    const taken = readNumber(join(folder, current));
    if (limit === null || taken === null || limit <= 0 || limit >= most) return null;
    const stat = readText(join(folder, "memory.stat")) ?? "";
    // Version 1 reports the group alone and, as "total", the groups inside it too.
    const cache = /^total_inactive_file (\d+)$/m.exec(stat) ?? /^inactive_file (\d+)$/m.exec(stat);
    return { used: Math.max(0, taken - Number(cache?.[1] ?? 0)), limit };
  });
  return tightest(bounds);
}

/** Microseconds of processor time used so far, and allowed per second; null: no limit. */
export function cpuBound(files = KERNEL): Bound | null {
  const bounds = foldersOf("cpu", files).map(({ folder, path, version }): Bound | null => {
    const [quota, period] =
      version === 2
        ? (readText(join(folder, "cpu.max")) ?? "").split(" ").map(Number)
        : [readNumber(join(folder, "cpu.cfs_quota_us")), readNumber(join(folder, "cpu.cfs_period_us"))];
    const used =
      version === 2
        ? Number(/^usage_usec (\d+)$/m.exec(readText(join(folder, "cpu.stat")) ?? "")?.[1])
        : Number(readText(join(files.groups, "cpuacct", path, "cpuacct.usage"))) / 1000;
    if (!quota || !period || quota < 0 || !Number.isFinite(used)) return null;
    return { used, limit: (1e6 * quota) / period };
  });
  return bounds.reduce(
    (least, bound) => (bound && (!least || bound.limit < least.limit) ? bound : least),
    null,
  );
}

/** The group nearest to its limit. */
function tightest(bounds: (Bound | null)[]): Bound | null {
  const share = ({ used, limit }: Bound) => used / limit;
  return bounds.reduce(
    (most, bound) => (bound && (!most || share(bound) > share(most)) ? bound : most),
    null,
  );
}

/** Our group's folder and its parents; inside a container only the root is visible. */
function foldersOf(controller: string, { groups, own }: KernelFiles): Group[] {
  const lines = (readText(own) ?? "").split("\n").map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const pathOf = (isOurs: (controllers: string) => boolean) =>
    lines.find((match) => match && isOurs(match[1]!))?.[2] ?? "/";
  const unified = around(pathOf((names) => names === ""));
  const older = around(pathOf((names) => names.split(",").includes(controller)));
  return [
    ...unified.map((path) => ({ path, folder: join(groups, path), version: 2 as const })),
    ...older.map((path) => ({ path, folder: join(groups, controller, path), version: 1 as const })),
  ];
}

/** "/a/b" -> "/a/b", "/a", "/". */
function around(path: string): string[] {
  return path === "/" || path === "." ? ["/"] : [path, ...around(dirname(path))];
}

/** Null if there is no such file or it holds "max". */
function readNumber(path: string): number | null {
  const value = Number.parseInt(readText(path) ?? "", 10);
  return Number.isFinite(value) ? value : null;
}

/** Null if there is no such file. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
