/**
 * Queues and runs trainings. A queue in the store, one child process a run, in the order of asking. It survives the
 * server: a run that was cut off says so and can be resumed from what it had scored.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Datasets } from "../datasets/datasets.ts";
import type { Alerts } from "../events/alerts.ts";
import type { Append, EventLog } from "../events/event-log.ts";
import { type Child, ChildDied, startChild } from "../platform/child.ts";
import { diskFailure } from "../platform/disk.ts";
import { AppError, errorRecord } from "../platform/errors.ts";
import { newId, slug } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";
import {
  countRuns,
  endStages,
  findRun,
  insertRun,
  type RunStatus,
  resetRun,
  runsByStatus,
  type StoredRun,
  updateRun,
} from "../store/runs.ts";
import { type RunResult, STAGE_NAMES } from "../trainer/contract.ts";
import { interruptRun, resumableRuns } from "./interruptions.ts";
import type { RunInput } from "./run.ts";
import { settleOptions, type TrainRequest } from "./run-options.ts";
import { failureOf, RunRecord, runOf } from "./run-recorder.ts";

export const RUN_CHILD = { name: "run-child", module: new URL("./run-child.ts", import.meta.url) };

const INSIST_MS = 1000;
/** What has not ended. */
const CANCELLABLE: ReadonlySet<RunStatus> = new Set(["queued", "running", "interrupted"]);

/** Where finished models go: the registry stands on a floor above. */
interface ModelRegistry {
  /** The version that a new one of this name will stand beside; null for a new name. */
  before(name: string): { version: number; path: string } | null;
  /** Takes the file over. */
  adopt(runId: string, path: string): Promise<{ sha256: string; sizeBytes: number }>;
  /** Numbers the version; never deploys it. */
  register(
    append: Append,
    entry: { name: string; runId: string; result: RunResult; sha256: string; sizeBytes: number },
  ): number;
}

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
  child: Child;
  isCancelled: boolean;
}

export class Runs {
  private readonly active = new Map<string, ActiveRun>();
  private readonly ending = new Map<
    string,
    { promise: Promise<StoredRun>; resolve: (run: StoredRun) => void }
  >();
  private isStopping = false;

  constructor(private readonly options: RunsOptions) {}

  /** Says which runs the last process left behind, continues them, then goes on with the queue. */
  async start(): Promise<void> {
    await mkdir(this.options.folder, { recursive: true });
    for (const run of runsByStatus(this.options.store, "running")) interruptRun(run, "crash", this.options);
    for (const run of resumableRuns(this.options)) this.resumeAtStart(run);
    this.pump();
  }

  private resumeAtStart({ id }: StoredRun): void {
    try {
      this.requeue(this.find(id));
    } catch (error) {
      // Its file was deleted, for example: it stays interrupted, and says so.
      if (!(error instanceof AppError)) throw error;
      this.options.logger.warn(
        { runId: id, reason: error.message },
        "an interrupted run could not be resumed",
      );
    }
  }

