/**
 * Measures whether pages open as fast with a long history as with none. Two servers, one empty, one with 10,000
 * files, runs and models and a million activity rows, asked in turn; then the first paint in Chromium, and what
 * goes over the wire. `pages [rows] [events]`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ASSETS } from "../../static/assets.ts";
import { type Server, startServer } from "../e2e/stage.ts";
import { quantile } from "./live-processes.ts";
import { multiply, trainOne } from "./long-history.ts";
import { paint } from "./paint.ts";

const ROUNDS = 25;
const PATHS = ["", "datasets", "runs", "models", "activity"];
const API_PATHS = ["api/datasets", "api/runs", "api/models", "api/activity"];

export async function run(args: string[]): Promise<void> {
  const [rows = 10_000, events = 1_000_000] = args.map(Number);
  const folders = ["empty", "fifty", "full"].map((name) => mkdtempSync(join(tmpdir(), `signalbox-${name}-`)));
  const [empty, fifty, full] = folders as [string, string, string];
  for (const folder of [fifty, full]) await trainOne(folder);
  await multiply(fifty, { rows: 50, events: 2000 });
  await multiply(full, { rows, events });
  const servers: Server[] = [];
  for (const folder of [empty, fifty, full]) servers.push(await startServer(folder));
  await compare(servers as [Server, Server, Server]);
  await paint(Object.fromEntries(["empty", "50 rows", "full"].map((name, at) => [name, servers[at]!.url])));
  await weigh();
  for (const server of servers) await server.stop();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function compare(servers: [Server, Server, Server]): Promise<void> {
  console.log(`median of ${ROUNDS} answers, in turn`);
  console.log(
    `${"page".padEnd(16)}${["empty ms", "50 ms", "full ms", "ratio", "full kB"].map(right).join("")}`,
  );
  for (const path of [...PATHS, ...API_PATHS]) {
    const headers = {
      accept: path.startsWith("api") ? "application/json" : "text/html",
      "accept-encoding": "gzip",
    };
    const times = servers.map((): number[] => []);
    let bytes = 0;
    for (let round = -3; round < ROUNDS; round++) {
      for (const [index, server] of servers.entries()) {
        const from = performance.now();
        const answer = await fetch(server.url + path, { headers, decompress: false } as RequestInit);
        bytes = (await answer.arrayBuffer()).byteLength;
        if (round >= 0) times[index]!.push(performance.now() - from);
      }
    }
    const [empty, fifty, full] = times.map((own) => quantile(own, 0.5)) as [number, number, number];
    const cells = [empty, fifty, full, full / empty, bytes / 1000].map((cell) => right(cell.toFixed(2)));
    console.log(`/${path}`.padEnd(16) + cells.join(""));
  }
}

async function weigh(): Promise<void> {
  console.log("\nassets, gzipped");
  for (const [path, asset] of ASSETS) {
    const size = (await asset.answer("gzip").arrayBuffer()).byteLength;
    console.log(`${path.padEnd(40)}${right((size / 1000).toFixed(2))} kB`);
  }
}

const right = (text: string) => text.padStart(12);
