/**
 * Stores the schedules and runs those that are due. Each due time is claimed in the store, so that only one of several
 * hosts runs it; a run that ended with its host is started again, or reported if repeating it could have an effect
 * twice. For times that passed while no host ran, one run makes up.
 */
import { hasSecrets, shownPlace } from "../../datasets/sources/place.ts";
import type { Recording } from "../../events/event-log.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Handle } from "../../store/database.ts";
import {
  changeSchedule,
  claimDue,
  claimSeen,
  deleteSchedule,
  findSchedule,
  findScheduleRun,
  freeScheduleRuns,
  insertSchedule,
  insertScheduleRun,
  isScheduleBusy,
  listScheduleRuns,
  listSchedules,
  lostScheduleRuns,
  type StoredSchedule,
  sealSchedule,
  stopScheduleRun,
  takeScheduleRun,
} from "../../store/schedules.ts";
import { dueAfter, dueTimes } from "./due.ts";
import { HOLD_MS, ownerOf, RUNS_STORED, type RunnerOptions, ScheduleRunner, targetOf } from "./runner.ts";
import { runView, type ScheduleRunView, type ScheduleView, scoreKey } from "./schedule-views.ts";
import { checkSpec, type ScheduleRequest, type ScheduleSpec, type Target } from "./spec.ts";
import type { TriggerOptions, TriggerState } from "./triggers.ts";

const MOST_SCHEDULES = 500;
const LOOK_MS = 15_000;
/** Shutdown waits no longer than this for runs that missed it. */
const FIRST_LOOK_MS = 1000;
const RENEW_MS = 15_000;

export interface SchedulesOptions extends RunnerOptions, Omit<TriggerOptions, "store"> {}

export class Schedules {
  private first: Timer | null = null;
  private timer: Timer | null = null;
  private renewal: Timer | null = null;
  private readonly runner: ScheduleRunner;
  private isStopping = false;
  private ticking: Promise<void> | null = null;

  constructor(private readonly options: SchedulesOptions) {
    this.runner = new ScheduleRunner(options);
    options.log.hear((type, data) => {
      if (type === "schedule.stopped") this.runner.abort(data.scheduleRunId as string);
    });
  }

  async start(): Promise<void> {
    const { store, sealer, logger } = this.options;
    for (const { id, place } of await listSchedules(store))
      if (place !== null && sealer.isExposed(place))
        await sealSchedule(store, { id, place: sealer.seal(sealer.open(place, ownerOf(id)), ownerOf(id)) });
    if (!store.isShared) await freeScheduleRuns(store);
    const look = () =>
      void this.tick().catch((error: unknown) =>
        logger.error({ error: String((error as Error)?.stack ?? error) }, "schedules could not be checked"),
      );
    this.first = setTimeout(look, FIRST_LOOK_MS);
    this.timer = setInterval(look, LOOK_MS);
    this.renewal = setInterval(() => {
      this.runner
        .renew()
        .catch((error: unknown) =>
          logger.error({ error: String(error) }, "the lease of a schedule's run could not be renewed"),
        );
    }, RENEW_MS);
  }

