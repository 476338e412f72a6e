/** What can grow, at five sizes each: how to make it, and what is measured of it. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../../core/platform/child.ts";
import { seededRandom } from "../../core/trainer/random.ts";
import type { Random } from "../../core/trainer/samples.ts";
import { type Server, startServer } from "../e2e/stage.ts";
import { writeLines } from "./budget-files.ts";
import { fill } from "./live-filled.ts";
import { ourServer } from "./live-peers.ts";
import { quantile } from "./live-processes.ts";
import { multiply, predictOften, trainOne } from "./long-history.ts";
import type { ScaleTaken } from "./scale-child.ts";

/** By name, milliseconds or bytes. */
export type Measured = Record<string, number>;

export interface Axis {
  sizes: number[];
  measure: (size: number) => Promise<Measured>;
}

const CHILD = { name: "scale-child", module: new URL("./scale-child.ts", import.meta.url) };
const MEMORY_BYTES = 12e9;
/** Enough for a race of every kind of learner, and the same work at every size. */
const ROUNDS = 120;
const ANSWERS = 15;
const BROADCASTS = 30;
/** This many copies of a model have a file of their own. */
const MOST_HELD = 256;

export const AXES: Record<string, Axis> = {
  rows: {
    sizes: [1000, 10_000, 100_000, 300_000, 1_000_000],
    measure: (rows) => training(table({ rows, columns: 10 })),
  },
  columns: {
    sizes: [10, 60, 300, 2000, 10_000],
    measure: (columns) => training(table({ rows: 1000, columns })),
  },
  classes: {
    sizes: [2, 10, 50, 200, 1000],
    measure: (classes) => training(table({ rows: 20_000, columns: 8, classes })),
  },
  categories: {
    sizes: [10, 100, 1000, 10_000, 50_000],
    measure: (categories) => training(table({ rows: 100_000, columns: 3, categories })),
  },
  text: {
    sizes: [20, 80, 400, 2000, 10_000],
    measure: (characters) => training(table({ rows: 2000, columns: 2, characters })),
  },
  viewers: { sizes: [100, 300, 1000, 3000, 10_000], measure: broadcasting },
  runs: {
    sizes: [10, 100, 1000, 10_000, 50_000],
    measure: (rows) =>
      serving({ rows, predictions: 0 }, ["", "runs", "models", "datasets", "activity", "api/runs"]),
  },
  predictions: {
    sizes: [1000, 10_000, 100_000, 300_000, 1_000_000],
    measure: (predictions) =>
      serving({ rows: 1, predictions }, ["", "models/customers", "api/models/customers/predictions"]),
  },
  models: { sizes: [1, 4, 16, 64, 256], measure: holding },
};

interface TableShape {
  rows: number;
  columns: number;
  classes?: number;
  /** Labels of a further column. */
  categories?: number;
  /** Of a further column of sentences, in each row. */
  characters?: number;
}

/** Numbers, of which the first two decide the class; then a column of labels or of sentences, which have a say, too. */
function* table({ rows, columns, classes = 2, categories, characters }: TableShape): Generator<string> {
  const random = seededRandom(rows + columns + classes);
  const names = Array.from({ length: columns }, (_, k) => `x${k}`);
  yield [...names, ...(categories ? ["label"] : []), ...(characters ? ["note"] : []), "target"].join(",");
  for (let row = 0; row < rows; row++) {
    const x = Array.from({ length: columns }, random);
    const label = categories ? Math.floor(random() * categories) : 0;
    const signal = (x[0]! + x[1]! + (label % 7) / 7 + random()) / (categories ? 4 : 3);
    const cells: (string | number)[] = x.map((value) => value.toFixed(4));
    if (categories) cells.push(`label ${label}`);
    if (characters) cells.push(sentence(characters, random));
    yield [...cells, `class ${Math.min(classes - 1, Math.floor(signal * classes))}`].join(",");
  }
}

function sentence(characters: number, random: Random): string {
  const words: string[] = [];
  for (let length = 0; length < characters; length += words.at(-1)!.length + 1)
    words.push(`word${Math.floor(5000 * random() ** 3)}`);
  return words.join(" ");
}

