/** How does a run look from outside? The shape that the API, the panels and the pages share. */
import type { ErrorRecord } from "../platform/errors.ts";
import type { Store } from "../store/database.ts";
import { latestTrained } from "../store/run-events.ts";
import {
  type RunStatus,
  runCandidates,
  runRounds,
  runStages,
  type StoredRound,
  type StoredRun,
  type StoredStage,
} from "../store/runs.ts";
import type { Candidate, VersionComparison } from "../trainer/contract.ts";
import { isMetricName, METRICS } from "../trainer/metrics/index.ts";

/** A stage as others see it: its time as text. */
export type RunStage = Omit<StoredStage, "startedAt"> & { startedAt: string | null };

export interface RunView {
  id: string;
  number: number;
  datasetId: string;
  datasetVersion: number;
  datasetName: string;
  target: string;
  task: string | null;
  metric: string | null;
  status: RunStatus;
  stage: string | null;
  stages: RunStage[];
  /** 0..1 over all stages. */
  progress: number;
  elapsedMs: number;
  /** Null until there is something to judge by. */
  etaSeconds: number | null;
  candidates: Candidate[];
  best: string | null;
  metrics: Record<string, number> | null;
  intervals: Record<string, [number, number]> | null;
  baseline: Record<string, number> | null;
  verdict: string | null;
  beatsBaseline: boolean | null;
  comparison: VersionComparison | null;
  modelName: string;
  version: number | null;
  options: StoredRun["options"];
  error: ErrorRecord | null;
  queuedAt: string;
  startedAt: string | null;
  finishedAt: string | null;
}

/** Typical share of each stage in a run's time: only the bar for the whole is drawn from it. */
const STAGE_SHARES = [0.06, 0.03, 0.05, 0.5, 0.2, 0.06, 0.07, 0.03];

export function runView(store: Store, run: StoredRun, now: number): RunView {
  const stages = runStages(store, run.id).map((stage) => ({
    ...stage,
    startedAt: timeText(stage.startedAt),
  }));
  const metric = run.result?.metric ?? settledMetric(stages) ?? run.options.metric;
  const progress = run.status === "finished" ? 1 : overallProgress(stages);
  const elapsedMs = run.startedAt === null ? 0 : (run.finishedAt ?? now) - run.startedAt;
  return {
    id: run.id,
    number: run.number,
    datasetId: run.datasetId,
    datasetVersion: run.datasetVersion,
    datasetName: run.datasetName,
    target: run.options.target,
    task: run.result?.task ?? run.options.task,
    metric,
    status: run.status,
    stage: stages.find(({ status }) => status === "running")?.name ?? null,
    stages,
    progress,
    elapsedMs,
    etaSeconds: run.status === "running" ? etaSeconds(progress, elapsedMs, run.options.budgetSeconds) : null,
    candidates: ranked(runCandidates(store, run.id), metric),
    best: run.result?.best ?? null,
    metrics: run.result?.metrics ?? null,
    intervals: run.result?.intervals ?? null,
    baseline: run.result?.baseline ?? null,
    verdict: run.result?.verdict ?? null,
    beatsBaseline: run.result?.beatsBaseline ?? null,
    comparison: run.result?.comparison ?? null,
    modelName: run.modelName,
    version: run.modelVersion,
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

/** The rounds of the winner once there is one, else of the candidate that trained last. */
export function currentRounds(store: Store, run: StoredRun): StoredRound[] {
  const won = run.result ? runRounds(store, run.id, run.result.best) : [];
  if (won.length) return won;
  const latest = latestTrained(store, run.id);
  return latest === null ? [] : runRounds(store, run.id, latest);
}

export function overallProgress(stages: Pick<StoredStage, "progress">[]): number {
  return stages.reduce((sum, stage, index) => sum + stage.progress * (STAGE_SHARES[index] ?? 0), 0);
}

/** By the pace so far, and never more than the budget leaves. */
function etaSeconds(progress: number, elapsedMs: number, budgetSeconds: number): number | null {
  if (progress < 0.1 || elapsedMs < 500) return null;
  const byPace = (elapsedMs / 1000) * (1 / progress - 1);
  return Math.round(Math.min(byPace, Math.max(1, budgetSeconds - elapsedMs / 1000)));
}

function settledMetric(stages: Pick<StoredStage, "facts">[]): string | null {
  const metric = stages[0]?.facts.metric;
  return typeof metric === "string" ? metric : null;
}

/** Best first. */
export function ranked(candidates: Candidate[], metric: string | null): Candidate[] {
  const isLess = metric !== null && isMetricName(metric) && METRICS[metric].better === "less";
  return candidates.sort((a, b) => (isLess ? a.score - b.score : b.score - a.score));
}
