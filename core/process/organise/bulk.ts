/**
 * Changes many datasets, runs or models, each on its own: an item that cannot be changed gets its reason, and the
 * others are changed.
 */
import * as z from "zod";
import type { Datasets } from "../../datasets/datasets.ts";
import type { Models } from "../../models/registry.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import { lazily, type OutputOf } from "../../platform/zod-setup.ts";
import type { Runs } from "../../training/runs.ts";
import { type Annotations, TAG } from "./annotations.ts";
import type { Subject } from "./deletable.ts";
import type { Deletions } from "./deletions.ts";

export const KINDS = ["datasets", "runs", "models"] as const;
export type Kind = (typeof KINDS)[number];
const MOST_AT_ONCE = 1000;

/** The body of `POST /api/bulk`. */
export const BULK_REQUEST = lazily(() =>
  z.strictObject({
    kind: z.enum(KINDS),
    ids: z
      .array(z.string())
      .min(1)
      .max(MOST_AT_ONCE)
      .describe("IDs; models by name, versions as MODEL:NUMBER"),
    delete: z.boolean().optional().describe("true deletes them; one undo restores all"),
    now: z.boolean().optional().describe("true, with delete: deletes permanently"),
    archived: z.boolean().optional(),
    addTags: z.array(TAG()).max(20).optional(),
    removeTags: z.array(TAG()).max(20).optional(),
    note: z.string().max(4000).optional(),
  }),
);
export type BulkRequest = OutputOf<typeof BULK_REQUEST>;

interface Done {
  id: string;
  done: boolean;
  error: { code: string; message: string; fix: string | null } | null;
}

interface Parts {
  datasets: Datasets;
  runs: Runs;
  models: Models;
  annotations: Annotations;
  deletions: Deletions;
}

/** `undo`: the ID that restores everything that was deleted; null: nothing was, or it was permanent. */
export async function changeMany(
  parts: Parts,
  request: BulkRequest,
): Promise<{ items: Done[]; undo: string | null }> {
  const undo = newId();
  const items: Done[] = [];
  for (const id of new Set(request.ids)) {
    try {
      await changeOne(parts, { id, undo }, request);
      items.push({ id, done: true, error: null });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { code, message, place } = error;
      items.push({ id, done: false, error: { code, message, fix: place.fix ?? null } });
    }
  }
  const canUndo = request.delete && !request.now && items.some(({ done }) => done);
  return { items, undo: canUndo ? undo : null };
}

async function changeOne(
  parts: Parts,
  { id, undo }: { id: string; undo: string },
  request: BulkRequest,
): Promise<void> {
  if (request.delete) {
    await parts.deletions.delete([subjectOf(request.kind, id)], { isFinal: request.now === true, id: undo });
    return;
  }
  const { archived, note } = request;
  const tags = await tagsAfter(parts, id, request);
  const change = {
    ...(archived !== undefined && { archived }),
    ...(note !== undefined && { note }),
    ...(tags && { tags }),
  };
  if (request.kind === "datasets") await parts.annotations.changeDataset(id, change);
  else if (request.kind === "runs") await parts.annotations.changeRun(id, change);
  else await parts.annotations.changeModel(modelOf(id), change);
}

/** Null: they stay as they are. */
async function tagsAfter(
  { datasets, runs, models }: Parts,
  id: string,
  { kind, addTags = [], removeTags = [] }: BulkRequest,
): Promise<string[] | null> {
  if (!addTags.length && !removeTags.length) return null;
  const { tags } =
    kind === "datasets"
      ? await datasets.find(id)
      : kind === "runs"
        ? await runs.find(id)
        : await models.find(modelOf(id));
  return [...new Set([...tags, ...addTags])].filter((tag) => !removeTags.includes(tag));
}

function subjectOf(kind: Kind, id: string): Subject {
  if (kind === "datasets") return { kind: "dataset", subject: id, version: 0 };
  if (kind === "runs") return { kind: "run", subject: id, version: 0 };
  const version = Number(/:(\d{1,9})$/.exec(id)?.[1] ?? 0);
  return { kind: version ? "version" : "model", subject: modelOf(id), version };
}

const modelOf = (id: string) => id.replace(/:\d{1,9}$/, "");
