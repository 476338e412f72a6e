/**
 * Organises datasets, runs and models: name, tags, note, archive. Each change is one event; setting the present value
 * again is none.
 */
import * as z from "zod";
import type { Datasets } from "../../datasets/datasets.ts";
import type { Change } from "../../events/changes.ts";
import type { EventLog, Recording } from "../../events/event-log.ts";
import type { Models } from "../../models/registry.ts";
import { AppError } from "../../platform/errors.ts";
import { lazily } from "../../platform/zod-setup.ts";
import {
  type Annotated,
  type AnnotationChange,
  annotate,
  renameDataset,
  renameModel,
  renameRun,
  type Annotations as Stored,
} from "../../store/annotations.ts";
import type { Unchanged } from "../../store/database.ts";
import { findModel } from "../../store/models.ts";
import { findRun, type StoredRun } from "../../store/runs.ts";
import { MODEL_NAME } from "../../training/options/run-options.ts";
import { VISIBILITY } from "./visibility.ts";

/** One line without commas, so that lists of tags can be typed. */
export const TAG = lazily(() =>
  z
    .string()
    .trim()
    .min(1)
    .max(40)
    .regex(/^[^,\p{Cc}]+$/u, "must be one line without commas, at most 40 characters"),
);
const TAGS = lazily(() =>
  z
    .array(TAG())
    .max(20)
    .transform((tags) => [...new Set(tags)]),
);
const NOTE = lazily(() => z.string().max(4000));
const LABEL = lazily(() => z.string().trim().max(200));

const ORGANISED = lazily(() => ({
  tags: TAGS().optional().describe("replaces all tags"),
  note: NOTE().optional().describe("free text; empty: no note"),
  archived: z.boolean().optional().describe("true: only lists with status=archived show it"),
  visibility: VISIBILITY(),
}));
export const DATASET_CHANGE = lazily(() => ({
  name: LABEL().min(1).optional().describe("the new name"),
  ...ORGANISED(),
}));
export const RUN_CHANGE = lazily(() =>
  z.strictObject({
    name: LABEL().nullable().optional().describe("the run's name; null or empty: its number"),
    ...ORGANISED(),
  }),
);
export const MODEL_CHANGE = lazily(() =>
  z.strictObject({
    name: MODEL_NAME().optional().describe("its new name"),
    ...ORGANISED(),
  }),
);

/** What is absent stays. */
interface OrganisedFields {
  tags?: string[] | undefined;
  note?: string | undefined;
  archived?: boolean | undefined;
}
type Labelled<Name> = OrganisedFields & { name?: Name | undefined };

export interface AnnotationsOptions {
  log: EventLog;
  datasets: Datasets;
  models: Models;
  /** Earlier predictions are stored under the name that the model had. */
  feedback: { flush: () => Promise<void> };
  now: () => number;
}

export class Annotations {
  constructor(private readonly options: AnnotationsOptions) {}

  /** Throws AppError `missing`. */
  async changeDataset(id: string, change: Labelled<string>, unchanged?: Unchanged): Promise<void> {
    await this.options.log.record(async (tx) => {
      const dataset = await this.options.datasets.find(id, undefined, tx);
      await unchanged?.(tx);
      let { name } = dataset;
      const tell = (told: Change) => tx.append("dataset.changed", { datasetId: id, name, change: told });
      if (change.name !== undefined && change.name !== name) {
        const from = name;
        name = change.name;
        await renameDataset(tx, id, name);
        await tell({ kind: "renamed", from, to: name });
      }
      await this.organise(tx, { kind: "dataset", subject: id, before: dataset, change }, tell);
    });
  }

  /** Throws AppError `missing`. */
  async changeRun(id: string, change: Labelled<string | null>): Promise<void> {
    await this.options.log.record(async (tx) => {
      const run = await findRun(tx, id);
      if (!run)
        throw new AppError("missing", `Run ${id} does not exist`, { fix: "GET /api/runs lists them." });
      const { number: runNumber, datasetId, datasetName } = run;
      const about = { runId: id, runNumber, datasetId, datasetName };
      const tell = (told: Change) => tx.append("run.changed", { ...about, change: told });
      const name = change.name === undefined ? run.name : change.name || null;
      if (name !== run.name) {
        await renameRun(tx, id, name);
        const to = name ?? labelOf(run);
        await tell({ kind: "renamed", from: run.name ?? labelOf(run), to });
      }
      await this.organise(tx, { kind: "run", subject: id, before: run, change }, tell);
    });
  }

  /** The new name. Throws AppError `missing`, or `conflict` if another model has that name. */
  async changeModel(name: string, change: Labelled<string>, unchanged?: Unchanged): Promise<string> {
    const { log, models, feedback } = this.options;
    const to = change.name ?? name;
    if (to !== name) {
      await models.free(to);
      await feedback.flush();
    }
    await log.record(async (tx) => {
      const model = await models.find(name, tx);
      await unchanged?.(tx);
      const tell = (told: Change) => tx.append("model.changed", { model: to, change: told });
      if (to !== name) {
        if (await findModel(tx, to))
          throw new AppError("conflict", `A model called ${to} already exists`, {
            column: "name",
            fix: "Choose another name.",
          });
        await renameModel(tx, name, to);
        if (model.effectiveVisibility === "private")
          await tx.append("visibility.changed", {
            ...{ label: to, visibility: "private", isAsked: false, model: to },
          });
        await models.renamed(tx, name);
        await tell({ kind: "renamed", from: name, to });
      }
      await this.organise(tx, { kind: "model", subject: to, before: model, change }, tell);
    });
    return to;
  }

  private async organise(
    tx: Recording,
    asked: { kind: Annotated; subject: string; before: Stored; change: OrganisedFields },
    tell: (change: Change) => Promise<void>,
  ): Promise<void> {
    const { kind, subject, before, change } = asked;
    const { tags, note, archived } = change;
    const changes: [AnnotationChange, Change["kind"] & ("tagged" | "noted" | "archived" | "unarchived")][] =
      [];
    if (tags && tags.join("\n") !== before.tags.join("\n")) changes.push([{ tags }, "tagged"]);
    if (note !== undefined && note !== before.note) changes.push([{ note }, "noted"]);
    if (archived !== undefined && archived !== (before.archivedAt !== null)) {
      const archivedAt = archived ? this.options.now() : null;
      changes.push([{ archivedAt }, archived ? "archived" : "unarchived"]);
    }
    for (const [stored, told] of changes) {
      await annotate(tx, { kind, subject }, stored);
      await tell({ kind: told });
    }
  }
}

const labelOf = ({ number }: StoredRun) => `Run ${number}`;
