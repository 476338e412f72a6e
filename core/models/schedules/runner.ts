/** Runs what was claimed of a schedule to its end, and records that end; held in the store while it runs. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { alertAction } from "../../events/alert-records.ts";
import type { EventLog } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import {
  endScheduleRun,
  findSchedule,
  holdScheduleRun,
  type StoredSchedule,
  type StoredScheduleRun,
  trimScheduleRuns,
  waitForRun,
} from "../../store/schedules.ts";
import type { Sealer } from "../../store/sealed.ts";
import type { ScheduleSpec, Target } from "./spec.ts";
import {
  beginRetraining,
  finishRetraining,
  refresh,
  score,
  type WorkDone,
  type WorkOptions,
} from "./work.ts";

/** A host that says nothing for so long is taken for dead. */
export const HOLD_MS = 60_000;
export const KEPT_RUNS = 100;

export interface RunnerOptions extends WorkOptions {
  log: EventLog;
  logger: Logger;
  sealer: Sealer;
  now: () => number;
}

export class ScheduleRunner {
  /** What this process runs now, by the run's id, with until when it is held. */
  private readonly active = new Map<string, { work: Promise<void>; heldUntil: number }>();
  private isStopping = false;

  constructor(private readonly options: RunnerOptions) {}

  isRunning(id: string): boolean {
    return this.active.has(id);
  }

  async settled(): Promise<void> {
    while (this.active.size) await Promise.all([...this.active.values()].map(({ work }) => work));
  }

  /** Lets go of what runs, so that the next start takes it up at once. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const [id, { heldUntil }] of this.active)
      await holdScheduleRun(this.options.store, { id, was: heldUntil, until: 0 });
  }

  /** Says that this host is alive, for all that it runs. */
  async renew(): Promise<void> {
    const { store, now } = this.options;
    for (const [id, entry] of this.active) {
      const until = now() + HOLD_MS;
      if (await holdScheduleRun(store, { id, was: entry.heldUntil, until })) entry.heldUntil = until;
    }
  }

  /** Starts a run that was claimed. */
  begin(
    schedule: StoredSchedule,
    run: Pick<StoredScheduleRun, "id" | "dueAt" | "heldUntil"> & Partial<StoredScheduleRun>,
  ): void {
    const work = this.execute(schedule, run)
      .catch((error: unknown) =>
        this.options.logger.error(
          { schedule: schedule.id, error: String((error as Error)?.stack ?? error) },
          "the end of a schedule's run could not be recorded",
        ),
      )
      .finally(() => this.active.delete(run.id));
    this.active.set(run.id, { work, heldUntil: run.heldUntil });
  }

  private async execute(
    schedule: StoredSchedule,
    run: Pick<StoredScheduleRun, "id" | "dueAt"> & Partial<StoredScheduleRun>,
  ): Promise<void> {
    try {
      const done = await this.act(schedule, run);
      if (done) await this.end(schedule, run, { status: "done", ...done });
    } catch (error) {
      // The next start tells it.
      if (this.isStopping) return;
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

  /** Null: its training was interrupted, and is waited for again after the next start. */
  private async act(
    schedule: StoredSchedule,
    run: Pick<StoredScheduleRun, "id"> & Partial<StoredScheduleRun>,
  ): Promise<WorkDone | null> {
    const { store, runs } = this.options;
    const spec = JSON.parse(schedule.spec) as ScheduleSpec;
    const isTakenUp = run.status === "running";
    if (isTakenUp && !run.runId)
      throw new AppError("conflict", "it was cut off when the server stopped; it was not repeated");
    if (spec.action === "refresh") return refresh(spec, this.options);
    if (spec.action === "score") {
      const { id } = run;
      return score(
        { id, name: schedule.name, spec, to: targetOf(schedule, this.options.sealer)! },
        this.options,
      );
    }
    let { runId = null } = run;
    if (!runId) {
      runId = (await beginRetraining(spec, this.options)).id;
      await waitForRun(store, { id: run.id, runId });
    }
    const ended = await runs.ended(runId);
    if (ended.status === "interrupted") {
      if (this.isStopping) return null;
      throw new AppError("conflict", `run ${ended.number} was interrupted and not resumed`);
    }
    return finishRetraining(spec, ended, this.options);
  }

  private async end(
    { id: scheduleId, name }: StoredSchedule,
    run: Pick<StoredScheduleRun, "id" | "dueAt">,
    end: { status: "done" | "failed"; sentence: string; result: string | null },
  ): Promise<void> {
    const { log, alerts, store, folder, now } = this.options;
    const dueAt = new Date(run.dueAt).toISOString();
    await log.record(async (tx) => {
      if (!(await endScheduleRun(tx, { id: run.id, ...end, finishedAt: now() }))) return;
      if (!(await findSchedule(tx, scheduleId))) return;
      if (end.status === "done") {
        await tx.append("schedule.finished", { scheduleId, name, dueAt, sentence: end.sentence });
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
    for (const result of await trimScheduleRuns(store, { scheduleId, kept: KEPT_RUNS }))
      await rm(join(folder, result), { force: true });
  }
}

/** What a schedule's secrets belong to. */
export const ownerOf = (id: string): string => `schedule ${id}`;

/** Where its results go. Throws AppError `conflict` where that cannot be decrypted. */
export function targetOf({ id, place }: StoredSchedule, sealer: Sealer): Target | null {
  return place === null ? null : sealer.open<Target>(place, ownerOf(id));
}
