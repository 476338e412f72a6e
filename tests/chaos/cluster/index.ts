/**
 * Rig 15: three servers behind nginx, two workers, PostgreSQL, PgBouncer and an S3 store. Each turn harms one of them
 * while files come in, models train and viewers look on, and measures how long after the fault's end everybody is at the
 * present again.
 */
import { seeded } from "../../harness/app.ts";
import { readBySocket, readByStream } from "../../harness/readers.ts";
import type { Rig, RigOptions, Table } from "../rig.ts";
import { program } from "../victim.ts";
import { FAULTS } from "./faults.ts";
import { type Fleet, startFleet } from "./fleet.ts";
import { Ledger } from "./ledger.ts";
import { Crowd } from "./viewers.ts";

const FULL = { servers: 3, workers: 2, pages: 40, light: 960, faults: 208 };
const SHORT = { servers: 2, workers: 1, pages: 6, light: 30, faults: Object.keys(FAULTS).length };
const SEED = 18;
/** What every server must know within this time after a fault's end. */
const LATE_MS = 2000;
/** After this time nobody reconnects any more. */
const LOST_MS = 90_000;
const QUIET_MS = 240_000;
const TELL_EVERY = 20;

export const CLUSTER: Rig = {
  name: "cluster",
  says: "servers, workers, database, pooler and storage of a cluster fail in turn",
  needs: ["nginx", "pgbouncer"],
  weight: 1500,
  async run({ isShort, left, ...asked }, table) {
    const size = sizeOf(isShort ? SHORT : FULL, asked);
    const random = seeded(Number(process.env.CHAOS_SEED ?? SEED));
    const fleet = await startFleet([program()], size);
    const ledger = new Ledger(fleet);
    await ledger.begin();
    const { epoch } = (await (await fetch(`${fleet.url}api/status`)).json()) as { epoch: string };
    const crowd = new Crowd(fleet.url, size);
    const readers = [readBySocket(fleet.url, epoch), readByStream(fleet.url)];
    const lateness: number[] = [];
    const names = Object.keys(FAULTS);
    let turn = 0;
    try {
      await caughtUp(fleet, crowd);
      for (; turn < size.faults && (left() > 0 || isShort); turn++) {
        const name = names[turn % names.length]!;
        const { ms, detail } = await harm(name, turn, { fleet, ledger, crowd, random, isShort });
        if (Number.isFinite(ms)) lateness.push(ms);
        const isLate = !isShort && ms > LATE_MS;
        const outcome = !Number.isFinite(ms) ? "LOST" : isLate ? "LATE" : "at the present again";
        table.row(name).add(outcome, `turn ${turn}: ${detail}`);
        if (!isShort && (isLate || turn % TELL_EVERY === TELL_EVERY - 1))
          console.log(`  ${turn + 1} of ${size.faults} faults${isLate ? `, late: ${name}, ${detail}` : ""}`);
      }
      await judgeEnd(fleet, { ledger, crowd, table });
      for (const { seqs } of readers) {
        const gap = seqs.findIndex((seq, i) => seq !== i + 1);
        const isWhole = gap < 0 && seqs.length > 0;
        table
          .row("followers of the log")
          .add(isWhole ? "every number once" : "LOST", `at ${gap}: ${seqs[gap]}`);
      }
    } finally {
      for (const { close } of readers) close();
      crowd.close();
      await fleet.stop();
    }
    printLateness(lateness, { faults: turn, viewers: crowd.size, counts: ledger.counts });
  },
};

function sizeOf(own: typeof FULL, asked: Pick<RigOptions, "faults" | "viewers">): typeof FULL {
  const faults = asked.faults ?? own.faults;
  return asked.viewers === null
    ? { ...own, faults }
    : { ...own, faults, light: Math.max(0, asked.viewers - own.pages) };
}

interface World {
  fleet: Fleet;
  ledger: Ledger;
  crowd: Crowd;
  random: () => number;
  isShort: boolean;
}

/** `ms`: from the fault's end until all viewers and servers know what was acknowledged first; infinite: never. */
async function harm(name: string, turn: number, world: World): Promise<{ ms: number; detail: string }> {
  const { fleet, ledger, crowd } = world;
  const working = ledger.workOn(turn);
  await Bun.sleep(200 * world.random());
  await FAULTS[name]!(world);
  const from = performance.now();
  const passed = () => performance.now() - from;
  await ledger.write(turn);
  const written = passed();
  const seq = await fleet.head();
  // Whoever was behind the longest, and until when.
  let viewers = { count: crowd.late(seq), ms: passed() };
  let servers = { names: await ledger.behind(), ms: passed() };
  while (viewers.count > 0 || servers.names.length > 0) {
    if (passed() > LOST_MS) break;
    await Bun.sleep(10);
    if (viewers.count > 0) viewers = { count: crowd.late(seq), ms: passed() };
    if (servers.names.length > 0) servers = { names: await ledger.behind(), ms: passed() };
  }
  const isThere = viewers.count === 0 && servers.names.length === 0;
  const at = (ms: number) => `${ms.toFixed(0)} ms`;
  const detail = `acknowledged after ${at(written)}, viewers ${viewers.count || "all"} ${at(viewers.ms)}, servers ${servers.names.join("; ") || "all"} ${at(servers.ms)}`;
  const ms = isThere ? Math.max(viewers.ms, servers.ms) : Number.POSITIVE_INFINITY;
  if (isThere) await working;
  return { ms, detail };
}

async function caughtUp(fleet: Fleet, crowd: Crowd): Promise<void> {
  const seq = await fleet.head();
  for (const end = performance.now() + LOST_MS; crowd.late(seq) > 0; await Bun.sleep(50))
    if (performance.now() > end) throw new Error(`${crowd.late(seq)} viewers did not come`);
}

/** All queued work ends, then everything acknowledged is there and every page shows what a fresh one does. */
async function judgeEnd(
  fleet: Fleet,
  { ledger, crowd, table }: { ledger: Ledger; crowd: Crowd; table: Table },
): Promise<void> {
  const end = performance.now() + QUIET_MS;
  while ((await ledger.unfinished()) > 0 && performance.now() < end) await Bun.sleep(200);
  const faults = await ledger.faults();
  table.row("in the end").add(faults.length ? "LOST" : "nothing lost or doubled", faults.join("; "));
  const different = async () => {
    const asked = fleet.servers.map(async ({ url }) => {
      const answer = await fetch(url, { headers: { accept: "text/html" } });
      return crowd.different(await answer.text());
    });
    return (await Promise.all(asked)).reduce((sum, count) => sum + count, 0);
  };
  let count = await different();
  for (const until = performance.now() + LOST_MS; count > 0 && performance.now() < until; ) {
    await Bun.sleep(500);
    count = await different();
  }
  table.row("pages").add(count ? "LOST" : "show what a fresh one does", `${count} differ`);
}

function printLateness(lateness: number[], about: { faults: number; viewers: number; counts: string }): void {
  const sorted = lateness.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const figures = [at(0.5), at(0.99), at(1)].map((ms) => `${ms.toFixed(0)} ms`);
  console.log(`  ${about.faults} faults, ${about.viewers} viewers, ${about.counts}`);
  console.log(`  late after a fault's end: p50 ${figures[0]}, p99 ${figures[1]}, max ${figures[2]}`);
}
