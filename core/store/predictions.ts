/** SQL of predictions: a version's rows and results. */
import type { Handle } from "./database.ts";

export interface PredictionAnswer {
  prediction: string | number;
  probabilities?: Record<string, number>;
}

export interface NewPrediction {
  id: string;
  at: number;
  /** The row as requested, in JSON. */
  cells: string;
  /** Its PredictionAnswer, in JSON. */
  answer: string;
}

export interface StoredPrediction {
  id: string;
  model: string;
  version: number;
  at: number;
  row: Record<string, string | number | boolean | null>;
  answer: PredictionAnswer;
  /** The actual outcome; null: not reported yet. */
  actual: string | number | null;
}

/** The key by which predictions and outcomes name a version; null if it was deleted. */
export async function versionKey(store: Handle, name: string, version: number): Promise<number | null> {
  const row = await store.get<{ id: number }>(
    "SELECT id FROM model_versions WHERE name = $name AND version = $version",
    { name, version },
  );
  return row?.id ?? null;
}

const COLUMNS = "id, version_id, at, cells, answer";
/** Rows per statement: one statement per row takes half as long again, all rows as JSON twice as long. */
const TOGETHER = 50;

export async function insertPredictions(
  store: Handle,
  versionId: number,
  made: readonly NewPrediction[],
): Promise<void> {
  for (let from = 0; from < made.length; from += TOGETHER) {
    const rows = made.slice(from, from + TOGETHER);
    const values: (string | number)[] = [];
    for (const { id, at, cells, answer } of rows) values.push(id, versionId, at, cells, answer);
    await store.run(`INSERT INTO predictions (${COLUMNS}) VALUES ${placesFor(rows.length)}`, values);
  }
}

const placesFor = (rows: number) => Array(rows).fill("(?, ?, ?, ?, ?)").join(", ");

type Row = Omit<StoredPrediction, "row" | "answer" | "actual"> & {
  cells: string;
  answer: string;
  actual: string | null;
};

const SELECT = `SELECT p.id, v.name AS model, v.version, p.at, p.cells, p.answer, o.actual
  FROM predictions p JOIN model_versions v ON v.id = p.version_id AND v.deletion IS NULL
  LEFT JOIN outcomes o ON o.prediction_id = p.id`;

export async function findPrediction(store: Handle, id: string): Promise<StoredPrediction | null> {
  const row = await store.get<Row>(`${SELECT} WHERE p.id = $id`, { id });
  return row && prediction(row);
}

/** Newest first, of all versions of a model. */
export async function listPredictions(
  store: Handle,
  page: { model: string; before: number; limit: number },
): Promise<(StoredPrediction & { position: number })[]> {
  const { model, before, limit } = page;
  const versions = await store.all<{ id: number }>(
    "SELECT id FROM model_versions WHERE name = $model AND deletion IS NULL",
    {
      model,
    },
  );
  // By version, because an index holds each one's in order.
  const pages = versions.map(({ id }) =>
    store.all<Row & { position: number }>(
      `${SELECT.replace("SELECT", "SELECT p.position,")}
       WHERE p.version_id = $id AND p.position < $before ORDER BY p.position DESC LIMIT $limit`,
      { id, before, limit },
    ),
  );
  const rows = (await Promise.all(pages)).flat();
  return rows
    .sort((a, b) => b.position - a.position)
    .slice(0, limit)
    .map((row) => ({ ...prediction(row), position: row.position }));
}

function prediction({ cells, answer, actual, ...row }: Row & { position?: number }): StoredPrediction {
  const { id, model, version, at } = row;
  return {
    ...{ id, model, version, at },
    row: JSON.parse(cells) as StoredPrediction["row"],
    answer: JSON.parse(answer) as PredictionAnswer,
    actual: actual === null ? null : (JSON.parse(actual) as string | number),
  };
}

/** Deletes the oldest that are older than `before`, or beyond `keepBytes`; at most `limit`; returns how many. */
export async function trimPredictions(
  store: Handle,
  { before, keepBytes, limit }: { before: number; keepBytes: number; limit: number },
): Promise<number> {
  const bounds = (await store.get<{ first: number | null; last: number | null }>(
    "SELECT (SELECT min(position) FROM predictions) AS first, (SELECT max(position) FROM predictions) AS last",
  ))!;
  if (bounds.first === null || bounds.last === null) return 0;
  const beyond = bounds.last - Math.floor(keepBytes / (await bytesEach(store)));
  return store.run(
    `DELETE FROM predictions WHERE position IN (SELECT position FROM predictions ORDER BY position LIMIT $limit)
     AND (at < $before OR position <= $beyond)`,
    { before, beyond, limit },
  );
}

/** Of the newest, including the tree and its two indexes. */
async function bytesEach(store: Handle): Promise<number> {
  const { bytes } = (await store.get<{ bytes: number | null }>(
    `SELECT avg(octet_length(cells) + octet_length(answer)) AS bytes
     FROM (SELECT cells, answer FROM predictions ORDER BY position DESC LIMIT 200) AS newest`,
  ))!;
  return (bytes ?? 0) + 120;
}

/** Some of a version's predictions and outcomes; returns how many there were. */
export async function deleteSomePredictions(
  store: Handle,
  versionId: number,
  limit: number,
): Promise<number> {
  const rest = { versionId, limit };
  const predictions = await store.run(
    "DELETE FROM predictions WHERE position IN (SELECT position FROM predictions WHERE version_id = $versionId LIMIT $limit)",
    rest,
  );
  const outcomes = await store.run(
    `DELETE FROM outcomes WHERE prediction_id IN
     (SELECT prediction_id FROM outcomes WHERE version_id = $versionId LIMIT $limit)`,
    rest,
  );
  return predictions + outcomes;
}

/** Versions that learned from a dataset. */
export async function versionKeysOf(store: Handle, datasetId: string): Promise<number[]> {
  return (
    await store.all<{ id: number }>("SELECT id FROM model_versions WHERE dataset_id = $datasetId", {
      datasetId,
    })
  ).map(({ id }) => id);
}
