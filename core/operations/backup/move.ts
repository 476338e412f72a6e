/**
 * Moves the data of one machine into a cluster, and back: rows and files, compared after they were copied. The source
 * stays unchanged. An interrupted move continues when it is started again; until its end no server starts on the
 * target.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readdir, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { diskFull } from "../../platform/disk.ts";
import { AppError } from "../../platform/errors.ts";
import { beginCopy, copyRows, finishCopy } from "../../store/copying/copy-tables.ts";
import type { Handle, Store } from "../../store/database.ts";
import type { Bucket } from "../../store/files/bucket.ts";
import { type PlacedFile, placedFiles, unfinishedRuns } from "../../store/files/placed-files.ts";
import { lastSeq } from "../../store/log.ts";
import { DATABASE, openSqlite } from "../../store/sqlite/database.ts";
import { listWorkers } from "../../store/workers.ts";
import type { Cluster } from "./cluster.ts";
import { fetchFiles, sendFiles } from "./file-copies.ts";
import type { MoveProgress } from "./move-progress.ts";

/** A server or worker that has been silent for so long does not use the database any more. */
const SILENT_MS = 20_000;

/** Throws AppError: `missing`, `conflict`; StoreUnavailable, StorageUnavailable. */
export async function moveToCluster(folder: string, cluster: Cluster, told: MoveProgress): Promise<void> {
  await refuseInUse(cluster.store);
  const copy = await copyDatabase(folder);
  try {
    const from = await openSqlite(copy);
    try {
      await fillCluster({ from, folder, onData: "refuse" }, cluster, told);
    } finally {
      await from.close();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** `from`: a single machine's database that nobody else has open; its files are in `folder`. */
export async function fillCluster(
  { from, folder, onData }: { from: Store; folder: string; onData: "refuse" | "replace" },
  { store: to, bucket }: Cluster,
  told: MoveProgress,
): Promise<void> {
  told.begun(await beginCopy({ to }, onData));
  await copyRows({ from }, { to }, told.rows);
  const files = [...(await placedFiles(from)), ...(await checkpointsIn(folder, from))];
  await sendFiles(files, { folder, bucket }, told.files);
  const [source, target] = await Promise.all([
    import("../../store/sqlite/last-numbers.ts"),
    import("../../store/postgres/last-numbers.ts"),
  ]);
  const lastNumbers = await source.lastNumbers(from);
  await finishCopy({ from, lastNumbers }, { to, setLastNumbers: target.setLastNumbers });
}

/** Into a folder that is empty, or holds a move that was cut off. Throws as `moveToCluster` does. */
export async function moveBack(cluster: Cluster, folder: string, told: MoveProgress): Promise<void> {
  await refuseInUse(cluster.store);
  const to = await openSqlite(folder);
  try {
    told.begun(await beginCopy({ to }, "refuse"));
    const { readSnapshot } = await import("../../store/postgres/snapshot.ts");
    await readSnapshot(cluster.url, async (from) => {
      await copyRows({ from }, { to }, told.rows);
      const files = [...(await placedFiles(from)), ...(await checkpointsAt(cluster.bucket, from))];
      await fetchFiles(files, { folder, bucket: cluster.bucket }, told.files);
      await refuseChanged(cluster.store, await lastSeq(from));
      await finishFolder(from, to);
    });
  } finally {
    await to.close();
  }
}

/** `to`: rows of a cluster have been copied into it; it is a database like any other from now on. */
export async function finishFolder(from: Handle, to: Store): Promise<void> {
  const [source, target] = await Promise.all([
    import("../../store/postgres/last-numbers.ts"),
    import("../../store/sqlite/last-numbers.ts"),
  ]);
  const lastNumbers = await source.lastNumbers(from);
  await finishCopy({ from, lastNumbers }, { to, setLastNumbers: target.setLastNumbers });
}

/** What a server writes meanwhile would be lost. */
export async function refuseInUse(store: Store): Promise<void> {
  const alive = (await listWorkers(store)).find(({ silentMs }) => silentMs < SILENT_MS);
  if (!alive) return;
  throw new AppError("conflict", `The ${alive.role} on ${alive.host} uses the database`, {
    fix: "Stop all servers and workers first. One that was killed counts as stopped after 20 seconds.",
  });
}

async function refuseChanged(store: Store, seq: number): Promise<void> {
  await refuseInUse(store);
  if ((await lastSeq(store)) === seq) return;
  throw new AppError("conflict", "The cluster was used while its data was copied", {
    fix: "Stop all servers and workers, and run the command again.",
  });
}

/**
 * A copy to read from: opening the database itself would bring it up to date, and the folder stays as it is. Returns the
 * copy's folder.
 */
async function copyDatabase(folder: string): Promise<string> {
  const names = [DATABASE, `${DATABASE}-wal`].filter((name) => existsSync(join(folder, name)));
  const copy = await mkdtemp(join(tmpdir(), "signalbox-move-"));
  try {
    const { bavail, bsize } = await statfs(copy);
    let bytes = 0;
    for (const name of names) bytes += (await stat(join(folder, name))).size;
    if (bytes > bavail * bsize) throw diskFull();
    for (const name of names) await copyFile(join(folder, name), join(copy, name));
    return copy;
  } catch (error) {
    await rm(copy, { recursive: true, force: true });
    throw error;
  }
}

/** What unfinished runs have scored: each attempt has a folder of its own in a bucket. */
async function checkpointsIn(folder: string, store: Handle): Promise<PlacedFile[]> {
  const found: PlacedFile[] = [];
  for (const { id, attempt } of await unfinishedRuns(store)) {
    const entries = await readdir(join(folder, "runs", id), { withFileTypes: true }).catch(() => []);
    for (const entry of entries)
      if (entry.isFile())
        found.push({ inFolder: `runs/${id}/${entry.name}`, inBucket: `runs/${id}/${attempt}/${entry.name}` });
  }
  return found;
}

/** Of each run the newest attempt that has been stored whole. */
async function checkpointsAt(bucket: Bucket, store: Handle): Promise<PlacedFile[]> {
  const found: PlacedFile[] = [];
  for (const { id } of await unfinishedRuns(store)) {
    const keys = (await bucket.list(`runs/${id}/`)).map(({ key }) => key);
    const attempts = keys.filter((key) => key.endsWith("/candidates.json")).map(attemptOf);
    const newest = Math.max(...attempts);
    for (const key of keys.filter((key) => attemptOf(key) === newest))
      found.push({ inFolder: `runs/${id}/${key.split("/").at(-1)}`, inBucket: key });
  }
  return found;
}

/** "runs/ID/3/name" -> 3. */
const attemptOf = (key: string) => Number(key.split("/")[2]);
