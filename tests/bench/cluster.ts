/**
 * `cluster [viewers] [broadcasts] [broadcasts appends predictions trainings files]`: all, or the named parts of what several servers on PostgreSQL do, beside one process on SQLite on the same cores:
 * an event until the last viewer over three servers has it, the log's appends, predictions, queued trainings, and large files.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventLog } from "../../core/events/event-log.ts";
import type { Store } from "../../core/store/database.ts";
import { openPostgres } from "../../core/store/postgres/database.ts";
import { openSqlite } from "../../core/store/sqlite/database.ts";
import { startS3 } from "../harness/object-store.ts";
import { ownSchema, startPostgres } from "../harness/postgres.ts";
import { end, firstLine, moveData, post, startServer, trainAdult, writeAdultCsv } from "./adult-server.ts";
import { measureColdModel, measureUpload } from "./cluster-files.ts";
import { BENCH_DATA } from "./generated-data.ts";
import { loadOn } from "./http-load.ts";
import { plantHundredTrees } from "./hundred-trees.ts";
import { ourServer, rawPublish } from "./live-peers.ts";
import { quantile, type Talk, talkTo } from "./live-processes.ts";
import { median, printTable } from "./train-peers.ts";

const HERE = import.meta.dir;
const SERVER = join(HERE, "../../server.ts");
const SERVERS = 3;
const REST_MS = 60;
const WARM_UP = 15;
const ROUNDS = 3;
const LOAD_SECONDS = 4;
const ALONE = 400;
const BATCH = 1000;
const BATCHES = 20;
const RUNS = 8;
const RUN_ROUNDS = 15;

export async function run(args: string[]): Promise<void> {
  const numbers = args.filter((word) => Number(word) > 0).map(Number);
  const [viewers = 1000, broadcasts = 150] = numbers;
  const parts = args.filter((word) => !(Number(word) > 0));
  const isWanted = (part: string) => parts.length === 0 || parts.includes(part);
  // As it is run in earnest: a commit is on the disk.
  const postgres = await startPostgres({ fsync: "on" });
  process.env.TEST_POSTGRES_URL = postgres.url;
  const s3 = await startS3();
  const folder = mkdtempSync(join(tmpdir(), "signalbox-cluster-bench-"));
  try {
    if (isWanted("broadcasts")) await measureBroadcasts(viewers, broadcasts);
    if (isWanted("appends")) await measureAppends(folder);
    if (isWanted("predictions")) await measurePredictions(folder, s3.settings());
    if (isWanted("trainings")) await measureTrainings(folder, s3.settings());
    if (isWanted("files")) {
      await measureColdModel(folder, s3.settings());
      await measureUpload(folder, s3.settings());
    }
  } finally {
    await s3.stop();
    postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Crowd {
  name: string;
  /** The event happens on the first. */
  servers: Talk[];
  clients: Talk[];
  arrived: number[];
}

/** Turn by turn, so that each meets the same noise. */
async function measureBroadcasts(viewers: number, broadcasts: number): Promise<void> {
  const schema = await ownSchema();
  const { command, path } = ourServer("metrics");
  const words = (url: string) => [...command, url];
  const shared = Array.from({ length: SERVERS }, () => words(schema.url));
  const cluster = await gather(`${SERVERS} servers, PostgreSQL`, { commands: shared, path, viewers });
  const alone = await gather("one process, SQLite", { commands: [words("")], path, viewers });
  alone.servers[0]!.say("-1");
  await alone.servers[0]!.next();
  const { sample } = (await alone.clients[0]!.next()) as { sample: string };
  const raw = rawPublish(sample);
  const bare = await gather(raw.name, { commands: [raw.command], path: raw.path, viewers });
  const all = [cluster, alone, bare];
  for (let turn = -WARM_UP; turn < broadcasts; turn++)
    for (const crowd of all) {
      const ms = await broadcast(crowd, turn);
      if (turn >= 0) crowd.arrived.push(ms);
      await Bun.sleep(REST_MS);
    }
  for (const { servers, clients } of all)
    await Promise.all([...servers, ...clients].map((talk) => talk.end()));
  await schema.drop();
  console.log(`\nEvent to the last of ${viewers} viewers, ${broadcasts} broadcasts, ms`);
  const row = ({ name, arrived }: Crowd) => [
    name,
    ...[0.5, 0.99].map((share) => quantile(arrived, share).toFixed(1)),
  ];
  printTable([["", "p50", "p99"], ...all.map(row)]);
}

async function gather(
  name: string,
  { commands, path, viewers }: { commands: string[][]; path: string; viewers: number },
): Promise<Crowd> {
  const servers = commands.map((command) => talkTo(command));
  const share = Math.ceil(viewers / servers.length);
  const clients: Talk[] = [];
  for (const server of servers) {
    const { port } = await server.next();
    const url = `ws://127.0.0.1:${port}${path}`;
    clients.push(talkTo([process.execPath, join(HERE, "live-viewers.ts"), url, String(share)]));
  }
  for (const client of clients) while (!("opened" in (await client.next())));
  return { name, servers, clients, arrived: [] };
}

async function broadcast({ servers, clients }: Crowd, turn: number): Promise<number> {
  servers[0]!.say(String(turn));
  const { at } = (await servers[0]!.next()) as { at: number };
  const ends = await Promise.all(
    clients.map(async (client) => ((await client.next()) as { last: number }).last),
  );
  return Math.max(...ends) - at;
}

