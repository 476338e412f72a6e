/**
 * Queues and runs trainings: a queue in the store, one child process per run, first come first served. It survives a
 * restart: an interrupted run can be resumed from its scored candidates.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Datasets } from "../datasets/datasets.ts";
import type { Alerts } from "../events/alerts.ts";
import type { EventLog } from "../events/event-log.ts";
import { type Child, ChildDied, startChild } from "../platform/child.ts";
import { diskFailure } from "../platform/disk.ts";
import { AppError, errorRecord } from "../platform/errors.ts";
import { newId, slug } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";
import {
  countRuns,
  deleteRun,
  endStages,
  findRun,
  insertRun,
  moveRun,
  type RunStatus,
  resetRun,
  runsByStatus,
  type StoredRun,
  updateRun,
} from "../store/runs.ts";
import { type RunResult, STAGE_NAMES } from "../trainer/contract.ts";
import { interruptRun, resumableRuns } from "./interruptions.ts";
import type { ModelRegistry } from "./results/model-registry.ts";
import { RunDurations } from "./results/run-durations.ts";
import type { RunInput } from "./run.ts";
import { settleOptions, type TrainRequest } from "./run-options.ts";
import { failureOf, RunRecord, runOf } from "./run-recorder.ts";

export const RUN_CHILD = { name: "run-child", module: new URL("./run-child.ts", import.meta.url) };

const INSIST_MS = 1000;
/** Runs that have not ended. */
const CANCELLABLE: ReadonlySet<RunStatus> = new Set(["queued", "running", "interrupted"]);

export interface RunsOptions {
  store: Store;
  log: EventLog;
  alerts: Alerts;
  logger: Logger;
  datasets: Datasets;
  models: ModelRegistry;
  folder: string;
  budgetSeconds: number;
  concurrency: number;
  memoryBytes: number;
  /** RESUME: "1" continues interrupted runs at the start. */
  resumes: "1" | "0";
  now: () => number;
}

interface ActiveRun {
  /** Null until it is started. */
  child: Child | null;
  isCancelled: boolean;
}

export class Runs {
  readonly durations = new RunDurations();
  private readonly active = new Map<string, ActiveRun>();
  private readonly ending = new Map<
    string,
    { promise: Promise<StoredRun>; resolve: (run: StoredRun) => void }
  >();
  private isStopping = false;

  constructor(private readonly options: RunsOptions) {}

  /** Marks runs that the last process left, continues them, then works on the queue. */
  async start(): Promise<void> {
    await mkdir(this.options.folder, { recursive: true });
    for (const run of await runsByStatus(this.options.store, "running"))
      await interruptRun(run, "crash", this.options);
    for (const run of await resumableRuns(this.options)) await this.resumeAtStart(run);
    await this.pump();
  }

  private async resumeAtStart({ id }: StoredRun): Promise<void> {
    try {
      await this.requeue(await this.find(id));
    } catch (error) {
      // Its file may have been deleted: the run stays interrupted.
      if (!(error instanceof AppError)) throw error;
      this.options.logger.warn(
        { runId: id, reason: error.message },
        "an interrupted run could not be resumed",
      );
    }
  }

  /** Ends the child processes; their runs are marked as interrupted. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const { child } of this.active.values()) child?.kill();
    for (const id of [...this.active.keys()]) {
      await interruptRun(await this.find(id), "shutdown", this.options);
      await this.tellEnd(id);
    }
  }

  async queueLength(): Promise<number> {
    return countRuns(this.options.store, "queued");
  }

  /** Throws AppError `missing`. */
  async find(id: string): Promise<StoredRun> {
    const run = await findRun(this.options.store, id);
    if (!run) throw new AppError("missing", `Run ${id} does not exist`, { fix: "GET /api/runs lists them." });
    return run;
  }

  /** Queues a run on the dataset's current version. Throws AppError where the request does not fit the data. */
  async train(request: TrainRequest): Promise<StoredRun> {
    const { log, datasets, now } = this.options;
    const dataset = await datasets.findReady(request.datasetId);
    const options = settleOptions(request, dataset.profile, this.options.budgetSeconds);
    const id = newId();
    await log.record(async (tx) => {
      // It may have been deleted meanwhile.
      await datasets.find(dataset.id, dataset.version, tx);
      await insertRun(
        tx,
        {
          id,
          options,
          datasetId: dataset.id,
          datasetVersion: dataset.version,
          datasetName: dataset.name,
          modelName: request.name ?? slug(dataset.name),
          queuedAt: now(),
        },
        STAGE_NAMES,
      );
      await tx.append("run.queued", { ...runOf((await findRun(tx, id))!), target: options.target });
    });
    await this.pump();
    return this.find(id);
  }

