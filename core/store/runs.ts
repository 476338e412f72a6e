/** SQL of runs, their stages, candidates and rounds. */
import type { Finding } from "../csv/types.ts";
import type { ErrorRecord } from "../platform/errors.ts";
import type { Candidate, RunOptions, RunSummary } from "../trainer/contract.ts";
import { type Annotations, annotationsOf, type StoredAnnotations } from "./annotations.ts";
import type { Handle } from "./database.ts";
import { forgetAnswers } from "./idempotency.ts";
import { type Owned, ownedColumns } from "./ownership.ts";
import { readResult } from "./results.ts";

export const RUN_STATUSES = ["queued", "running", "finished", "failed", "cancelled", "interrupted"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface StoredRun extends Annotations, Owned {
  id: string;
  number: number;
  /** The name that the user gave it; null: its number is its name. */
  name: string | null;
  datasetId: string;
  datasetVersion: number;
  datasetName: string;
  modelName: string;
  modelVersion: number | null;
  options: RunOptions;
  status: RunStatus;
  result: RunSummary | null;
  error: ErrorRecord | null;
  /** The progress of its last report; null before the first. */
  forecast: RunForecast | null;
  queuedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** How often it was taken from the queue: reports of an earlier holder do not count. */
  attempt: number;
  /** Who took it last. */
  worker: string | null;
}

export interface RunForecast {
  /** 0..1 of the whole run. */
  progress: number;
  /** Null until it could be estimated. */
  leftMs: number | null;
  at: number;
}

export interface StoredStage {
  position: number;
  name: string;
  status: "pending" | "running" | "finished" | "failed" | "skipped";
  progress: number;
  note: string;
  startedAt: number | null;
  durationMs: number | null;
  findings: Finding[];
  facts: Record<string, unknown>;
}

export interface StoredRound {
  candidate: string;
  round: number;
  train: number;
  valid: number;
  baseline: number;
  metric: string;
}

type Json<T, K extends keyof T> = Omit<T, K> & Record<K, string | null>;

const COLUMNS = `id, number, name, tags, note, archived_at AS "archivedAt", dataset_id AS "datasetId", dataset_version AS "datasetVersion", dataset_name AS "datasetName",
  model_name AS "modelName", model_version AS "modelVersion", options, status, result, error, forecast, queued_at AS "queuedAt",
  started_at AS "startedAt", finished_at AS "finishedAt", attempt, worker, ${ownedColumns("run", "runs")}`;

export type NewRun = Pick<
  StoredRun,
  | "id"
  | "datasetId"
  | "datasetVersion"
  | "datasetName"
  | "modelName"
  | "options"
  | "owner"
  | "ownerName"
  | "visibility"
> & {
  queuedAt: number;
};

/** Numbers count up in order of request: the queue's order. */
export async function insertRun(store: Handle, run: NewRun, stageNames: readonly string[]): Promise<void> {
  await store.run(
    `INSERT INTO runs (id, number, dataset_id, dataset_version, dataset_name, model_name, options, status, queued_at,
       owner, owner_name, visibility)
     VALUES ($id, (SELECT coalesce(max(number), 0) + 1 FROM
               (SELECT number FROM runs UNION ALL SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'lastRun') AS given),
             $datasetId, $datasetVersion, $datasetName,
             $modelName, $options, 'queued', $queuedAt, $owner, $ownerName, $visibility)`,
    { ...run, options: JSON.stringify(run.options) },
  );
  for (const [position, name] of stageNames.entries()) {
    await store.run(
      `INSERT INTO run_stages (run_id, position, name, status, progress, note, findings, facts)
       VALUES ($id, $position, $name, 'pending', 0, '', '[]', '{}')`,
      { id: run.id, position, name },
    );
  }
}

/** Null if it does not exist or was deleted. */
export async function findRun(store: Handle, id: string): Promise<StoredRun | null> {
  const row = await store.get<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE id = $id AND deletion IS NULL`, {
    id,
  });
  return row && readRun(row);
}

/** Whether what a run refers to was deleted since: its dataset, and the version that it made. */
export async function deletedBeside(
  store: Handle,
  { datasetId, modelName, modelVersion }: Pick<StoredRun, "datasetId" | "modelName" | "modelVersion">,
): Promise<{ datasetDeleted: boolean; versionDeleted: boolean }> {
  const found = await store.get<{ datasets: number; versions: number }>(
    `SELECT (SELECT count(*) FROM datasets WHERE id = $datasetId AND deletion IS NULL) AS datasets,
     (SELECT count(*) FROM model_versions
      WHERE name = $modelName AND version = $version AND deletion IS NULL) AS versions`,
    { datasetId, modelName, version: modelVersion ?? 0 },
  );
  return {
    datasetDeleted: Number(found?.datasets) === 0,
    versionDeleted: modelVersion !== null && Number(found?.versions) === 0,
  };
}

/** The run that a page without a subject shows: a running one, else the next in the queue, else the latest. */
export async function currentRun(store: Handle): Promise<StoredRun | null> {
  const row =
    (await store.get<RunRow>(
      `SELECT ${COLUMNS} FROM runs WHERE status = 'running' ORDER BY number LIMIT 1`,
    )) ??
    (await store.get<RunRow>(
      `SELECT ${COLUMNS} FROM runs WHERE status = 'queued' ORDER BY number LIMIT 1`,
    )) ??
    (await store.get<RunRow>(
      `SELECT ${COLUMNS} FROM runs WHERE deletion IS NULL ORDER BY number DESC LIMIT 1`,
    ));
  return row && readRun(row);
}

/**
 * Whether it still runs and nobody else has taken it since. Exact in a transaction, because transactions are
 * serialised.
 */
export async function isHeld(store: Handle, id: string, attempt: number): Promise<boolean> {
  const held = await store.get(
    "SELECT 1 FROM runs WHERE id = $id AND status = 'running' AND attempt = $attempt",
    { id, attempt },
  );
  return held !== null;
}

/** Counts a batch of its holder's reports; false: it is already counted, or the run is no longer the holder's. */
export async function countReports(
  store: Handle,
  { id, attempt, reports }: { id: string; attempt: number; reports: number },
): Promise<boolean> {
  const counted = await store.run(
    `UPDATE runs SET reports = $reports
     WHERE id = $id AND status = 'running' AND attempt = $attempt AND reports < $reports`,
    { id, attempt, reports },
  );
  return counted > 0;
}

/** Takes a run from the queue; returns its attempt, or null if it is no longer waiting. */
export async function claimRun(
  store: Handle,
  { id, attempt, worker, at }: { id: string; attempt: number; worker: string; at: number },
): Promise<number | null> {
  const [row] = await store.returning<{ attempt: number }>(
    `UPDATE runs SET status = 'running', started_at = $at, worker = $worker, attempt = attempt + 1,
       reports = 0 WHERE id = $id AND status = 'queued' AND attempt = $attempt RETURNING attempt`,
    { id, attempt, worker, at },
  );
  return row?.attempt ?? null;
}

/** The attempt after this one, if this worker has it already; else null. */
export async function claimedAttempt(
  store: Handle,
  { id, attempt, worker }: { id: string; attempt: number; worker: string },
): Promise<number | null> {
  const row = await store.get<{ attempt: number }>(
    `SELECT attempt FROM runs WHERE id = $id AND status = 'running' AND worker = $worker
     AND attempt = CAST($attempt AS BIGINT) + 1`,
    { id, attempt, worker },
  );
  return row?.attempt ?? null;
}

/** Deletes it with everything recorded about it; its number is never reused. */
export async function deleteRun(store: Handle, id: string): Promise<void> {
  await forgetAnswers(store);
  await store.run(
    `INSERT INTO meta (key, value) SELECT 'lastRun', CAST(max(number) AS TEXT) FROM runs WHERE true
     ON CONFLICT (key) DO UPDATE SET value = excluded.value
     WHERE CAST(excluded.value AS INTEGER) > CAST(meta.value AS INTEGER)`,
  );
  await store.run("DELETE FROM runs WHERE id = $id", { id });
}

export async function runsOfDataset(store: Handle, datasetId: string): Promise<StoredRun[]> {
  return (
    await store.all<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE dataset_id = $datasetId ORDER BY number`, {
      datasetId,
    })
  ).map(readRun);
}

