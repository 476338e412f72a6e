/**
 * Every file that belongs to the data, with its path in a data folder and its key in a bucket: what is copied when the
 * data moves from one to the other. Tables and columns made from a dataset's file are made again.
 */
import type { Handle } from "../database.ts";
import { datasetKey, filesInUse, hashOf, modelKey, namedFiles, predictionsKey } from "./named-files.ts";

export interface PlacedFile {
  /** Below the data folder of one machine. */
  inFolder: string;
  inBucket: string;
  /** As its row says; absent: there is no row, and the file may be missing. */
  known?: { sha256: string; sizeBytes: number };
}

/** Without checkpoints: which of them there are only the storage knows. */
export async function placedFiles(store: Handle): Promise<PlacedFile[]> {
  const placed = new Map<string, PlacedFile>();
  const add = (file: PlacedFile) => placed.set(file.inFolder, file);
  for (const { key, ...known } of await readingFiles(store)) add({ inFolder: key, inBucket: key, known });
  const names = (await namedFiles(store, { isShared: false })).filter(({ key }) =>
    key.startsWith("datasets/"),
  );
  for (const { key, ...known } of names) add({ inFolder: key, inBucket: key, known });
  for (const model of await modelFiles(store)) {
    const inFolder = modelKey(model, { isShared: false });
    const inBucket = modelKey(model, { isShared: true });
    add({ inFolder, inBucket, known: model });
    add({ inFolder: predictionsKey(inFolder), inBucket: predictionsKey(inBucket) });
  }
  for (const key of (await filesInUse(store)).results) add({ inFolder: key, inBucket: key });
  return [...placed.values()];
}

/** Of uploads that nobody has read completely yet. */
async function readingFiles(store: Handle) {
  const rows = await store.all<{ id: string; sha256: string; sizeBytes: number }>(
    `SELECT id, sha256, size_bytes AS "sizeBytes" FROM datasets WHERE status = 'reading' ORDER BY id`,
  );
  return rows.map(({ id, sha256, sizeBytes }) => ({
    key: datasetKey({ id, file: "" }),
    sha256: hashOf(sha256),
    sizeBytes,
  }));
}

async function modelFiles(store: Handle) {
  return store.all<{ runId: string; sha256: string; sizeBytes: number }>(
    `SELECT run_id AS "runId", sha256, size_bytes AS "sizeBytes" FROM model_versions ORDER BY id`,
  );
}

/** Runs that go on from what they have scored, with the attempt that scored it. */
export async function unfinishedRuns(store: Handle): Promise<{ id: string; attempt: number }[]> {
  return store.all(
    `SELECT id, attempt FROM runs WHERE status IN ('queued', 'running', 'interrupted', 'failed')
     AND deletion IS NULL ORDER BY number`,
  );
}
