/**
 * Queues and runs trainings: a queue in the store, one child process per run, first come first served. Survives a
 * restart: an interrupted run can be resumed from its scored candidates.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Datasets } from "../datasets/datasets.ts";
import type { Alerts } from "../events/alerts.ts";
import type { EventLog } from "../events/event-log.ts";
import type { EventName } from "../events/events.ts";
import { missingSubject } from "../events/privacy.ts";
import { type Child, startChild } from "../platform/child.ts";
import { whenReachable } from "../platform/concurrency.ts";
import { diskFailure } from "../platform/disk.ts";
import { AppError, StorageUnavailable, StoreUnavailable } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";
import { findDataset } from "../store/datasets.ts";
import type { FileStorage } from "../store/files/storage.ts";
import {
  claimedAttempt,
  claimRun,
  countRuns,
  deleteRun,
  findRun,
  type RunStatus,
  resetRun,
  runsByStatus,
  type StoredRun,
} from "../store/runs.ts";
import { listWorkers, orphanedRuns } from "../store/workers.ts";
import type { RunResult } from "../trainer/contract.ts";
import type { TrainRequest } from "./options/run-options.ts";
import { type Attempt, Checkpoints } from "./queue/checkpoints.ts";
import { notRunning, writeCancellation, writeFailure, writeResult } from "./queue/end-run.ts";
import { enqueueRun } from "./queue/enqueue.ts";
import { interruptRun, resumableRuns } from "./queue/interruptions.ts";
import { prepareRun } from "./queue/prepare-run.ts";
import type { WorkerIdentity } from "./queue/presence.ts";
import { settleRun } from "./queue/settle-run.ts";
import { RunEnds } from "./queue/wait-for-runs.ts";
import type { ModelRegistry } from "./results/model-registry.ts";
import { RunDurations } from "./results/run-durations.ts";
import { mergeBatches, RunRecord, runOf } from "./run-recorder.ts";

export const RUN_CHILD = { name: "run-child", module: new URL("./run-child.ts", import.meta.url) };

const ENDS = new Set<EventName>(["run.finished", "run.failed", "run.cancelled", "run.interrupted"]);
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
  files: FileStorage;
  folder: string;
  budgetSeconds: number;
  concurrency: number;
  memoryBytes: number;
  worker: WorkerIdentity;
  /** RESUME: "1" resumes interrupted runs at the start. */
  resumes: "1" | "0";
  now: () => number;
}

/** `isOver`: it was cancelled, or another worker has it. */
type ActiveRun = { child: Child | null; isOver: boolean };

export class Runs {
  readonly durations = new RunDurations();
  private readonly active = new Map<string, ActiveRun>();
  private readonly ends = new RunEnds((id) => this.find(id));
  private readonly checkpoints: Checkpoints;
  private isStopping = false;

  constructor(private readonly options: RunsOptions) {
    this.checkpoints = new Checkpoints(options);
    options.log.hear((type, data, isOurs) => {
      if (!isOurs && typeof data.runId === "string")
        whenReachable(() => this.hear(type, data.runId as string)).catch((error: unknown) =>
          this.warn(data.runId, error),
        );
    });
  }

  /** Reacts to what another server did, or asks the holder of a run to do. */
  private async hear(type: EventName, id: string): Promise<void> {
    if (type === "stop.requested") return this.active.get(id)?.child?.send({ kind: "stop" });
    if (type === "run.queued") return this.pump();
    if (!ENDS.has(type)) return;
    this.letGo(id);
    await this.ends.tell(id);
    if (type === "run.interrupted") await this.resumeHere(id);
  }

  /** The run has ended, or belongs to another process: nothing more of it is written here. */
  private letGo(id: string): void {
    const active = this.active.get(id);
    if (!active) return;
    active.isOver = true;
    active.child?.kill();
  }

  /** Takes over runs of dead workers, and queued runs that nobody announced. */
  async takeUp(deadMs: number): Promise<void> {
    const { store } = this.options;
    const hosts = new Map((await listWorkers(store)).map(({ id, host }) => [id, host]));
    for (const id of await orphanedRuns(store, deadMs)) {
      const run = await this.find(id);
      const host = hosts.get(run.worker ?? "") ?? "another host";
      await interruptRun(run, "crash", { ...this.options, host });
      await this.resumeHere(id);
    }
    await this.pump();
  }

