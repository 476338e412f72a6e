/**
 * Rig 5: every known way to harm the training child process. Its run fails with the reason within 5 s; the queue
 * continues.
 */
import { existsSync, rmSync } from "node:fs";
import { speakAs } from "./channel.ts";
import { faultsOf, newLedger, tableCsv } from "./journey.ts";
import type { Rig, Table } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const CASES = 100;
const SHORT_CASES = 9;
const SERVERS = 4;
const MOST_MS = 5000;
/** Too little for any training. */
const STARVED_MB = "60";
const FLOOD = 20_000;
const ANSWER = '{"kind":"failed","error":{"code":"invalid","message":"said twice by the rig"}}';

const HARMS: Record<string, { harm: (pid: number) => unknown; reason: RegExp }> = {
  "is killed": { harm: (pid) => process.kill(pid, "SIGKILL"), reason: /killed by SIGKILL/ },
  "is told to end": { harm: (pid) => process.kill(pid, "SIGTERM"), reason: /killed by SIGTERM/ },
  crashes: { harm: (pid) => process.kill(pid, "SIGSEGV"), reason: /killed by SIG|ended with code/ },
  hangs: { harm: (pid) => process.kill(pid, "SIGSTOP"), reason: /unresponsive/ },
  "gets no more memory": { harm: allowNoMemory, reason: /memory|killed by SIG|ended with code|did nothing/ },
  exits: { harm: (pid) => speakAs(pid, null), reason: /ended with code/ },
  "sends garbage": {
    harm: (pid) => speakAs(pid, ['{"kind":"done', "\0\xff"]),
    reason: /no message|ended with code/,
  },
  floods: { harm: (pid) => speakAs(pid, Array(FLOOD).fill('{"kind":"ready"}')), reason: /too many messages/ },
  "answers twice": { harm: (pid) => speakAs(pid, [ANSWER, ANSWER]), reason: /^said twice by the rig$/ },
};

export const CHILDREN: Rig = {
  name: "child",
  says: "harm to the training child; the run behind it in the queue finishes",
  needs: ["prlimit"],
  weight: 100,
  async run(options, table) {
    const kinds = Object.keys(HARMS);
    const cases = Array.from({ length: options.isShort ? SHORT_CASES : CASES }, (_, k) => k);
    for (const kind of kinds) table.row(kind);
    const serve = async () => {
      const folder = newFolder();
      const victim = await Victim.start({ folder });
      const [long, short] = await Promise.all([upload(victim, 2000), upload(victim, 120)]);
      while (cases.length > 0 && options.left() > 0) {
        const k = cases.shift()!;
        await harm(victim, { long, short, kind: kinds[k % kinds.length]!, afterMs: (k * 37) % 500 }, table);
      }
      const faults = await faultsOf(victim, newLedger(), folder);
      table.row("in the end").add(faults.length > 0 ? "LOST" : "nothing stuck", faults.join("; "));
      await victim.end();
      rmSync(folder, { recursive: true });
    };
    await Promise.all([starve(table), ...Array.from({ length: options.isShort ? 1 : SERVERS }, serve)]);
    if (cases.length > 0) table.row("no time for").add(`${cases.length} cases`, "");
  },
};

/** It continues until it needs more: then the harm happens. Returns when that was. */
async function allowNoMemory(pid: number): Promise<number> {
  const { success, stderr } = Bun.spawnSync(["prlimit", "--pid", String(pid), "--as=1:1"]);
  if (!success) throw new Error(`prlimit: ${stderr}`);
  while (existsSync(`/proc/${pid}/fd/0`)) await Bun.sleep(10);
  return performance.now();
}

async function upload(victim: Victim, rows: number): Promise<string> {
  const answer = await victim.ask(`/api/upload?name=crew-${rows}.csv`, {
    method: "POST",
    body: tableCsv(1, rows),
  });
  return ((await answer.json()) as { id: string }).id;
}

interface Ended {
  id: string;
  status: string;
  error: { message: string } | null;
}

async function harm(
  victim: Victim,
  { long, short, kind, afterMs }: { long: string; short: string; kind: string; afterMs: number },
  table: Table,
): Promise<void> {
  const train = async (request: object) =>
    (await (
      await victim.send("POST", "/api/train", { target: "stays", name: "harmed", ...request })
    ).json()) as Ended;
  const first = await train({ datasetId: long, budgetSeconds: 30 });
  const second = await train({ datasetId: short, budgetRounds: 1 });
  const pid = await childOf(victim.child.pid);
  await Bun.sleep(afterMs);
  const began = performance.now();
  const at = await HARMS[kind]!.harm(pid);
  const harmedAt = typeof at === "number" ? at : began;
  const failed = await ended(victim, first.id);
  const ms = performance.now() - harmedAt;
  const next = await ended(victim, second.id);
  const { items } = await victim.json<{ items: { data: { runId: string } }[] }>(
    "/api/events?type=run.failed&limit=1000",
  );
  const told = items.filter(({ data }) => data.runId === first.id).length;
  const isTold =
    failed.status === "failed" && HARMS[kind]!.reason.test(failed.error?.message ?? "") && told === 1;
  const isRight = isTold && ms < MOST_MS && next.status === "finished";
  const detail = `${failed.status} "${failed.error?.message}" after ${ms.toFixed(0)} ms, told ${told} times, then ${next.status}`;
  table.row(kind).add(isRight ? "failed with the reason" : "LOST", detail);
}

async function ended(victim: Victim, id: string): Promise<Ended> {
  while (true) {
    const run = await victim.json<Ended>(`/api/runs/${id}`);
    if (run.status !== "queued" && run.status !== "running") return run;
    await Bun.sleep(20);
  }
}

/** The training that runs under the server. */
async function childOf(server: number): Promise<number> {
  while (true) {
    const found = Bun.spawnSync(["pgrep", "-P", String(server), "-f", "run-child"])
      .stdout.toString()
      .trim();
    if (found) return Number(found.split("\n")[0]);
    await Bun.sleep(10);
  }
}

async function starve(table: Table): Promise<void> {
  const folder = newFolder();
  const victim = await Victim.start({ folder, settings: { TRAIN_MEMORY_MB: STARVED_MB } });
  const uploaded = await victim.ask("/api/upload?name=crew.csv", { method: "POST", body: tableCsv(1) });
  const text = await uploaded.text();
  // Even the reader may need more than that; it is refused with the same words.
  const said = uploaded.ok
    ? await (await victim.send("POST", "/api/train?wait=1", { datasetId: JSON.parse(text).id })).text()
    : text;
  const isTold = said.includes(`more than ${STARVED_MB} MB of memory`);
  const isAlive = (await victim.ask("/healthz")).ok;
  table
    .row(`needs more than its ${STARVED_MB} MB`)
    .add(isTold && isAlive ? "refused with what to do" : "LOST", said.slice(0, 300));
  await victim.end();
  rmSync(folder, { recursive: true });
}
