/** Describes the import settings that a user may change, and a dataset's view for clients. */
import * as z from "zod";
import { COLUMN_TYPES } from "../csv/types.ts";
import { lazily } from "../platform/zod-setup.ts";
import type { Store } from "../store/database.ts";
import type { StoredDataset } from "../store/datasets.ts";
import { ownerView } from "../store/ownership.ts";
import { findRejection, type Rejection } from "../store/rejections.ts";
import type { Datasets } from "./datasets.ts";

export const CHOICES = lazily(() =>
  z.strictObject({
    delimiter: z.string().min(1).max(4).optional(),
    quote: z.string().max(1).optional(),
    encoding: z.string().max(40).optional(),
    header: z.union([z.boolean(), z.number().int().min(1).max(1000)]).optional(),
    sheet: z.string().max(100).optional().describe("workbooks: the sheet's name; empty to guess again"),
    range: z
      .string()
      .max(30)
      .optional()
      .describe("workbooks: the cells, for example B3:F100; empty to guess again"),
    types: z.record(z.string(), z.enum(COLUMN_TYPES)).optional(),
    missing: z.record(z.string(), z.array(z.string().max(60)).max(50)).optional(),
    drop: z.array(z.string()).optional(),
    exclude: z.array(z.string()).optional(),
    target: z.string().optional(),
    task: z.enum(["binary", "multiclass", "regression"]).optional(),
  }),
);

export function datasetView(dataset: StoredDataset) {
  const { id, version, status, name, sizeBytes, profile, choices, createdAt, changes } = dataset;
  const { tags, note, archivedAt } = dataset;
  return {
    id,
    version,
    status,
    name,
    rows: profile?.rows ?? null,
    columns: profile?.columns ?? [],
    target: profile?.target ?? null,
    targetReason: profile?.targetReason ?? null,
    task: profile?.task ?? null,
    taskReason: profile?.taskReason ?? null,
    positiveClass: profile?.positiveClass ?? null,
    findings: profile?.findings ?? [],
    sizeBytes,
    dialect: profile ? { ...profile.plan.dialect, header: profile.plan.dialect.headerRows > 0 } : null,
    choices,
    tags,
    note,
    archived: archivedAt !== null,
    ...ownerView(dataset),
    changes,
    createdAt: new Date(createdAt).toISOString(),
  };
}

export type DatasetView = ReturnType<typeof datasetView>;
export type RejectionView = ReturnType<typeof rejectionView>;

/** A dataset by ID: while it is read, what was found so far; or why it was refused. Throws AppError `missing`. */
export async function datasetById({ datasets, store }: { datasets: Datasets; store: Store }, id: string) {
  const rejection = await findRejection(store, id);
  if (rejection) return rejectionView(rejection);
  const view = datasetView(await datasets.find(id));
  const arrival = view.status === "reading" ? datasets.arrival(id) : null;
  return arrival ? { ...view, rows: arrival.rows, columns: arrival.columns } : view;
}

/** A file that was refused after `?wait=0`: nothing of it is stored except the reason. */
function rejectionView({ id, name, at, error }: Rejection) {
  return { id, name, status: "rejected" as const, rejectedAt: new Date(at).toISOString(), error };
}
