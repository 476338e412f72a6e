/** SQL of deletions that can still be undone: what they hide, and until when. */
import type { Handle } from "./database.ts";
import { hashFor } from "./ownership.ts";
import { deletePoints } from "./points.ts";

export type DeletedKind = "dataset" | "run" | "model" | "version";

export interface StoredDeletion {
  id: string;
  kind: DeletedKind;
  /** A dataset's or run's id, a model's name. */
  subject: string;
  /** Of a model's version; 0 for everything else. */
  version: number;
  /** Its display name. */
  label: string;
  at: number;
  until: number;
}

const COLUMNS = "id, kind, subject, version, label, at, until";

export async function insertDeletion(store: Handle, deletion: StoredDeletion): Promise<void> {
  await store.run(
    `INSERT INTO deletions (${COLUMNS}) VALUES ($id, $kind, $subject, $version, $label, $at, $until)`,
    { ...deletion },
  );
}

/** Newest first; those of one undo are adjacent. */
export async function listDeletions(store: Handle): Promise<StoredDeletion[]> {
  return store.all(`SELECT ${COLUMNS} FROM deletions ORDER BY at DESC, id, label`);
}

export async function removeDeletion(store: Handle, id: string): Promise<void> {
  await store.run("DELETE FROM deletions WHERE id = $id", { id });
}

/** The dataset of these bytes that waits to be erased, of the team or private to `owner`. */
export async function hiddenDatasetByHash(
  store: Handle,
  sha256: string,
  owner: string,
): Promise<string | null> {
  const row = await store.get<{ id: string }>(
    "SELECT id FROM datasets WHERE sha256 IN ($sha256, $own) AND deletion IS NOT NULL LIMIT 1",
    { sha256, own: hashFor(sha256, owner) },
  );
  return row?.id ?? null;
}

/** Whether a model of this name waits to be erased. */
export async function isHiddenModel(store: Handle, name: string): Promise<boolean> {
  const row = await store.get("SELECT 1 FROM models WHERE name = $name AND deletion IS NOT NULL", { name });
  return row !== null;
}

/** One version, or with 0 all of them, hidden or not. */
export async function versionsToErase(
  store: Handle,
  { name, version }: { name: string; version: number },
): Promise<{ version: number; runId: string; sha256: string }[]> {
  return store.all(
    `SELECT version, run_id AS "runId", sha256 FROM model_versions
     WHERE name = $name AND ($version = 0 OR version = $version) ORDER BY version`,
    { name, version },
  );
}

/** Null restores it. */
export async function setVersionDeletion(
  store: Handle,
  { name, version }: { name: string; version: number },
  deletion: string | null,
): Promise<void> {
  await store.run(
    "UPDATE model_versions SET deletion = $deletion WHERE name = $name AND version = $version",
    { name, version, deletion },
  );
}

/** The name and everything counted under it; its versions were deleted before. */
export async function deleteModel(store: Handle, name: string): Promise<void> {
  for (const table of ["prediction_minutes", "prediction_totals", "canary_counts"])
    await store.run(`DELETE FROM ${table} WHERE name = $name`, { name });
  await deletePoints(store, name);
  await store.run("DELETE FROM renamed_models WHERE name = $name OR old_name = $name", { name });
  await store.run("DELETE FROM deletions WHERE kind IN ('model', 'version') AND subject = $name", { name });
  await store.run("DELETE FROM models WHERE name = $name", { name });
}
