/**
 * Reconstructs the state of a run at any moment from its own record, which is kept as long as the run, whatever the log
 * has dropped since. It shows nothing that was not known then: findings and facts of a stage only after it had
 * finished.
 */
import type { EventData, EventName } from "../events/events.ts";
import type { Store } from "../store/database.ts";
import { runEvents } from "../store/run-events.ts";
import { runRounds, type StoredRound, type StoredRun, type StoredStage } from "../store/runs.ts";
import type { Candidate } from "../trainer/contract.ts";
import { rankCandidates } from "./results/leaderboard.ts";
import { comparedFolds, currentRounds, type RunStage, type RunView, runView } from "./run-view.ts";

export interface Replay {
  /** The moment that is shown, in seconds since the run started, and the total duration. */
  seconds: number;
  totalSeconds: number;
  /** Moments worth jumping to: the start of each stage, and the end. */
  marks: { seconds: number; label: string }[];
  run: RunView;
  /** Rounds of the candidate that was in training. */
  rounds: StoredRound[];
}

interface RecordedEvent {
  type: EventName;
  at: number;
  data: unknown;
}

/** What the events up to the moment say. */
interface Fold {
  stages: Map<number, Pick<StoredStage, "status" | "progress" | "note" | "durationMs">>;
  candidates: Map<string, Candidate>;
  training: { candidate: string; round: number } | null;
  hasEnded: boolean;
}

/** `seconds` null: the end. A run that is still active is shown up to now. */
export async function replayRun(
  store: Store,
  run: StoredRun,
  options: { seconds: number | null; now: number },
): Promise<Replay> {
  const record = await lastAttempt(store, run.id);
  const startedAt = record[0]?.at ?? run.queuedAt;
  const totalSeconds = ((record.at(-1)?.at ?? startedAt) - startedAt) / 1000;
  const seconds = Math.min(totalSeconds, Math.max(0, options.seconds ?? totalSeconds));
  const until = startedAt + seconds * 1000;
  const final = await runView(store, run, options.now);
  const fold = foldEvents(
    record.filter(({ at }) => at <= until),
    final,
  );
  const rounds = fold.hasEnded ? await currentRounds(store, run) : await roundsAt(store, run, fold);
  const marks = record.flatMap((event) => markOf(event, startedAt));
  return { seconds, totalSeconds, marks, rounds, run: fold.hasEnded ? final : viewAt(final, fold, seconds) };
}

/** Of the candidate that was in training, up to that moment. */
async function roundsAt(store: Store, run: StoredRun, { training }: Fold): Promise<StoredRound[]> {
  if (!training) return [];
  return (await runRounds(store, run.id, training.candidate)).filter(({ round }) => round <= training.round);
}

/** From the last start on: the resumed attempt repeats what an interrupted one reported. */
async function lastAttempt(store: Store, runId: string): Promise<RecordedEvent[]> {
  const events = (await runEvents(store, runId)).map(({ type, at, data }) => ({
    type: type as EventName,
    at,
    data: JSON.parse(data) as unknown,
  }));
  const start = events.findLastIndex(({ type }) => type === "run.started");
  return start < 0 ? [] : events.slice(start);
}

/** The log's position before the run was last queued. */
export async function attemptBegan(store: Store, runId: string): Promise<number> {
  return ((await runEvents(store, runId)).findLast(({ type }) => type === "run.queued")?.seq ?? 1) - 1;
}

const ENDS: readonly EventName[] = ["run.finished", "run.failed", "run.cancelled", "run.interrupted"];

function foldEvents(events: RecordedEvent[], final: RunView): Fold {
  const fold: Fold = { stages: new Map(), candidates: new Map(), training: null, hasEnded: false };
  const params = new Map(final.candidates.map((candidate) => [candidate.name, candidate.params]));
  for (const { type, data } of events) {
    if (type === "stage.started") {
      const { position } = data as EventData<"stage.started">;
      fold.stages.set(position, { status: "running", progress: 0, note: "", durationMs: null });
    } else if (type === "stage.progressed") {
      const { position, progress, note } = data as EventData<"stage.progressed">;
      fold.stages.set(position, { status: "running", progress, note, durationMs: null });
    } else if (type === "stage.finished") {
      const { position, note, durationMs } = data as EventData<"stage.finished">;
      fold.stages.set(position, { status: "finished", progress: 1, note, durationMs });
    } else if (type === "candidate.scored") {
      const {
        candidate: name,
        family,
        score,
        std,
        foldScores,
        durationMs,
      } = data as EventData<"candidate.scored">;
      const told = { name, family: family as Candidate["family"], score, std, foldScores, durationMs };
      fold.candidates.set(name, { ...told, params: params.get(name) ?? {} });
    } else if (type === "round.finished") {
      fold.training = data as EventData<"round.finished">;
    } else if (ENDS.includes(type)) fold.hasEnded = true;
  }
  return fold;
}

function viewAt(final: RunView, { stages: told, candidates }: Fold, seconds: number): RunView {
  const stages = final.stages.map((stage): RunStage => {
    const then = told.get(stage.position);
    if (then?.status === "finished") return { ...stage, ...then };
    const unknown = { findings: [], facts: {}, durationMs: null };
    return { ...stage, status: "pending", progress: 0, note: "", ...then, ...unknown };
  });
  return {
    ...final,
    status: "running",
    stages,
    stage: stages.find(({ status }) => status === "running")?.name ?? null,
    progress: Math.min(1, seconds / Math.max(1e-3, final.elapsedMs / 1000)),
    elapsedMs: seconds * 1000,
    etaSeconds: null,
    candidates: rankCandidates([...candidates.values()], {
      metric: final.metric,
      folds: comparedFolds(final.stages),
      best: null,
    }),
    best: null,
    metrics: null,
    intervals: null,
    baseline: null,
    verdict: null,
    beatsBaseline: null,
    findings: stages.flatMap(({ findings }) => findings),
    refit: null,
    comparison: null,
    version: null,
    error: null,
    finishedAt: null,
  };
}

function markOf({ type, at, data }: RecordedEvent, startedAt: number): Replay["marks"] {
  const seconds = (at - startedAt) / 1000;
  if (type === "stage.started") return [{ seconds, label: (data as EventData<"stage.started">).stage }];
  return ENDS.includes(type) ? [{ seconds, label: "The end" }] : [];
}