export async function runsByStatus(store: Handle, status: RunStatus): Promise<StoredRun[]> {
  return (
    await store.all<RunRow>(
      `SELECT ${COLUMNS} FROM runs WHERE status = $status AND deletion IS NULL ORDER BY number`,
      { status },
    )
  ).map(readRun);
}

export async function countRuns(store: Handle, status: RunStatus): Promise<number> {
  return (await store.get<{ n: number }>(
    "SELECT count(*) AS n FROM runs WHERE status = $status AND deletion IS NULL",
    {
      status,
    },
  ))!.n;
}

/** Of the run that waits longest, since it was put into the queue or put there again; 0: none waits. */
export async function queueWaitSeconds(store: Handle, now: number): Promise<number> {
  const row = await store.get<{ at: number | null }>(
    `SELECT min(queued.at) AS at FROM (SELECT max(e.at) AS at FROM runs r JOIN run_events e ON e.run_id = r.id
       WHERE r.status = 'queued' AND r.deletion IS NULL AND e.type = 'run.queued' GROUP BY r.id) AS queued`,
  );
  return row?.at == null ? 0 : Math.max(0, now - row.at) / 1000;
}

export async function runCounts(store: Handle): Promise<Partial<Record<RunStatus, number>>> {
  const rows = await store.all<{ status: RunStatus; n: number }>(
    "SELECT status, count(*) AS n FROM runs WHERE deletion IS NULL GROUP BY status",
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

export async function countStored(store: Handle): Promise<{ datasets: number; models: number }> {
  return (await store.get<{ datasets: number; models: number }>(
    `SELECT (SELECT count(*) FROM datasets WHERE deletion IS NULL) AS datasets,
       (SELECT count(*) FROM models WHERE deletion IS NULL) AS models`,
  ))!;
}

type RunChange = Partial<
  Pick<
    StoredRun,
    "status" | "result" | "error" | "forecast" | "startedAt" | "finishedAt" | "modelName" | "modelVersion"
  >
>;

export async function updateRun(store: Handle, id: string, change: RunChange): Promise<void> {
  await moveRun(store, id, RUN_STATUSES, change);
}

/** As `updateRun` if its status is one of these; false if it is not, and nothing has changed. */
export async function moveRun(
  store: Handle,
  id: string,
  from: readonly RunStatus[],
  change: RunChange,
): Promise<boolean> {
  const columns: Record<string, string | number | null> = {};
  if (change.status !== undefined) columns.status = change.status;
  if (change.startedAt !== undefined) columns.started_at = change.startedAt;
  if (change.finishedAt !== undefined) columns.finished_at = change.finishedAt;
  if (change.modelName !== undefined) columns.model_name = change.modelName;
  if (change.modelVersion !== undefined) columns.model_version = change.modelVersion;
  if (change.result !== undefined) columns.result = change.result && JSON.stringify(change.result);
  if (change.forecast !== undefined) columns.forecast = change.forecast && JSON.stringify(change.forecast);
  if (change.error !== undefined) columns.error = change.error && JSON.stringify(change.error);
  const assignments = Object.keys(columns).map((column) => `${column} = $${column}`);
  const statuses = from.map((status) => `'${status}'`).join(", ");
  const moved = await store.run(
    `UPDATE runs SET ${assignments.join(", ")} WHERE id = $id AND status IN (${statuses})`,
    { ...columns, id },
  );
  return moved > 0;
}

/**
 * A run that resumes starts its record anew; scored candidates come back from its artifacts. False: it was neither
 * interrupted nor had it failed.
 */
export async function resetRun(store: Handle, id: string): Promise<boolean> {
  const cleared = { error: null, forecast: null, startedAt: null, finishedAt: null };
  if (!(await moveRun(store, id, ["interrupted", "failed"], { status: "queued", ...cleared }))) return false;
  await store.run(
    `UPDATE run_stages SET status = 'pending', progress = 0, note = '', started_at = NULL, duration_ms = NULL,
     findings = '[]', facts = '{}' WHERE run_id = $id`,
    { id },
  );
  await store.run("DELETE FROM run_candidates WHERE run_id = $id", { id });
  await store.run("DELETE FROM run_rounds WHERE run_id = $id", { id });
  return true;
}

export async function runStages(store: Handle, id: string): Promise<StoredStage[]> {
  return (
    await store.all<Json<StoredStage, "findings" | "facts">>(
      `SELECT position, name, status, progress, note, started_at AS "startedAt", duration_ms AS "durationMs", findings, facts
       FROM run_stages WHERE run_id = $id ORDER BY position`,
      { id },
    )
  ).map(
    (row) => ({ ...row, findings: JSON.parse(row.findings!), facts: JSON.parse(row.facts!) }) as StoredStage,
  );
}

export async function updateStage(
  store: Handle,
  id: string,
  stage: Pick<StoredStage, "position"> & Partial<StoredStage>,
): Promise<void> {
  const columns: Record<string, string | number | null> = {};
  if (stage.status !== undefined) columns.status = stage.status;
  if (stage.progress !== undefined) columns.progress = stage.progress;
  if (stage.note !== undefined) columns.note = stage.note;
  if (stage.startedAt !== undefined) columns.started_at = stage.startedAt;
  if (stage.durationMs !== undefined) columns.duration_ms = stage.durationMs;
  if (stage.findings !== undefined) columns.findings = JSON.stringify(stage.findings);
  if (stage.facts !== undefined) columns.facts = JSON.stringify(stage.facts);
  const assignments = Object.keys(columns).map((column) => `${column} = $${column}`);
  await store.run(
    `UPDATE run_stages SET ${assignments.join(", ")} WHERE run_id = $id AND position = $position`,
    {
      ...columns,
      id,
      position: stage.position,
    },
  );
}

/** Stages that were running or pending when the run ended. */
export async function endStages(store: Handle, id: string, status: "failed" | "skipped"): Promise<void> {
  await store.run("UPDATE run_stages SET status = $status WHERE run_id = $id AND status = 'running'", {
    id,
    status,
  });
  await store.run("UPDATE run_stages SET status = 'skipped' WHERE run_id = $id AND status = 'pending'", {
    id,
  });
}

export async function saveCandidate(store: Handle, id: string, candidate: Candidate): Promise<void> {
  await store.run(
    `INSERT INTO run_candidates (run_id, name, candidate) VALUES ($id, $name, $candidate)
     ON CONFLICT (run_id, name) DO UPDATE SET candidate = excluded.candidate`,
    { id, name: candidate.name, candidate: JSON.stringify(candidate) },
  );
}

export async function runCandidates(store: Handle, id: string): Promise<Candidate[]> {
  return (
    await store.all<{ candidate: string }>("SELECT candidate FROM run_candidates WHERE run_id = $id", { id })
  ).map((row) => JSON.parse(row.candidate) as Candidate);
}

/** Rounds of the candidate that wrote last, so that the curve shows the present training. */
export async function runRounds(store: Handle, id: string, candidate: string | null): Promise<StoredRound[]> {
  return store.all<StoredRound>(
    `SELECT candidate, round, train, valid, baseline, metric FROM run_rounds
     WHERE run_id = $id AND (CAST($candidate AS TEXT) IS NULL OR candidate = $candidate) ORDER BY candidate, round`,
    { id, candidate },
  );
}

type RunRow = Json<Omit<StoredRun, keyof Annotations>, "options" | "result" | "error" | "forecast"> &
  StoredAnnotations;

function readRun(row: RunRow): StoredRun {
  return {
    ...row,
    ...annotationsOf(row),
    options: { positiveClass: null, ...JSON.parse(row.options!) },
    result: row.result ? readResult(row.result) : null,
    error: row.error ? JSON.parse(row.error) : null,
    forecast: row.forecast ? JSON.parse(row.forecast) : null,
  } as StoredRun;
}
