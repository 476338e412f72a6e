/** Runs what was claimed of a schedule to its end, and records that end; it is leased in the store while it runs. */
import { type Place, shownPlace } from "../../datasets/sources/place.ts";
import { alertAction } from "../../events/alert-records.ts";
import type { EventLog } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import {
  endScheduleRun,
  findSchedule,
  type Held,
  holdScheduleRun,
  markSending,
  type StoredSchedule,
  type StoredScheduleRun,
  trimScheduleRuns,
  waitForRun,
} from "../../store/schedules.ts";
import type { Sealer } from "../../store/sealed.ts";
import type { WorkDone, WorkOptions } from "./actions.ts";
import { scoreKey } from "./schedule-views.ts";
import { type ScheduleSpec, type Target, targetKind } from "./spec.ts";

/** A host that is silent for this long counts as dead. */
export const HOLD_MS = 60_000;
export const RUNS_STORED = 100;
/** A run that ends its host each time must not be passed on to all of them. */
const MOST_ATTEMPTS = 3;

export interface RunnerOptions extends WorkOptions {
  log: EventLog;
  logger: Logger;
  sealer: Sealer;
  now: () => number;
}

export class ScheduleRunner {
  /** What this process runs now, by the run's ID. */
  private readonly active = new Map<string, { work: Promise<void>; run: Held; stop: AbortController }>();
  private isStopping = false;

  constructor(private readonly options: RunnerOptions) {}

  isRunning(id: string): boolean {
    return this.active.has(id);
  }

  async settled(): Promise<void> {
    while (this.active.size) await Promise.all([...this.active.values()].map(({ work }) => work));
  }

  /** Ends a run that was stopped, if it runs here: its end is recorded already. */
  abort(id: string): void {
    this.active.get(id)?.stop.abort(new TakenOver());
  }

  /** Releases what is running, so that the next start takes it over at once. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const { run } of this.active.values()) await holdScheduleRun(this.options.store, run, 0);
  }

  /** Reports that this host is alive, for all that it runs. */
  async renew(): Promise<void> {
    const { store, now } = this.options;
    for (const { run } of this.active.values()) await holdScheduleRun(store, run, now() + HOLD_MS);
  }

  /** Starts a run that was claimed. */
  begin(schedule: StoredSchedule, run: StoredScheduleRun): void {
    const stop = new AbortController();
    const work = this.execute(schedule, run, stop.signal)
      .catch((error: unknown) =>
        this.options.logger.error(
          { schedule: schedule.id, error: String((error as Error)?.stack ?? error) },
          "the end of a schedule's run could not be recorded",
        ),
      )
      .finally(() => this.active.delete(run.id));
    this.active.set(run.id, { work, run, stop });
  }

  private async execute(
    schedule: StoredSchedule,
    run: StoredScheduleRun,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      const done = await this.act(schedule, run, signal);
      if (done) await this.end(schedule, run, { status: "done", ...done });
    } catch (error) {
      // The host that takes it over continues it, or reports it.
      if (this.isStopping || signal.aborted || error instanceof TakenOver) return;
      const isOurs = error instanceof AppError;
      if (!isOurs)
        this.options.logger.error(
          { schedule: schedule.id, error: String((error as Error)?.stack ?? error) },
          "a schedule failed",
        );
      const sentence = isOurs ? error.message : "internal error";
      await this.end(schedule, run, { status: "failed", sentence, result: null });
    }
  }

  /** Null: its training was interrupted; the host that takes it over waits for the outcome. */
  private async act(
    schedule: StoredSchedule,
    run: StoredScheduleRun,
    signal: AbortSignal,
  ): Promise<WorkDone | null> {
    const { sealer, store } = this.options;
    const spec = JSON.parse(schedule.spec) as ScheduleSpec;
    if (spec.action !== "retrain" && run.attempt > MOST_ATTEMPTS)
      throw new AppError(
        "conflict",
        `the server ended ${MOST_ATTEMPTS} times during this run, so it was not started again`,
      );
    const { refresh, score } = await import("./actions.ts");
    if (spec.action === "refresh") return refresh(spec, this.options);
    if (spec.action === "retrain") return this.retrain(spec, run, signal);
    const to = targetOf(schedule, sealer)!;
    if (run.isSending && !isRepeatable(to))
      throw new AppError(
        "conflict",
        `the server ended while the result was sent to ${shownPlace(placeOf(to)).url}; check whether it arrived. It was not sent again`,
      );
    const begin = async () => {
      if (!(await markSending(store, run))) throw new TakenOver();
    };
    return score({ id: run.id, name: schedule.name, spec, to, begin, signal }, this.options);
  }

  private async retrain(
    spec: ScheduleSpec,
    run: StoredScheduleRun,
    signal: AbortSignal,
  ): Promise<WorkDone | null> {
    const { store, runs } = this.options;
    const { beginRetraining, finishRetraining } = await import("./actions.ts");
    if (!run.runId) {
      await beginRetraining(spec, run.id, this.options);
      await waitForRun(store, run.id);
      // Stopped before there was a training that could be cancelled.
      if (signal.aborted) await runs.cancel(run.id);
    }
    const { status } = await runs.find(run.id);
    const ended = await runs.ended(run.id);
    if (ended.status === "interrupted") {
      // Still interrupted when it was taken over: nobody resumes it.
      if (this.isStopping || run.attempt === 1 || status !== "interrupted") return null;
      throw new AppError("conflict", `run ${ended.number} was interrupted and not resumed`);
    }
    if (!(await holdScheduleRun(store, run, this.options.now() + HOLD_MS))) throw new TakenOver();
    return finishRetraining(spec, ended, this.options);
  }

  private async end(
    { id: scheduleId, name }: StoredSchedule,
    run: StoredScheduleRun,
    end: { status: "done" | "failed"; sentence: string; result: string | null },
  ): Promise<void> {
    const { log, alerts, store, files, now } = this.options;
    const dueAt = new Date(run.dueAt).toISOString();
    await log.record(async (tx) => {
      if (!(await endScheduleRun(tx, { ...end, id: run.id, attempt: run.attempt, finishedAt: now() })))
        return;
      if (!(await findSchedule(tx, scheduleId))) return;
      if (end.status === "done") {
        await tx.append("schedule.ran", { scheduleId, name, dueAt, sentence: end.sentence });
        await alerts.resolve("schedule", scheduleId, tx);
        return;
      }
      const reason = end.sentence;
      await tx.append("schedule.failed", { scheduleId, name, dueAt, reason });
      await alerts.raise(
        {
          code: "schedule",
          subject: scheduleId,
          severity: "error",
          sentence: `${name} failed: ${reason.replace(/\.?$/, ".")}`,
          action: alertAction("schedule", scheduleId),
          cause: "schedule.failed",
        },
        tx,
      );
    });
    for (const result of await trimScheduleRuns(store, { scheduleId, kept: RUNS_STORED }))
      await files.remove(scoreKey(result));
  }
}

/** Another host has taken over the run. */
class TakenOver extends Error {}

/** Sending the same result twice has the same effect as once. */
function isRepeatable(to: Target): boolean {
  const kind = targetKind(to);
  return kind === "object" || (kind === "table" && to.mode === "replace");
}

function placeOf({ table: _, mode: __, ...place }: Target): Place {
  return place;
}

/** The owner of a schedule's secrets. */
export const ownerOf = (id: string): string => `schedule ${id}`;

/** Where its results are sent. Throws AppError `conflict` if that cannot be decrypted. */
export function targetOf({ id, place }: StoredSchedule, sealer: Sealer): Target | null {
  return place === null ? null : sealer.open<Target>(place, ownerOf(id));
}