  /** Running work is cut off; the host that takes it over continues it. */
  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.first) clearTimeout(this.first);
    if (this.timer) clearInterval(this.timer);
    if (this.renewal) clearInterval(this.renewal);
    await this.ticking?.catch(() => {
      // Told by the timer that called it.
    });
    await this.runner.stop();
  }

  async list(): Promise<ScheduleView[]> {
    const schedules = await listSchedules(this.options.store);
    return Promise.all(schedules.map((schedule) => this.viewOf(schedule)));
  }

  /** Throws AppError `missing`. */
  async find(id: string): Promise<ScheduleView> {
    return this.viewOf(await this.stored(id));
  }

  private async stored(id: string, store: Handle = this.options.store): Promise<StoredSchedule> {
    const schedule = await findSchedule(store, id);
    if (!schedule)
      throw new AppError("missing", `Schedule ${id} does not exist`, {
        fix: "GET /api/schedules lists them.",
      });
    return schedule;
  }

  /** Throws AppError: `invalid`, `missing` for what it names, `forbidden` for a host that is not listed, `conflict`. */
  async create(request: ScheduleRequest, by: string): Promise<ScheduleView> {
    const { store, now } = this.options;
    const id = newId();
    if ((await listSchedules(store)).length >= MOST_SCHEDULES)
      throw new AppError("conflict", `The limit of ${MOST_SCHEDULES} schedules is reached`, {
        fix: "Delete one first.",
      });
    const entry = await this.entryOf({ id, request, to: request.to ?? null });
    await this.record(id, (tx) => insertSchedule(tx, { ...entry, createdBy: by, createdAt: now() }));
    return this.find(id);
  }

  /** What is left out stays as it is. Throws AppError as `create`. */
  async change(id: string, patch: Partial<ScheduleRequest>): Promise<ScheduleView> {
    const schedule = await this.stored(id);
    const old = JSON.parse(schedule.spec) as ScheduleSpec;
    const request = { name: schedule.name, enabled: schedule.isEnabled === 1, ...old, ...patch };
    // A time replaces a trigger, and vice versa.
    if (patch.cron !== undefined && patch.on === undefined) delete request.on;
    if (patch.on !== undefined && patch.cron === undefined) delete request.cron;
    const to = patch.to ?? this.targetOf(schedule);
    const entry = await this.entryOf({ id, request, to });
    await this.record(id, (tx) => changeSchedule(tx, { ...schedule, ...entry }));
    return this.find(id);
  }

  /** A change of a schedule, which its panel shows. */
  private record<T>(scheduleId: string, change: (tx: Recording) => Promise<T>): Promise<T> {
    return this.options.log.record(async (tx) => {
      const result = await change(tx);
      if (result !== null) await tx.append("schedule.changed", { scheduleId });
      return result;
    });
  }

  private async entryOf(asked: { id: string; request: ScheduleRequest; to: Target | null }) {
    const { sealer, sources, now } = this.options;
    const { name, enabled = true, to: _, ...spec } = asked.request;
    const { id, to } = asked;
    await checkSpec(spec, to);
    await this.checkNamed(spec);
    if (to) {
      if (hasSecrets(to)) sealer.requireKey();
      const { table: __, mode: ___, ...place } = to;
      await sources.checkReach(/^(?:https?|s3):/.test(to.url) ? place : { ...place, query: "select 1" });
    }
    return {
      id,
      name,
      spec: JSON.stringify(spec),
      place: to && sealer.seal(to, ownerOf(id)),
      isEnabled: enabled ? 1 : 0,
      nextAt: spec.cron === undefined ? null : await dueAfter({ ...spec, cron: spec.cron }, now()),
      // The present state is not a reason to run.
      seen: spec.on === undefined ? null : ((await this.triggerOf(spec))?.seen ?? null),
    };
  }

  private async checkNamed({ sourceId, datasetId, model, version }: ScheduleSpec): Promise<void> {
    const { sources, datasets, models } = this.options;
    if (sourceId) await sources.find(sourceId);
    if (datasetId) await datasets.find(datasetId);
    if (model) await models.find(model);
    if (model && typeof version === "number")
      await models.findVersion(model, version).catch((error: unknown) => {
        throw error instanceof AppError
          ? new AppError(error.code, error.message, { ...error.place, column: "version" })
          : error;
      });
  }

  /** Throws AppError `missing`. */
  async delete(id: string): Promise<void> {
    const { store, alerts, files } = this.options;
    await this.stored(id);
    const runs = await listScheduleRuns(store, { scheduleId: id, limit: RUNS_STORED });
    await this.record(id, async (tx) => {
      await deleteSchedule(tx, id);
      await alerts.resolve("schedule", id, tx);
    });
    for (const { result } of runs) if (result) await files.remove(scoreKey(result));
  }

  async runsOf(id: string, limit: number): Promise<ScheduleRunView[]> {
    await this.stored(id);
    return (await listScheduleRuns(this.options.store, { scheduleId: id, limit })).map(runView);
  }

  /** Where the file with a run's result is. Throws AppError `missing`. */
  async resultOf(id: string): Promise<{ path: string; name: string }> {
    const run = await findScheduleRun(this.options.store, id);
    if (!run?.result)
      throw new AppError("missing", `Run ${id} of a schedule has no result`, {
        fix: "GET /api/schedules/:id/runs lists the runs.",
      });
    return { path: await this.options.files.fetch({ key: scoreKey(run.result) }), name: run.result };
  }

  /** Runs it now, in addition to its times. Throws AppError: `missing`, `conflict` if it is running. */
  async runNow(id: string): Promise<ScheduleRunView> {
    const { now } = this.options;
    const schedule = await this.stored(id);
    const run = await this.record(id, async (tx) => {
      if (await isScheduleBusy(tx, id))
        throw new AppError("conflict", `${schedule.name} is running`, {
          fix: "Wait until the run has ended.",
        });
      return this.insertRun(tx, schedule, now());
    });
    this.runner.begin(schedule, run);
    return runView(run);
  }

  /**
   * Ends a run, whichever server holds it, and cancels its training. Throws AppError: `missing`, `conflict` if it has
   * ended already.
   */
  async stopRun(id: string): Promise<ScheduleRunView> {
    const { store, log, runs, now } = this.options;
    const run = await findScheduleRun(store, id);
    const schedule = run && (await findSchedule(store, run.scheduleId));
    if (!schedule)
      throw new AppError("missing", `Run ${id} of a schedule does not exist`, {
        fix: "GET /api/schedules/:id/runs lists the runs.",
      });
    await log.record(async (tx) => {
      if (!(await stopScheduleRun(tx, { id, finishedAt: now(), sentence: "stopped." })))
        throw new AppError("conflict", `This run of ${schedule.name} has ended already`);
      const { id: scheduleId, name } = schedule;
      const dueAt = new Date(run.dueAt).toISOString();
      await tx.append("schedule.stopped", { scheduleId, name, dueAt, scheduleRunId: id });
    });
    if (run.runId) {
      const { status } = await runs.find(run.runId);
      if (status === "queued" || status === "running") await runs.cancel(run.runId);
    }
    return runView((await findScheduleRun(store, id))!);
  }

  /** Checks now what is due, and starts it. Resolves when it is claimed and started, not when it has ended. */
  tick(): Promise<void> {
    this.ticking ??= this.look().finally(() => {
      this.ticking = null;
    });
    return this.ticking;
  }

  /** Resolves when everything that this process runs has ended. */
  settled(): Promise<void> {
    return this.runner.settled();
  }

  private async look(): Promise<void> {
    const { store, now } = this.options;
    await this.takeUpLost();
    for (const schedule of await listSchedules(store)) {
      if (this.isStopping) return;
      // What becomes due during a run is done when that has ended.
      if (!schedule.isEnabled || (await isScheduleBusy(store, schedule.id))) continue;
      if (schedule.nextAt === null) await this.lookAtTrigger(schedule);
      else if (schedule.nextAt <= now()) await this.claim(schedule, schedule.nextAt);
    }
  }

  private async claim(schedule: StoredSchedule, dueAt: number): Promise<void> {
    const { now } = this.options;
    const { cron = "", timeZone } = JSON.parse(schedule.spec) as ScheduleSpec;
    // This run makes up for everything that was missed.
    const nextAt = await dueAfter({ cron, timeZone }, now());
    const run = await this.record(schedule.id, async (tx) =>
      (await claimDue(tx, { id: schedule.id, dueAt, nextAt })) ? this.insertRun(tx, schedule, dueAt) : null,
    );
    if (run) this.runner.begin(schedule, run);
  }

  private async lookAtTrigger(schedule: StoredSchedule): Promise<void> {
    const { now } = this.options;
    const state = await this.triggerOf(JSON.parse(schedule.spec) as ScheduleSpec);
    if (state === null || state.seen === (schedule.seen ?? "")) return;
    const run = await this.record(schedule.id, async (tx) => {
      if (!(await claimSeen(tx, { id: schedule.id, was: schedule.seen, seen: state.seen }))) return null;
      return state.isDue ? this.insertRun(tx, schedule, now()) : null;
    });
    if (run) this.runner.begin(schedule, run);
  }

  private async triggerOf(spec: ScheduleSpec): Promise<TriggerState | null> {
    const { triggerState } = await import("./triggers.ts");
    return triggerState(spec, this.options);
  }

  private async insertRun(tx: Handle, { id: scheduleId }: StoredSchedule, dueAt: number) {
    const id = newId();
    const startedAt = this.options.now();
    await insertScheduleRun(tx, { id, scheduleId, dueAt, startedAt, heldUntil: startedAt + HOLD_MS });
    return (await findScheduleRun(tx, id))!;
  }

  /** Restarts runs of dead hosts here, if repeating them is harmless. */
  private async takeUpLost(): Promise<void> {
    const { store, now } = this.options;
    for (const run of await lostScheduleRuns(store, now())) {
      if (this.runner.isRunning(run.id)) continue;
      if (!(await takeScheduleRun(store, run, { now: now(), until: now() + HOLD_MS }))) continue;
      const [schedule, taken] = [
        await findSchedule(store, run.scheduleId),
        await findScheduleRun(store, run.id),
      ];
      if (schedule && taken) this.runner.begin(schedule, taken);
    }
  }

  private targetOf(schedule: StoredSchedule): Target | null {
    return targetOf(schedule, this.options.sealer);
  }

  private async viewOf(schedule: StoredSchedule): Promise<ScheduleView> {
    const { store } = this.options;
    const { id, name, isEnabled, nextAt, createdBy, createdAt } = schedule;
    const [last] = await listScheduleRuns(store, { scheduleId: id, limit: 1 });
    const spec = JSON.parse(schedule.spec) as ScheduleSpec;
    const after = nextAt === null || !isEnabled ? null : nextAt;
    return {
      id,
      name,
      enabled: isEnabled === 1,
      ...spec,
      to: this.shownTarget(schedule),
      nextAt: after === null ? null : new Date(after).toISOString(),
      upcoming: after === null ? [] : await upcomingOf(spec, after),
      last: last ? runView(last) : null,
      createdBy,
      createdAt: new Date(createdAt).toISOString(),
    };
  }

  private shownTarget(schedule: StoredSchedule): ScheduleView["to"] {
    if (schedule.place === null) return null;
    try {
      const { table, mode, ...place } = this.targetOf(schedule)!;
      const { url, secrets } = shownPlace(place);
      return { url, secrets, ...(table && { table }), ...(mode && { mode }) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { url: "(cannot be decrypted)", secrets: [] };
    }
  }
}

const UPCOMING = 5;

/** The next times, the first of which is `nextAt`. */
async function upcomingOf({ cron = "", timeZone }: ScheduleSpec, nextAt: number): Promise<string[]> {
  const times = await dueTimes({ cron, timeZone }, { after: nextAt - 1, count: UPCOMING });
  return times.map((time) => new Date(time).toISOString());
}
