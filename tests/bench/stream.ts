/**
 * Measures whole files through `/predict`, as `curl -T asked.csv … -o out.csv` sends them: rows a second beside pandas
 * with scikit-learn and with LightGBM, one boosting model of 100 trees each, in turn; then the race's own ensemble, and
 * the other formats. How long a small request waits meanwhile, and the memory. `bench stream [rows] [format …]`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, startServer, trainAdult, writeAdultCsv } from "./adult-server.ts";
import { BENCH_DATA } from "./generated-data.ts";
import { plantHundredTrees, TREES } from "./hundred-trees.ts";
import { median, printTable } from "./train-peers.ts";

const PEER = join(import.meta.dir, "stream_peer.py");
const ROUNDS = 3;
const PEERS = ["scikit-learn", "lightgbm"] as const;
const FORMATS = ["csv", "ndjson", "parquet", "xlsx"] as const;
type Format = (typeof FORMATS)[number];

interface Streamed {
  perSecond: number;
  /** Of another request meanwhile, in ms; none for peers. */
  p99: number | null;
  peakMb: number;
}

interface Files {
  folder: string;
  train: string;
  asked: string;
  format: Format;
  rows: number;
}

export async function run([rows = "200000", ...formats]: string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "signalbox-stream-"));
  try {
    const train = join(folder, "adult.csv");
    await writeAdultCsv(train, 8000);
    const [ensemble, boosting] = [join(folder, "ensemble"), join(folder, "boosting")];
    await trainAdult(ensemble, train);
    await trainAdult(boosting, train);
    await plantHundredTrees(boosting, "adult", BENCH_DATA.adult!());
    for (const format of formats.length > 0 ? (formats as Format[]) : FORMATS) {
      // A workbook is slow in every library.
      const count = Math.ceil(Number(rows) / (format === "csv" ? 1 : format === "xlsx" ? 20 : 4));
      const csv = join(folder, `asked-${count}.csv`);
      await writeAdultCsv(csv, count);
      const asked = format === "csv" ? csv : converted(csv, format);
      await compare({ folder, train, asked, format, rows: count }, { ensemble, boosting });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

function converted(csv: string, format: Format): string {
  const path = csv.replace(/csv$/, format);
  const made = Bun.spawnSync(["python3", PEER, "convert", csv, path], { stderr: "inherit" });
  if (made.exitCode !== 0) throw new Error(`${format}: pandas could not write it`);
  return path;
}

async function compare(files: Files, data: { ensemble: string; boosting: string }): Promise<void> {
  const runs = new Map<string, Streamed[]>();
  const add = (name: string, streamed: Streamed | null) => {
    if (streamed) runs.set(name, [...(runs.get(name) ?? []), streamed]);
  };
  const started = [
    { name: `Signalbox, ${TREES} trees`, ...(await startServer(data.boosting)) },
    { name: "Signalbox, the race's own", ...(await startServer(data.ensemble)) },
  ];
  try {
    for (const { home } of started) await streamed(home, files, "waits");
    for (let round = 0; round < ROUNDS; round++) {
      for (const { name, home, child } of started) {
        const { perSecond } = await streamed(home, files, "alone");
        const { waits, peakMb } = await streamed(home, files, "waits", child.pid);
        add(name, { perSecond, p99: waits[Math.floor(0.99 * (waits.length - 1))]!, peakMb });
      }
      for (const peer of PEERS) add(`pandas, ${peer}`, await askPeer(peer, files));
    }
  } finally {
    for (const { child } of started) await end(child);
  }
  const rate = (name: string) => median((runs.get(name) ?? []).map(({ perSecond }) => perSecond));
  const peers = PEERS.map((peer) => `pandas, ${peer}`).filter((name) => runs.has(name));
  const rows = [
    [`${files.format}, ${files.rows} rows`, "rows/s", ...peers.map((name) => `of ${name}`), "p99 ms", "MB"],
  ];
  for (const [name, all] of runs) {
    const ratios = peers.map((peer) => (rate(name) / rate(peer)).toFixed(2));
    const p99 = all[0]!.p99 === null ? "" : median(all.map((one) => one.p99!)).toFixed(1);
    rows.push([
      name,
      rate(name).toFixed(0),
      ...ratios,
      p99,
      Math.max(...all.map((one) => one.peakMb)).toFixed(0),
    ]);
  }
  printTable(rows);
}

async function streamed(
  home: string,
  { folder, asked }: Files,
  others: "waits" | "alone",
  pid?: number,
): Promise<{ perSecond: number; waits: number[]; peakMb: number }> {
  const out = join(folder, "out");
  const startedAt = performance.now();
  const curl = Bun.spawn([
    "curl",
    "-sS",
    "--fail-with-body",
    "-T",
    asked,
    "-o",
    out,
    `${home}api/models/adult/predict`,
  ]);
  const waits = others === "waits" ? await askUntil(curl.exited, `${home}healthz`) : [];
  if ((await curl.exited) !== 0) throw new Error(await Bun.file(out).text());
  const seconds = (performance.now() - startedAt) / 1000;
  return { perSecond: rowsIn(asked) / seconds, waits, peakMb: pid === undefined ? 0 : await peakMb(pid) };
}

const rowsIn = (path: string) => Number(/-(\d+)\./.exec(path)![1]);

/** Times of one small request after another until `end`, ascending. */
async function askUntil(ended: Promise<unknown>, url: string): Promise<number[]> {
  let isOver = false;
  void ended.finally(() => {
    isOver = true;
  });
  const waits: number[] = [];
  while (!isOver) {
    const startedAt = performance.now();
    await (await fetch(url)).text();
    waits.push(performance.now() - startedAt);
    await Bun.sleep(10);
  }
  return waits.sort((one, other) => one - other);
}

async function peakMb(pid: number): Promise<number> {
  const status = await Bun.file(`/proc/${pid}/status`).text();
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}

async function askPeer(peer: string, { train, asked, format, folder }: Files): Promise<Streamed | null> {
  const given = ["python3", PEER, peer, train, asked, join(folder, `peer.${format}`), "target"];
  const ran = Bun.spawnSync(given);
  if (ran.exitCode !== 0) {
    console.log(`no ${peer}: ${ran.stderr.toString().trim().split("\n").at(-1)}`);
    return null;
  }
  const { rows, seconds, mb } = JSON.parse(ran.stdout.toString()) as {
    rows: number;
    seconds: number;
    mb: number;
  };
  return { perSecond: rows / seconds, p99: null, peakMb: mb };
}
