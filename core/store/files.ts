/** SQL of files: which files the database names. */
import type { Handle } from "./database.ts";

/** Folders whose files belong to the database. Checkpoints of runs are not among them: they can be recreated. */
export const FILE_FOLDERS = ["datasets", "models"] as const;

/** Paths below the data folder; a file that is still being read may be refused yet. */
export async function filesOf(store: Handle): Promise<string[]> {
  const rows = await store.all<{ path: string }>(
    `SELECT 'datasets/' || dataset_id || CASE WHEN file = '' THEN '' ELSE '.' || file END || '.csv' AS path
     FROM dataset_versions WHERE file IS NOT NULL
     UNION SELECT 'models/' || run_id || '.bin' FROM model_versions`,
  );
  return rows.map(({ path }) => path);
}