  /** Resolves with the run when it has ended, in any state. */
  async ended(id: string): Promise<StoredRun> {
    await this.find(id);
    let entry = this.ending.get(id);
    if (!entry) {
      entry = Promise.withResolvers<StoredRun>();
      this.ending.set(id, entry);
    }
    // Read again: it may have ended before the wait began.
    await this.tellEnd(id);
    return entry.promise;
  }

  /** Ends the race with the best so far. Throws AppError `conflict` where the run does not run. */
  async stopAndKeep(id: string): Promise<StoredRun> {
    const run = await this.find(id);
    const active = this.active.get(id);
    if (!active?.child) throw notRunning(run);
    active.child.send({ kind: "stop" });
    return run;
  }

  /** Ends the run immediately and permanently. */
  async cancel(id: string): Promise<StoredRun> {
    const run = await this.find(id);
    // Its child may still be ending: the end is reported once.
    if (!CANCELLABLE.has(run.status)) throw notRunning(run);
    const active = this.active.get(id);
    if (active) {
      active.isCancelled = true;
      active.child?.kill();
    }
    if (!(await this.markCancelled(run))) throw notRunning(await this.find(id));
    return this.find(id);
  }

  /**
   * Continues an interrupted or failed run without scoring candidates again. A run that is already running
   * or queued is left as it is. Throws AppError `conflict` if it has ended.
   */
  async resume(id: string): Promise<StoredRun> {
    const run = await this.find(id);
    if (run.status === "queued" || run.status === "running") return run;
    if (run.status !== "interrupted" && run.status !== "failed") {
      throw new AppError("conflict", `Run ${run.number} is ${run.status}, so there is nothing to resume`, {
        fix: "Start a new run with POST /api/train.",
      });
    }
    await this.requeue(run);
    await this.pump();
    return this.find(id);
  }

  private async requeue(run: StoredRun): Promise<void> {
    const { log, alerts, datasets } = this.options;
    await datasets.findReady(run.datasetId, run.datasetVersion);
    await log.record(async (tx) => {
      // Another request has resumed it already.
      if (!(await resetRun(tx, run.id))) return;
      await tx.append("run.resumed", runOf(run));
      await tx.append("run.queued", { ...runOf(run), target: run.options.target });
      await alerts.resolve("run.failed", run.id, tx);
    });
  }

  private async pump(): Promise<void> {
    const { store, concurrency } = this.options;
    for (const run of await runsByStatus(store, "queued")) {
      if (this.isStopping || this.active.size >= concurrency) return;
      if (!this.active.has(run.id)) await this.begin(run);
    }
  }

  /** Resolves when its training begins, or is given up. */
  private begin(run: StoredRun): Promise<void> {
    const begun = Promise.withResolvers<void>();
    void this.execute(run, begun.resolve);
    return begun.promise;
  }

  private async execute(run: StoredRun, begun: () => void): Promise<void> {
    const { log, logger, now } = this.options;
    const record = new RunRecord(run, { log, now });
    const active: ActiveRun = { child: null, isCancelled: false };
    this.active.set(run.id, active);
    try {
      const input = await this.inputOf(run);
      if (!(await this.claim(run)) || this.isOver(run.id)) return;
      const { memoryBytes } = this.options;
      const child = startChild(RUN_CHILD, { input, memoryBytes, onReport: record.take });
      active.child = child;
      begun();
      const result = (await child.result) as RunResult;
      await this.finish(run, result);
    } catch (error) {
      if (this.isOver(run.id)) return;
      logger.warn({ runId: run.id, error: String(error) }, "the process of a run returned no result");
      await this.insist(() => this.markFailed(run, error));
    } finally {
      begun();
      this.active.delete(run.id);
      // A stopping server has recorded the ends already, and its database may be closed.
      if (!this.isStopping) {
        await this.tellEnd(run.id);
        await this.pump();
      }
    }
  }

  /** False: it was cancelled, or another process trains it. */
  private async claim(run: StoredRun): Promise<boolean> {
    const { log, now } = this.options;
    return log.record(async (tx) => {
      if (this.isOver(run.id)) return false;
      if (!(await moveRun(tx, run.id, ["queued"], { status: "running", startedAt: now() }))) return false;
      await tx.append("run.started", { ...runOf(run), target: run.options.target });
      return true;
    });
  }

  /** Its end has been written: later reports of its child are ignored. */
  private isOver(id: string): boolean {
    return this.isStopping || this.active.get(id)?.isCancelled === true;
  }

