/** SQL of datasets and their versions. */
import type { CsvProfile, ReadingChoices } from "../csv/types.ts";
import { type Annotations, annotationsOf, type StoredAnnotations } from "./annotations.ts";
import type { Handle } from "./database.ts";
import { forgetAnswers } from "./idempotency.ts";

export interface StoredDataset extends Annotations {
  id: string;
  version: number;
  name: string;
  sizeBytes: number;
  sha256: string;
  /** "reading" is taken up again after a restart; a refused file has no row at all. */
  status: "reading" | "ready";
  createdAt: number;
  choices: ReadingChoices;
  profile: CsvProfile | null;
}

type Row = Omit<StoredDataset, "choices" | "profile" | keyof Annotations> &
  StoredAnnotations & { choices: string | null; profile: string | null };

const COLUMNS = `d.id, v.version AS shown, d.version, d.name, d.sha256, d.size_bytes AS "sizeBytes", d.status,
  d.created_at AS "createdAt", d.tags, d.note, d.archived_at AS "archivedAt", v.choices, v.profile`;
const FROM = "FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id";

/** False: the same bytes are there already. */
export async function insertDataset(
  store: Handle,
  dataset: { id: string; name: string; sha256: string; sizeBytes: number; createdAt: number },
): Promise<boolean> {
  return store.transaction(async (tx) => {
    const inserted = await tx.run(
      `INSERT INTO datasets (id, position, version, name, sha256, size_bytes, status, created_at)
       VALUES ($id, (SELECT coalesce(max(position), 0) + 1 FROM datasets), 0, $name, $sha256, $sizeBytes, 'reading',
               $createdAt) ON CONFLICT DO NOTHING`,
      dataset,
    );
    return inserted > 0;
  });
}

/** Adds the next version; the dataset is ready from then on. */
export async function insertDatasetVersion(
  store: Handle,
  entry: { id: string; choices: ReadingChoices; profile: CsvProfile; at: number },
): Promise<number> {
  const [row] = await store.returning<{ version: number }>(
    "UPDATE datasets SET version = version + 1, status = 'ready' WHERE id = $id RETURNING version",
    { id: entry.id },
  );
  const { version } = row!;
  await store.run(
    `INSERT INTO dataset_versions (dataset_id, version, choices, profile, rows, columns, target, task, created_at,
       column_names)
     VALUES ($id, $version, $choices, $profile, $rows, $columns, $target, $task, $at, $columnNames)`,
    {
      id: entry.id,
      version,
      choices: JSON.stringify(entry.choices),
      profile: JSON.stringify(entry.profile),
      rows: entry.profile.rows,
      columns: entry.profile.columns.length,
      target: entry.profile.target,
      task: entry.profile.task,
      at: entry.at,
      columnNames: entry.profile.columns.map(({ name }) => name).join("\n"),
    },
  );
  return version;
}

/** The dataset with its current version, or with the requested one. */
export async function findDataset(
  store: Handle,
  id: string,
  version?: number,
): Promise<StoredDataset | null> {
  const row = await store.get<Row & { shown: number | null }>(
    `SELECT ${COLUMNS} ${FROM} AND v.version = coalesce($version, d.version)
     WHERE d.id = $id AND d.deletion IS NULL`,
    { id, version: version ?? null },
  );
  return row && dataset(row);
}

export async function findDatasetByHash(store: Handle, sha256: string): Promise<StoredDataset | null> {
  const row = await store.get<Row & { shown: number | null }>(
    `SELECT ${COLUMNS} ${FROM} AND v.version = d.version WHERE d.sha256 = $sha256 AND d.deletion IS NULL`,
    { sha256 },
  );
  return row && dataset(row);
}

/** Newest first; `before` is the position that the previous page ended with. */
export async function listDatasets(
  store: Handle,
  page: { before: number; limit: number },
): Promise<(StoredDataset & { position: number })[]> {
  return (
    await store.all<Row & { shown: number | null; position: number }>(
      `SELECT ${COLUMNS}, d.position ${FROM} AND v.version = d.version
       WHERE d.position < $before AND d.deletion IS NULL ORDER BY d.position DESC LIMIT $limit`,
      page,
    )
  ).map((row) => ({ ...dataset(row), position: row.position }));
}

export async function unreadDatasets(store: Handle): Promise<string[]> {
  return (await store.all<{ id: string }>("SELECT id FROM datasets WHERE status = 'reading'")).map(
    ({ id }) => id,
  );
}

export async function deleteDataset(store: Handle, id: string): Promise<boolean> {
  await forgetAnswers(store);
  await store.run("DELETE FROM deletions WHERE kind = 'dataset' AND subject = $id", { id });
  return (await store.run("DELETE FROM datasets WHERE id = $id", { id })) > 0;
}

function dataset({ shown, ...row }: Row & { shown: number | null }): StoredDataset {
  return {
    ...row,
    ...annotationsOf(row),
    version: shown ?? row.version,
    choices: row.choices ? (JSON.parse(row.choices) as ReadingChoices) : {},
    profile: row.profile ? (JSON.parse(row.profile) as CsvProfile) : null,
  };
}
