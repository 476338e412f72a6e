/**
 * Checks that a container's limits are read from both versions of control groups, and that gauges measure against
 * them.
 */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cpuBound, type KernelFiles, memoryBound } from "../../../../core/operations/machine/cgroups.ts";
import {
  diskPercent,
  LoopDelay,
  memoryPercent,
  quotaPercent,
} from "../../../../core/operations/machine/machine.ts";

const folder = mkdtempSync(join(tmpdir(), "signalbox-container-"));
afterAll(() => rmSync(folder, { recursive: true }));

let trees = 0;
/** A kernel that shows these files; `own` is our process's entry. */
function kernel(own: string, files: Record<string, string>): KernelFiles {
  trees += 1;
  const root = join(folder, String(trees));
  for (const [path, text] of Object.entries({ ...files, "../own": own })) {
    const file = join(root, "cgroup", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { groups: join(root, "cgroup"), own: join(root, "own") };
}

const GB = 1e9;

describe("memory", () => {
  test("version 2: the container's own limit, without reclaimable cache", () => {
    const files = kernel("0::/\n", {
      "memory.max": "1000000000\n",
      "memory.current": "900000000\n",
      "memory.stat": "anon 300000000\nfile 600000000\ninactive_file 500000000\nactive_file 100000000\n",
    });
    expect(memoryBound(16 * GB, files)).toEqual({ used: 400_000_000, limit: GB });
    expect(memoryPercent(memoryBound(16 * GB, files))).toBeCloseTo(40);
  });

  test("version 1, with the statistics of the whole tree", () => {
    const files = kernel("4:memory:/docker/abc\n0::/\n", {
      "memory/memory.limit_in_bytes": "2000000000\n",
      "memory/memory.usage_in_bytes": "1500000000\n",
      "memory/memory.stat": "cache 5\ninactive_file 7\ntotal_inactive_file 500000000\n",
    });
    expect(memoryBound(16 * GB, files)).toEqual({ used: GB, limit: 2 * GB });
  });

  test("a service unit's memory limit counts; of several, the one closest to its limit", () => {
    const unit = "system.slice/signalbox.service";
    const files = kernel(`0::/${unit}\n`, {
      [`${unit}/memory.max`]: "4000000000",
      [`${unit}/memory.current`]: "1000000000",
      "system.slice/memory.max": "6000000000",
      "system.slice/memory.current": "5400000000",
      "memory.current": "5400000000",
    });
    expect(memoryBound(16 * GB, files)).toEqual({ used: 5.4 * GB, limit: 6 * GB });
  });

  test("no limit, one above what the machine has, or none of these files: the machine counts", () => {
    const none = kernel("0::/\n", { "memory.max": "max\n", "memory.current": "5\n" });
    const huge = kernel("4:memory:/\n", {
      "memory/memory.limit_in_bytes": "9223372036854771712\n",
      "memory/memory.usage_in_bytes": "5\n",
    });
    const missing = { groups: join(folder, "nothing"), own: join(folder, "nothing") };
    for (const files of [none, huge, missing]) expect(memoryBound(16 * GB, files)).toBeNull();
    expect(memoryPercent(null)).toBeGreaterThan(0);
    expect(memoryPercent(null)).toBeLessThan(100);
  });
});

describe("processors", () => {
  test("version 2: a quota of one and a half", () => {
    const files = kernel("0::/\n", {
      "cpu.max": "150000 100000\n",
      "cpu.stat": "usage_usec 3000000\nuser_usec 1\n",
    });
    expect(cpuBound(files)).toEqual({ used: 3e6, limit: 1.5e6 });
  });

  test("version 1, with the time in another tree", () => {
    const files = kernel("2:cpuacct:/\n1:cpu:/\n", {
      "cpu/cpu.cfs_quota_us": "50000\n",
      "cpu/cpu.cfs_period_us": "100000\n",
      "cpuacct/cpuacct.usage": "7000000000\n",
    });
    expect(cpuBound(files)).toEqual({ used: 7e6, limit: 5e5 });
  });

  test("without a quota there is no limit", () => {
    const second = kernel("0::/\n", { "cpu.max": "max 100000\n", "cpu.stat": "usage_usec 5\n" });
    const first = kernel("1:cpu:/\n", {
      "cpu/cpu.cfs_quota_us": "-1\n",
      "cpu/cpu.cfs_period_us": "100000\n",
    });
    for (const files of [second, first]) expect(cpuBound(files)).toBeNull();
  });

  test("three quarters of a second used of one available is 75 %", () => {
    const percent = quotaPercent({ used: 1e6, limit: 5e5 }, { used: 1.75e6, limit: 5e5 }, 2000);
    expect(percent).toBeCloseTo(75);
  });
});

test("disk usage is a share of the space that the server may use", async () => {
  const percent = await diskPercent(folder);
  expect(percent).toBeGreaterThan(0);
  expect(percent).toBeLessThan(100);
  expect(diskPercent(join(folder, "nothing"))).rejects.toThrow();
});

test("an event loop that was blocked for 300 ms reports it once", async () => {
  const delay = new LoopDelay();
  delay.start();
  await new Promise((resolve) => setTimeout(resolve, 120));
  delay.take();
  const until = performance.now() + 300;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(delay.take()).toBeGreaterThan(180);
  expect(delay.take()).toBe(0);
  delay.stop();
});