  private async inputOf(run: StoredRun): Promise<RunInput> {
    const dataset = await this.options.datasets.findReady(run.datasetId, run.datasetVersion);
    const { plan, rows, columns } = dataset.profile;
    return {
      options: run.options,
      folder: this.folderOf(run.id),
      previous: await this.options.models.before(run.modelName),
      file: { path: this.options.datasets.pathOf(dataset), choices: dataset.choices },
      dataset: {
        path: this.options.datasets.tablePathOf(dataset),
        name: dataset.name,
        plan,
        rows,
        sizeBytes: dataset.sizeBytes,
        columns,
      },
    };
  }

  private folderOf(id: string): string {
    return join(this.options.folder, id);
  }

  private async finish(run: StoredRun, result: RunResult): Promise<void> {
    const { log, alerts, models, now } = this.options;
    const file = await models.adopt(run.id, join(this.folderOf(run.id), "model.bin"));
    if (this.isOver(run.id)) return;
    // The model may have been renamed meanwhile.
    const { modelName } = await this.find(run.id);
    await models.free(modelName);
    await log.record(async (tx) => {
      const { evaluation: _, ...summary } = result;
      const finished = { status: "finished", result: summary, finishedAt: now() } as const;
      if (!(await moveRun(tx, run.id, ["running"], finished))) return;
      const version = await models.register(tx, { name: modelName, runId: run.id, result, ...file });
      await updateRun(tx, run.id, { modelVersion: version });
      await tx.append("run.finished", {
        ...runOf(run),
        model: modelName,
        version,
        verdict: result.verdict,
        ...(result.comparison && { comparison: result.comparison.sentence }),
      });
      for (const { code, subject } of await alerts.standing(tx)) {
        if (code === "run.failed" && (await findRun(tx, subject))?.modelName === modelName)
          await alerts.resolve(code, subject, tx);
      }
    });
    this.durations.add("finished", now() - (run.startedAt ?? run.queuedAt));
    await this.discard(run.id);
  }

  /** Retries a final write: a full disk only delays it. */
  private async insist(write: () => Promise<void>): Promise<void> {
    while (!this.isStopping) {
      try {
        return await write();
      } catch (error) {
        if (!diskFailure(error)) throw error;
        this.options.logger.error({ error: String(error) }, "a run's end waits for the disk");
        await Bun.sleep(INSIST_MS);
      }
    }
  }

  private async markFailed(run: StoredRun, cause: unknown): Promise<void> {
    const { log, alerts, now } = this.options;
    const error = diskFailure(cause) ?? cause;
    this.durations.add("failed", now() - (run.startedAt ?? run.queuedAt));
    const isOurs = error instanceof AppError || error instanceof ChildDied;
    const record = isOurs
      ? errorRecord(error)
      : { ...errorRecord(error), message: `Internal error in run ${run.id}` };
    await log.record(async (tx) => {
      await endStages(tx, run.id, "failed");
      await updateRun(tx, run.id, { status: "failed", error: record, finishedAt: now() });
      await tx.append("run.failed", { ...runOf(run), reason: record.message, code: record.code });
      await alerts.raise(failureOf(run, record.message), tx);
    });
  }

  /** False: it has ended already. */
  private async markCancelled(run: StoredRun): Promise<boolean> {
    const { log, now } = this.options;
    const isOurs = await log.record(async (tx) => {
      const cancelled = { status: "cancelled", finishedAt: now() } as const;
      if (!(await moveRun(tx, run.id, [...CANCELLABLE], cancelled))) return false;
      await endStages(tx, run.id, "skipped");
      await tx.append("run.cancelled", runOf(run));
      return true;
    });
    if (!isOurs) return false;
    void this.discard(run.id);
    await this.tellEnd(run.id);
    return true;
  }

  /** Removes what only a resumed run needs; failing to do so does not fail the run. */
  private discard(id: string): Promise<void> {
    return rm(this.folderOf(id), { recursive: true, force: true }).catch((error: unknown) =>
      this.options.logger.warn({ runId: id, error: String(error) }, "the run's folder could not be removed"),
    );
  }

  /** Deletes a hidden run's record for good; the version that it made stays. */
  async erase(id: string): Promise<void> {
    await this.discard(id);
    await deleteRun(this.options.store, id);
  }

  private async tellEnd(id: string): Promise<void> {
    const run = await this.find(id);
    if (run.status === "queued" || run.status === "running") return;
    this.ending.get(id)?.resolve(run);
    this.ending.delete(id);
  }
}

function notRunning(run: StoredRun): AppError {
  return new AppError("conflict", `Run ${run.number} is ${run.status}, not running`, {
    fix: `DELETE /api/runs/${run.id}?delete=1 deletes a run that has ended.`,
  });
}
