/** SQL of the lists that pages show: a row holds only what is shown, so that a long history costs nothing. */
import { type Annotations, annotationsOf, type StoredAnnotations } from "./annotations.ts";
import type { Handle } from "./database.ts";
import { listedOwnerColumns, type Visibility } from "./ownership.ts";
import type { RunStatus } from "./runs.ts";

export interface PageRange {
  /** Rows below this position, newest first; if rows are filtered or sorted, how many to skip. */
  before: number;
  limit: number;
  filter?: ListFilter;
}

/** Which rows, and in what order. */
export interface ListFilter {
  /** Text that a row contains, ignoring case; "": every row. */
  q: string;
  /** A state that the list knows; "": every state. */
  status: string;
  /** A column that the list knows, with "-" before it for descending order; "": newest first. */
  sort: string;
  /** A tag that it has; "": all rows. */
  tag: string;
}

/** Who owns a row, and who sees it. */
interface ListedOwner {
  owner: string | null;
  visibility: Visibility;
}

export interface ListedRun extends Annotations, ListedOwner {
  position: number;
  id: string;
  number: number;
  /** The name that the user gave it. */
  name: string | null;
  datasetId: string;
  datasetName: string;
  target: string;
  task: string | null;
  status: RunStatus;
  verdict: string | null;
  metric: string | null;
  /** By `metric` on the test set, with the baseline's score. */
  score: number | null;
  baseline: number | null;
  modelName: string;
  version: number | null;
  /** 1 if it was deleted since. */
  datasetDeleted: number;
  versionDeleted: number;
  queuedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
}