  private warn(runId: unknown, error: unknown): void {
    this.options.logger.warn({ runId, reason: String(error) }, "an interrupted run could not be resumed");
  }

  private async resumeHere(id: string): Promise<void> {
    const run = await this.find(id);
    if (run.status !== "interrupted" || this.options.resumes === "0" || this.isStopping) return;
    await this.resumeAtStart(run);
    await this.pump();
  }

  /** Marks runs that the last process left, resumes them, then works on the queue. */
  async start(): Promise<void> {
    mkdirSync(this.options.folder, { recursive: true });
    const { store, worker } = this.options;
    // Runs that others on the same database train stay theirs.
    for (const run of await runsByStatus(store, "running"))
      if (!store.isShared || run.worker === worker.id) await interruptRun(run, "crash", this.options);
    for (const run of await resumableRuns(this.options)) await this.resumeAtStart(run);
    await this.pump();
  }

  private async resumeAtStart({ id }: StoredRun): Promise<void> {
    try {
      await this.requeue(await this.find(id));
    } catch (error) {
      // Its file may have been deleted: the run stays interrupted.
      if (!(error instanceof AppError)) throw error;
      this.warn(id, error);
    }
  }

  /** Ends the child processes; their runs are marked as interrupted. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    for (const { child } of this.active.values()) child?.kill();
    for (const id of [...this.active.keys()]) {
      await interruptRun(await this.find(id), "shutdown", this.options);
      await this.ends.tell(id);
    }
  }

  async queueLength(): Promise<number> {
    return countRuns(this.options.store, "queued");
  }

  /** Throws AppError `missing`. */
  async find(id: string): Promise<StoredRun> {
    const run = await findRun(this.options.store, id);
    if (!run) throw missingSubject("run", id);
    return run;
  }

  /** Queues a run on the dataset's current version, once for an `id`. Throws AppError if the request does not fit. */
  async train(request: TrainRequest, id = newId()): Promise<StoredRun> {
    const { log, datasets, now } = this.options;
    const { dataset, options } = await settleRun(request, this.options);
    await log.record(async (tx) => {
      if (await findRun(tx, id)) return;
      // It may have been deleted meanwhile.
      await datasets.find(dataset.id, dataset.version, tx);
      await enqueueRun(tx, { id, options, dataset, name: request.name, queuedAt: now() });
    });
    await this.pump();
    return this.find(id);
  }

  /** The run once it has ended, for whatever reason. */
  ended(id: string): Promise<StoredRun> {
    return this.ends.of(id);
  }

  /** Ends the race with the best so far. Throws AppError `conflict` if the run is not active. */
  async stopAndKeep(id: string): Promise<StoredRun> {
    const run = await this.find(id);
    const active = this.active.get(id);
    if (active?.child) active.child.send({ kind: "stop" });
    else if (this.options.store.isShared && run.status === "running")
      await this.options.log.append("stop.requested", runOf(run));
    else throw notRunning(run);
    return run;
  }

  /** Ends the run immediately and permanently. */
  async cancel(id: string): Promise<StoredRun> {
    const run = await this.find(id);
    // Its child may still be ending: the end is reported once.
    if (!CANCELLABLE.has(run.status)) throw notRunning(run);
    this.letGo(id);
    if (!(await writeCancellation(run, [...CANCELLABLE], this.options)))
      throw notRunning(await this.find(id));
    void this.discard(id);
    await this.ends.tell(id);
    return this.find(id);
  }

  /**
   * Resumes an interrupted or failed run without scoring candidates again. A run that is already active or queued is
   * left as it is. Throws AppError `conflict` if it has ended.
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
      if (!this.active.has(run.id) && (await this.hasFile(run))) await this.begin(run);
    }
  }

  /** Resolves when its training starts, or is given up. */
  private begin(run: StoredRun): Promise<void> {
    const begun = Promise.withResolvers<void>();
    void this.execute(run, begun.resolve);
    return begun.promise;
  }

