/**
 * Rig 4: a database that is locked, read-only, truncated, changed, older, newer, or without its log: it is refused and
 * kept, or the server works.
 */
import { Database } from "bun:sqlite";
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATABASE } from "../../core/store/sqlite/database.ts";
import { faultsOf, type Ledger, newLedger, tableCsv, travel } from "./journey.ts";
import type { Rig, Tally } from "./rig.ts";
import { newFolder } from "./trace.ts";
import { Victim } from "./victim.ts";

const FLIPS = 100;
const LOCK_MS = 30_000;

export const DATABASES: Rig = {
  name: "database",
  says: "a damaged, locked or foreign database",
  needs: [],
  weight: 40,
  async run(options, table) {
    const { folder, ledger } = await usedFolder();
    const harmed = async (what: string, harm: (path: string) => void) => {
      const copy = newFolder();
      cpSync(folder, copy, { recursive: true });
      await startOn(copy, { ledger, harm }, table.row(what));
    };
    await harmed("cut in half", (path) => truncateSync(path, readFileSync(path).length >> 1));
    await harmed("empty", (path) => truncateSync(path, 0));
    await harmed("no database at all", (path) => writeFileSync(path, "this is no database"));
    await harmed("a newer schema", (path) => setVersion(path, 1000));
    await harmed("gone", (path) => rmSync(path));
    await harmed("write-ahead log gone", (path) => {
      for (const end of ["-wal", "-shm"]) rmSync(path + end, { force: true });
    });
    const flips = Array.from({ length: options.isShort ? 6 : FLIPS }, (_, k) => k);
    await Promise.all([
      lockedByAnother(folder, options.isShort ? 1000 : LOCK_MS, table.row("locked by another process")),
      options.each(flips, (k) => harmed("a byte flipped", (path) => flip(path, k))),
    ]);
    rmSync(folder, { recursive: true });
  },
};

async function usedFolder(): Promise<{ folder: string; ledger: Ledger }> {
  const folder = newFolder();
  const ledger = newLedger();
  const victim = await Victim.start({ folder });
  await travel(victim, ledger, 1);
  await travel(victim, ledger, 2);
  await victim.end();
  return { folder, ledger };
}

/**
 * Refused: the error says why and the file is unchanged. Otherwise everything works, or each fault is reported as one.
 */
async function startOn(
  folder: string,
  { ledger, harm }: { ledger: Ledger; harm: (path: string) => void },
  tally: Tally,
): Promise<void> {
  const path = join(folder, DATABASE);
  harm(path);
  const before = existsSync(path) ? readFileSync(path) : null;
  const victim = await Victim.start({ folder });
  if (!victim.isServing) {
    const isKept = before ? existsSync(path) && readFileSync(path).equals(before) : !existsSync(path);
    const isSaid = /signalbox: .{20,}/.test(victim.words);
    tally.add(isKept && isSaid ? "refused, kept as it was" : "LOST", `${isKept} ${victim.words.slice(-300)}`);
  } else {
    const faults = await faultsOf(victim, structuredClone(ledger), folder).catch((error) => [String(error)]);
    const isSaid =
      faults.length === 0 ||
      /integrity|SQLITE|malformed|damaged|corrupt|database/i.test(`${victim.words} ${faults.join()}`);
    const alive = (await victim.ask("/healthz").catch(() => null))?.ok;
    tally.add(
      !alive || !isSaid
        ? "LOST"
        : faults.length === 0
          ? "goes on, all there"
          : "goes on, says what is damaged",
      faults.join("; "),
    );
    await victim.end("SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
}

function setVersion(path: string, version: number): void {
  const database = new Database(path);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
}

function flip(path: string, seed: number): void {
  const bytes = readFileSync(path);
  const place = (Math.imul(seed + 1, 0x9e3779b1) >>> 0) % bytes.length;
  bytes[place]! ^= 1 << (seed % 8);
  writeFileSync(path, bytes);
}

const HOLDER = `
import { Database } from "bun:sqlite";
const database = new Database(process.argv[1]);
database.exec("BEGIN EXCLUSIVE");
console.log("held");
await Bun.sleep(Number(process.argv[2]));
database.exec("ROLLBACK");
`;

async function lockedByAnother(source: string, ms: number, tally: Tally): Promise<void> {
  const folder = newFolder();
  cpSync(source, folder, { recursive: true });
  const victim = await Victim.start({ folder });
  const words = ["-e", HOLDER, join(folder, DATABASE), String(ms)];
  const holder = Bun.spawn([process.execPath, ...words], { stdout: "pipe" });
  await holder.stdout.getReader().read();
  const faults: string[] = [];
  const upload = await victim.ask("/api/upload?name=locked.csv", { method: "POST", body: tableCsv(77) });
  const text = await upload.text();
  if (upload.status !== 503 && upload.status !== 201) faults.push(`upload: ${upload.status} ${text}`);
  const row = { age: 30, fare: 80, region: "north" };
  const predicted = await victim.send("POST", "/api/models/crew/predict", row);
  if (predicted.status !== 200) faults.push(`prediction: ${predicted.status} ${await predicted.text()}`);
  await holder.exited;
  const after = await victim.ask("/api/upload?name=free.csv", { method: "POST", body: tableCsv(78) });
  if (!after.ok) faults.push(`afterwards: ${after.status} ${await after.text()}`);
  await victim.end();
  tally.add(
    faults.length > 0 ? "LOST" : `waited or said so (${upload.status}), then went on`,
    faults.join("; "),
  );
  rmSync(folder, { recursive: true });
}
