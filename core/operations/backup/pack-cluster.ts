/**
 * Makes a backup of a cluster while its servers run: the same archive as from one machine, so that either can load it.
 * The files come first, because they never change and take longest; then the database as of one moment, with files that
 * were added meanwhile.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../platform/errors.ts";
import { beginCopy, copyRows } from "../../store/copying/copy-tables.ts";
import { FILE_FOLDERS } from "../../store/files/named-files.ts";
import { type PlacedFile, placedFiles } from "../../store/files/placed-files.ts";
import { DATABASE, openSqlite } from "../../store/sqlite/database.ts";
import { type Archive, packAbout, packEnd, packFile } from "./archive.ts";
import type { Cluster } from "./cluster.ts";
import { fetchFile } from "./file-copies.ts";
import { finishFolder } from "./move.ts";

/** How often the database is read again if a file that it names is deleted before it is fetched. */
const MOMENTS = 5;

/** In pieces; `folder` holds one file at a time and the database meanwhile. Throws AppError, StorageUnavailable. */
export async function* packCluster(
  cluster: Cluster,
  folder: string,
  now: () => number,
): AsyncGenerator<Uint8Array> {
  await mkdir(folder, { recursive: true });
  const stage = await mkdtemp(join(folder, `backup-${process.pid}-`));
  const archive: Archive = { manifest: {}, now: now() };
  const packing = { ...cluster, stage, archive };
  try {
    yield* packAbout(archive, cluster.store.epoch);
    yield* packNew(packing, await placedFiles(cluster.store));
    for (let moment = 1; ; moment++) {
      const files = await copyMoment(cluster, stage);
      const lost = yield* packNew(packing, files);
      if (!lost) break;
      if (moment >= MOMENTS || (await isNamed(cluster, lost))) throw missing(lost);
    }
    yield* packFile(archive, DATABASE, join(stage, DATABASE));
    yield* packEnd(archive);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

interface Packing extends Cluster {
  stage: string;
  archive: Archive;
}

/** Those that are not packed yet. Returns one that must be there and is not; null: none. */
async function* packNew(
  { bucket, stage, archive }: Packing,
  files: readonly PlacedFile[],
): AsyncGenerator<Uint8Array, PlacedFile | null> {
  let lost: PlacedFile | null = null;
  for (const file of files) {
    const { inFolder, known } = file;
    const isKept = FILE_FOLDERS.some((folder) => inFolder.startsWith(`${folder}/`));
    if (!isKept || Object.hasOwn(archive.manifest, inFolder)) continue;
    const path = join(stage, inFolder);
    if (await fetchFile(file, path, bucket)) {
      yield* packFile(archive, inFolder, path);
      await rm(path);
    } else if (known) lost = file;
  }
  return lost;
}

/** The database at one moment, as one of a single machine; the files that it names. */
async function copyMoment({ url }: Cluster, stage: string): Promise<PlacedFile[]> {
  for (const name of [DATABASE, `${DATABASE}-wal`, `${DATABASE}-shm`])
    await rm(join(stage, name), { force: true });
  const { readSnapshot } = await import("../../store/postgres/snapshot.ts");
  // Files fetched before are packed: nothing that the new database does not name belongs to it.
  for (const kind of FILE_FOLDERS) await rm(join(stage, kind), { recursive: true, force: true });
  const to = await openSqlite(stage);
  try {
    await readSnapshot(url, async (from) => {
      await beginCopy({ to }, "refuse");
      await copyRows({ from }, { to }, () => {});
      await finishFolder(from, to);
    });
    return await placedFiles(to);
  } finally {
    await to.close();
  }
}

async function isNamed({ store }: Cluster, file: PlacedFile): Promise<boolean> {
  return (await placedFiles(store)).some(({ inBucket }) => inBucket === file.inBucket);
}

function missing({ inFolder }: PlacedFile): AppError {
  return new AppError("conflict", `Files that the database lists are missing, such as ${inFolder}`, {
    fix: "Delete the datasets or models they belong to, or restore the files.",
  });
}
