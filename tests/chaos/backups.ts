/** Rig 9: backups while rows are written all the time, each restored and compared; and databases of other schemas. */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { DATABASE, SCHEMA } from "../../core/store/sqlite/database.ts";
import { newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { program, Victim } from "./victim.ts";

const BACKUPS = 50;
const ROWS_A_SECOND = 500;

export const BACKUPS_RIG: Rig = {
  name: "backup",
  says: `backups while ${ROWS_A_SECOND} rows a second are written, restored and compared`,
  needs: [],
  weight: 40,
  async run(options, table) {
    const folder = newFolder();
    const victim = await Victim.start({ folder });
    await travel(victim, newLedger(), 1);
    await victim.ask("/api/upload?name=kept.csv", { method: "POST", body: tableCsv(5) });
    const writing = new AbortController();
    const written = writeRows(victim, writing.signal);
    const wanted = Array.from({ length: options.isShort ? 2 : BACKUPS }, (_, k) => k);
    const began = performance.now();
    await options.each(wanted, (k) => backUpAndRestore(folder, k, table.row("restored")));
    const seconds = (performance.now() - began) / 1000;
    writing.abort();
    const rate = Math.round((await written) / seconds);
    table.row(`${await written} predictions written, ${rate} a second; schema ${SCHEMA}`).add("counted", "");
    await victim.end();
    rmSync(folder, { recursive: true });
  },
};

/** Predictions in batches, each row kept; how many. */
async function writeRows(victim: Victim, signal: AbortSignal): Promise<number> {
  const rows = Array.from({ length: ROWS_A_SECOND / 10 }, (_, k) => ({
    age: 20 + k,
    fare: k,
    region: "west",
  }));
  const began = performance.now();
  let written = 0;
  while (!signal.aborted) {
    const answer = await victim.send("POST", "/api/models/crew/predict", { rows });
    if (!answer.ok) throw new Error(`a prediction was refused: ${await answer.text()}`);
    written += rows.length;
    // One that was answered late is made up for.
    await Bun.sleep(Math.max(0, began + (written / ROWS_A_SECOND) * 1000 - performance.now()));
  }
  return written;
}

async function backUpAndRestore(folder: string, k: number, tally: Tally): Promise<void> {
  const file = `${folder}-${k}.tar`;
  const copy = newFolder();
  const command = (words: string[], data: string) =>
    Bun.spawn([program(), ...words], {
      env: { ...process.env, DATA_DIR: data },
      stdio: ["ignore", "pipe", "pipe"],
    });
  const least = countsOf(folder);
  const backup = command(["backup", file], folder);
  const faults: string[] = [];
  if ((await backup.exited) !== 0) faults.push(`backup: ${await new Response(backup.stderr).text()}`);
  const most = countsOf(folder);
  const restore = command(["restore", file], copy);
  if ((await restore.exited) !== 0) faults.push(`restore: ${await new Response(restore.stderr).text()}`);
  const victim = await Victim.start({ folder: copy });
  if (!victim.isServing) faults.push(`does not start: ${victim.words.slice(-300)}`);
  else {
    const found = countsOf(copy);
    for (const [name, count] of Object.entries(found)) {
      // Starting writes some events of its own.
      const isBetween = count >= least[name]! && (name === "events" || count <= most[name]!);
      if (!isBetween) faults.push(`${name}: ${count}, not between ${least[name]} and ${most[name]}`);
    }
    const row = { age: 30, fare: 80, region: "north" };
    const answer = await victim.send("POST", "/api/models/crew/predict", row);
    if (!answer.ok) faults.push(`does not answer: ${await answer.text()}`);
    await victim.end();
  }
  tally.add(faults.length > 0 ? "LOST" : "equal", `${k}: ${faults.join("; ")}`);
  for (const path of [file, copy]) rmSync(path, { recursive: true, force: true });
}

function countsOf(folder: string): Record<string, number> {
  const database = new Database(join(folder, DATABASE), { readonly: true });
  const count = (table: string) =>
    database.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${table}`).get()!.n;
  const counts = Object.fromEntries(
    ["datasets", "runs", "models", "predictions", "events"].map((table) => [table, count(table)]),
  );
  database.close();
  return counts;
}
