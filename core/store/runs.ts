/** SQL of runs, their stages, candidates and rounds. */
import type { Finding } from "../csv/types.ts";
import type { ErrorRecord } from "../platform/errors.ts";
import type { Candidate, RunOptions, RunSummary } from "../trainer/contract.ts";
import type { Store } from "./database.ts";
import { readResult } from "./results.ts";

export const RUN_STATUSES = ["queued", "running", "finished", "failed", "cancelled", "interrupted"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface StoredRun {
  id: string;
  number: number;
  datasetId: string;
  datasetVersion: number;
  datasetName: string;
  modelName: string;
  modelVersion: number | null;
  options: RunOptions;
  status: RunStatus;
  result: RunSummary | null;
  error: ErrorRecord | null;
  /** How far it was when a stage told last; null before. */
  forecast: RunForecast | null;
  queuedAt: number;
  startedAt: number | null;
  finishedAt: number | null;
}

export interface RunForecast {
  /** 0..1 of the whole run. */
  progress: number;
  /** Null while there was nothing to judge by. */
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

const COLUMNS = `id, number, dataset_id AS datasetId, dataset_version AS datasetVersion, dataset_name AS datasetName,
  model_name AS modelName, model_version AS modelVersion, options, status, result, error, forecast, queued_at AS queuedAt,
  started_at AS startedAt, finished_at AS finishedAt`;

export type NewRun = Pick<
  StoredRun,
  "id" | "datasetId" | "datasetVersion" | "datasetName" | "modelName" | "options"
> & {
  queuedAt: number;
};

/** Numbers count up in the order of asking: the queue's order. */
export function insertRun(store: Store, run: NewRun, stageNames: readonly string[]): void {
  store.run(
    `INSERT INTO runs (id, number, dataset_id, dataset_version, dataset_name, model_name, options, status, queued_at)
     VALUES ($id, (SELECT coalesce(max(number), 0) + 1 FROM runs), $datasetId, $datasetVersion, $datasetName,
             $modelName, $options, 'queued', $queuedAt)`,
    { ...run, options: JSON.stringify(run.options) },
  );
  stageNames.forEach((name, position) => {
    store.run(
      `INSERT INTO run_stages (run_id, position, name, status, progress, note, findings, facts)
       VALUES ($id, $position, $name, 'pending', 0, '', '[]', '{}')`,
      { id: run.id, position, name },
    );
  });
}

export function findRun(store: Store, id: string): StoredRun | null {
  const row = store.get<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE id = $id`, { id });
  return row && readRun(row);
}

/** The run that a page without a subject shows: a running one, else the next in the queue, else the latest. */
export function currentRun(store: Store): StoredRun | null {
  const row =
    store.get<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE status = 'running' ORDER BY number LIMIT 1`) ??
    store.get<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE status = 'queued' ORDER BY number LIMIT 1`) ??
    store.get<RunRow>(`SELECT ${COLUMNS} FROM runs ORDER BY number DESC LIMIT 1`);
  return row && readRun(row);
}

/** Newest first. */
export function listRuns(store: Store, page: { before: number; limit: number }): StoredRun[] {
  return store
    .all<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE number < $before ORDER BY number DESC LIMIT $limit`, page)
    .map(readRun);
}