  /** Ends the children; their runs say that they were interrupted. */
  stop(): void {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const [id, { child }] of this.active) {
      child.kill();
      interruptRun(this.find(id), "shutdown", this.options);
      this.tellEnd(id);
    }
  }

  queueLength(): number {
    return countRuns(this.options.store, "queued");
  }

  /** Throws AppError `missing`. */
  find(id: string): StoredRun {
    const run = findRun(this.options.store, id);
    if (!run) throw new AppError("missing", `There is no run ${id}`, { fix: "GET /api/runs lists them." });
    return run;
  }

  /** Queues a run on the dataset's current version. Throws AppError where the request does not fit the data. */
  train(request: TrainRequest): StoredRun {
    const { store, log, datasets, now } = this.options;
    const dataset = datasets.findReady(request.datasetId);
    const options = settleOptions(request, dataset.profile, this.options.budgetSeconds);
    const id = newId();
    log.record((append) => {
      insertRun(
        store,
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
      append("run.queued", { ...runOf(this.find(id)), target: options.target });
    });
    this.pump();
    return this.find(id);
  }

  /** The run once it has ended, however it did. */
  async ended(id: string): Promise<StoredRun> {
    const run = this.find(id);
    if (run.status !== "queued" && run.status !== "running") return run;
    let entry = this.ending.get(id);
    if (!entry) {
      entry = Promise.withResolvers<StoredRun>();
      this.ending.set(id, entry);
    }
    return entry.promise;
  }

  /** Ends the race with the best so far. Throws AppError `conflict` where the run does not run. */
  stopAndKeep(id: string): StoredRun {
    const run = this.find(id);
    const active = this.active.get(id);
    if (!active) throw notRunning(run);
    active.child.send({ kind: "stop" });
    return run;
  }

  /** Ends the run for good, at once. */
  cancel(id: string): StoredRun {
    const run = this.find(id);
    // Its child may still be ending: what is over is told once.
    if (!CANCELLABLE.has(run.status)) throw notRunning(run);
    const active = this.active.get(id);
    if (active) {
      active.isCancelled = true;
      active.child.kill();
    }
    this.markCancelled(run);
    return this.find(id);
  }

  /**
   * Continues an interrupted or failed run; candidates that were scored are not scored again. One that runs already, or
   * waits to, is left as it is. Throws AppError `conflict` where it has ended.
   */
  resume(id: string): StoredRun {
    const run = this.find(id);
    if (run.status === "queued" || run.status === "running") return run;
    if (run.status !== "interrupted" && run.status !== "failed") {
      throw new AppError("conflict", `Run ${run.number} is ${run.status}, so there is nothing to resume`, {
        fix: "Start a new run with POST /api/train.",
      });
    }
    this.requeue(run);
    this.pump();
    return this.find(id);
  }

  private requeue(run: StoredRun): void {
    const { store, log, alerts, datasets } = this.options;
    datasets.findReady(run.datasetId, run.datasetVersion);
    log.record((append) => {
      resetRun(store, run.id);
      append("run.resumed", runOf(run));
      append("run.queued", { ...runOf(run), target: run.options.target });
      alerts.resolve("run.failed", run.id, append);
    });
  }

  private pump(): void {
    const { store, concurrency } = this.options;
    for (const run of runsByStatus(store, "queued")) {
      if (this.isStopping || this.active.size >= concurrency) return;
      if (!this.active.has(run.id)) void this.execute(run);
    }
  }

  private async execute(run: StoredRun): Promise<void> {
    const { store, log, logger, now } = this.options;
    const record = new RunRecord(run, { store, log, now });
    try {
      const input = this.inputOf(run);
      log.record((append) => {
        updateRun(store, run.id, { status: "running", startedAt: now() });
        append("run.started", { ...runOf(run), target: run.options.target });
      });
      const onReport = (reports: unknown) => {
        if (!this.isOver(run.id)) record.take(reports);
      };
      const child = startChild(RUN_CHILD, { input, memoryBytes: this.options.memoryBytes, onReport });
      this.active.set(run.id, { child, isCancelled: false });
      const result = (await child.result) as RunResult;
      await this.finish(run, result);
    } catch (error) {
      if (this.isOver(run.id)) return;
      logger.warn({ runId: run.id, error: String(error) }, "the process of a run gave no result");
      await this.insist(() => this.markFailed(run, error));
    } finally {
      this.active.delete(run.id);
      // A stopping server has told the ends already, and its database may be closed.
      if (!this.isStopping) {
        this.tellEnd(run.id);
        this.pump();
      }
    }
  }

  /** Its end has been written: what its child still says comes too late. */
  private isOver(id: string): boolean {
    return this.isStopping || this.active.get(id)?.isCancelled === true;
  }

  private inputOf(run: StoredRun): RunInput {
    const dataset = this.options.datasets.findReady(run.datasetId, run.datasetVersion);
    const { plan, rows, columns } = dataset.profile;
    return {
      options: run.options,
      folder: this.folderOf(run.id),
      previous: this.options.models.before(run.modelName),
      file: { path: this.options.datasets.pathOf(dataset.id), choices: dataset.choices },
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
    const { store, log, alerts, models, now } = this.options;
    const file = await models.adopt(run.id, join(this.folderOf(run.id), "model.bin"));
    if (this.isOver(run.id)) return;
    log.record((append) => {
      const version = models.register(append, { name: run.modelName, runId: run.id, result, ...file });
      const { evaluation: _, ...summary } = result;
      updateRun(store, run.id, {
        status: "finished",
        result: summary,
        finishedAt: now(),
        modelVersion: version,
      });
      append("run.finished", {
        ...runOf(run),
        model: run.modelName,
        version,
        verdict: result.verdict,
        ...(result.comparison && { comparison: result.comparison.sentence }),
      });
      for (const { code, subject } of alerts.standing()) {
        if (code === "run.failed" && findRun(store, subject)?.modelName === run.modelName)
          alerts.resolve(code, subject, append);
      }
    });
    await this.discard(run.id);
  }

  /** What has to be written in the end: a full disk delays it. */
  private async insist(write: () => void): Promise<void> {
    while (!this.isStopping) {
      try {
        return write();
      } catch (error) {
        if (!diskFailure(error)) throw error;
        this.options.logger.error({ error: String(error) }, "a run's end waits for the disk");
        await Bun.sleep(INSIST_MS);
      }
    }
  }

  private markFailed(run: StoredRun, cause: unknown): void {
    const { store, log, alerts, now } = this.options;
    const error = diskFailure(cause) ?? cause;
    const isOurs = error instanceof AppError || error instanceof ChildDied;
    const record = isOurs
      ? errorRecord(error)
      : { ...errorRecord(error), message: `Internal error in run ${run.id}` };
    log.record((append) => {
      endStages(store, run.id, "failed");
      updateRun(store, run.id, { status: "failed", error: record, finishedAt: now() });
      append("run.failed", { ...runOf(run), reason: record.message, code: record.code });
      alerts.raise(failureOf(run, record.message), append);
    });
  }

  private markCancelled(run: StoredRun): void {
    const { store, log, now } = this.options;
    log.record((append) => {
      endStages(store, run.id, "skipped");
      updateRun(store, run.id, { status: "cancelled", finishedAt: now() });
      append("run.cancelled", runOf(run));
    });
    void this.discard(run.id);
    this.tellEnd(run.id);
  }

  /** What only a resumed run needs; that it stays is no failure of the run. */
  private discard(id: string): Promise<void> {
    return rm(this.folderOf(id), { recursive: true, force: true }).catch((error: unknown) =>
      this.options.logger.warn({ runId: id, error: String(error) }, "the run's folder could not be removed"),
    );
  }

  private tellEnd(id: string): void {
    const run = this.find(id);
    if (run.status === "queued" || run.status === "running") return;
    this.ending.get(id)?.resolve(run);
    this.ending.delete(id);
  }
}

function notRunning(run: StoredRun): AppError {
  return new AppError("conflict", `Run ${run.number} is ${run.status}, not running`);
}
