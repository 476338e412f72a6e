/** SQL of models, versions, deployments and prediction counts. */
import type { RunResult, RunSummary } from "../trainer/contract.ts";
import { type Annotations, annotationsOf, type StoredAnnotations } from "./annotations.ts";
import { deleteCanary } from "./canaries.ts";
import type { Handle } from "./database.ts";
import { forgetAnswers } from "./idempotency.ts";
import { type Owned, ownedColumns } from "./ownership.ts";
import { readResult } from "./results.ts";

export interface StoredModel extends Annotations, Owned {
  name: string;
  liveVersion: number | null;
  /** The challenger, which predicts the same rows unseen; null: none. */
  challengerVersion: number | null;
  createdAt: number;
  position: number;
}

export interface StoredVersion {
  name: string;
  version: number;
  runId: string;
  result: RunSummary;
  sha256: string;
  sizeBytes: number;
  /** The probability from which it predicts the second class, if one was set; null: as trained. */
  threshold: number | null;
  /** The threshold before the last change. */
  previousThreshold: number | null;
  createdAt: number;
}

const MODEL = `name, live_version AS "liveVersion", challenger_version AS "challengerVersion", created_at AS "createdAt",
  tags, note, archived_at AS "archivedAt", position, ${ownedColumns("model", "models")}`;
const VERSION = `name, version, run_id AS "runId", result, sha256, size_bytes AS "sizeBytes", threshold,
  previous_threshold AS "previousThreshold", created_at AS "createdAt"`;

type ModelRow = Omit<StoredModel, keyof Annotations> & StoredAnnotations;

const readModel = (row: ModelRow): StoredModel => ({ ...row, ...annotationsOf(row) });

/** Numbers a new version; a number that was deleted never comes back. */
export async function insertVersion(
  store: Handle,
  entry: Omit<StoredVersion, "version" | "result" | "threshold" | "previousThreshold"> & {
    result: RunResult;
  },
): Promise<number> {
  await store.run(
    `INSERT INTO models (name, position, next_version, created_at, owner, owner_name)
     VALUES ($name, (SELECT coalesce(max(position), 0) + 1 FROM models), 1, $at,
       coalesce((SELECT owner FROM runs WHERE id = $runId), ''),
       coalesce((SELECT owner_name FROM runs WHERE id = $runId), '')) ON CONFLICT DO NOTHING`,
    { name: entry.name, at: entry.createdAt, runId: entry.runId },
  );
  const [row] = await store.returning<{ version: number }>(
    "UPDATE models SET next_version = next_version + 1 WHERE name = $name RETURNING next_version - 1 AS version",
    { name: entry.name },
  );
  const { version } = row!;
  const { evaluation, ...result } = entry.result;
  await store.run(
    `INSERT INTO model_versions (name, version, run_id, result, evaluation, sha256, size_bytes, created_at,
       column_names, dataset_id)
     VALUES ($name, $version, $runId, $result, $evaluation, $sha256, $sizeBytes, $createdAt, $columnNames,
             (SELECT dataset_id FROM runs WHERE id = $runId))`,
    {
      ...entry,
      version,
      result: JSON.stringify(result),
      evaluation: JSON.stringify(evaluation),
      columnNames: result.schema.features.map(({ name }) => name).join("\n"),
    },
  );
  return version;
}

/** Null if it does not exist or was deleted. */
export async function findModel(store: Handle, name: string): Promise<StoredModel | null> {
  const row = await store.get<ModelRow>(
    `SELECT ${MODEL} FROM models WHERE name = $name AND deletion IS NULL`,
    { name },
  );
  return row && readModel(row);
}

/** The model that was deployed last, or created last if none is live. */
export async function currentModel(store: Handle): Promise<StoredModel | null> {
  const deployed = await store.get<{ name: string }>(
    `SELECT m.name FROM deployments d
     JOIN models m ON m.name = d.name AND m.live_version IS NOT NULL AND m.deletion IS NULL
     ORDER BY d.id DESC LIMIT 1`,
  );
  if (deployed) return findModel(store, deployed.name);
  const row = await store.get<ModelRow>(
    `SELECT ${MODEL} FROM models WHERE deletion IS NULL ORDER BY position DESC LIMIT 1`,
  );
  return row && readModel(row);
}

/** The version of each model that serves predictions. */
export async function liveVersions(
  store: Handle,
): Promise<{ name: string; version: number; runId: string; sha256: string }[]> {
  return store.all(
    `SELECT v.name, v.version, v.run_id AS "runId", v.sha256
     FROM models m JOIN model_versions v ON v.name = m.name AND v.version = m.live_version
     WHERE m.deletion IS NULL`,
    {},
  );
}

export async function listModels(
  store: Handle,
  page: { before: number; limit: number },
): Promise<StoredModel[]> {
  const rows = await store.all<ModelRow>(
    `SELECT ${MODEL} FROM models WHERE position < $before AND deletion IS NULL ORDER BY position DESC LIMIT $limit`,
    page,
  );
  return rows.map(readModel);
}

/** Null if it does not exist or was deleted. */
export async function findVersion(
  store: Handle,
  name: string,
  version: number,
): Promise<StoredVersion | null> {
  const row = await store.get<Omit<StoredVersion, "result"> & { result: string }>(
    `SELECT ${VERSION} FROM model_versions WHERE name = $name AND version = $version AND deletion IS NULL`,
    { name, version },
  );
  return row && { ...row, result: readResult(row.result) };
}

