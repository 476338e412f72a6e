/**
 * Rig 7: many large uploads beside slow ones, predictions and sockets; the event loop stays responsive through all of
 * it. Then churn: memory, descriptors and temporary files return to where they were.
 */
import { closeSync, openSync, readdirSync, readFileSync, rmSync, truncateSync, writeSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { join } from "node:path";
import { newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, RigOptions, Table } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { PROJECT, Victim } from "./victim.ts";

const MOST_DELAY_MS = 50;
/** If an idle process is later than this, the machine is busy with other work. */
const NOISE_MS = 10;
const SOAK_MS = 2 * 3_600_000;
const CHURN_MS = 30_000;
const SLOW_BYTES_A_SECOND = 20_000;
const SLACK_MB = 60;
const SLACK_DESCRIPTORS = 12;
const CLIENTS_NICENESS = 10;
const PROBE = join(import.meta.dir, "loop-probe.ts");

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
  weight: 60,
  async run(options, table) {
    const folder = newFolder();
    const lateness = { server: `${folder}.server`, idle: `${folder}.idle` };
    const probed = (path: string) => ({ ...process.env, LOOP_PROBE: path });
    const victim = await Victim.start({
      folder,
      command: [process.execPath, "--preload", PROBE, join(PROJECT, "server.ts")],
      settings: { METRICS_SECONDS: "1", TRAIN_CONCURRENCY: "1", LOOP_PROBE: lateness.server },
    });
    const idle = Bun.spawn([process.execPath, PROBE], { env: probed(lateness.idle) });
    await travel(victim, newLedger(), 1);
    for (const path of Object.values(lateness)) truncateSync(path);
    const restore = yieldProcessor();
    await allAtOnce(victim, folder, { size: options.isShort ? SHORT : FULL, table });
    restore();
    idle.kill();
    // A short run shares its machine with the other tests: what it sees of time means nothing.
    if (!options.isShort) judgeLoop(readDelays(lateness.server), readDelays(lateness.idle), table);
    await churn(victim, folder, options, table);
    await victim.end();
    for (const path of [folder, ...Object.values(lateness)]) rmSync(path, { recursive: true });
  },
};

/** Clients have machines of their own: here, where they share the server's, they take the time that it leaves. */
function yieldProcessor(): () => void {
  const before = getPriority();
  setPriority(CLIENTS_NICENESS);
  return () => {
    // Only root may take back what it gave.
    if (process.getuid?.() === 0) setPriority(before);
  };
}

async function allAtOnce(
  victim: Victim,
  folder: string,
  { size, table }: { size: Size; table: Table },
): Promise<void> {
  const files = Array.from({ length: size.uploads }, (_, k) =>
    bigFile(`${folder}-${k}.csv`, k, size.megabytes),
  );
  const over = new AbortController();
  const sockets = Array.from(
    { length: size.sockets },
    () => new WebSocket(`${victim.url.replace("http", "ws")}ws?panels=metrics,datasets,activity`),
  );
  const slow = Array.from({ length: size.slow }, (_, k) => slowUpload(victim, k, over.signal));
  const predicting = Array.from({ length: size.predictors }, () => predictUntil(victim, over.signal));
  const uploads = await Promise.all(
    files.map(async (path, k) => {
      const body = Bun.file(path);
      return (await victim.ask(`/api/upload?name=big-${k}.csv`, { method: "POST", body })).status;
    }),
  );
  const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  over.abort();
  const predicted = await Promise.all(predicting);
  await Promise.all(slow);
  for (const socket of sockets) socket.close();
  for (const path of files) rmSync(path);
  const right = uploads.filter((status) => status === 201).length;
  table
    .row(
      `${size.uploads} uploads of ${size.megabytes} MB beside ${size.slow} of ${SLOW_BYTES_A_SECOND / 1000} kB/s`,
    )
    .add(right === size.uploads ? "all read" : "LOST", uploads.join());
  table.row(`${size.sockets} sockets`).add(open === size.sockets ? "all open" : "LOST", `${open} open`);
  const refused = predicted.reduce((sum, { refused }) => sum + refused, 0);
  const answered = predicted.reduce((sum, { answered }) => sum + answered, 0);
  table
    .row(`${answered} predictions on ${size.predictors} connections`)
    .add(refused > 0 ? "LOST" : "all answered", `${refused} refused`);
}

interface Delays {
  late: number[];
  own: number[];
}

function readDelays(path: string): Delays {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  const column = (k: number) => lines.map((line) => Number(line.split(" ")[k])).sort((a, b) => a - b);
  return { late: column(0), own: column(1) };
}

/**
 * A busy machine makes everything late: only the server's own delay is judged, the rest is shown beside an idle
 * process.
 */
function judgeLoop(server: Delays, idle: Delays, table: Table): void {
  const at = (sorted: number[], share: number) =>
    sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const words = (sorted: number[]) => [0.5, 0.99, 1].map((share) => at(sorted, share).toFixed(1)).join(" / ");
  const isQuick = at(server.own, 0.99) < MOST_DELAY_MS;
  const isCalm = at(idle.late, 0.99) < NOISE_MS;
  // Its helper threads wait for processors, too, and it for them.
  const outcome = (isRight: boolean) =>
    isRight ? "p99 below 50 ms" : isCalm ? "P99 OVER 50 MS" : "over 50 ms on a busy machine";
  const isLate = at(server.late, 0.99) >= MOST_DELAY_MS;
  table.row(`event loop, ms late by itself: ${words(server.own)}`).add(outcome(isQuick), words(server.own));
  table.row(`with the wait for a processor: ${words(server.late)}`).add(outcome(!isLate), words(server.late));
  table.row(`an idle process meanwhile: ${words(idle.late)}`).add(isCalm ? "calm" : "busy", "");
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

function bigFile(path: string, seed: number, megabytes: number): string {
  const rows = Buffer.from(tableCsv(seed, 20_000));
  const header = rows.subarray(0, rows.indexOf(10) + 1);
  const data = rows.subarray(header.length);
  const file = openSync(path, "w");
  writeSync(file, header);
  for (let left = megabytes * 1e6; left > 0; left -= data.length) writeSync(file, data);
  closeSync(file);
  return path;
}

async function churn(victim: Victim, folder: string, options: RigOptions, table: Table): Promise<void> {
  const until =
    performance.now() + (options.isSoak ? SOAK_MS : options.isShort ? 0 : Math.min(CHURN_MS, options.left()));
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
