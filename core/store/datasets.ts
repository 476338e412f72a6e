/** SQL of datasets and their versions. */
import type { CsvProfile, ReadingChoices } from "../csv/types.ts";
import { type Annotations, annotationsOf, type StoredAnnotations } from "./annotations.ts";
import type { Handle } from "./database.ts";
import { forgetAnswers } from "./idempotency.ts";
import {
  hashFor,
  type Maker,
  markPrivate,
  type Owned,
  type Ownership,
  ownedColumns,
  privateTo,
} from "./ownership.ts";

export interface StoredDataset extends Annotations, Owned {
  id: string;
  version: number;
  name: string;
  sizeBytes: number;
  sha256: string;
  /** "reading" resumes after a restart; a refused file has no row at all. */
  status: "reading" | "ready";
  createdAt: number;
  choices: ReadingChoices;
  profile: CsvProfile | null;
  /** Which of the dataset's files the version is read from: "" is the first; null: it was removed. */
  file: string | null;
  /** How its file differs from the previous version's; null if it is the same file. */
  changes: DatasetChanges | null;
}

/** How a new file of a dataset differs from the previous one. */
export interface DatasetChanges {
  /** The version that it is compared with. */
  since: number;
  rows: { from: number; to: number };
  came: string[];
  went: string[];
  types: { column: string; from: string; to: string }[];
  /** Columns whose values are distributed differently, most different first; `distance` between shares, 0 to 1. */
  distributions: { column: string; distance: number; from: string; to: string }[];
  /** What no longer fits: dropped import settings, a missing target, rows that were left out. */
  warnings: string[];
  /** One sentence. */
  sentence: string;
}

type Row = Omit<StoredDataset, "choices" | "profile" | "changes" | keyof Annotations> &
  StoredAnnotations & { choices: string | null; profile: string | null; changes: string | null };

const COLUMNS = `d.id, v.version AS shown, d.version, d.name, coalesce(v.sha256, substr(d.sha256, 1, 64)) AS sha256,
  coalesce(v.size_bytes, d.size_bytes) AS "sizeBytes", d.status, d.created_at AS "createdAt", v.choices, v.profile,
  CASE WHEN v.version IS NULL THEN '' ELSE v.file END AS file, v.changes,
  d.tags, d.note, d.archived_at AS "archivedAt",
  ${ownedColumns("dataset", "d")}`;
const FROM = "FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id";

/** False: the same bytes exist already. */
export async function insertDataset(
  store: Handle,
  dataset: {
    id: string;
    name: string;
    sha256: string;
    sizeBytes: number;
    /** The worker that reads it; null: the next free one. */
    worker: string | null;
    createdAt: number;
  } & Maker,
): Promise<boolean> {
  const { isAdmin: _, ...row } = dataset;
  const alone = dataset.visibility === "private" ? dataset.owner : null;
  return store.transaction(async (tx) => {
    const inserted = await tx.run(
      `INSERT INTO datasets (id, position, version, name, sha256, size_bytes, status, worker, created_at, owner,
         owner_name, visibility)
       VALUES ($id, (SELECT coalesce(max(position), 0) + 1 FROM datasets), 0, $name, $sha256, $sizeBytes, 'reading',
               $worker, $createdAt, $owner, $ownerName, $visibility) ON CONFLICT DO NOTHING`,
      { ...row, sha256: hashFor(dataset.sha256, alone) },
    );
    if (inserted > 0 && alone !== null)
      await markPrivate(tx, { kind: "dataset", subject: dataset.id }, alone);
    return inserted > 0;
  });
}

export interface NewVersion {
  id: string;
  choices: ReadingChoices;
  profile: CsvProfile;
  at: number;
  /** A file that came later than the dataset's first; without it the version has the previous version's file. */
  newFile?: { file: string; sha256: string; sizeBytes: number; changes: DatasetChanges };
}

