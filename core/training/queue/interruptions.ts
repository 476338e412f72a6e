/**
 * Marks runs that were interrupted because their server or worker ended, and chooses those to resume automatically. A
 * run that seems to crash its server is not resumed forever.
 */
import type { EventLog } from "../../events/event-log.ts";
import type { EventData } from "../../events/events.ts";
import type { ErrorRecord } from "../../platform/errors.ts";
import type { Store } from "../../store/database.ts";
import { runEvents } from "../../store/run-events.ts";
import { endStages, isHeld, moveRun, runsByStatus, type StoredRun } from "../../store/runs.ts";
import { runOf } from "../run-recorder.ts";

export type InterruptionCause = "shutdown" | "crash";

/** After this many crashes a person decides. */
const MOST_CRASHES = 3;

const REASONS: Record<InterruptionCause, string> = {
  shutdown: "The server was stopped during this run",
  crash: "The server ended without shutting down during this run (a crash, a kill or a power cut)",
};

export interface InterruptionOptions {
  store: Store;
  log: EventLog;
  /** RESUME=1: runs resume automatically when the server starts. */
  resumes: "1" | "0";
  /** The host of a dead worker; absent: the run was this process's own. */
  host?: string;
  now: () => number;
}

/** Ends the run's record as interrupted, with the reason in `error`. */
export async function interruptRun(
  run: StoredRun,
  cause: InterruptionCause,
  options: InterruptionOptions,
): Promise<void> {
  const { store, log, host, now } = options;
  const crashes = (await countCrashes(store, run.id)) + (cause === "crash" ? 1 : 0);
  const error: ErrorRecord = {
    code: "unavailable",
    message: host ? `The worker on ${host} stopped answering during this run` : REASONS[cause],
    fix: fixFor(run, crashes, options),
  };
  await log.record(async (tx) => {
    const interrupted = { status: "interrupted", error, finishedAt: now() } as const;
    // It may have been resumed meanwhile.
    if (!(await isHeld(tx, run.id, run.attempt))) return;
    await moveRun(tx, run.id, ["running"], interrupted);
    await endStages(tx, run.id, "failed");
    await tx.append("run.interrupted", { ...runOf(run), reason: error.message, cause });
  });
}

function fixFor({ id }: StoredRun, crashes: number, { resumes, store }: InterruptionOptions): string {
  const command = `POST /api/runs/${id}/resume continues from the candidates that were already scored.`;
  if (resumes === "0") return `RESUME=0 keeps it stopped. ${command}`;
  if (crashes >= MOST_CRASHES)
    return `The run crashed ${crashes} times and is not restarted automatically. ${command}`;
  if (store.isShared) return `Another server resumes it automatically. ${command}`;
  return `The run resumes when the server starts again. ${command}`;
}

/** Interrupted runs to resume when the server starts, in queue order. */
export async function resumableRuns({ store, resumes }: InterruptionOptions): Promise<StoredRun[]> {
  if (resumes === "0") return [];
  const resumable: StoredRun[] = [];
  for (const run of await runsByStatus(store, "interrupted"))
    if (await isResumable(store, run.id)) resumable.push(run);
  return resumable;
}

/** Excludes runs that seem to crash their server. */
export async function isResumable(store: Store, runId: string): Promise<boolean> {
  return (await countCrashes(store, runId)) < MOST_CRASHES;
}

async function countCrashes(store: Store, runId: string): Promise<number> {
  return (await runEvents(store, runId)).filter(
    ({ type, data }) =>
      type === "run.interrupted" && (JSON.parse(data) as EventData<"run.interrupted">).cause === "crash",
  ).length;
}