  private async execute(queued: StoredRun, begun: () => void): Promise<void> {
    const { log, logger, now } = this.options;
    const active: ActiveRun = { child: null, isOver: false };
    this.active.set(queued.id, active);
    let run = queued;
    let release = () => {};
    // The number of its claim, unless another process is first.
    const next = { id: queued.id, attempt: queued.attempt + 1 };
    try {
      const prepared = await prepareRun(run, next, { ...this.options, checkpoints: this.checkpoints });
      ({ release } = prepared);
      const { input } = prepared;
      const attempt = await this.claim(run);
      if (attempt === null || this.isOver(run.id)) return;
      run = { ...queued, attempt };
      const record = new RunRecord(run, { log, now });
      let batches = 0;
      const onReport = async (reports: unknown) => {
        const number = ++batches;
        await this.insist(async () => {
          if (!this.isOver(run.id) && !(await record.take(reports, number))) this.letGo(run.id);
        });
        if (record.hasScored) this.checkpoints.save(run);
      };
      const { memoryBytes } = this.options;
      const child = startChild(RUN_CHILD, { input, memoryBytes, onReport, merge: mergeBatches });
      active.child = child;
      begun();
      const result = (await child.result) as RunResult;
      await this.finish(run, result);
    } catch (error) {
      if (this.isOver(run.id)) return;
      const isAway = error instanceof StorageUnavailable || error instanceof StoreUnavailable;
      if (active.child === null && isAway) return await this.waitInQueue(error);
      logger.warn({ runId: run.id, error: String(error) }, "the process of a run returned no result");
      this.durations.add("failed", now() - (run.startedAt ?? run.queuedAt));
      await this.insist(() => writeFailure(run, error, this.options));
    } finally {
      release();
      begun();
      this.active.delete(run.id);
      await this.leave(next);
      // A server that shuts down has recorded the ends already, and its database may be closed.
      if (!this.isStopping) {
        await this.ends.tell(run.id);
        await this.pump();
      }
    }
  }

  /** It stays in the queue meanwhile. */
  private async waitInQueue(error: AppError): Promise<void> {
    this.options.logger.warn(
      { reason: error.message },
      "the queue waits for the database or the file storage",
    );
    await Bun.sleep(INSIST_MS);
  }

  /** The attempt's number; null: it was cancelled, or another process trains it. */
  private async claim(run: StoredRun): Promise<number | null> {
    const { log, now, worker } = this.options;
    let claimed: number | null = null;
    await this.insist(async () => {
      claimed = await log.record(async (tx) => {
        if (this.isOver(run.id)) return null;
        const attempt = await claimRun(tx, { ...run, worker: worker.id, at: now() });
        // It may have been claimed by us already, if the answer was lost with the connection.
        if (attempt === null) return claimedAttempt(tx, { ...run, worker: worker.id });
        await tx.append("run.started", { ...runOf(run), target: run.options.target });
        return attempt;
      });
    });
    return claimed;
  }

  /** On one machine it fails if its file is gone; otherwise another host may have the file. */
  private async hasFile({ datasetId }: StoredRun): Promise<boolean> {
    const { store, datasets, files } = this.options;
    const dataset = store.isShared ? await findDataset(store, datasetId) : null;
    return !dataset || files.isShared || existsSync(datasets.pathOf(dataset));
  }

  /** Its end has been written: what its child still reports comes too late. */
  private isOver(id: string): boolean {
    return this.isStopping || this.active.get(id)?.isOver === true;
  }

  private async finish(run: StoredRun, result: RunResult): Promise<void> {
    const { models, files, now } = this.options;
    const adopt = () => models.adopt(run.id, join(this.checkpoints.folderOf(run), "model.bin"));
    let file = files.isShared ? null : await adopt();
    await this.insist(async () => {
      if (this.isOver(run.id)) return;
      file ??= await adopt();
      // The model may have been renamed meanwhile.
      const { modelName } = await this.find(run.id);
      await writeResult({ ...run, modelName }, { result, file }, this.options);
    });
    if (this.isOver(run.id)) return;
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

  /** Files that only a resumed run needs; failing to remove them does not fail the run. */
  private discard(id: string): Promise<void> {
    return this.checkpoints.remove(id).catch((error: unknown) => this.warnOfFolder(id, error));
  }

  private leave(attempt: Attempt): Promise<void> {
    return this.checkpoints.leave(attempt).catch((error: unknown) => this.warnOfFolder(attempt.id, error));
  }

  private warnOfFolder(runId: string, error: unknown): void {
    this.options.logger.warn({ runId, error: String(error) }, "the run's folder could not be removed");
  }

  /** Deletes a hidden run's record permanently; the version that it made stays. */
  async erase(id: string): Promise<void> {
    await this.discard(id);
    await deleteRun(this.options.store, id);
  }
}