/** Adds the next version; the dataset is ready from then on. */
export async function insertDatasetVersion(store: Handle, entry: NewVersion): Promise<number> {
  const [row] = await store.returning<{ version: number }>(
    "UPDATE datasets SET version = version + 1, status = 'ready' WHERE id = $id RETURNING version",
    { id: entry.id },
  );
  const { version } = row!;
  const { file, sha256, sizeBytes, changes } =
    entry.newFile ?? (await currentFile(store, entry.id, version - 1));
  await store.run(
    `INSERT INTO dataset_versions (dataset_id, version, choices, profile, rows, columns, target, task, created_at,
       column_names, file, sha256, size_bytes, changes)
     VALUES ($id, $version, $choices, $profile, $rows, $columns, $target, $task, $at, $columnNames, $file, $sha256,
       $sizeBytes, $changes)`,
    {
      file,
      sha256,
      sizeBytes,
      changes: changes && JSON.stringify(changes),
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

async function currentFile(store: Handle, id: string, version: number) {
  const row = await store.get<{ file: string; sha256: string; sizeBytes: number }>(
    `SELECT coalesce(v.file, '') AS file, coalesce(v.sha256, substr(d.sha256, 1, 64)) AS sha256,
       coalesce(v.size_bytes, d.size_bytes) AS "sizeBytes"
     FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id AND v.version = $version WHERE d.id = $id`,
    { id, version },
  );
  return { ...row!, changes: null };
}

/**
 * From now on the dataset is found by the bytes of its newest file. If another dataset is already found by them, this
 * one is not.
 */
export async function recogniseBy(
  store: Handle,
  { id, sha256, sizeBytes }: { id: string; sha256: string; sizeBytes: number },
): Promise<void> {
  const wanted = hashFor(sha256, await privateTo(store, "dataset", id));
  const taken = await store.get("SELECT id FROM datasets WHERE sha256 = $wanted AND id <> $id", {
    wanted,
    id,
  });
  await store.run("UPDATE datasets SET sha256 = $known, size_bytes = $sizeBytes WHERE id = $id", {
    id,
    sizeBytes,
    known: taken ? `${wanted}#${id}` : wanted,
  });
}

/** Files of versions before the newest `kept` that no later version uses; they may be removed from the disk. */
export async function outdatedFiles(store: Handle, id: string, kept: number): Promise<string[]> {
  const rows = await store.all<{ file: string; newest: number }>(
    `SELECT file, max(version) AS newest FROM dataset_versions WHERE dataset_id = $id AND file IS NOT NULL
     GROUP BY file ORDER BY newest DESC`,
    { id },
  );
  return rows.slice(kept).map(({ file }) => file);
}

export async function forgetFile(store: Handle, id: string, file: string): Promise<void> {
  await store.run("UPDATE dataset_versions SET file = NULL WHERE dataset_id = $id AND file = $file", {
    id,
    file,
  });
}

/** The newest dataset of this name. */
export async function findDatasetByName(store: Handle, name: string): Promise<string | null> {
  const row = await store.get<{ id: string }>(
    "SELECT id FROM datasets WHERE name = $name AND deletion IS NULL ORDER BY created_at DESC, id DESC LIMIT 1",
    { name },
  );
  return row?.id ?? null;
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

/** Of these bytes, for `owner`: a private one of that owner, else the team's unless it is to be private. */
export async function findDatasetByHash(
  store: Handle,
  sha256: string,
  { owner, visibility }: Ownership,
): Promise<StoredDataset | null> {
  const own = hashFor(sha256, owner);
  const others = visibility === "private" ? own : sha256;
  const row = await store.get<Row & { shown: number | null }>(
    `SELECT ${COLUMNS} ${FROM} AND v.version = d.version WHERE d.sha256 IN ($others, $own) AND d.deletion IS NULL
     ORDER BY d.sha256 = $own DESC LIMIT 1`,
    { others, own },
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

/** Datasets that a worker was reading; null: that anybody was. */
export async function unreadDatasets(store: Handle, worker: string | null): Promise<string[]> {
  const rows = await store.all<{ id: string }>(
    `SELECT id FROM datasets WHERE status = 'reading' AND (CAST($worker AS TEXT) IS NULL OR worker = $worker)
     ORDER BY position`,
    { worker },
  );
  return rows.map(({ id }) => id);
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
    changes: row.changes ? (JSON.parse(row.changes) as DatasetChanges) : null,
  };
}
