/**
 * Measures how fast a CSV is read, and in how much memory. A mixed CSV made by a seeded script, from bytes to
 * typed, profiled columns: ours beside pandas `read_csv` plus `describe` and DuckDB `SUMMARIZE`, each in a process
 * of its own on one core. `bun run bench csv [megabytes]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Run {
  name: string;
  seconds: number;
  /** Processor time: the meaningful figure if other work shares the machine. */
  cpuSeconds: number;
  megabytes: number;
}

const PANDAS = `
import sys, time, resource
import pandas
start = time.perf_counter()
before = time.process_time()
frame = pandas.read_csv(sys.argv[1])
frame.describe()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime - before, usage.ru_maxrss / 1024)
`;

const DUCKDB = `
import sys, time, resource
import duckdb
start = time.perf_counter()
before = time.process_time()
connection = duckdb.connect(config={"threads": 1})
connection.execute("SET enable_progress_bar = false")
connection.execute("SUMMARIZE SELECT * FROM read_csv('" + sys.argv[1] + "')").fetchall()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(time.perf_counter() - start, usage.ru_utime + usage.ru_stime - before, usage.ru_maxrss / 1024)
`;

export async function run(args: string[]): Promise<void> {
  const megabytes = Number(args[0] ?? 500);
  const folder = await mkdtemp(join(tmpdir(), "csv-bench-"));
  try {
    const path = join(folder, "mixed.csv");
    await writeMixed(path, megabytes * 1e6);
    const ours = await measure("ours", [process.execPath, join(import.meta.dir, "csv-profile.ts"), path]);
    const peers = [
      await measure("pandas", ["python3", "-c", PANDAS, path]),
      await measure("DuckDB", ["python3", "-c", DUCKDB, path]),
    ];
    for (const result of [ours, ...peers]) if (result) report(result, megabytes, ours);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function report(result: Run, megabytes: number, ours: Run | null): void {
  const { name, seconds, cpuSeconds } = result;
  const speed = `${(megabytes / seconds).toFixed(1)} MB/s, ${(megabytes / cpuSeconds).toFixed(1)} MB a processor second`;
  console.log(`${name}: ${seconds.toFixed(2)} s, ${speed}, ${result.megabytes.toFixed(0)} MB at most`);
  if (!ours || result === ours) return;
  const [cpu, wall] = [cpuSeconds / ours.cpuSeconds, seconds / ours.seconds].map((ratio) => ratio.toFixed(2));
  const memory = (ours.megabytes / result.megabytes).toFixed(2);
  console.log(
    `  ours: ${cpu} times as fast by processor time (user and system), ${wall} by the clock, ${memory} of its memory`,
  );
}

/** Seconds and peak megabytes, as the process itself prints them; null if the peer is not installed. */
async function measure(name: string, command: string[]): Promise<Run | null> {
  const pinned = Bun.which("taskset") ? ["taskset", "-c", "0", ...command] : command;
  const child = Bun.spawn(pinned, { stdout: "pipe", stderr: "pipe" });
  const [out, problem] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) {
    console.log(`${name}: not measured: ${problem.trim().split("\n").at(-1)}`);
    return null;
  }
  const [seconds, cpuSeconds, megabytes] = out.trim().split(" ").map(Number);
  return { name, seconds, cpuSeconds, megabytes };
}

const COUNTRIES =
  "Austria Belgium Chile Denmark Egypt France Ghana Hungary India Japan Kenya Latvia Malta Nepal Oman".split(
    " ",
  );
const REMARKS = [
  "delivered, on time",
  "late",
  "returned by the customer, unopened",
  'marked "fragile"',
  "lost",
  "paid in cash",
];

/** Ids, whole and broken numbers with gaps, labels, days, booleans, codes and quoted remarks. */
async function writeMixed(path: string, bytes: number): Promise<void> {
  const writer = Bun.file(path).writer({ highWaterMark: 1 << 22 });
  let state = 7;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  writer.write("order_id,placed,country,age,weight,price,express,code,remark,rating\n");
  let written = 0;
  for (let id = 1; written < bytes; id++) {
    const age = next(50) === 0 ? "" : String(18 + next(70));
    const day = `20${10 + next(14)}-${String(1 + next(12)).padStart(2, "0")}-${String(1 + next(28)).padStart(2, "0")}`;
    const remark = REMARKS[next(REMARKS.length)];
    const row = `${id},${day},${COUNTRIES[next(15)]},${age},${(next(1e6) / 1000).toFixed(3)},${(next(1e7) / 100).toFixed(2)},${next(2) ? "yes" : "no"},${next(2 ** 31).toString(36)},${/[",]/.test(remark) ? `"${remark.replaceAll('"', '""')}"` : remark},${next(5)}\n`;
    written += row.length;
    writer.write(row);
  }
  await writer.end();
}
