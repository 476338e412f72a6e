/**
 * Marks runs that were interrupted because their server or worker ended, and chooses those to resume automatically. A
 * run that seems to crash its server is not resumed forever.
 */
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { EventData } from "../../events/events.ts";
import type { ErrorRecord } from "../../platform/errors.ts";
import type { Store } from "../../store/database.ts";
import { runEvents } from "../../store/run-events.ts";
import { endStages, isHeld, moveRun, runsByStatus, type StoredRun } from "../../store/runs.ts";
import { failureOf, runOf } from "../run-recorder.ts";

export type InterruptionCause = "shutdown" | "crash";

/** A run fails after this many crashes in a row without a new result. */
const MOST_CRASHES = 3;

const REASONS: Record<InterruptionCause, string> = {
  shutdown: "The server was stopped during this run",
  crash: "The server ended without shutting down during this run (a crash, a kill or a power cut)",
};

export interface InterruptionOptions {
  store: Store;
  log: EventLog;
  alerts: Pick<Alerts, "raise">;
  /** RESUME=1: runs resume automatically when the server starts. */
  resumes: "1" | "0";
  /** The host of a dead worker; absent: the run was this process's own. */
  host?: string;
  now: () => number;
}

/** Ends the run's record as interrupted, with the reason in `error`; as failed if it crashed too often. */
export async function interruptRun(
  run: StoredRun,
  cause: InterruptionCause,
  options: InterruptionOptions,
): Promise<void> {
  const { store, log, alerts, host, now } = options;
  const crashes = (await countCrashes(store, run.id)) + (cause === "crash" ? 1 : 0);
  const isOver = crashes >= MOST_CRASHES;
  const reason = host ? `The worker on ${host} stopped answering during this run` : REASONS[cause];
  const error: ErrorRecord = isOver
    ? { code: "unavailable", ...tooManyCrashes(run, crashes, host) }
    : { code: "unavailable", message: reason, fix: fixFor(run, options) };
  await log.record(async (tx) => {
    const ended = { status: isOver ? "failed" : "interrupted", error, finishedAt: now() } as const;
    // It may have been resumed meanwhile.
    if (!(await isHeld(tx, run.id, run.attempt))) return;
    await moveRun(tx, run.id, ["running"], ended);
    await endStages(tx, run.id, "failed");
    await tx.append("run.interrupted", { ...runOf(run), reason, cause });
    if (!isOver) return;
    await tx.append("run.failed", { ...runOf(run), reason: error.message, code: error.code });
    await alerts.raise(failureOf(run, error.message), tx);
  });
}

/** A run that ends its host must not go round all hosts. */
function tooManyCrashes({ id }: StoredRun, crashes: number, host?: string) {
  const whose = host ? "The worker" : "The server";
  return {
    message: `${whose} died ${crashes} times during this run without a new result, so it is not started again`,
    fix: `Look in the logs for why, often too little memory: TRAIN_MEMORY_MB bounds a training. POST /api/runs/${id}/resume tries once more.`,
  };
}

function fixFor({ id }: StoredRun, { resumes, store }: InterruptionOptions): string {
  const command = `POST /api/runs/${id}/resume continues from the candidates that were already scored.`;
  if (resumes === "0") return `RESUME=0 keeps it stopped. ${command}`;
  if (store.isShared) return `Another server resumes it automatically. ${command}`;
  return `The run resumes when the server starts again, unless RESUME is 0. ${command}`;
}

/** Interrupted runs to resume when the server starts, in queue order. */
export async function resumableRuns({
  store,
  resumes,
}: Pick<InterruptionOptions, "store" | "resumes">): Promise<StoredRun[]> {
  return resumes === "0" ? [] : runsByStatus(store, "interrupted");
}

/** Crashes since its last new result, or since a person resumed it after it had failed. */
async function countCrashes(store: Store, runId: string): Promise<number> {
  const scored = new Set<unknown>();
  let crashes = 0;
  for (const { type, data } of await runEvents(store, runId)) {
    const event = JSON.parse(data) as Partial<EventData<"run.interrupted"> & EventData<"candidate.scored">>;
    const isNew = type === "candidate.scored" && !scored.has(event.candidate);
    if (isNew) scored.add(event.candidate);
    if (isNew || type === "run.failed") crashes = 0;
    else if (type === "run.interrupted" && event.cause === "crash") crashes += 1;
  }
  return crashes;
}
