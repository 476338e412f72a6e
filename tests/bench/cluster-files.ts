/** What a cluster does with large files: the first prediction by a model that a server never had, and a 5 GB upload. */
import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { ownSchema } from "../harness/postgres.ts";
import { end, moveData, startServer, trainAdult, writeAdultCsv } from "./adult-server.ts";
import { BENCH_DATA } from "./generated-data.ts";
import { plantHundredTrees } from "./hundred-trees.ts";
import { median, printTable } from "./train-peers.ts";

const MODEL_BYTES = 100e6;
const COLD_STARTS = 5;
const UPLOAD_BYTES = 5e9;
const BLOCK_BYTES = 1024 * 1024;
const LOOK_MS = 100;

interface ServedModel {
  versions: { result: { schema: { features: { name: string; example: unknown }[] } } }[];
}

/** Each time by another server, with an empty folder. */
export async function measureColdModel(folder: string, files: Record<string, string>): Promise<void> {
  const [csv, data] = [join(folder, "cold.csv"), join(folder, "cold")];
  await writeAdultCsv(csv, 8000);
  await trainAdult(data, csv);
  await plantHundredTrees(data, "adult", BENCH_DATA.adult!());
  const copies = Math.ceil(MODEL_BYTES / (await modelBytes(data)));
  await plantHundredTrees(data, "adult", BENCH_DATA.adult!(), copies);
  // What is in it besides the trees is there once.
  const more = Math.ceil((copies * MODEL_BYTES) / (await modelBytes(data)));
  await plantHundredTrees(data, "adult", BENCH_DATA.adult!(), more);
  const schema = await ownSchema();
  const shared = { DATABASE_URL: schema.url, ...files, TRAIN_CONCURRENCY: "0" };
  await moveData(data, shared);
  const first: number[] = [];
  const second: number[] = [];
  for (let turn = 0; turn < COLD_STARTS; turn++) {
    const server = await startServer(join(folder, `cold-${turn}`), shared);
    const { versions } = (await (await fetch(`${server.home}api/models/adult`)).json()) as ServedModel;
    const { features } = versions[0]!.result.schema;
    const body = JSON.stringify(Object.fromEntries(features.map(({ name, example }) => [name, example])));
    for (const times of [first, second]) times.push(await predictMs(server.home, body));
    await end(server.child);
  }
  await schema.drop();
  console.log(
    `\nA model of ${((await modelBytes(data)) / 1e6).toFixed(0)} MB on a server that never had it, ms`,
  );
  printTable([
    ["", "median", "each"],
    ["first prediction", median(first).toFixed(0), first.map((ms) => ms.toFixed(0)).join(" ")],
    ["second", median(second).toFixed(1), second.map((ms) => ms.toFixed(1)).join(" ")],
  ]);
}

/** Of the only model in the folder. */
async function modelBytes(data: string): Promise<number> {
  const [name] = new Bun.Glob("*.bin").scanSync(join(data, "models"));
  return (await stat(join(data, "models", name!))).size;
}

async function predictMs(home: string, body: string): Promise<number> {
  const from = performance.now();
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${home}api/models/adult/predict`, { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return performance.now() - from;
}

/** The server only receives and stores: the file waits for a worker. */
export async function measureUpload(folder: string, files: Record<string, string>): Promise<void> {
  const schema = await ownSchema();
  const settings = { DATABASE_URL: schema.url, ...files, TRAIN_CONCURRENCY: "0", MAX_UPLOAD_MB: "6000" };
  const { child, home } = await startServer(join(folder, "upload"), settings);
  const idle = memoryOf(child.pid);
  let largest = 0;
  const looking = setInterval(() => {
    largest = Math.max(largest, memoryOf(child.pid));
  }, LOOK_MS);
  const delays: number[] = [];
  const asking = setInterval(async () => {
    const from = performance.now();
    await (await fetch(`${home}healthz`)).text();
    delays.push(performance.now() - from);
  }, LOOK_MS);
  const from = performance.now();
  const answer = await fetch(`${home}api/upload?name=large.csv&wait=0`, {
    method: "POST",
    headers: { "content-length": String(UPLOAD_BYTES) },
    body: rowsOf(UPLOAD_BYTES),
  });
  const seconds = (performance.now() - from) / 1000;
  const text = await answer.text();
  clearInterval(looking);
  clearInterval(asking);
  await end(child);
  await schema.drop();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  console.log(`\nAn upload of ${UPLOAD_BYTES / 1e9} GB through a server into S3`);
  printTable([
    ["seconds", seconds.toFixed(0)],
    ["megabytes a second", (UPLOAD_BYTES / 1e6 / seconds).toFixed(0)],
    ["memory of the server, idle, MB", (idle / 1e6).toFixed(0)],
    ["at most, MB", (largest / 1e6).toFixed(0)],
    ["slowest other request, ms", Math.max(...delays).toFixed(0)],
  ]);
}

/** A table of two columns, made as it is sent. */
function rowsOf(bytes: number): ReadableStream<Uint8Array> {
  const block = Buffer.from("12345,abcdefgh\n".repeat(Math.ceil(BLOCK_BYTES / 15)));
  let sent = 0;
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      const chunk = new Uint8Array(block.subarray(0, Math.min(block.length, bytes - sent)));
      sent += chunk.length;
      controller.enqueue(chunk);
      if (sent >= bytes) controller.close();
    },
  });
}

/** Resident bytes. */
function memoryOf(pid: number): number {
  return 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
