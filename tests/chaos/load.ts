/**
 * Rig 7: many large uploads beside slow ones, predictions and sockets; the event loop stays quick through all of it.
 * Then churn: memory, descriptors and temporary files return to where they were.
 */
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, RigOptions, Table } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const MOST_DELAY_MS = 50;
const SOAK_MS = 2 * 3_600_000;
const SLOW_BYTES_A_SECOND = 20_000;
const SLACK_MB = 60;
const SLACK_DESCRIPTORS = 12;

interface Size {
  uploads: number;
  megabytes: number;
  slow: number;
  predictors: number;
  sockets: number;
}

const FULL: Size = { uploads: 20, megabytes: 50, slow: 5, predictors: 64, sockets: 1000 };
const SHORT: Size = { uploads: 3, megabytes: 5, slow: 2, predictors: 8, sockets: 100 };

export const LOAD: Rig = {
  name: "load",
  says: "uploads, predictions and sockets at once, then churn",
  needs: [],
  async run(options, table) {
    const folder = newFolder();
    const settings = { METRICS_SECONDS: "1", TRAIN_CONCURRENCY: "1" };
    const victim = await Victim.start({ folder, settings });
    await travel(victim, newLedger(), 1);
    const size = options.isShort ? SHORT : FULL;
    await allAtOnce(victim, size, table);
    await churn(victim, folder, options, table);
    await victim.end();
    rmSync(folder, { recursive: true });
  },
};

async function allAtOnce(victim: Victim, size: Size, table: Table): Promise<void> {
  const over = new AbortController();
  const delays = watchLoop(victim, over.signal);
  const sockets = Array.from(
    { length: size.sockets },
    () => new WebSocket(`${victim.url.replace("http", "ws")}ws?panels=metrics,datasets,activity`),
  );
  const slow = Array.from({ length: size.slow }, (_, k) => slowUpload(victim, k, over.signal));
  const predicting = Array.from({ length: size.predictors }, () => predictUntil(victim, over.signal));
  const uploads = await Promise.all(
    Array.from({ length: size.uploads }, async (_, k) => {
      const body = bigCsv(k, size.megabytes);
      return (await victim.ask(`/api/upload?name=big-${k}.csv`, { method: "POST", body })).status;
    }),
  );
  const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  over.abort();
  const [predicted, seen] = await Promise.all([Promise.all(predicting), delays, Promise.all(slow)]);
  for (const socket of sockets) socket.close();
  const right = uploads.filter((status) => status === 201).length;
  table
    .row(`${size.uploads} uploads of ${size.megabytes} MB`)
    .add(right === size.uploads ? "all read" : "LOST", uploads.join());
  table.row(`${size.sockets} sockets`).add(open === size.sockets ? "all open" : "LOST", `${open} open`);
  const refused = predicted.reduce((sum, { refused }) => sum + refused, 0);
  const answered = predicted.reduce((sum, { answered }) => sum + answered, 0);
  table
    .row(`${answered} predictions on ${size.predictors} connections`)
    .add(refused > 0 ? "LOST" : "all answered", `${refused} refused`);
  seen.sort((a, b) => a - b);
  const p99 = seen[Math.floor(0.99 * (seen.length - 1))] ?? Number.NaN;
  const judged = p99 < MOST_DELAY_MS ? "below 50 ms" : "OVER 50 MS";
  // A short run shares its machine with the other tests: what it sees of time means nothing.
  const outcome = size === SHORT ? "seen" : judged;
  table
    .row(`event-loop delay by the second, p99 ${p99.toFixed(1)} ms of ${seen.length}`)
    .add(outcome, `${p99}`);
}

/** The server's own gauge of its event loop, once a second. */
async function watchLoop(victim: Victim, signal: AbortSignal): Promise<number[]> {
  const seen: number[] = [];
  while (!signal.aborted) {
    const { gauges } = await victim.json<{ gauges: { gauge: string; value: number }[] }>("/api/health");
    seen.push(gauges.find(({ gauge }) => gauge === "loop")!.value);
    await Bun.sleep(1000);
  }
  return seen;
}

async function predictUntil(
  victim: Victim,
  signal: AbortSignal,
): Promise<{ answered: number; refused: number }> {
  const counts = { answered: 0, refused: 0 };
  while (!signal.aborted) {
    const answer = await victim.send("POST", "/api/models/crew/predict", {
      age: 30,
      fare: 80,
      region: "north",
    });
    await answer.text();
    if (answer.ok) counts.answered += 1;
    else counts.refused += 1;
  }
  return counts;
}

async function slowUpload(victim: Victim, seed: number, signal: AbortSignal): Promise<void> {
  const bytes = new TextEncoder().encode(tableCsv(500 + seed, 100_000));
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await Bun.sleep(100);
      if (signal.aborted || at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + SLOW_BYTES_A_SECOND / 10));
      at += SLOW_BYTES_A_SECOND / 10;
    },
  });
  await (await victim.ask(`/api/upload?name=slow-${seed}.csv`, { method: "POST", body })).text();
}

function bigCsv(seed: number, megabytes: number): Uint8Array<ArrayBuffer> {
  const rows = new TextEncoder().encode(tableCsv(seed, 20_000));
  const header = rows.subarray(0, rows.indexOf(10) + 1);
  const data = rows.subarray(header.length);
  const bytes = new Uint8Array(header.length + data.length * Math.ceil((megabytes * 1e6) / data.length));
  bytes.set(header);
  for (let at = header.length; at < bytes.length; at += data.length) bytes.set(data, at);
  return bytes;
}

async function churn(victim: Victim, folder: string, options: RigOptions, table: Table): Promise<void> {
  const until =
    performance.now() + (options.isSoak ? SOAK_MS : options.isShort ? 0 : Math.min(90_000, options.left()));
  const round = async (k: number) => {
    await travel(victim, newLedger(), 10_000 + k);
    const sockets = Array.from(
      { length: 50 },
      () => new WebSocket(`${victim.url.replace("http", "ws")}ws?panels=runs`),
    );
    await Promise.all(sockets.map((socket) => new Promise((resolve) => (socket.onopen = resolve))));
    for (const socket of sockets) socket.close();
  };
  let rounds = 0;
  for (; rounds < 3; rounds++) await round(rounds);
  const before = usageOf(victim, folder);
  do await round(rounds++);
  while (performance.now() < until);
  const after = usageOf(victim, folder);
  const faults = [
    after.megabytes > before.megabytes + SLACK_MB && "memory grew",
    after.descriptors > before.descriptors + SLACK_DESCRIPTORS && "descriptors grew",
    after.parts > 0 && "temporary files stay",
  ].filter(Boolean);
  const words = `${before.megabytes} to ${after.megabytes} MB, ${before.descriptors} to ${after.descriptors} descriptors, ${after.parts} temporary files`;
  table
    .row(`${rounds} journeys: ${words}`)
    .add(faults.length > 0 ? "LOST" : "back where it was", faults.join());
}

function usageOf(victim: Victim, folder: string) {
  const { pid } = victim.child;
  const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
  return {
    megabytes: Math.round((pages * 4096) / 1e6),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    parts: readdirSync(join(folder, "datasets")).filter((name) => name.endsWith(".part")).length,
  };
}