/** The runs that made a model's versions, of those that were not deleted. */
export async function runsLeftOf(store: Handle, name: string): Promise<ReadonlySet<string>> {
  const rows = await store.all<{ id: string }>(
    `SELECT r.id AS id FROM model_versions v JOIN runs r ON r.id = v.run_id
     WHERE v.name = $name AND r.deletion IS NULL`,
    { name },
  );
  return new Set(rows.map(({ id }) => id));
}

/** The data of the version's charts; separate, because lists never need it. */
export async function findEvaluation(
  store: Handle,
  name: string,
  version: number,
): Promise<RunResult["evaluation"]> {
  const row = await store.get<{ evaluation: string }>(
    "SELECT evaluation FROM model_versions WHERE name = $name AND version = $version AND deletion IS NULL",
    { name, version },
  );
  return row ? (JSON.parse(row.evaluation) as RunResult["evaluation"]) : {};
}

/** Newest first. */
export async function listVersions(store: Handle, name: string): Promise<StoredVersion[]> {
  return (
    await store.all<Omit<StoredVersion, "result"> & { result: string }>(
      `SELECT ${VERSION} FROM model_versions WHERE name = $name AND deletion IS NULL ORDER BY version DESC`,
      { name },
    )
  ).map((row) => ({ ...row, result: readResult(row.result) }));
}

export async function deleteVersion(store: Handle, name: string, version: number): Promise<void> {
  await forgetAnswers(store);
  await store.run("UPDATE models SET live_version = NULL WHERE name = $name AND live_version = $version", {
    name,
    version,
  });
  await store.run("DELETE FROM model_versions WHERE name = $name AND version = $version", { name, version });
}

export async function deploy(
  store: Handle,
  entry: { name: string; version: number; at: number },
): Promise<void> {
  await store.run("UPDATE models SET live_version = $version WHERE name = $name", {
    name: entry.name,
    version: entry.version,
  });
  await deleteCanary(store, entry.name);
  await store.run("INSERT INTO deployments (name, version, at) VALUES ($name, $version, $at)", entry);
}

/** No version serves predictions any more, except those that are named. */
export async function undeploy(store: Handle, name: string): Promise<void> {
  await deleteCanary(store, name);
  await store.run("UPDATE models SET live_version = NULL WHERE name = $name", { name });
}

/** Null: as trained. */
export async function setThreshold(
  store: Handle,
  entry: { name: string; version: number; threshold: number | null },
): Promise<void> {
  await store.run(
    `UPDATE model_versions SET previous_threshold = threshold, threshold = $threshold
     WHERE name = $name AND version = $version`,
    entry,
  );
}

export async function deploymentsOf(store: Handle, name: string): Promise<{ version: number; at: number }[]> {
  return store.all("SELECT version, at FROM deployments WHERE name = $name ORDER BY id DESC LIMIT 20", {
    name,
  });
}

export async function addPredictions(
  store: Handle,
  entry: { name: string; version: number; minute: number; predictions: number },
): Promise<void> {
  await store.run(
    `INSERT INTO prediction_minutes (name, version, minute, predictions)
     VALUES ($name, $version, $minute, $predictions)
     ON CONFLICT (name, version, minute) DO UPDATE
     SET predictions = prediction_minutes.predictions + excluded.predictions`,
    entry,
  );
  const { name, version, predictions } = entry;
  await store.run(
    `INSERT INTO prediction_totals (name, version, predictions) VALUES ($name, $version, $predictions)
     ON CONFLICT (name, version) DO UPDATE
     SET predictions = prediction_totals.predictions + excluded.predictions`,
    { name, version, predictions },
  );
}

/** Drops at most `limit` of the minutes before `minute`; the totals stay. */
export async function trimPredictionMinutes(
  store: Handle,
  bound: { minute: number; limit: number },
): Promise<number> {
  return store.run(
    `DELETE FROM prediction_minutes WHERE (name, version, minute) IN
     (SELECT name, version, minute FROM prediction_minutes WHERE minute < $minute ORDER BY minute LIMIT $limit)`,
    bound,
  );
}

/** Predictions by minute since `minute`, of one model or of all. */
export async function predictionsSince(
  store: Handle,
  minute: number,
  name: string | null,
): Promise<{ minute: number; predictions: number }[]> {
  return store.all(
    `SELECT minute, sum(predictions) AS predictions FROM prediction_minutes
     WHERE minute >= $minute AND (CAST($name AS TEXT) IS NULL OR name = $name) GROUP BY minute ORDER BY minute`,
    { minute, name },
  );
}

/** Since the beginning, of deleted models too. */
export async function countPredictionsInAll(store: Handle): Promise<number> {
  return (
    (await store.get<{ n: number | null }>("SELECT sum(predictions) AS n FROM prediction_totals"))?.n ?? 0
  );
}

/** Rows that all of its versions predicted since the beginning. */
export async function countPredictions(store: Handle, name: string): Promise<number> {
  return (
    (
      await store.get<{ n: number | null }>(
        "SELECT sum(predictions) AS n FROM prediction_totals WHERE name = $name",
        { name },
      )
    )?.n ?? 0
  );
}
