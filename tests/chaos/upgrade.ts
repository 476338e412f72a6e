/**
 * Rig 9b: a database of every earlier schema opens with all that it contained; a newer one is refused and left
 * unchanged.
 */
import { Database } from "bun:sqlite";
import { cpSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DATABASE, SCHEMA } from "../../core/store/sqlite/database.ts";
import { MIGRATIONS } from "../../core/store/sqlite/migrations.ts";
import { faultsOf, type Ledger, newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

export const UPGRADE: Rig = {
  name: "upgrade",
  says: "databases of older and newer schemas",
  needs: [],
  weight: 10,
  async run(_, table) {
    const folder = newFolder();
    const ledger = newLedger();
    const victim = await Victim.start({ folder });
    await travel(victim, ledger, 1);
    const kept = await victim.ask("/api/upload?name=kept.csv", { method: "POST", body: tableCsv(2) });
    ledger.datasets.set(((await kept.json()) as { id: string }).id, { rows: 120, version: 1 });
    await victim.end();
    for (let version = 1; version <= SCHEMA; version++)
      await upgrade(
        folder,
        { version, ledger: structuredClone(ledger) },
        table.row(`schema ${version} of ${SCHEMA}`),
      );
    for (const mode of ["WAL", "DELETE"])
      await refuse(folder, mode, table.row(`schema ${SCHEMA + 1}, journal ${mode}`));
    rmSync(folder, { recursive: true });
  },
};

async function upgrade(
  source: string,
  { version, ledger }: { version: number; ledger: Ledger },
  tally: Tally,
): Promise<void> {
  const folder = newFolder();
  cpSync(source, folder, { recursive: true });
  rmSync(join(folder, DATABASE));
  writeAsOf(version, join(folder, DATABASE), join(source, DATABASE));
  const victim = await Victim.start({ folder });
  const faults = await faultsOf(victim, ledger, folder);
  await travel(victim, ledger, 10 + version).catch((error) => faults.push(`then: ${error}`));
  await victim.end();
  const again = await Victim.start({ folder });
  faults.push(...(await faultsOf(again, ledger, folder)));
  await again.end();
  tally.add(faults.length > 0 ? "LOST" : "opens, all there, goes on", faults.join("; "));
  rmSync(folder, { recursive: true });
}

/** The tables as the first steps of the schema made them, with the rows of `source` as far as they have columns for them. */
function writeAsOf(version: number, path: string, source: string): void {
  const database = new Database(path, { create: true });
  for (const step of MIGRATIONS.slice(0, version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${version}; ATTACH '${source}' AS source`);
  const names = (sql: string) =>
    database
      .query<{ name: string }, []>(sql)
      .all()
      .map(({ name }) => name);
  for (const table of names(
    "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  )) {
    const given = names(`SELECT name FROM source.pragma_table_info('${table}')`);
    const columns = names(`SELECT name FROM main.pragma_table_info('${table}')`).filter((name) =>
      given.includes(name),
    );
    database.exec(`INSERT OR REPLACE INTO main.${table} (${columns}) SELECT ${columns} FROM source.${table}`);
  }
  database.close();
}

async function refuse(source: string, journalMode: string, tally: Tally): Promise<void> {
  const folder = newFolder();
  cpSync(source, folder, { recursive: true });
  const path = join(folder, DATABASE);
  const database = new Database(path);
  database.exec(`PRAGMA journal_mode = ${journalMode}; PRAGMA user_version = ${SCHEMA + 1}`);
  database.exec("CREATE TABLE of_the_future (id INTEGER PRIMARY KEY, what TEXT)");
  database.close();
  const before = { bytes: readFileSync(path), files: everyFile(folder) };
  const victim = await Victim.start({ folder });
  const isRefused =
    !victim.isServing && /signalbox: .*newer Signalbox.*\n.*Start that version/.test(victim.words);
  if (victim.isServing) await victim.end();
  const isKept = readFileSync(path).equals(before.bytes) && everyFile(folder) === before.files;
  tally.add(
    isRefused && isKept ? "refused politely, kept as it was" : "LOST",
    `${isKept} ${victim.words.slice(-300)}`,
  );
  rmSync(folder, { recursive: true });
}

function everyFile(folder: string): string {
  const ours = /^hold/;
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => !ours.test(name))
    .sort()
    .join();
}
