/** SQL of the lists that pages show: a row holds what is shown and no more, so that a long past costs nothing. */
import type { Store } from "./database.ts";
import type { RunStatus } from "./runs.ts";

export interface PageRange {
  /** Rows below this position, newest first. */
  before: number;
  limit: number;
}

export interface ListedRun {
  position: number;
  id: string;
  number: number;
  datasetId: string;
  datasetName: string;
  target: string;
  task: string | null;
  status: RunStatus;
  verdict: string | null;
  modelName: string;
  version: number | null;
  queuedAt: number;
}

export interface ListedDataset {
  position: number;
  id: string;
  name: string;
  version: number;
  status: "reading" | "ready";
  rows: number | null;
  columns: number | null;
  target: string | null;
  task: string | null;
  sizeBytes: number;
  createdAt: number;
}

export interface ListedModel {
  position: number;
  name: string;
  liveVersion: number | null;
  versions: number;
  /** Of the live version, else of the newest. */
  verdict: string | null;
  createdAt: number;
}

const RUN = `number AS position, id, number, dataset_id AS datasetId, dataset_name AS datasetName,
  json_extract(options, '$.target') AS target,
  coalesce(json_extract(result, '$.task'), json_extract(options, '$.task')) AS task,
  status, json_extract(result, '$.verdict') AS verdict, model_name AS modelName, model_version AS version,
  queued_at AS queuedAt`;

export function listedRuns(store: Store, range: PageRange): ListedRun[] {
  return store.all(`SELECT ${RUN} FROM runs WHERE number < $before ORDER BY number DESC LIMIT $limit`, {
    ...range,
  });
}

export function listedRunsOf(store: Store, datasetId: string, range: PageRange): ListedRun[] {
  return store.all(
    `SELECT ${RUN} FROM runs WHERE dataset_id = $datasetId AND number < $before ORDER BY number DESC LIMIT $limit`,
    { ...range, datasetId },
  );
}

export function listedDatasets(store: Store, range: PageRange): ListedDataset[] {
  return store.all(
    `SELECT d.rowid AS position, d.id, d.name, d.version, d.status, v.rows, v.columns, v.target, v.task,
            d.size_bytes AS sizeBytes, d.created_at AS createdAt
     FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id AND v.version = d.version
     WHERE d.rowid < $before ORDER BY d.rowid DESC LIMIT $limit`,
    { ...range },
  );
}

export function listedModels(store: Store, range: PageRange): ListedModel[] {
  return store.all(
    `SELECT m.rowid AS position, m.name, m.live_version AS liveVersion, m.created_at AS createdAt,
            (SELECT count(*) FROM model_versions WHERE name = m.name) AS versions,
            json_extract(v.result, '$.verdict') AS verdict
     FROM models m LEFT JOIN model_versions v ON v.name = m.name
       AND v.version = coalesce(m.live_version, (SELECT max(version) FROM model_versions WHERE name = m.name))
     WHERE m.rowid < $before ORDER BY m.rowid DESC LIMIT $limit`,
    { ...range },
  );
}

const POSITIONS = {
  runs: "SELECT number AS position FROM runs WHERE number >= $before ORDER BY number",
  datasets: "SELECT rowid AS position FROM datasets WHERE rowid >= $before ORDER BY rowid",
  models: "SELECT rowid AS position FROM models WHERE rowid >= $before ORDER BY rowid",
  activity: "SELECT seq AS position FROM events WHERE activity = 1 AND seq >= $before ORDER BY seq",
};
export type List = keyof typeof POSITIONS;

/** The `before` of the page above this one; null: that is the newest page. */
export function newerThan(store: Store, list: List, { before, limit }: PageRange): number | null {
  const sql = `${POSITIONS[list]} LIMIT 1 OFFSET $limit`;
  return store.get<{ position: number }>(sql, { before, limit })?.position ?? null;
}
