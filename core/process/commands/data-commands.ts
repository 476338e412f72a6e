/** `signalbox backup`, `restore` and `check`, for the data of one machine and of a cluster. */
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { adoptRestored, isRestoreWaiting } from "../../operations/backup/restore.ts";
import type { Config } from "../../operations/config.ts";
import { existing, needed, say, tell, writeOut } from "../../operations/terminal.ts";
import { AppError } from "../../platform/errors.ts";
import type { Store } from "../../store/database.ts";
import { filesOf } from "../../store/files/named-files.ts";
import { DATABASE, openSqlite } from "../../store/sqlite/database.ts";
import { holderOf, holdFolder } from "../folder-lock.ts";
import { writePrivately } from "../private-folder.ts";
import { withCluster } from "./with-cluster.ts";

const RESTORE_WAIT_MS = 60_000;

/** The file appears only when it is complete; - is stdout. */
export async function backupCommand(words: string[], config: Config): Promise<void> {
  const file = needed(words[0], "backup FILE");
  writePrivately();
  if (file !== "-" && existsSync(resolve(file)))
    throw new AppError("conflict", `${file} already exists`, {
      fix: "Choose a new file name, or remove that file.",
    });
  const write = file === "-" ? writeStdout : (parts: Parts) => writeWhole(parts, file);
  const folder = resolve(config.DATA_DIR);
  if (!config.DATABASE_URL) {
    const { packBackup } = await import("../../operations/backup/backup.ts");
    return write(packBackup(folder, Date.now));
  }
  const { packCluster } = await import("../../operations/backup/pack-cluster.ts");
  await withCluster(config, (cluster) => write(packCluster(cluster, folder, Date.now)));
}

type Parts = AsyncIterable<Uint8Array>;

async function writeStdout(parts: Parts): Promise<void> {
  for await (const part of parts) if (!writeOut(part)) return;
}

async function writeWhole(parts: Parts, file: string): Promise<void> {
  const path = resolve(file);
  const part = `${path}.part`;
  try {
    const sink = Bun.file(part).writer();
    for await (const bytes of parts) {
      sink.write(bytes);
      await sink.flush();
    }
    await sink.end();
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
  tell(`${file}: ${Bun.file(path).size} bytes`);
}

/**
 * Also into a running server, which loads the backup by itself. Throws AppError `conflict` if there is data and no
 * --replace.
 */
export async function restoreCommand(words: string[], config: Config): Promise<void> {
  writePrivately();
  const [file] = words.filter((word) => word !== "--replace");
  const path = existing(needed(file, "restore FILE [--replace]"));
  const replaces = words.includes("--replace");
  if (config.DATABASE_URL) return restoreIntoCluster(path, replaces ? "replace" : "refuse", config);
  const folder = resolve(config.DATA_DIR);
  const { unpackBackup } = await import("../../operations/backup/unpack-backup.ts");
  if (existsSync(join(folder, DATABASE)) && !replaces) {
    throw new AppError("conflict", `${folder} contains data`, {
      fix: "Choose an empty DATA_DIR, or add --replace: the existing data is then kept in a folder beside it.",
    });
  }
  await unpackBackup(path, folder);
  const holder = holderOf(folder);
  if (holder !== null) return waitForHolder(holder, folder);
  const release = holdFolder(folder);
  const kept = adoptRestored(folder, Date.now());
  release();
  tell(`Restored.${kept ? ` The previous data is kept in ${kept}` : ""}`);
}

/** The process that has the folder continues with the backup. */
async function waitForHolder(holder: number, folder: string): Promise<void> {
  process.kill(holder, "SIGHUP");
  for (let waited = 0; isRestoreWaiting(folder); waited += 100) {
    if (waited > RESTORE_WAIT_MS)
      throw new AppError("unavailable", `Process ${holder} has not loaded the backup`, {
        fix: "The backup is unpacked and verified: restart that process to load it.",
      });
    await Bun.sleep(100);
  }
  tell(`Restored: process ${holder} now uses the backup. The previous data is kept beside it, in replaced-…`);
}

async function restoreIntoCluster(path: string, onData: "refuse" | "replace", config: Config): Promise<void> {
  const folder = resolve(config.DATA_DIR);
  const [{ restoreCluster }, { moveProgress }] = await Promise.all([
    import("../../operations/backup/restore-cluster.ts"),
    import("../../operations/backup/move-progress.ts"),
  ]);
  const told = moveProgress(tell, () => performance.now());
  const options = { path, folder, onData, now: Date.now };
  const kept = await withCluster(config, (cluster) => restoreCluster(options, cluster, told));
  tell(`Restored.${kept ? ` The previous data is kept in ${kept}` : ""}`);
}

/** The database's own check, and whether the files that it names exist. */
export async function checkCommand(config: Config): Promise<void> {
  const fault = config.DATABASE_URL
    ? await withCluster(config, async ({ store, bucket }) => {
        const { clusterFault } = await import("../../operations/backup/cluster.ts");
        return clusterFault({ store, bucket });
      })
    : await folderFault(resolve(config.DATA_DIR));
  if (fault) throw new AppError("conflict", `The data is damaged: ${fault}`, { fix: "Restore a backup." });
  say("ok");
}

async function folderFault(folder: string): Promise<string | undefined> {
  const store = await openExisting(folder);
  const lost = (await filesOf(store)).find((name) => !existsSync(join(folder, name)));
  return (await store.faults())[0] ?? (lost && `${lost} is missing`);
}

/** A check of an empty folder would only hide a mistyped DATA_DIR. */
async function openExisting(folder: string): Promise<Store> {
  if (existsSync(join(folder, DATABASE))) return openSqlite(folder);
  throw new AppError("missing", `${folder} has no database`, { fix: "Name the folder in DATA_DIR." });
}