export function runsOfDataset(store: Store, datasetId: string): StoredRun[] {
  return store
    .all<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE dataset_id = $datasetId ORDER BY number`, { datasetId })
    .map(readRun);
}

export function runsByStatus(store: Store, status: RunStatus): StoredRun[] {
  return store
    .all<RunRow>(`SELECT ${COLUMNS} FROM runs WHERE status = $status ORDER BY number`, { status })
    .map(readRun);
}

export function countRuns(store: Store, status: RunStatus): number {
  return store.get<{ n: number }>("SELECT count(*) AS n FROM runs WHERE status = $status", { status })!.n;
}

export function runCounts(store: Store): Partial<Record<RunStatus, number>> {
  const rows = store.all<{ status: RunStatus; n: number }>(
    "SELECT status, count(*) AS n FROM runs GROUP BY status",
  );
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

export function countStored(store: Store): { datasets: number; models: number } {
  return store.get<{ datasets: number; models: number }>(
    "SELECT (SELECT count(*) FROM datasets) AS datasets, (SELECT count(*) FROM models) AS models",
  )!;
}

export function updateRun(
  store: Store,
  id: string,
  change: Partial<
    Pick<StoredRun, "status" | "result" | "error" | "forecast" | "startedAt" | "finishedAt" | "modelVersion">
  >,
): void {
  const columns: Record<string, string | number | null> = {};
  if (change.status !== undefined) columns.status = change.status;
  if (change.startedAt !== undefined) columns.started_at = change.startedAt;
  if (change.finishedAt !== undefined) columns.finished_at = change.finishedAt;
  if (change.modelVersion !== undefined) columns.model_version = change.modelVersion;
  if (change.result !== undefined) columns.result = change.result && JSON.stringify(change.result);
  if (change.forecast !== undefined) columns.forecast = change.forecast && JSON.stringify(change.forecast);
  if (change.error !== undefined) columns.error = change.error && JSON.stringify(change.error);
  const assignments = Object.keys(columns).map((column) => `${column} = $${column}`);
  store.run(`UPDATE runs SET ${assignments.join(", ")} WHERE id = $id`, { ...columns, id });
}

/** A run that goes on after an interruption starts its record anew; scored candidates come back from its artifacts. */
export function resetRun(store: Store, id: string): void {
  store.run(
    "UPDATE runs SET status = 'queued', error = NULL, forecast = NULL, started_at = NULL, finished_at = NULL WHERE id = $id",
    { id },
  );
  store.run(
    `UPDATE run_stages SET status = 'pending', progress = 0, note = '', started_at = NULL, duration_ms = NULL,
     findings = '[]', facts = '{}' WHERE run_id = $id`,
    { id },
  );
  store.run("DELETE FROM run_candidates WHERE run_id = $id", { id });
  store.run("DELETE FROM run_rounds WHERE run_id = $id", { id });
}

export function runStages(store: Store, id: string): StoredStage[] {
  return store
    .all<Json<StoredStage, "findings" | "facts">>(
      `SELECT position, name, status, progress, note, started_at AS startedAt, duration_ms AS durationMs, findings, facts
       FROM run_stages WHERE run_id = $id ORDER BY position`,
      { id },
    )
    .map(
      (row) =>
        ({ ...row, findings: JSON.parse(row.findings!), facts: JSON.parse(row.facts!) }) as StoredStage,
    );
}

export function updateStage(
  store: Store,
  id: string,
  stage: Pick<StoredStage, "position"> & Partial<StoredStage>,
): void {
  const columns: Record<string, string | number | null> = {};
  if (stage.status !== undefined) columns.status = stage.status;
  if (stage.progress !== undefined) columns.progress = stage.progress;
  if (stage.note !== undefined) columns.note = stage.note;
  if (stage.startedAt !== undefined) columns.started_at = stage.startedAt;
  if (stage.durationMs !== undefined) columns.duration_ms = stage.durationMs;
  if (stage.findings !== undefined) columns.findings = JSON.stringify(stage.findings);
  if (stage.facts !== undefined) columns.facts = JSON.stringify(stage.facts);
  const assignments = Object.keys(columns).map((column) => `${column} = $${column}`);
  store.run(`UPDATE run_stages SET ${assignments.join(", ")} WHERE run_id = $id AND position = $position`, {
    ...columns,
    id,
    position: stage.position,
  });
}

/** What was still running or pending when the run ended. */
export function endStages(store: Store, id: string, status: "failed" | "skipped"): void {
  store.run("UPDATE run_stages SET status = $status WHERE run_id = $id AND status = 'running'", {
    id,
    status,
  });
  store.run("UPDATE run_stages SET status = 'skipped' WHERE run_id = $id AND status = 'pending'", { id });
}

export function saveCandidate(store: Store, id: string, candidate: Candidate): void {
  store.run(
    `INSERT INTO run_candidates (run_id, name, candidate) VALUES ($id, $name, $candidate)
     ON CONFLICT DO UPDATE SET candidate = excluded.candidate`,
    { id, name: candidate.name, candidate: JSON.stringify(candidate) },
  );
}

export function runCandidates(store: Store, id: string): Candidate[] {
  return store
    .all<{ candidate: string }>("SELECT candidate FROM run_candidates WHERE run_id = $id", { id })
    .map((row) => JSON.parse(row.candidate) as Candidate);
}

export function saveRound(store: Store, id: string, round: StoredRound): void {
  store.run(
    `INSERT OR REPLACE INTO run_rounds (run_id, candidate, round, train, valid, baseline, metric)
     VALUES ($id, $candidate, $round, $train, $valid, $baseline, $metric)`,
    { id, ...round },
  );
}

/** Rounds of the candidate that wrote last, so that the curve shows what is being trained now. */
export function runRounds(store: Store, id: string, candidate: string | null): StoredRound[] {
  return store.all<StoredRound>(
    `SELECT candidate, round, train, valid, baseline, metric FROM run_rounds
     WHERE run_id = $id AND ($candidate IS NULL OR candidate = $candidate) ORDER BY candidate, round`,
    { id, candidate },
  );
}

type RunRow = Json<StoredRun, "options" | "result" | "error" | "forecast">;

function readRun(row: RunRow): StoredRun {
  return {
    ...row,
    options: { positiveClass: null, ...JSON.parse(row.options!) },
    result: row.result ? readResult(row.result) : null,
    error: row.error ? JSON.parse(row.error) : null,
    forecast: row.forecast ? JSON.parse(row.forecast) : null,
  } as StoredRun;
}
