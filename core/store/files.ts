/** SQL of files: which files the database names. */
import type { Store } from "./database.ts";

/** Paths below the data folder; a file that is still being read may be refused yet. */
export function filesOf(store: Store): string[] {
  const rows = store.all<{ path: string }>(
    `SELECT 'datasets/' || id || '.csv' AS path FROM datasets WHERE status = 'ready'
     UNION SELECT 'models/' || run_id || '.bin' FROM model_versions`,
  );
  return rows.map(({ path }) => path);
}
