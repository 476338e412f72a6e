/** Deleted text is in no byte of SQLite's file, even if pages were split and merged before, and never comes back. */
import { Database } from "bun:sqlite";
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store } from "../../../core/store/database.ts";
import { DATABASE, openSqlite } from "../../../core/store/sqlite/database.ts";
import { seeded } from "../../harness/app.ts";

setDefaultTimeout(60_000);

const SECRET = "SECRET";
/** Each leaves copies between cells; the last ones also in pages that SQLite has in memory. */
const SEEDS = [3, 5, 24, 28, 31];

async function fill(store: Store, random: () => number): Promise<void> {
  await store.run("CREATE TABLE rows (place INTEGER PRIMARY KEY, id TEXT UNIQUE, version INT, cells TEXT)");
  await store.transaction(async (tx) => {
    for (let i = 0; i < 3000; i++) {
      const isSecret = random() < 0.5;
      const word = isSecret ? SECRET : "kept";
      const row = [`${word}${Math.floor(random() * 1e12).toString(36)}-${i}`, Number(isSecret)];
      const cells = word + "x".repeat(Math.floor(random() ** 3 * 5000));
      await tx.run("INSERT INTO rows (id, version, cells) VALUES (?, ?, ?)", [...row, cells]);
      if (random() < 0.05) await tx.run("DELETE FROM rows WHERE place = ?", [Math.floor(random() * i)]);
    }
  });
}

async function deleteSecrets(store: Store): Promise<void> {
  const some = "DELETE FROM rows WHERE place IN (SELECT place FROM rows WHERE version = 1 LIMIT 200)";
  while ((await store.run(some)) > 0);
}

function heldBy(folder: string): string[] {
  return [DATABASE, `${DATABASE}-wal`].filter(
    (name) => existsSync(join(folder, name)) && readFileSync(join(folder, name)).includes(SECRET),
  );
}

test("what was deleted is overwritten wherever SQLite left a copy", async () => {
  let leftBySqlite = 0;
  for (const seed of SEEDS) {
    const folder = mkdtempSync(join(tmpdir(), "purge-"));
    const store = await openSqlite(folder);
    const random = seeded(seed);
    await fill(store, random);
    await deleteSecrets(store);
    // Another connection: what SQLite alone would leave.
    const other = new Database(join(folder, DATABASE));
    other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    other.close();
    leftBySqlite += heldBy(folder).length;
    expect(store.holdsDeleted).toBe(true);
    expect(await store.purgeLog()).toBe(true);
    expect(store.holdsDeleted).toBe(false);
    expect([seed, heldBy(folder)]).toEqual([seed, []]);
    for (let i = 0; i < 500; i++) {
      const row = [`later${Math.floor(random() * 1e12).toString(36)}-${i}`, 2, "later"];
      await store.run("INSERT INTO rows (id, version, cells) VALUES (?, ?, ?)", row);
    }
    await store.run("UPDATE rows SET cells = 'changed' WHERE place % 3 = 0");
    expect([seed, heldBy(folder)]).toEqual([seed, []]);
    expect(await store.faults()).toEqual([]);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
  expect(leftBySqlite).toBeGreaterThan(0);
});

test("a process that was killed after a deletion leaves no deleted data to the next one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "purge-"));
  const child = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { openSqlite } = await import(${JSON.stringify(join(import.meta.dir, "../../../core/store/sqlite/database.ts"))});
       const store = await openSqlite(${JSON.stringify(folder)});
       await store.run("CREATE TABLE notes (text TEXT)");
       await store.run("INSERT INTO notes VALUES ('${SECRET}')");
       await store.run("DELETE FROM notes");
       process.kill(process.pid, "SIGKILL");`,
    ],
    { stderr: "inherit" },
  );
  await child.exited;
  expect(heldBy(folder)).not.toEqual([]);
  const store = await openSqlite(folder);
  expect(store.holdsDeleted).toBe(true);
  expect(await store.purgeLog()).toBe(true);
  expect(heldBy(folder)).toEqual([]);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});
