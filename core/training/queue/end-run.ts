/** Records how a run ended, each in one transaction, and only while the run still belongs to its holder. */
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog } from "../../events/event-log.ts";
import { ChildDied } from "../../platform/child.ts";
import { diskFailure } from "../../platform/disk.ts";
import { AppError, errorRecord } from "../../platform/errors.ts";
import {
  endStages,
  findRun,
  isHeld,
  moveRun,
  type RunStatus,
  type StoredRun,
  updateRun,
} from "../../store/runs.ts";
import type { RunResult } from "../../trainer/contract.ts";
import type { ModelRegistry } from "../results/model-registry.ts";
import { failureOf, runOf } from "../run-recorder.ts";
import { finishedName } from "./enqueue.ts";

interface EndingOptions {
  log: EventLog;
  alerts: Alerts;
  now: () => number;
}

/** The model's file has been adopted already. */
export async function writeResult(
  run: StoredRun,
  made: { result: RunResult; file: { sha256: string; sizeBytes: number } },
  { log, alerts, now, models }: EndingOptions & { models: ModelRegistry },
): Promise<void> {
  const { evaluation: _, ...summary } = made.result;
  await models.free(run.modelName);
  await log.record(async (tx) => {
    if (!(await isHeld(tx, run.id, run.attempt))) return;
    await updateRun(tx, run.id, { status: "finished", result: summary, finishedAt: now() });
    const modelName = await finishedName(tx, run);
    if (modelName !== run.modelName) await updateRun(tx, run.id, { modelName });
    const entry = { name: modelName, runId: run.id, result: made.result, ...made.file };
    const version = await models.register(tx, entry);
    await updateRun(tx, run.id, { modelVersion: version });
    await tx.append("run.finished", {
      ...runOf(run),
      model: modelName,
      version,
      verdict: summary.verdict,
      ...(summary.comparison && { comparison: summary.comparison.sentence }),
    });
    for (const { code, subject } of await alerts.active(tx)) {
      if (code === "run.failed" && (await findRun(tx, subject))?.modelName === modelName)
        await alerts.resolve(code, subject, tx);
    }
  });
}

export async function writeFailure(
  run: StoredRun,
  cause: unknown,
  { log, alerts, now }: EndingOptions,
): Promise<void> {
  const error = diskFailure(cause) ?? cause;
  const isOurs = error instanceof AppError || error instanceof ChildDied;
  const record = isOurs
    ? errorRecord(error)
    : { ...errorRecord(error), message: `Internal error in run ${run.id}` };
  await log.record(async (tx) => {
    // Another worker may have taken it meanwhile; one that never started is still in the queue.
    const { status, attempt } = (await findRun(tx, run.id)) ?? run;
    if (attempt !== run.attempt || (status !== "running" && status !== "queued")) return;
    await endStages(tx, run.id, "failed");
    await updateRun(tx, run.id, { status: "failed", error: record, finishedAt: now() });
    await tx.append("run.failed", { ...runOf(run), reason: record.message, code: record.code });
    await alerts.raise(failureOf(run, record.message), tx);
  });
}

/** False if it has ended already. */
export async function writeCancellation(
  run: StoredRun,
  from: readonly RunStatus[],
  { log, now }: Pick<EndingOptions, "log" | "now">,
): Promise<boolean> {
  return log.record(async (tx) => {
    const cancelled = { status: "cancelled", finishedAt: now() } as const;
    if (!(await moveRun(tx, run.id, from, cancelled))) return false;
    await endStages(tx, run.id, "skipped");
    await tx.append("run.cancelled", runOf(run));
    return true;
  });
}

/** Refuses an action on a run that has ended, or has not started. */
export function notRunning(run: StoredRun): AppError {
  return new AppError("conflict", `Run ${run.number} is ${run.status}, not running`, {
    fix: `DELETE /api/runs/${run.id}?delete=1 deletes a run that has ended.`,
  });
}
