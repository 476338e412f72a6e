/** SQL of filters that are saved under a name. */
import type { Handle } from "./database.ts";

export type SavedFilterList = "datasets" | "runs" | "models";

export interface StoredFilter {
  id: string;
  list: SavedFilterList;
  name: string;
  /** As in the list's address, without the question mark. */
  query: string;
  createdAt: number;
}

const COLUMNS = 'id, list, name, query, created_at AS "createdAt"';

export async function listFilters(store: Handle): Promise<StoredFilter[]> {
  return store.all(`SELECT ${COLUMNS} FROM saved_filters ORDER BY list, lower(name)`);
}

/** As stored: the same name in the same list keeps its ID. */
export async function saveFilter(store: Handle, filter: StoredFilter): Promise<StoredFilter> {
  const [row] = await store.returning<StoredFilter>(
    `INSERT INTO saved_filters (id, list, name, query, created_at) VALUES ($id, $list, $name, $query, $createdAt)
     ON CONFLICT (list, name) DO UPDATE SET query = excluded.query RETURNING ${COLUMNS}`,
    { ...filter },
  );
  return row!;
}

/** False: it did not exist. */
export async function deleteFilter(store: Handle, id: string): Promise<boolean> {
  return (await store.run("DELETE FROM saved_filters WHERE id = $id", { id })) > 0;
}
