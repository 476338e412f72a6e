/** SQL of sources: where datasets come from. */
import type { Handle } from "./database.ts";

export interface StoredSource {
  id: string;
  name: string;
  /** Encrypted: address, query and credentials. */
  place: string;
  /** JSON of the public part. */
  shown: string;
  datasetId: string | null;
  /** JSON of what the server said about the last fetched file. */
  validators: string | null;
  /** A refresh holds it until then at the latest; null: none does. */
  busyUntil: number | null;
  triedAt: number | null;
  refreshedAt: number | null;
  lastError: string | null;
  createdBy: string;
  createdAt: number;
}

/** A deleted dataset does not count. */
const COLUMNS = `id, name, place, shown,
  (SELECT d.id FROM datasets d WHERE d.id = sources.dataset_id) AS "datasetId", validators, busy_until AS "busyUntil",
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

/** With another place, what was known about the last file is invalid. */
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

/** The same secrets, encrypted again. */
export async function sealSource(store: Handle, { id, place }: { id: string; place: string }): Promise<void> {
  await store.run("UPDATE sources SET place = $place WHERE id = $id", { id, place });
}

/** False: another refresh is active. */
export async function claimSource(
  store: Handle,
  { id, worker, now, until }: { id: string; worker: string; now: number; until: number },
): Promise<boolean> {
  const claimed = await store.run(
    `UPDATE sources SET busy_until = $until, tried_at = $now, worker = $worker
     WHERE id = $id AND (busy_until IS NULL OR busy_until < $now)`,
    { id, worker, now, until },
  );
  return claimed > 0;
}

/** Sources that this server claimed before it restarted; alone on its database, all. */
export async function freeSources(
  store: Handle,
  { worker, isAlone }: { worker: string; isAlone: boolean },
): Promise<void> {
  await store.run(
    "UPDATE sources SET busy_until = NULL WHERE busy_until IS NOT NULL AND (worker = $worker OR $isAlone = 1)",
    { worker, isAlone: isAlone ? 1 : 0 },
  );
}

/** Sources claimed by a server that was not alive for `silentMs`. */
export async function freeOrphanedSources(store: Handle, silentMs: number): Promise<void> {
  await store.run(
    `UPDATE sources SET busy_until = NULL WHERE busy_until IS NOT NULL AND NOT EXISTS
     (SELECT 1 FROM workers WHERE workers.id = sources.worker AND beat_at > (SELECT at FROM clock) - $silentMs)`,
    { silentMs },
  );
}

/** Recorded at once: after a crash the next refresh continues with it. */
export async function bindDataset(
  store: Handle,
  { id, datasetId }: { id: string; datasetId: string },
): Promise<void> {
  await store.run("UPDATE sources SET dataset_id = $datasetId WHERE id = $id", { id, datasetId });
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
