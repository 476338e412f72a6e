/** SQL of the lists that pages show: a row holds what is shown and no more, so that a long past costs nothing. */
import type { Handle } from "./database.ts";
import type { RunStatus } from "./runs.ts";

export interface PageRange {
  /** Rows below this position, newest first; where rows are filtered or sorted: how many of them to skip. */
  before: number;
  limit: number;
  filter?: ListFilter;
}

/** Which rows, and in what order. */
export interface ListFilter {
  /** Text that a row contains, whatever its case; "": every row. */
  q: string;
  /** A state that the list knows; "": every state. */
  status: string;
  /** A column that the list knows, with "-" before it from the greatest down; "": newest first. */
  sort: string;
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
  metric: string | null;
  /** By `metric` on the test set, and what a model that always says the same would reach. */
  score: number | null;
  baseline: number | null;
  modelName: string;
  version: number | null;
  queuedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
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
  /** This and what follows: of the live version, else of the newest. */
  verdict: string | null;
  target: string | null;
  task: string | null;
  metric: string | null;
  score: number | null;
  baseline: number | null;
  beatsBaseline: number | null;
  sizeBytes: number | null;
  trainedAt: number | null;
  createdAt: number;
}

/** Of a result, by the metric that its run was judged by. */
const figures = (result: string) => `json_extract(${result}, '$.metric') AS metric,
  json_extract(${result}, '$.metrics.' || json_extract(${result}, '$.metric')) AS score,
  json_extract(${result}, '$.baseline.' || json_extract(${result}, '$.metric')) AS baseline`;

/** One list: its rows in one query, and what they can be chosen and sorted by. */
interface ListQuery {
  from: string;
  position: string;
  /** What `q` looks into. */
  texts: readonly string[];
  statuses: Readonly<Record<string, string>>;
  sorts: Readonly<Record<string, string>>;
}

const RUNS = {
  from: `SELECT number AS position, id, number, dataset_id AS datasetId, dataset_name AS datasetName,
    json_extract(options, '$.target') AS target,
    coalesce(json_extract(result, '$.task'), json_extract(options, '$.task')) AS task,
    status, json_extract(result, '$.verdict') AS verdict, ${figures("result")},
    model_name AS modelName, model_version AS version,
    queued_at AS queuedAt, started_at AS startedAt, finished_at AS finishedAt
    FROM runs`,
  position: "number",
  texts: ["datasetName", "target", "modelName", "'run ' || number"],
  statuses: {
    queued: "status = 'queued'",
    running: "status = 'running'",
    finished: "status = 'finished'",
    failed: "status = 'failed'",
    cancelled: "status = 'cancelled'",
    interrupted: "status = 'interrupted'",
  },
  sorts: {
    number: "number",
    target: "lower(target)",
    dataset: "lower(datasetName)",
    status: "status",
    score: "score",
    baseline: "baseline",
    duration: "finishedAt - startedAt",
    age: "-queuedAt",
  },
} as const satisfies ListQuery;

const DATASETS = {
  from: `SELECT d.rowid AS position, d.id, d.name, d.version, d.status, v.rows, v.columns, v.target, v.task,
    d.size_bytes AS sizeBytes, d.created_at AS createdAt
    FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id AND v.version = d.version`,
  position: "d.rowid",
  texts: ["name", "coalesce(target, '')"],
  statuses: { reading: "status = 'reading'", ready: "status = 'ready'" },
  sorts: {
    name: "lower(name)",
    rows: "rows",
    columns: "columns",
    target: "lower(target)",
    size: "sizeBytes",
    age: "-createdAt",
  },
} as const satisfies ListQuery;

const MODELS = {
  from: `SELECT m.rowid AS position, m.name, m.live_version AS liveVersion, m.created_at AS createdAt,
    (SELECT count(*) FROM model_versions WHERE name = m.name) AS versions,
    json_extract(v.result, '$.verdict') AS verdict,
    json_extract(v.result, '$.schema.target') AS target,
    json_extract(v.result, '$.task') AS task, ${figures("v.result")},
    json_extract(v.result, '$.beatsBaseline') AS beatsBaseline,
    v.size_bytes AS sizeBytes, v.created_at AS trainedAt
    FROM models m LEFT JOIN model_versions v ON v.name = m.name
      AND v.version = coalesce(m.live_version, (SELECT max(version) FROM model_versions WHERE name = m.name))`,
  position: "m.rowid",
  texts: ["name", "coalesce(target, '')"],
  statuses: { live: "liveVersion IS NOT NULL", offline: "liveVersion IS NULL" },
  sorts: {
    name: "lower(name)",
    target: "lower(target)",
    status: "liveVersion IS NULL",
    score: "score",
    baseline: "baseline",
    versions: "versions",
    size: "sizeBytes",
    age: "-trainedAt",
  },
} as const satisfies ListQuery;

/** What each list can be chosen and sorted by: for the API, its docs and the pages. */
export const LIST_FILTERS = { runs: RUNS, datasets: DATASETS, models: MODELS } as const;

export async function listedRuns(store: Handle, range: PageRange): Promise<ListedRun[]> {
  return listed(store, RUNS, range);
}

export async function listedRunsOf(store: Handle, datasetId: string, range: PageRange): Promise<ListedRun[]> {
  return store.all(
    `${RUNS.from} WHERE dataset_id = $datasetId AND number < $before ORDER BY number DESC LIMIT $limit`,
    { before: range.before, limit: range.limit, datasetId },
  );
}

export async function listedDatasets(store: Handle, range: PageRange): Promise<ListedDataset[]> {
  return listed(store, DATASETS, range);
}

export async function listedModels(store: Handle, range: PageRange): Promise<ListedModel[]> {
  return listed(store, MODELS, range);
}

/** By position while every row is wanted; else by how many were shown before. */
async function listed<T>(
  store: Handle,
  query: ListQuery,
  { before, limit, filter }: PageRange,
): Promise<T[]> {
  const { from, position } = query;
  if (!filter)
    return store.all(`${from} WHERE ${position} < $before ORDER BY ${position} DESC LIMIT $limit`, {
      before,
      limit,
    });
  const { q, status, sort } = filter;
  // SQLite lowers ASCII only: other letters are found as they are written.
  const exact = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
  const words = query.texts
    .map((text) => `lower(${text}) LIKE $lower ESCAPE '\\' OR ${text} LIKE $exact ESCAPE '\\'`)
    .join(" OR ");
  const by = query.sorts[sort.replace(/^-/, "")];
  const order = by ? `${by} IS NULL, ${by} ${sort.startsWith("-") ? "DESC" : "ASC"}, ` : "";
  return store.all(
    `SELECT * FROM (${from}) WHERE (${words}) AND (${query.statuses[status] ?? "1 = 1"})
     ORDER BY ${order}position DESC LIMIT $limit OFFSET $before`,
    { exact, lower: exact.toLowerCase(), before, limit },
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
export async function newerThan(
  store: Handle,
  list: List,
  { before, limit }: PageRange,
): Promise<number | null> {
  const sql = `${POSITIONS[list]} LIMIT 1 OFFSET $limit`;
  return (await store.get<{ position: number }>(sql, { before, limit }))?.position ?? null;
}
