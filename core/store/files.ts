/** SQL of files: which files the database names. */
import type { Handle } from "./database.ts";

/** Folders whose files belong to the database. Checkpoints of runs are not among them: they can be recreated. */
export const FILE_FOLDERS = ["datasets", "models"] as const;

/** Paths below the data folder; a file that is still being read may be refused yet. */
export async function filesOf(store: Handle): Promise<string[]> {
  const rows = await store.all<{ path: string }>(
    `SELECT 'datasets/' || id || '.csv' AS path FROM datasets WHERE status = 'ready'
     UNION SELECT 'models/' || run_id || '.bin' FROM model_versions`,
  );
  return rows.map(({ path }) => path);
}