async function measureAppends(folder: string): Promise<void> {
  const schema = await ownSchema();
  const opened: [string, Store][] = [
    ["PostgreSQL", await openPostgres({ url: schema.url, listenUrl: "", listens: "always", warn: () => {} })],
    ["SQLite", await openSqlite(join(folder, "log"))],
  ];
  const rows = [["", "alone", `in batches of ${BATCH}`]];
  for (const [name, store] of opened) {
    const log = await EventLog.open(store, Date.now);
    const tick = (cpu: number) => ({ values: { cpu } });
    const alone = await perSecond(ALONE, async () => {
      for (let i = 0; i < ALONE; i++) await log.append("metrics.sampled", tick(i));
    });
    const batched = await perSecond(BATCH * BATCHES, async () => {
      for (let i = 0; i < BATCHES; i++)
        await log.record(async (tx) => {
          for (let k = 0; k < BATCH; k++) await tx.append("metrics.sampled", tick(k));
        });
    });
    rows.push([name, alone.toFixed(0), batched.toFixed(0)]);
    await store.close();
  }
  await schema.drop();
  console.log("\nAppends to the log, events a second");
  printTable(rows);
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return (count * 1000) / (performance.now() - from);
}

interface ServedModel {
  versions: { result: { schema: { features: { name: string; example: unknown }[] } } }[];
}

/** The same model: trained on one machine, and moved into the cluster. */
async function measurePredictions(folder: string, files: Record<string, string>): Promise<void> {
  const [csv, data] = [join(folder, "adult.csv"), join(folder, "adult")];
  await writeAdultCsv(csv, 8000);
  await trainAdult(data, csv);
  await plantHundredTrees(data, "adult", BENCH_DATA.adult!());
  const schema = await ownSchema();
  const shared = { DATABASE_URL: schema.url, ...files };
  await moveData(data, shared);
  const alone = await startServer(data);
  const { versions } = (await (await fetch(`${alone.home}api/models/adult`)).json()) as ServedModel;
  const { features } = versions[0]!.result.schema;
  const body = JSON.stringify(Object.fromEntries(features.map(({ name, example }) => [name, example])));
  const cluster = [
    await startServer(join(folder, "server-1"), { ...shared, TRAIN_CONCURRENCY: "0" }),
    await startServer(join(folder, "server-2"), { ...shared, TRAIN_CONCURRENCY: "0" }),
  ];
  const both = async (homes: string[]) => {
    const loads = homes.map((home) =>
      loadOn(`${home}api/models/adult/predict`, { seconds: LOAD_SECONDS, body }),
    );
    return (await Promise.all(loads)).reduce((sum, load) => sum + load.perSecond, 0);
  };
  // The same number of clients on both sides.
  const sides: [string, string[], number[]][] = [
    ["one process, SQLite", [alone.home, alone.home], []],
    ["two servers, PostgreSQL", cluster.map(({ home }) => home), []],
  ];
  for (let round = -1; round < ROUNDS; round++)
    for (const [, homes, rates] of sides) {
      const rate = await both(homes);
      if (round >= 0) rates.push(rate);
    }
  for (const { child } of [alone, ...cluster]) await end(child);
  await schema.drop();
  console.log("\nPredictions a second, one row each, 16 connections");
  printTable([
    ["", "median", "rounds"],
    ...sides.map(([name, , rates]) => [
      name,
      median(rates).toFixed(0),
      rates.map((rate) => rate.toFixed(0)).join(" "),
    ]),
  ]);
}

/** Eight trainings queued at once, with a budget of rounds: the same work on every machine. */
async function measureTrainings(folder: string, files: Record<string, string>): Promise<void> {
  const schema = await ownSchema();
  const shared = { DATABASE_URL: schema.url, ...files };
  const server = await startServer(join(folder, "queue"), { ...shared, TRAIN_CONCURRENCY: "0" });
  const workers = [await startWorker(join(folder, "worker-1"), shared)];
  const path = join(folder, "queue.csv");
  await writeAdultCsv(path, 4000);
  const csv = Bun.file(path);
  const uploaded = await fetch(`${server.home}api/upload?name=queue.csv`, { method: "POST", body: csv });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  const one = await secondsFor(server.home, datasetId);
  workers.push(await startWorker(join(folder, "worker-2"), shared));
  const two = await secondsFor(server.home, datasetId);
  for (const child of [...workers, server.child]) await end(child);
  await schema.drop();
  console.log(`\n${RUNS} queued trainings of ${RUN_ROUNDS} rounds, seconds`);
  printTable([
    ["one worker", one.toFixed(1)],
    ["two workers", two.toFixed(1)],
    ["times as fast", (one / two).toFixed(2)],
  ]);
}

async function startWorker(folder: string, shared: Record<string, string>): Promise<Bun.Subprocess> {
  const env = { ...process.env, ...shared, DATA_DIR: folder, PORT: "0", LOG_LEVEL: "error" };
  const child = Bun.spawn([process.execPath, SERVER, "worker"], { env, stdout: "pipe", stderr: "inherit" });
  await firstLine(child.stdout);
  return child;
}

async function secondsFor(home: string, datasetId: string): Promise<number> {
  const request = { datasetId, target: "target", budgetRounds: RUN_ROUNDS };
  const queued = await Promise.all(
    Array.from({ length: RUNS }, (_, seed) => post(`${home}api/train`, { ...request, seed })),
  );
  const from = performance.now();
  const ids = (queued as { id: string }[]).map(({ id }) => id);
  for (;;) {
    const runs = await Promise.all(
      ids.map(async (id) => (await (await fetch(`${home}api/runs/${id}`)).json()) as { status: string }),
    );
    const failed = runs.find(({ status }) => !["queued", "running", "finished"].includes(status));
    if (failed) throw new Error(`a training of the bench is ${failed.status}`);
    if (runs.every(({ status }) => status === "finished")) return (performance.now() - from) / 1000;
    await Bun.sleep(100);
  }
}
