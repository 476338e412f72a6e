/** Reads the rows of lists, newest first, a page at a time; the same for panels, pages and API. */
import type { Activity } from "../../events/event-log.ts";
import type { ViewScope } from "../../events/privacy.ts";
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
import type { Visibility } from "../../store/ownership.ts";
import { findRun, runStages } from "../../store/runs.ts";
import { progressOf } from "../../training/run-view.ts";

/** `next`: the `before` of the page that follows; null: there is none. */
export interface Page<T> {
  items: T[];
  next: number | null;
}

export interface RunRow
  extends Omit<
    ListedRun,
    "position" | "queuedAt" | "startedAt" | "finishedAt" | "archivedAt" | "datasetDeleted" | "versionDeleted"
  > {
  archived: boolean;
  /** Since the run. */
  datasetDeleted: boolean;
  versionDeleted: boolean;
  /** 0..1 over all stages. */
  progress: number;
  queuedAt: string;
  /** From start to end; null until it has ended. */
  durationMs: number | null;
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
  tags: string[];
  note: string;
  archived: boolean;
  /** Null: unknown. */
  owner: string | null;
  visibility: Visibility;
  createdAt: string;
}

export interface ModelRow
  extends Omit<ListedModel, "position" | "createdAt" | "trainedAt" | "beatsBaseline" | "archivedAt"> {
  archived: boolean;
  beatsBaseline: boolean;
  createdAt: string;
  /** When the version of the row was trained. */
  trainedAt: string;
}

export const NEWEST = Number.MAX_SAFE_INTEGER;

export async function runRows(
  { store, now }: Signalbox,
  range: PageRange,
  datasetId?: string,
): Promise<Page<RunRow>> {
  const listed = await pageOf(range, async (wider) =>
    datasetId === undefined ? await listedRuns(store, wider) : await listedRunsOf(store, datasetId, wider),
  );
  return mapped(listed, async ({ position: _, queuedAt, startedAt, finishedAt, archivedAt, ...row }) => ({
    ...row,
    archived: archivedAt !== null,
    datasetDeleted: row.datasetDeleted === 1,
    versionDeleted: row.versionDeleted === 1,
    durationMs: startedAt === null || finishedAt === null ? null : finishedAt - startedAt,
    progress:
      row.status === "running"
        ? progressOf((await findRun(store, row.id))!, await runStages(store, row.id), now())
        : Number(row.status === "finished"),
    queuedAt: new Date(queuedAt).toISOString(),
  }));
}

export async function datasetRows({ store }: Signalbox, range: PageRange): Promise<Page<DatasetSummary>> {
  const listed = await pageOf(range, (wider) => listedDatasets(store, wider));
  return mapped(listed, ({ position: _, createdAt, rows, columns, archivedAt, ...row }) => ({
    ...row,
    archived: archivedAt !== null,
    rows: rows ?? 0,
    columns: columns ?? 0,
    createdAt: new Date(createdAt).toISOString(),
  }));
}

export async function modelRows({ store }: Signalbox, range: PageRange): Promise<Page<ModelRow>> {
  const listed = await pageOf(range, (wider) => listedModels(store, wider));
  return mapped(listed, ({ position: _, createdAt, trainedAt, beatsBaseline, archivedAt, ...row }) => ({
    ...row,
    archived: archivedAt !== null,
    beatsBaseline: Boolean(beatsBaseline),
    createdAt: new Date(createdAt).toISOString(),
    trainedAt: new Date(trainedAt ?? createdAt).toISOString(),
  }));
}

/** The values of `?status=` for the activity feed. */
export const ACTIVITY_LEVELS = ["info", "success", "warning", "error"] as const;
const SCANNED = 500;
/** Rows that one search examines; the next page continues from there. */
const SEARCHED = 20_000;

type ActivitySource = Pick<Signalbox, "log" | "privacy"> & { viewScope: ViewScope };

export async function activityRows(
  source: ActivitySource,
  { before, limit, filter }: PageRange,
): Promise<Page<Activity>> {
  if (filter) return searchedActivity(source, { before, limit, filter });
  const rows = await source.log.activity(before, limit + 1, seenBy(source));
  const items = rows.slice(0, limit);
  return { items, next: rows.length > limit ? items.at(-1)!.seq : null };
}

/** Null: everything is seen. */
function seenBy({ privacy, viewScope }: ActivitySource) {
  if (viewScope.isAll || privacy.isEmpty) return null;
  return (data: Record<string, unknown>) => privacy.seesEvent(viewScope, data);
}

async function searchedActivity(source: ActivitySource, range: Required<PageRange>): Promise<Page<Activity>> {
  const { limit, filter } = range;
  const q = filter.q.toLowerCase();
  const isWanted = ({ sentence, level }: Activity) =>
    !filter.tag && sentence.toLowerCase().includes(q) && (!filter.status || level === filter.status);
  const items: Activity[] = [];
  let { before } = range;
  for (let searched = 0; searched < SEARCHED; searched += SCANNED) {
    const rows = await source.log.activity(before, SCANNED, seenBy(source));
    for (const row of rows) {
      if (!isWanted(row)) continue;
      if (items.length === limit) return { items, next: items.at(-1)!.seq };
      items.push(row);
    }
    if (rows.length < SCANNED) return { items, next: null };
    before = rows.at(-1)!.seq;
  }
  return { items, next: before };
}

/** The `cursor` of the page above; null: that is the newest one, which has no cursor. */
export async function newerPage({ store }: Signalbox, list: List, range: PageRange): Promise<number | null> {
  if (!range.filter) return newerThan(store, list, range);
  return range.before > range.limit ? range.before - range.limit : null;
}

/** One row more than requested shows whether a page follows. */
async function pageOf<T extends { position: number }>(
  range: PageRange,
  read: (range: PageRange) => Promise<T[]>,
): Promise<Page<T>> {
  const { limit, filter } = range;
  const skipped = filter && range.before !== NEWEST ? range.before : 0;
  const rows = await read({ ...range, before: filter ? skipped : range.before, limit: limit + 1 });
  const items = rows.slice(0, limit);
  const next = filter ? skipped + limit : items.at(-1)?.position;
  return { items, next: rows.length > limit ? next! : null };
}

async function mapped<T, U>({ items, next }: Page<T>, shape: (item: T) => U | Promise<U>): Promise<Page<U>> {
  return { items: await Promise.all(items.map(shape)), next };
}
