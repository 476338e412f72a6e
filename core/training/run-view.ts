/** Describes a run for clients: the shape that the API, the panels and the pages share. */
import type { Finding, Readings } from "../csv/types.ts";
import type { ErrorRecord } from "../platform/errors.ts";
import type { Store } from "../store/database.ts";
import { ownerView, type Visibility } from "../store/ownership.ts";
import { latestTrained } from "../store/run-events.ts";
import {
  deletedBeside,
  type RunStatus,
  runCandidates,
  runRounds,
  runStages,
  type StoredRound,
  type StoredRun,
  type StoredStage,
} from "../store/runs.ts";
import { bySeverity } from "../trainer/checks/severity.ts";
import { type RunResult, STAGE_NAMES, type VersionComparison } from "../trainer/contract.ts";
import { type LeaderboardEntry, rankCandidates } from "./results/leaderboard.ts";
import { earlyProgress, progressAt, stillLeft } from "./time-left.ts";

/** A stage for clients: its time as text. */
export type RunStage = Omit<StoredStage, "startedAt"> & { startedAt: string | null };

export interface RunView {
  id: string;
  number: number;
  datasetId: string;
  datasetVersion: number;
  datasetName: string;
  /** The name that the user gave it. */
  name: string | null;
  tags: string[];
  note: string;
  archived: boolean;
  /** Null: unknown. */
  owner: string | null;
  visibility: Visibility;
  target: string;
  task: string | null;
  metric: string | null;
  status: RunStatus;
  stage: string | null;
  stages: RunStage[];
  /** 0..1 of the run's total time: consistent with `etaSeconds`. */
  progress: number;
  elapsedMs: number;
  /** Null until it can be estimated. */
  etaSeconds: number | null;
  /** Best first. */
  candidates: LeaderboardEntry[];
  best: string | null;
  metrics: Record<string, number> | null;
  intervals: Record<string, [number, number]> | null;
  baseline: Record<string, number> | null;
  verdict: string | null;
  beatsBaseline: boolean | null;
  /** Known from Data validation on. */
  positiveClass: string | null;
  /** From all stages so far, errors first. */
  findings: Finding[];
  refit: RunResult["refit"];
  /** How rows are read; null before the run has finished. */
  readings: Readings | null;
  comparison: VersionComparison | null;
  /** Microseconds that the prediction of a row takes; null if it was not measured. */
  cost: number | null;
  modelName: string;
  version: number | null;
  /** Deleted since the run, so that there is nothing to open. */
  datasetDeleted: boolean;
  versionDeleted: boolean;
  options: StoredRun["options"];
  error: ErrorRecord | null;
  queuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

export async function runView(store: Store, run: StoredRun, now: number): Promise<RunView> {
  const stages = (await runStages(store, run.id)).map((stage) => ({
    ...stage,
    startedAt: timeText(stage.startedAt),
  }));
  const metric = run.result?.metric ?? settledFact(stages, "metric") ?? run.options.metric;
  const elapsedMs = run.startedAt === null ? 0 : Math.max(0, (run.finishedAt ?? now) - run.startedAt);
  const leftMs = run.status === "running" ? stillLeft(run.forecast, now) : null;
  return {
    id: run.id,
    number: run.number,
    datasetId: run.datasetId,
    datasetVersion: run.datasetVersion,
    datasetName: run.datasetName,
    name: run.name,
    tags: run.tags,
    note: run.note,
    archived: run.archivedAt !== null,
    ...ownerView(run),
    target: run.options.target,
    task: run.result?.task ?? run.options.task,
    metric,
    status: run.status,
    stage: stages.find(({ status }) => status === "running")?.name ?? null,
    stages,
    progress: progressOf(run, stages, now),
    elapsedMs,
    etaSeconds: leftMs === null ? null : Math.round(leftMs / 100) / 10,
    candidates: rankCandidates(await runCandidates(store, run.id), {
      metric,
      folds: comparedFolds(stages),
      best: run.result?.best ?? null,
    }),
    best: run.result?.best ?? null,
    metrics: run.result?.metrics ?? null,
    intervals: run.result?.intervals ?? null,
    baseline: run.result?.baseline ?? null,
    verdict: run.result?.verdict ?? null,
    beatsBaseline: run.result?.beatsBaseline ?? null,
    positiveClass: run.result?.positiveClass ?? settledFact(stages, "positiveClass"),
    findings: bySeverity(stages.flatMap(({ findings }) => findings)),
    refit: run.result?.refit ?? null,
    readings: run.result?.readings ?? null,
    comparison: run.result?.comparison ?? null,
    cost: run.result?.cost ?? null,
    modelName: run.modelName,
    version: run.modelVersion,
    ...(await deletedBeside(store, run)),
    options: run.options,
    error: run.error,
    queuedAt: new Date(run.queuedAt).toISOString(),
    startedAt: timeText(run.startedAt),
    finishedAt: timeText(run.finishedAt),
  };
}

function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** The rounds of the winner once there is one, else of the last trained candidate. */
export async function currentRounds(store: Store, run: StoredRun): Promise<StoredRound[]> {
  const won = run.result ? await runRounds(store, run.id, run.result.best) : [];
  if (won.length) return won;
  const latest = await latestTrained(store, run.id);
  return latest === null ? [] : await runRounds(store, run.id, latest);
}

/** Elapsed share of the run's estimated total time at `now`, 0..1. */
export function progressOf(
  { status, forecast }: Pick<StoredRun, "status" | "forecast">,
  stages: readonly Pick<StoredStage, "position" | "progress">[],
  now: number,
): number {
  if (status === "finished") return 1;
  if (!forecast) return progressBefore(stages);
  return status === "running" ? progressAt(forecast, now) : forecast.progress;
}

/** If no stage has reported progress for the whole run. */
function progressBefore(stages: readonly Pick<StoredStage, "position" | "progress">[]): number {
  const under = stages.findLast(({ progress }) => progress > 0);
  return under ? earlyProgress(under.position, under.progress) : 0;
}

/** Reported by Model selection: the folds on which candidates are compared. */
export function comparedFolds(stages: readonly Pick<StoredStage, "facts">[]): number | null {
  const folds = stages[STAGE_NAMES.indexOf("Model selection")]?.facts.folds;
  return typeof folds === "number" ? folds : null;
}

/** What Data validation decided. */
function settledFact(
  stages: readonly Pick<StoredStage, "facts">[],
  name: "metric" | "positiveClass",
): string | null {
  const fact = stages[0]?.facts[name];
  return typeof fact === "string" ? fact : null;
}
