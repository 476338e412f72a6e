/** SQL of sources: where datasets come from. */
import type { Handle } from "./database.ts";

export interface StoredSource {
  id: string;
  name: string;
  /** Sealed: address, query and credentials. */
  place: string;
  /** JSON of what everybody may see. */
  shown: string;
  datasetId: string | null;
  /** JSON of what the server said of the file that was fetched last. */
  validators: string | null;
  /** Somebody refreshes it until then at the latest; null: nobody does. */
  busyUntil: number | null;
  triedAt: number | null;
  refreshedAt: number | null;
  lastError: string | null;
  createdBy: string;
  createdAt: number;
}

const COLUMNS = `id, name, place, shown, dataset_id AS "datasetId", validators, busy_until AS "busyUntil",
  tried_at AS "triedAt", refreshed_at AS "refreshedAt", last_error AS "lastError", created_by AS "createdBy",
  created_at AS "createdAt"`;

export async function listSources(store: Handle): Promise<StoredSource[]> {
  return store.all<StoredSource>(`SELECT ${COLUMNS} FROM sources ORDER BY created_at DESC, id DESC`);
}

export async function findSource(store: Handle, id: string): Promise<StoredSource | null> {
  return store.get<StoredSource>(`SELECT ${COLUMNS} FROM sources WHERE id = $id`, { id });
}

export async function insertSource(
  store: Handle,
  source: Pick<StoredSource, "id" | "name" | "place" | "shown" | "createdBy" | "createdAt">,
): Promise<void> {
  await store.run(
    `INSERT INTO sources (id, name, place, shown, created_by, created_at)
     VALUES ($id, $name, $place, $shown, $createdBy, $createdAt)`,
    { ...source },
  );
}

/** Another place makes what was known of the last file mean nothing. */
export async function changeSource(
  store: Handle,
  { id, name, place, shown }: Pick<StoredSource, "id" | "name" | "place" | "shown">,
): Promise<boolean> {
  const changed = await store.run(
    "UPDATE sources SET name = $name, place = $place, shown = $shown, validators = NULL WHERE id = $id",
    { id, name, place, shown },
  );
  return changed > 0;
}

/** The same secrets, encrypted anew. */
export async function sealSource(store: Handle, { id, place }: { id: string; place: string }): Promise<void> {
  await store.run("UPDATE sources SET place = $place WHERE id = $id", { id, place });
}

/** False: somebody refreshes it now. */
export async function claimSource(
  store: Handle,
  { id, now, until }: { id: string; now: number; until: number },
): Promise<boolean> {
  const claimed = await store.run(
    `UPDATE sources SET busy_until = $until, tried_at = $now
     WHERE id = $id AND (busy_until IS NULL OR busy_until < $now)`,
    { id, now, until },
  );
  return claimed > 0;
}

/** Those that a process which is gone has claimed. */
export async function freeSources(store: Handle): Promise<void> {
  await store.run("UPDATE sources SET busy_until = NULL WHERE busy_until IS NOT NULL");
}

/** Ends a refresh. `error`: why it failed; null: it did not. */
export async function endRefresh(
  store: Handle,
  end: {
    id: string;
    now: number;
    error: string | null;
    datasetId?: string | null;
    validators?: string | null;
  },
): Promise<void> {
  const { id, now, error, datasetId = null, validators = null } = end;
  if (error !== null) {
    await store.run("UPDATE sources SET busy_until = NULL, last_error = $error WHERE id = $id", {
      id,
      error,
    });
    return;
  }
  await store.run(
    `UPDATE sources SET busy_until = NULL, last_error = NULL, refreshed_at = $now,
       dataset_id = coalesce($datasetId, dataset_id), validators = $validators WHERE id = $id`,
    { id, now, datasetId, validators },
  );
}

export async function deleteSource(store: Handle, id: string): Promise<boolean> {
  return (await store.run("DELETE FROM sources WHERE id = $id", { id })) > 0;
}
