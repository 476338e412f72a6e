/** Reads sources and schedules, with the further data that their panels show. */
import type { SourceView } from "../../datasets/sources/source-view.ts";
import type { ScheduleRunView, ScheduleView } from "../../models/schedules/schedule-views.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import { type DatasetChanges, findDataset } from "../../store/datasets.ts";

/** A source with its dataset as it is now. */
export interface SourceRow extends SourceView {
  dataset: { id: string; version: number; rows: number; changes: DatasetChanges | null } | null;
}

/** A schedule with what it is about by name, and its newest runs. */
export interface ScheduleRow extends ScheduleView {
  sourceName: string | null;
  datasetName: string | null;
  runs: ScheduleRunView[];
}

const RUNS_SHOWN = 5;

export async function sourceRows({ sources, store }: Signalbox): Promise<{ items: SourceRow[] }> {
  const rows = (await sources.list()).map(async (source): Promise<SourceRow> => {
    const found = source.datasetId === null ? null : await findDataset(store, source.datasetId);
    if (!found?.profile) return { ...source, dataset: null };
    const { id, version, profile, changes } = found;
    return { ...source, dataset: { id, version, rows: profile.rows, changes } };
  });
  return { items: await Promise.all(rows) };
}

export async function scheduleRows({
  schedules,
  sources,
  store,
}: Signalbox): Promise<{ items: ScheduleRow[] }> {
  const names = new Map((await sources.list()).map(({ id, name }) => [id, name]));
  const rows = (await schedules.list()).map(async (schedule): Promise<ScheduleRow> => {
    const { id, sourceId, datasetId } = schedule;
    const dataset = datasetId === undefined ? null : await findDataset(store, datasetId);
    return {
      ...schedule,
      sourceName: sourceId === undefined ? null : (names.get(sourceId) ?? sourceId),
      datasetName: datasetId === undefined ? null : (dataset?.name ?? datasetId),
      runs: await schedules.runsOf(id, RUNS_SHOWN),
    };
  });
  return { items: await Promise.all(rows) };
}