export interface ListedDataset extends Annotations, ListedOwner {
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

export interface ListedModel extends Annotations, ListedOwner {
  position: number;
  name: string;
  liveVersion: number | null;
  versions: number;
  /** The version of the row: the live one, else the newest. */
  comparedVersion: number | null;
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

/** From a result, by the metric that its run optimised. */
const figures = (result: string) => `${result} ->> 'metric' AS metric,
  CAST(${result} -> 'metrics' ->> (${result} ->> 'metric') AS DOUBLE PRECISION) AS score,
  CAST(${result} -> 'baseline' ->> (${result} ->> 'metric') AS DOUBLE PRECISION) AS baseline`;
/** For true and false in JSON one engine returns numbers, the other words. */
const flag = (value: string) =>
  `CASE WHEN ${value} IS NULL THEN NULL WHEN CAST(${value} AS TEXT) IN ('1', 'true') THEN 1 ELSE 0 END`;

/** A state that every list has; its rows are shown only on request. */
const ARCHIVED = '"archivedAt" IS NOT NULL';

/** One list: its rows in one query, and its filters and sort columns. */
interface ListQuery {
  /** Ends in a condition. */
  from: string;
  position: string;
  archivedAt: string;
  /** The columns that `q` searches. */
  texts: readonly string[];
  statuses: Readonly<Record<string, string>>;
  sorts: Readonly<Record<string, string>>;
}

const RUNS = {
  from: `SELECT number AS position, id, number, name, tags, note, archived_at AS "archivedAt", dataset_id AS "datasetId", dataset_name AS "datasetName",
    options ->> 'target' AS target,
    coalesce(result ->> 'task', options ->> 'task') AS task,
    status, result ->> 'verdict' AS verdict, ${figures("result")},
    model_name AS "modelName", model_version AS version,
    CASE WHEN EXISTS (SELECT 1 FROM datasets d WHERE d.id = runs.dataset_id AND d.deletion IS NULL)
     THEN 0 ELSE 1 END AS "datasetDeleted",
    CASE WHEN runs.model_version IS NULL OR EXISTS (SELECT 1 FROM model_versions m
     WHERE m.name = runs.model_name AND m.version = runs.model_version AND m.deletion IS NULL)
     THEN 0 ELSE 1 END AS "versionDeleted",
    ${listedOwnerColumns("run", "runs")},
    queued_at AS "queuedAt", started_at AS "startedAt", finished_at AS "finishedAt",
    (SELECT v.column_names FROM dataset_versions v
     WHERE v.dataset_id = runs.dataset_id AND v.version = runs.dataset_version) AS "columnNames"
    FROM runs WHERE deletion IS NULL`,
  position: "number",
  archivedAt: "archived_at",
  texts: [
    ...['"datasetName"', "target", '"modelName"', "'run ' || number", "coalesce(name, '')"],
    ...["tags", "note", `coalesce("columnNames", '')`],
  ],
  statuses: {
    queued: "status = 'queued'",
    running: "status = 'running'",
    finished: "status = 'finished'",
    failed: "status = 'failed'",
    cancelled: "status = 'cancelled'",
    interrupted: "status = 'interrupted'",
    archived: ARCHIVED,
  },
  sorts: {
    number: "number",
    target: "lower(target)",
    dataset: 'lower("datasetName")',
    status: "status",
    score: "score",
    baseline: "baseline",
    duration: '"finishedAt" - "startedAt"',
    age: '-"queuedAt"',
  },
} as const satisfies ListQuery;

const DATASETS = {
  from: `SELECT d.position, d.id, d.name, d.version, d.status, v.rows, v.columns, v.target, v.task,
    d.size_bytes AS "sizeBytes", d.created_at AS "createdAt", d.tags, d.note, d.archived_at AS "archivedAt",
    ${listedOwnerColumns("dataset", "d")},
    v.column_names AS "columnNames"
    FROM datasets d LEFT JOIN dataset_versions v ON v.dataset_id = d.id AND v.version = d.version
    WHERE d.deletion IS NULL`,
  position: "d.position",
  archivedAt: "d.archived_at",
  texts: ["name", "coalesce(target, '')", "tags", "note", `coalesce("columnNames", '')`],
  statuses: { reading: "status = 'reading'", ready: "status = 'ready'", archived: ARCHIVED },
  sorts: {
    name: "lower(name)",
    rows: "rows",
    columns: "columns",
    target: "lower(target)",
    size: '"sizeBytes"',
    age: '-"createdAt"',
  },
} as const satisfies ListQuery;

const MODELS = {
  from: `SELECT m.position, m.name, m.live_version AS "liveVersion", m.created_at AS "createdAt",
    m.tags, m.note, m.archived_at AS "archivedAt", ${listedOwnerColumns("model", "m")}, v.column_names AS "columnNames",
    coalesce(m.live_version, v.version) AS "comparedVersion",
    (SELECT count(*) FROM model_versions WHERE name = m.name AND deletion IS NULL) AS versions,
    v.result ->> 'verdict' AS verdict,
    v.result -> 'schema' ->> 'target' AS target,
    v.result ->> 'task' AS task, ${figures("v.result")},
    ${flag("v.result ->> 'beatsBaseline'")} AS "beatsBaseline",
    v.size_bytes AS "sizeBytes", v.created_at AS "trainedAt"
    FROM models m LEFT JOIN model_versions v ON v.name = m.name
      AND v.version = coalesce(m.live_version, (SELECT max(version) FROM model_versions
        WHERE name = m.name AND deletion IS NULL))
    WHERE m.deletion IS NULL`,
  position: "m.position",
  archivedAt: "m.archived_at",
  texts: ["name", "coalesce(target, '')", "tags", "note", `coalesce("columnNames", '')`],
  statuses: { live: '"liveVersion" IS NOT NULL', offline: '"liveVersion" IS NULL', archived: ARCHIVED },
  sorts: {
    name: "lower(name)",
    target: "lower(target)",
    status: '"liveVersion" IS NULL',
    score: "score",
    baseline: "baseline",
    versions: "versions",
    size: '"sizeBytes"',
    age: '-"trainedAt"',
  },
} as const satisfies ListQuery;

/** The filters and sort columns of each list: for the API, its docs and the pages. */
export const LIST_FILTERS = { runs: RUNS, datasets: DATASETS, models: MODELS } as const;

export async function listedRuns(store: Handle, range: PageRange): Promise<ListedRun[]> {
  return listed(store, RUNS, range);
}

export async function listedRunsOf(store: Handle, datasetId: string, range: PageRange): Promise<ListedRun[]> {
  const rows = await store.all<StoredRow>(
    `${RUNS.from} AND archived_at IS NULL AND dataset_id = $datasetId AND number < $before ORDER BY number DESC LIMIT $limit`,
    { before: range.before, limit: range.limit, datasetId },
  );
  return rows.map(shown<ListedRun>);
}

export async function listedDatasets(store: Handle, range: PageRange): Promise<ListedDataset[]> {
  return listed(store, DATASETS, range);
}

export async function listedModels(store: Handle, range: PageRange): Promise<ListedModel[]> {
  return listed(store, MODELS, range);
}

/** By position while every row is wanted; otherwise by how many were shown before. */
async function listed<T>(
  store: Handle,
  query: ListQuery,
  { before, limit, filter }: PageRange,
): Promise<T[]> {
  const { from, position, archivedAt } = query;
  if (!filter) {
    const newest = `${from} AND ${archivedAt} IS NULL AND ${position} < $before ORDER BY ${position} DESC LIMIT $limit`;
    return (await store.all<StoredRow>(newest, { before, limit })).map(shown<T>);
  }
  const { q, status, sort, tag } = filter;
  // SQLite lowers ASCII only: other letters match exactly.
  const exact = like(q);
  const words = query.texts
    .map((text) => `lower(${text}) LIKE $lower ESCAPE '\\' OR ${text} LIKE $exact ESCAPE '\\'`)
    .join(" OR ");
  const by = query.sorts[sort.replace(/^-/, "")];
  const order = by ? `${by} IS NULL, ${by} ${sort.startsWith("-") ? "DESC" : "ASC"}, ` : "";
  const rows = await store.all<StoredRow>(
    `SELECT * FROM (${from}) AS listed WHERE (${words}) AND (${query.statuses[status] ?? "1 = 1"})
     AND ${status === "archived" ? ARCHIVED : '"archivedAt" IS NULL'} AND tags LIKE $tagged ESCAPE '\\'
     ORDER BY ${order}position DESC LIMIT $limit OFFSET $before`,
    { exact, lower: exact.toLowerCase(), tagged: tag ? like(`\n${tag}\n`) : "%", before, limit },
  );
  return rows.map(shown<T>);
}

type StoredRow = StoredAnnotations & { columnNames: string | null };

/** Without the columns that are only for searching. */
function shown<T>({ columnNames: _, ...row }: StoredRow): T {
  return { ...row, ...annotationsOf(row) } as T;
}

/** A pattern that finds the text anywhere. */
function like(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&")}%`;
}

const SHOWN = "deletion IS NULL AND archived_at IS NULL";
const POSITIONS = {
  runs: `SELECT number AS position FROM runs WHERE number >= $before AND ${SHOWN} ORDER BY number`,
  datasets: `SELECT position FROM datasets WHERE position >= $before AND ${SHOWN} ORDER BY position`,
  models: `SELECT position FROM models WHERE position >= $before AND ${SHOWN} ORDER BY position`,
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
