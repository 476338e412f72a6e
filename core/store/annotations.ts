/** SQL of what people add to datasets, runs and models: a name, tags, a note, the archive. */
import type { Handle } from "./database.ts";
import { renamePoints } from "./points.ts";

export interface Annotations {
  tags: string[];
  note: string;
  /** Archived: shown only in lists that ask for it; null: it is not. */
  archivedAt: number | null;
}

/** As stored: each tag between line breaks, so that a search matches whole tags. */
export interface StoredAnnotations {
  tags: string;
  note: string;
  archivedAt: number | null;
}

/** What a user can change; absent fields stay. */
export interface AnnotationChange {
  tags?: string[];
  note?: string;
  archivedAt?: number | null;
}

export type Annotated = "dataset" | "run" | "model";

const PLACES = {
  dataset: { table: "datasets", key: "id" },
  run: { table: "runs", key: "id" },
  model: { table: "models", key: "name" },
} as const satisfies Record<Annotated, { table: string; key: string }>;

export function annotationsOf({ tags, note, archivedAt }: StoredAnnotations): Annotations {
  return { tags: tags.split("\n").filter(Boolean), note, archivedAt };
}

export async function annotate(
  store: Handle,
  { kind, subject }: { kind: Annotated; subject: string },
  { tags, note, archivedAt }: AnnotationChange,
): Promise<void> {
  const columns: Record<string, string | number | null> = {};
  if (tags !== undefined) columns.tags = tags.length ? `\n${tags.join("\n")}\n` : "";
  if (note !== undefined) columns.note = note;
  if (archivedAt !== undefined) columns.archived_at = archivedAt;
  const assignments = Object.keys(columns).map((column) => `${column} = $${column}`);
  if (assignments.length === 0) return;
  const { table, key } = PLACES[kind];
  await store.run(`UPDATE ${table} SET ${assignments.join(", ")} WHERE ${key} = $subject`, {
    ...columns,
    subject,
  });
}

/** Hides it, or with null restores it. */
export async function setDeletion(
  store: Handle,
  { kind, subject }: { kind: Annotated; subject: string },
  deletion: string | null,
): Promise<void> {
  const { table, key } = PLACES[kind];
  await store.run(`UPDATE ${table} SET deletion = $deletion WHERE ${key} = $subject`, { deletion, subject });
}

/** Runs store a dataset's name beside its ID. */
export async function renameDataset(store: Handle, id: string, name: string): Promise<void> {
  await store.run("UPDATE datasets SET name = $name WHERE id = $id", { id, name });
  await store.run("UPDATE runs SET dataset_name = $name WHERE dataset_id = $id", { id, name });
}

/** Null: its name is its number again. */
export async function renameRun(store: Handle, id: string, name: string | null): Promise<void> {
  await store.run("UPDATE runs SET name = $name WHERE id = $id", { id, name });
}

/** What names a model by the column `name`. */
const COUNTED = [
  ...(["model_versions", "deployments", "prediction_minutes", "prediction_totals"] as const),
  ...(["canaries", "canary_counts"] as const),
];

/** Renames it in every table. `to` must be free. */
export async function renameModel(store: Handle, from: string, to: string): Promise<void> {
  const names = { from, to };
  await store.run(
    `INSERT INTO models (name, position, live_version, challenger_version, next_version, created_at, tags, note,
       archived_at, owner, owner_name, visibility)
     SELECT $to, (SELECT max(position) + 1 FROM models), live_version, challenger_version, next_version, created_at,
       tags, note, archived_at, owner, owner_name, visibility
     FROM models WHERE name = $from`,
    names,
  );
  // Events still have the former name.
  await store.run(
    `INSERT INTO private_subjects (kind, subject, owner)
     SELECT kind, $to, owner FROM private_subjects WHERE kind = 'model' AND subject = $from
     ON CONFLICT (kind, subject) DO UPDATE SET owner = excluded.owner`,
    names,
  );
  for (const table of COUNTED) await store.run(`UPDATE ${table} SET name = $to WHERE name = $from`, names);
  await renamePoints(store, from, to);
  await store.run("UPDATE runs SET model_name = $to WHERE model_name = $from", names);
  await store.run("UPDATE renamed_models SET name = $to WHERE name = $from", names);
  await store.run("DELETE FROM renamed_models WHERE old_name = $to", { to });
  await store.run(
    `INSERT INTO renamed_models (old_name, name) VALUES ($from, $to)
     ON CONFLICT (old_name) DO UPDATE SET name = excluded.name`,
    names,
  );
  await store.run("DELETE FROM models WHERE name = $from", { from });
}

/** The present name of a model that had this name; null: none was renamed. */
export async function newNameOf(store: Handle, name: string): Promise<string | null> {
  const row = await store.get<{ name: string }>("SELECT name FROM renamed_models WHERE old_name = $name", {
    name,
  });
  return row?.name ?? null;
}
