/** What do the lists show? Rows newest first, a page at a time, the same for panels, pages and API. */
import type { Activity } from "../../events/event-log.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import {
  type List,
  type ListedModel,
  type ListedRun,
  listedDatasets,
  listedModels,
  listedRuns,
  listedRunsOf,
  newerThan,
  type PageRange,
} from "../../store/lists.ts";
import { findRun, runStages } from "../../store/runs.ts";
import { progressOf } from "../../training/run-view.ts";

/** `next`: the `before` of the page that follows; null: there is none. */
export interface Page<T> {
  items: T[];
  next: number | null;
}

export interface RunRow extends Omit<ListedRun, "position" | "queuedAt"> {
  /** 0..1 over all stages. */
  progress: number;
  queuedAt: string;
}

export interface DatasetSummary {
  id: string;
  name: string;
  version: number;
  status: "reading" | "ready";
  rows: number;
  columns: number;
  target: string | null;
  task: string | null;
  sizeBytes: number;
  createdAt: string;
}

export interface ModelRow extends Omit<ListedModel, "position" | "createdAt"> {
  createdAt: string;
}

export const NEWEST = Number.MAX_SAFE_INTEGER;

export function runRows({ store }: Signalbox, range: PageRange, datasetId?: string): Page<RunRow> {
  const listed = pageOf(range, (wider) =>
    datasetId === undefined ? listedRuns(store, wider) : listedRunsOf(store, datasetId, wider),
  );
  return mapped(listed, ({ position: _, queuedAt, ...row }) => ({
    ...row,
    progress:
      row.status === "running"
        ? progressOf(findRun(store, row.id)!, runStages(store, row.id))
        : Number(row.status === "finished"),
    queuedAt: new Date(queuedAt).toISOString(),
  }));
}

export function datasetRows({ store }: Signalbox, range: PageRange): Page<DatasetSummary> {
  const listed = pageOf(range, (wider) => listedDatasets(store, wider));
  return mapped(listed, ({ position: _, createdAt, rows, columns, ...row }) => ({
    ...row,
    rows: rows ?? 0,
    columns: columns ?? 0,
    createdAt: new Date(createdAt).toISOString(),
  }));
}

export function modelRows({ store }: Signalbox, range: PageRange): Page<ModelRow> {
  const listed = pageOf(range, (wider) => listedModels(store, wider));
  return mapped(listed, ({ position: _, createdAt, ...row }) => ({
    ...row,
    createdAt: new Date(createdAt).toISOString(),
  }));
}

export function activityRows({ log }: Signalbox, range: PageRange): Page<Activity> {
  const { items, next } = pageOf(range, ({ before, limit }) =>
    log.activity(before, limit).map((item) => ({ ...item, position: item.seq })),
  );
  return { items: items.map(({ position: _, ...item }) => item), next };
}

/** The `cursor` of the page above; null: that is the newest one, which has no cursor. */
export function newerPage({ store }: Signalbox, list: List, range: PageRange): number | null {
  return newerThan(store, list, range);
}

/** One row more than asked for tells whether a page follows. */
function pageOf<T extends { position: number }>(
  { before, limit }: PageRange,
  read: (range: PageRange) => T[],
): Page<T> {
  const rows = read({ before, limit: limit + 1 });
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.position : null };
}

function mapped<T, U>({ items, next }: Page<T>, shape: (item: T) => U): Page<U> {
  return { items: items.map(shape), next };
}