/** Of a file with these lines. */
async function training(lines: Generator<string>): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-scale-"));
  try {
    const path = join(folder, "table.csv");
    await writeLines(path, lines);
    const input = { path, folder, target: "target", rounds: ROUNDS };
    const child = startChild(CHILD, { input, memoryBytes: MEMORY_BYTES, onReport: () => {} });
    const { readMs, trainMs, peakBytes } = (await child.result) as ScaleTaken;
    return { "reading ms": readMs, "training ms": trainMs, "peak MB": peakBytes / 1e6 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function broadcasting(viewers: number): Promise<Measured> {
  const { server, clients, usage, end } = await fill(ourServer("metrics"), viewers);
  await usage();
  const arrived: number[] = [];
  for (let turn = 0; turn < BROADCASTS; turn++) {
    server.say(String(turn));
    const { at } = (await server.next()) as { at: number };
    const { last } = (await clients.next()) as { last?: number };
    if (last === undefined) throw new Error("A viewer was cut off.");
    arrived.push(last - at);
  }
  const { rssBytes, cpuMs } = await usage();
  await end();
  return { "p50 ms": quantile(arrived, 0.5), "CPU ms": cpuMs / BROADCASTS, "RSS MB": rssBytes / 1e6 };
}

let trained: string | null = null;

/** A copy of a data folder with one true run. */
async function filledFolder({ rows, predictions }: { rows: number; predictions: number }): Promise<string> {
  if (!trained) {
    trained = mkdtempSync(join(tmpdir(), "signalbox-scale-"));
    await trainOne(trained);
  }
  const folder = mkdtempSync(join(tmpdir(), "signalbox-scale-"));
  cpSync(trained, folder, { recursive: true });
  await multiply(folder, { rows, events: rows });
  const models = join(folder, "models");
  const model = readdirSync(models).find((file) => file.endsWith(".bin"));
  for (let copy = 1; copy < Math.min(rows, MOST_HELD); copy++)
    cpSync(join(models, model!), join(models, `copy${copy}.bin`));
  if (predictions > 0) await predictOften(folder, predictions);
  return folder;
}

/** Responses of a server with this much history. */
async function serving(
  history: { rows: number; predictions: number },
  paths: readonly string[],
): Promise<Measured> {
  return withServer(history, async (server) => {
    const measured: Measured = {};
    for (const path of paths) measured[`/${path} ms`] = await medianAnswer(server, path);
    return { ...measured, "RSS MB": residentBytes(server) / 1e6 };
  });
}

async function withServer(
  history: { rows: number; predictions: number },
  measure: (server: Server) => Promise<Measured>,
): Promise<Measured> {
  const folder = await filledFolder(history);
  const server = await startServer(folder);
  try {
    return await measure(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function medianAnswer(server: Server, path: string): Promise<number> {
  const times: number[] = [];
  for (let round = -2; round < ANSWERS; round++) {
    const from = performance.now();
    const answer = await fetch(server.url + path);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`/${path} answered ${answer.status}.`);
    if (round >= 0) times.push(performance.now() - from);
  }
  return quantile(times, 0.5);
}

/** Live models, each asked for one row in turn. */
function holding(models: number): Promise<Measured> {
  return withServer({ rows: models, predictions: 0 }, async (server) => {
    const names = Array.from({ length: models }, (_, k) => (k === 0 ? "customers" : `model-${k}`));
    const row = await exampleRow(server);
    for (const name of names)
      await send(server, { path: `${name}/live`, method: "PUT", body: { version: 1 } });
    const times: number[] = [];
    for (let round = 0; round < 3; round++)
      for (const name of names) {
        const from = performance.now();
        await send(server, { path: `${name}/predict`, method: "POST", body: row });
        times.push(performance.now() - from);
      }
    return { "prediction ms": quantile(times, 0.5), "RSS MB": residentBytes(server) / 1e6 };
  });
}

async function send(
  { url }: Server,
  { path, method, body }: { path: string; method: string; body: unknown },
): Promise<void> {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${url}api/models/${path}`, { method, headers, body: JSON.stringify(body) });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}.`);
}

async function exampleRow({ url }: Server): Promise<Record<string, unknown>> {
  const answer = await fetch(`${url}api/models/customers/versions/1`);
  const { schema } = (await answer.json()) as { schema: { features: { name: string; example: unknown }[] } };
  return Object.fromEntries(schema.features.map(({ name, example }) => [name, example]));
}

function residentBytes({ pid }: Server): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)![1]);
}

export function removeTrained(): void {
  if (trained) rmSync(trained, { recursive: true, force: true });
}
