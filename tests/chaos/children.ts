/** Rig 5: the training child is killed, stopped, ended, or starved of memory. Its run fails with the reason within 5 s. */
import { rmSync } from "node:fs";
import { faultsOf, newLedger, tableCsv } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const SIGNALS = ["SIGKILL", "SIGTERM", "SIGSEGV", "SIGSTOP"] as const;
const CASES = 100;
const MOST_MS = 5000;
/** Too little for any training. */
const STARVED_MB = "60";

export const CHILDREN: Rig = {
  name: "child",
  says: "harm to the training child; the run behind it in the queue finishes",
  needs: [],
  async run(options, table) {
    const folder = newFolder();
    const victim = await Victim.start({ folder });
    const uploaded = await victim.ask("/api/upload?name=crew.csv", {
      method: "POST",
      body: tableCsv(1, 2000),
    });
    const { id } = (await uploaded.json()) as { id: string };
    for (let k = 0; k < (options.isShort ? 4 : CASES) && options.left() > 0; k++) {
      const signal = SIGNALS[k % SIGNALS.length]!;
      await harm(victim, { datasetId: id, signal, afterMs: (k * 37) % 900 }, table.row(signal));
    }
    const faults = await faultsOf(victim, newLedger(), folder);
    table.row("in the end").add(faults.length > 0 ? "LOST" : "nothing stuck", faults.join("; "));
    await victim.end();
    rmSync(folder, { recursive: true });
    await starve(table.row("memory"));
  },
};

interface Ended {
  id: string;
  status: string;
  error: { message: string } | null;
}

async function harm(
  victim: Victim,
  { datasetId, signal, afterMs }: { datasetId: string; signal: NodeJS.Signals; afterMs: number },
  tally: Tally,
): Promise<void> {
  const train = async (budget: object) =>
    (await (
      await victim.send("POST", "/api/train", { datasetId, target: "stays", name: "harmed", ...budget })
    ).json()) as Ended;
  const first = await train({ budgetSeconds: 30 });
  const second = await train({ budgetRounds: 1 });
  const pid = await childOf(victim.child.pid);
  await Bun.sleep(afterMs);
  const harmedAt = performance.now();
  process.kill(pid, signal);
  const failed = await ended(victim, first.id);
  const ms = performance.now() - harmedAt;
  const next = await ended(victim, second.id);
  const isTold = failed.status === "failed" && (failed.error?.message.length ?? 0) > 10;
  const isRight = isTold && ms < MOST_MS && next.status === "finished";
  const detail = `${failed.status} "${failed.error?.message}" after ${ms.toFixed(0)} ms, then ${next.status}`;
  tally.add(isRight ? "failed with the reason" : "LOST", detail);
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

async function starve(tally: Tally): Promise<void> {
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
  tally.add(isTold && isAlive ? "refused with what to do" : "LOST", said.slice(0, 300));
  await victim.end();
  rmSync(folder, { recursive: true });
}
