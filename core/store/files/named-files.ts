/** SQL of files: which files the database names, with their keys and what they are. */
import { type Handle, keptValue } from "../database.ts";
import type { FileStorage, StoredFile } from "./storage.ts";

/** Folders whose files belong to the database. Checkpoints of runs are not among them: they can be recreated. */
export const FILE_FOLDERS = ["datasets", "models"] as const;

/** `file`: which of a dataset's files; "" is the first. */
export function datasetKey({ id, file }: { id: string; file: string | null }): string {
  return `datasets/${id}${file ? `.${file}` : ""}.csv`;
}

/**
 * On shared storage the key carries the hash: a worker that lost its run and wakes up late cannot overwrite the model that
 * another one stored for the same run.
 */
export function modelKey(
  { runId, sha256 }: { runId: string; sha256: string },
  { isShared }: Pick<FileStorage, "isShared">,
): string {
  return `models/${runId}${isShared ? `-${sha256.slice(0, 16)}` : ""}.bin`;
}

/** Of the predictions by row that belong to a model's file; versions of an earlier Signalbox have none. */
export function predictionsKey(model: string): string {
  return model.replace(/\.bin$/, ".rows");
}

/** The model's file that a file of the models' folder belongs to: itself, or the one whose predictions it contains. */
export function modelFileOf(key: string): string {
  return key.replace(/\.rows$/, ".bin");
}

/** Paths below the data folder of one machine; a file that is still being read may be refused yet. */
export async function filesOf(store: Handle): Promise<string[]> {
  return (await namedFiles(store, { isShared: false })).map(({ key }) => key);
}

/** As the database names them now. */
export async function namedFiles(
  store: Handle,
  storage: Pick<FileStorage, "isShared">,
): Promise<Required<StoredFile>[]> {
  const datasets = await store.all<{ id: string; file: string; sha256: string; sizeBytes: number }>(
    `SELECT v.dataset_id AS id, v.file, min(coalesce(v.sha256, d.sha256)) AS sha256,
       min(coalesce(v.size_bytes, d.size_bytes)) AS "sizeBytes"
     FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id WHERE v.file IS NOT NULL
     GROUP BY v.dataset_id, v.file`,
  );
  const models = await store.all<{ runId: string; sha256: string; sizeBytes: number }>(
    `SELECT run_id AS "runId", sha256, size_bytes AS "sizeBytes" FROM model_versions`,
  );
  return [
    ...datasets.map((row) => ({
      key: datasetKey(row),
      sha256: hashOf(row.sha256),
      sizeBytes: row.sizeBytes,
    })),
    ...models.map((row) => ({ ...row, key: modelKey(row, storage) })),
  ];
}

/** Files of uploads that are still being read. */
export async function filesBeingRead(store: Handle): Promise<string[]> {
  const rows = await store.all<{ id: string }>("SELECT id FROM datasets WHERE status = 'reading'");
  return rows.map(({ id }) => datasetKey({ id, file: "" }));
}

/** For a dataset whose bytes another may share, only the part before the mark is a hash. */
export function hashOf(sha256: string): string {
  return sha256.split("#")[0]!;
}

/** Runs whose checkpoints may still be needed, and results that can still be downloaded. */
export async function filesInUse(store: Handle): Promise<{ runs: Set<string>; results: Set<string> }> {
  const runs = await store.all<{ id: string }>(
    "SELECT id FROM runs WHERE status IN ('queued', 'running', 'interrupted', 'failed') AND deletion IS NULL",
  );
  const results = await store.all<{ result: string }>(
    "SELECT result FROM schedule_runs WHERE result IS NOT NULL",
  );
  return {
    runs: new Set(runs.map(({ id }) => id)),
    results: new Set(results.map(({ result }) => `scores/${result}`)),
  };
}

/** Claims the next cleanup of the storage; false: another host has done it within that time. */
export async function claimSweep(
  store: Handle,
  { now, everyMs }: { now: number; everyMs: number },
): Promise<boolean> {
  await keptValue(store, "sweptAt", () => "0");
  const claimed = await store.run(
    `UPDATE meta SET value = CAST(CAST($now AS BIGINT) AS TEXT)
     WHERE key = 'sweptAt' AND CAST(value AS BIGINT) <= CAST($now AS BIGINT) - CAST($everyMs AS BIGINT)`,
    { now: Math.round(now), everyMs },
  );
  return claimed > 0;
}
