/**
 * Measures training time beside scikit-learn, XGBoost and LightGBM, on the same split with the same settings. Every
 * fit runs in a process of its own, one after another in turn; ratios are of medians, of the same run.
 *
 * usage: bun run bench train [small adult classes7 regression million] [runs=5] [threads=N]
 * Without `threads` everything is trained on one, and a million rows also on two.
 */
import { BENCH_DATA, writeBenchData } from "./generated-data.ts";
import {
  BENCH_FOLDER,
  installedPeers,
  median,
  PEERS,
  type Peer,
  printTable,
  runJson,
} from "./train-peers.ts";

interface FitResult {
  ms: number[];
  peakMb: number;
  scores: Record<string, number>;
}

type Tool = "signalbox" | Peer;

/**
 * Fits per process: the first is cold; the last is reported as warm. For large data a second one is not worth its time.
 */
const FITS: Record<string, number> = { small: 3, adult: 3, regression: 2 };

/** Threads pay on many rows only. */
const THREADS: Record<string, number[]> = { million: [1, 2] };

export async function run(args: string[]): Promise<void> {
  const options = new Map(
    args.filter((arg) => arg.includes("=")).map((arg) => arg.split("=") as [string, string]),
  );
  const names = args.filter((arg) => !arg.includes("="));
  const runs = Number(options.get("runs") ?? 5);
  const given = options.get("threads");
  const peers = await installedPeers();
  console.log(`100 rounds, rate 0.1, 31 leaves, 20 samples a leaf, 255 bins; median of ${runs}`);
  for (const name of names.length > 0 ? names : Object.keys(BENCH_DATA)) {
    await writeBenchData(BENCH_FOLDER, name);
    const all = given ? [Number(given)] : (THREADS[name] ?? [1]);
    for (const threads of all) {
      const results = await runInTurn(name, { runs, threads, tools: ["signalbox", ...peers] });
      printResults(`${name}, ${threads} ${threads === 1 ? "thread" : "threads"}`, results);
    }
  }
}

async function runInTurn(
  name: string,
  { runs, threads, tools }: { runs: number; threads: number; tools: Tool[] },
): Promise<Map<Tool, FitResult[]>> {
  const results = new Map<Tool, FitResult[]>(tools.map((tool) => [tool, []]));
  const script = (file: string) => new URL(file, import.meta.url).pathname;
  const tail = [BENCH_FOLDER, name, String(threads), String(FITS[name] ?? 1)];
  for (let i = 0; i < runs; i++) {
    for (const tool of tools) {
      const command =
        tool === "signalbox"
          ? [process.execPath, script("train-fit.ts")]
          : ["python3", script("peers.py"), tool];
      results.get(tool)!.push(await runJson<FitResult>([...command, ...tail]));
    }
  }
  return results;
}

function printResults(title: string, results: Map<Tool, FitResult[]>): void {
  const first = (fits: FitResult[]) => median(fits.map(({ ms }) => ms[0]));
  const warm = (fits: FitResult[]) => median(fits.map(({ ms }) => ms[ms.length - 1]));
  const own = results.get("signalbox")!;
  const scoreNames = Object.keys(own[0].scores);
  const rows = [["", "first ms", "ours/it", "warm ms", "ours/it", "peak MB", ...scoreNames]];
  for (const [tool, fits] of results) {
    const label = tool === "signalbox" ? tool : PEERS[tool];
    const ratio = (of: (fits: FitResult[]) => number) =>
      tool === "signalbox" ? "" : (of(own) / of(fits)).toFixed(2);
    const scores = scoreNames.map((score) => fits[0].scores[score].toFixed(4));
    const memory = median(fits.map(({ peakMb }) => peakMb)).toFixed(0);
    rows.push([
      label,
      first(fits).toFixed(0),
      ratio(first),
      warm(fits).toFixed(0),
      ratio(warm),
      memory,
      ...scores,
    ]);
  }
  console.log(`\n${title}`);
  printTable(rows);
}
