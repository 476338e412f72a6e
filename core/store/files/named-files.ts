/** SQL of files: which files the database names, by which key, and what each of them is. */
import type { Handle } from "../database.ts";
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

/** Of a dataset that another may have the same bytes as, only what stands before the mark is a hash. */
export function hashOf(sha256: string): string {
  return sha256.split("#")[0]!;
}
