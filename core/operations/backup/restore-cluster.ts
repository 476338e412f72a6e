/**
 * Restores a backup into a cluster whose servers are stopped. It is unpacked and verified beside the data first; the
 * existing data is kept as a backup of its own. An interrupted restore continues when it is started again.
 */
import { mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isUnfinished } from "../../store/copying/copy-tables.ts";
import { openSqlite } from "../../store/sqlite/database.ts";
import type { Cluster } from "./cluster.ts";
import { fillCluster, refuseInUse } from "./move.ts";
import type { MoveProgress } from "./move-progress.ts";
import { packCluster } from "./pack-cluster.ts";
import { READY } from "./restore.ts";
import { unpackBackup } from "./unpack-backup.ts";

export interface RestoreOptions {
  /** The archive. */
  path: string;
  /** Where it is unpacked, and where the replaced data is kept. */
  folder: string;
  /** "replace": there may be data. */
  onData: "refuse" | "replace";
  now: () => number;
}

/** Returns the backup of what was there before; null: nothing was. Throws as `unpackBackup` and `moveToCluster` do. */
export async function restoreCluster(
  { path, folder, onData, now }: RestoreOptions,
  cluster: Cluster,
  told: MoveProgress,
): Promise<string | null> {
  await refuseInUse(cluster.store);
  await mkdir(folder, { recursive: true });
  const stage = await mkdtemp(join(folder, `restore-${process.pid}-`));
  try {
    await unpackBackup(path, stage);
    const keeps = onData === "replace" && !(await isUnfinished(cluster.store));
    const kept = keeps ? await setAside(cluster, folder, now) : null;
    const unpacked = join(stage, READY);
    const from = await openSqlite(unpacked);
    try {
      await fillCluster({ from, folder: unpacked, onData }, cluster, told);
    } finally {
      await from.close();
    }
    return kept;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function setAside(cluster: Cluster, folder: string, now: () => number): Promise<string> {
  const kept = join(folder, `replaced-${new Date(now()).toISOString().replace(/[:.]/g, "-")}.tar`);
  const file = await open(`${kept}.part`, "wx", 0o600);
  try {
    for await (const part of packCluster(cluster, folder, now)) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${kept}.part`, kept);
  return kept;
}
