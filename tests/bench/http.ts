/**
 * Measures how many single predictions a second the whole server handles, with everything on: access, checks, log,
 * drift, audit. Beside a bare `Bun.serve` that parses and echoes the same JSON, and FastAPI with scikit-learn where
 * it is there; then once more while a training uses a core. Rounds alternate, so that load from elsewhere meets all
 * alike.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end, firstLine, post, startServer, trainAdult, writeAdultCsv } from "./adult-server.ts";
import { BENCH_DATA } from "./generated-data.ts";
import { type Load, type Loaded, loadOn } from "./http-load.ts";
import { plantHundredTrees, TREES } from "./hundred-trees.ts";
import { median, printTable } from "./train-peers.ts";

const SECONDS = 3;
const ROUNDS = 3;
const PEER = new URL("http-peer.py", import.meta.url).pathname;
const ECHO = "Bun.serve({ port: 0, fetch: async (request) => Response.json(await request.json()) })";

interface Served {
  name: string;
  url: string;
  stop: () => Promise<void>;
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-http-bench-"));
  const csv = join(folder, "adult.csv");
  await writeAdultCsv(csv, 8000);
  const ours = await startOurs(folder, csv);
  const started = [await startEcho(), ours, await startPeer(csv)].filter((server) => server !== null);
  try {
    const load: Load = { seconds: SECONDS, body: ours.body };
    const [idle, busy] = [
      await alternate(started, load),
      await whileTraining(ours, started.slice(0, 2), load),
    ];
    const rows = [["", "requests/s", "of the echo", "of the echo then", "p50 ms", "p99 ms"]];
    const alone = perSecond(idle.get("Bun echo")!);
    for (const [when, loads] of [
      ["", idle],
      [", while a training runs", busy],
    ] as const) {
      const then = perSecond(loads.get("Bun echo")!);
      for (const [name, rounds] of loads) {
        const rate = perSecond(rounds);
        const [p50, p99] = [median(rounds.map((load) => load.p50)), median(rounds.map((load) => load.p99))];
        const ratios = [(rate / alone).toFixed(2), (rate / then).toFixed(2)];
        rows.push([name + when, rate.toFixed(0), ...ratios, p50.toFixed(2), p99.toFixed(2)]);
      }
    }
    printTable(rows);
    console.log(`One row a request, ${TREES} trees; predictions are logged and counted for drift.`);
  } finally {
    for (const server of started) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const perSecond = (rounds: Loaded[]) => median(rounds.map((load) => load.perSecond));

async function alternate(servers: Served[], load: Load): Promise<Map<string, Loaded[]>> {
  const loads = new Map(servers.map(({ name }) => [name, [] as Loaded[]]));
  for (const { url } of servers) await loadOn(url, { ...load, seconds: 1 });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, url } of servers) loads.get(name)!.push(await loadOn(url, load));
  }
  return loads;
}

async function whileTraining(ours: Ours, servers: Served[], load: Load): Promise<Map<string, Loaded[]>> {
  const run = await ours.train((ROUNDS + 1) * servers.length * (SECONDS + 2));
  const loads = await alternate(servers, load);
  await fetch(`${ours.home}api/runs/${run}`, { method: "DELETE" });
  return loads;
}

interface ServedModel {
  versions: { result: { schema: { features: { name: string; example: unknown }[] } } }[];
}

interface Ours extends Served {
  home: string;
  body: string;
  /** Queues a training of at most this many seconds; returns its ID. */
  train: (seconds: number) => Promise<string>;
}

async function startOurs(folder: string, csv: string): Promise<Ours> {
  const data = join(folder, "data");
  const datasetId = await trainAdult(data, csv);
  await plantHundredTrees(data, "adult", BENCH_DATA.adult!());
  const { child, home } = await startServer(data);
  const { versions } = (await (await fetch(`${home}api/models/adult`)).json()) as ServedModel;
  const { features } = versions[0]!.result.schema;
  return {
    ...{ name: "Signalbox", home, url: `${home}api/models/adult/predict` },
    body: JSON.stringify(Object.fromEntries(features.map(({ name, example }) => [name, example]))),
    train: async (budgetSeconds) =>
      ((await post(`${home}api/train`, { datasetId, target: "target", budgetSeconds })) as { id: string }).id,
    stop: () => end(child),
  };
}

async function startEcho(): Promise<Served> {
  const code = `const server = ${ECHO}; console.log(JSON.stringify({ url: server.url }))`;
  const child = Bun.spawn([process.execPath, "-e", code], { stdout: "pipe" });
  const { url } = JSON.parse(await firstLine(child.stdout)) as { url: string };
  return { name: "Bun echo", url, stop: () => end(child) };
}

async function startPeer(csv: string): Promise<Served | null> {
  const found = Bun.spawnSync(["python3", "-c", "import fastapi, uvicorn, sklearn, pandas"], {
    stderr: "ignore",
  });
  if (found.exitCode !== 0) {
    console.log(
      "FastAPI with scikit-learn is missing here; get it with: pip install fastapi uvicorn scikit-learn pandas",
    );
    return null;
  }
  // Its threads would only wait for each other: one row is too little to share.
  const env = { ...process.env, OMP_NUM_THREADS: "1" };
  const child = Bun.spawn(["python3", PEER, csv], { env, stdout: "pipe", stderr: "ignore" });
  const { url } = JSON.parse(await firstLine(child.stdout)) as { url: string };
  return { name: "FastAPI, scikit-learn", url, stop: () => end(child) };
}
