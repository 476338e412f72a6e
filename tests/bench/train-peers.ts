/** Finds the Python libraries that the trainer's benches compare with, and prints how to install the missing ones. */
import { tmpdir } from "node:os";

export const PEERS = { sklearn: "scikit-learn", xgboost: "xgboost", lightgbm: "lightgbm" } as const;
export type Peer = keyof typeof PEERS;

/** Where generated data is stored between runs. */
export const BENCH_FOLDER = `${tmpdir()}/signalbox-bench`;

/** The peers that Python can import; prints a line for each that it cannot. */
export async function installedPeers(): Promise<Peer[]> {
  const names = Object.keys(PEERS) as Peer[];
  const found = await Promise.all(names.map(canImport));
  const missing = names.filter((_, i) => !found[i]);
  for (const name of missing)
    console.log(`${PEERS[name]} is missing here; get it with: pip install ${PEERS[name]}`);
  return names.filter((_, i) => found[i]);
}

async function canImport(name: string): Promise<boolean> {
  if (!Bun.which("python3")) return false;
  return (
    (await Bun.spawn(["python3", "-c", `import ${name}`], { stdout: "ignore", stderr: "ignore" }).exited) ===
    0
  );
}

/** Runs a program that prints one line of JSON last; throws with its output when it fails. */
export async function runJson<Result>(command: string[]): Promise<Result> {
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const [out, error] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")}: ${error}`);
  return JSON.parse(out.trim().split("\n").at(-1) ?? "");
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length === 0 ? Number.NaN : sorted[Math.floor(sorted.length / 2)];
}

/** Columns padded to their widest cell. */
export function printTable(rows: string[][]): void {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    );
}
