/** Rig 5b: a run that is cancelled, stopped, resumed and robbed of its file at the same moment ends once; nothing is stuck. */
import { rmSync } from "node:fs";
import { faultsOf, newLedger, tableCsv } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const MOMENTS = 40;
const SHORT_MOMENTS = 4;
/** From before the first stage until after the last. */
const STEP_MS = 25;

export const CANCELS: Rig = {
  name: "cancel",
  says: "cancel, stop, resume and delete its file at once, at any moment of a run",
  needs: [],
  weight: 20,
  async run(options, table) {
    const folder = newFolder();
    const victim = await Victim.start({ folder, settings: { TRAIN_CONCURRENCY: "2" } });
    const moments = Array.from({ length: options.isShort ? SHORT_MOMENTS : MOMENTS }, (_, k) => k);
    await options.each(moments, (k) => raceAt(victim, k, table.row("races")));
    const faults = await faultsOf(victim, newLedger(), folder);
    await victim.end();
    const again = await Victim.start({ folder });
    faults.push(...(await faultsOf(again, newLedger(), folder)));
    await again.end();
    table.row("in the end").add(faults.length > 0 ? "LOST" : "nothing stuck", faults.join("; "));
    rmSync(folder, { recursive: true });
  },
};

async function raceAt(victim: Victim, k: number, tally: Tally): Promise<void> {
  const body = tableCsv(7000 + k);
  const uploaded = await victim.ask(`/api/upload?name=race-${k}.csv`, { method: "POST", body });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  const request = { datasetId, target: "stays", name: `race-${k}`, budgetRounds: 1 };
  const { id } = (await (await victim.send("POST", "/api/train", request)).json()) as { id: string };
  await Bun.sleep(((k * 7) % MOMENTS) * STEP_MS);
  const acts: [string, string][] = [
    ["DELETE", `/api/runs/${id}`],
    ["POST", `/api/runs/${id}/resume`],
    ["POST", `/api/runs/${id}/stop`],
    ["DELETE", `/api/datasets/${datasetId}`],
    ["DELETE", `/api/runs/${id}`],
  ];
  const turn = k % acts.length;
  const answers = await Promise.all(
    [...acts.slice(turn), ...acts.slice(0, turn)].map(async ([method, path]) => {
      const answer = await victim.ask(path, { method });
      return { act: `${method} ${path}`, status: answer.status, text: await answer.text() };
    }),
  );
  const status = await endOf(victim, id);
  const told = (await Promise.all([...ENDS, "failed"].map((end) => toldOf(victim, id, end)))).flat().length;
  const broken = answers.filter(({ status }) => status >= 500).map(({ act, text }) => `${act}: ${text}`);
  const isRight = broken.length === 0 && ENDS.includes(status) && told === 1;
  const detail = `${k}: ${status}, told ${told} times; ${broken.join("; ")}`;
  tally.add(isRight ? `${status}, told once` : "LOST", detail);
}

const ENDS = ["finished", "cancelled"];

async function toldOf(victim: Victim, id: string, end: string): Promise<unknown[]> {
  const path = `/api/events?type=run.${end}&limit=1000`;
  const { items } = await victim.json<{ items: { data: { runId: string } }[] }>(path);
  return items.filter(({ data }) => data.runId === id);
}

async function endOf(victim: Victim, id: string): Promise<string> {
  while (true) {
    const { status } = await victim.json<{ status: string }>(`/api/runs/${id}`);
    if (status !== "queued" && status !== "running") return status;
    await Bun.sleep(20);
  }
}
