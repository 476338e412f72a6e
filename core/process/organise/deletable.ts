/**
 * How datasets, runs, models and versions are hidden, restored and erased. Hiding and restoring are part of one
 * transaction with everything else; erasing may take long, and can be repeated after a crash.
 */

import type { Datasets } from "../../datasets/datasets.ts";
import { refuseWhileTraining } from "../../datasets/in-use.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { Recording } from "../../events/event-log.ts";
import type { Models } from "../../models/registry.ts";
import { AppError } from "../../platform/errors.ts";
import { setDeletion } from "../../store/annotations.ts";
import type { Handle } from "../../store/database.ts";
import type { DeletedKind } from "../../store/deletions.ts";
import { findRun, type StoredRun } from "../../store/runs.ts";
import type { Runs } from "../../training/runs.ts";

export interface Parts {
  datasets: Datasets;
  runs: Runs;
  models: Models;
  alerts: Pick<Alerts, "resolve">;
}

/** What is deleted: a dataset's or run's ID, or a model's name; `version` is 0 unless a version is meant. */
export interface Subject {
  kind: DeletedKind;
  subject: string;
  version: number;
}

interface Deletable {
  /**
   * Hides it and appends the event; returns its display name. Throws AppError `missing`, or `conflict` if it is in use.
   */
  hide: (tx: Recording, subject: Subject, deletion: string) => Promise<string>;
  /** True if nothing exists yet that could be restored. */
  isFinal?: (subject: Subject) => Promise<boolean>;
  show: (tx: Handle, subject: Subject) => Promise<void>;
  /** Erases rows and files permanently. */
  erase: (subject: Subject) => Promise<void>;
}

/** "Run 5", or the name that the user gave it. */
export function runLabel({ number, name }: Pick<StoredRun, "number" | "name">): string {
  return name === null ? `Run ${number}` : `Run ${number} (${name})`;
}

export function deletables({ datasets, runs, models, alerts }: Parts): Record<DeletedKind, Deletable> {
  return {
    dataset: {
      hide: async (tx, { subject: id }, deletion) => {
        const { name } = await datasets.find(id, undefined, tx);
        await refuseWhileTraining(tx, { id, name });
        await setDeletion(tx, { kind: "dataset", subject: id }, deletion);
        await tx.append("dataset.deleted", { datasetId: id, name });
        return name;
      },
      isFinal: async ({ subject }) => (await datasets.find(subject)).status === "reading",
      show: (tx, { subject }) => setDeletion(tx, { kind: "dataset", subject }, null),
      erase: ({ subject }) => datasets.erase(subject),
    },
    run: {
      hide: async (tx, { subject: id }, deletion) => {
        const run = await endedRun(tx, id);
        await setDeletion(tx, { kind: "run", subject: id }, deletion);
        await alerts.resolve("run.failed", id, tx);
        const { number: runNumber, datasetId, datasetName } = run;
        await tx.append("run.deleted", { runId: id, runNumber, datasetId, datasetName });
        return runLabel(run);
      },
      show: (tx, { subject }) => setDeletion(tx, { kind: "run", subject }, null),
      erase: ({ subject }) => runs.erase(subject),
    },
    model: {
      hide: (tx, { subject }, deletion) => models.hide(tx, subject, deletion),
      show: (tx, { subject }) => models.show(tx, subject),
      erase: ({ subject }) => models.erase(subject, 0),
    },
    version: {
      hide: (tx, { subject, version }, deletion) =>
        models.hideVersion(tx, { name: subject, version }, deletion),
      show: (tx, { subject, version }) => models.showVersion(tx, { name: subject, version }),
      erase: ({ subject, version }) => models.erase(subject, version),
    },
  };
}

async function endedRun(store: Handle, id: string): Promise<StoredRun> {
  const run = await findRun(store, id);
  if (!run) throw new AppError("missing", `Run ${id} does not exist`, { fix: "GET /api/runs lists them." });
  if (run.status === "queued" || run.status === "running") {
    throw new AppError("conflict", `Run ${run.number} is ${run.status}, so it cannot be deleted`, {
      fix: "Cancel it first with DELETE /api/runs/:id, or wait until it ends.",
    });
  }
  return run;
}
