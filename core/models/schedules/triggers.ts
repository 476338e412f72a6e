/** Checks whether a schedule's trigger has fired: a new file, drift, or a metric below its limit. */
import type { Datasets } from "../../datasets/datasets.ts";
import type { Sources } from "../../datasets/sources/sources.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { Store } from "../../store/database.ts";
import { findDataset } from "../../store/datasets.ts";
import { findModel, findVersion } from "../../store/models.ts";
import { goodness, isMetricName } from "../../trainer/metrics/index.ts";
import type { Monitor } from "../monitoring/monitor.ts";
import type { ScheduleSpec } from "./spec.ts";

export interface TriggerOptions {
  store: Store;
  sources: Sources;
  datasets: Datasets;
  alerts: Alerts;
  feedback: Monitor;
}

/** `seen`: the present state; if it differs from the last time and `isDue`, the schedule runs. */
export interface TriggerState {
  seen: string;
  isDue: boolean;
}

/** Null: the object of the trigger does not exist now. */
export async function triggerState(
  spec: ScheduleSpec,
  options: TriggerOptions,
): Promise<TriggerState | null> {
  if (spec.on === "new-file") return newFile(spec, options);
  if (spec.on === "drift") return drift(spec, options);
  if (spec.on === "accuracy") return accuracy(spec, options);
  return null;
}

/** Changed import settings make a new version too, but not a new file. */
async function newFile({ sourceId, datasetId }: ScheduleSpec, { store, sources }: TriggerOptions) {
  const id = datasetId ?? (await sources.find(sourceId!)).datasetId;
  const dataset = id === null ? null : await findDataset(store, id);
  if (!dataset || dataset.file === null) return null;
  return { seen: `file ${dataset.id} ${dataset.file}`, isDue: true };
}

/** One alert, one run: it lasts until the live version changes or the rows return to normal. */
async function drift({ model }: ScheduleSpec, { alerts }: TriggerOptions) {
  const active = await alerts.active();
  const alert = active.find(({ code, subject }) => code === "drift" && subject === model);
  return { seen: alert ? `alert ${alert.id}` : "none", isDue: alert !== undefined };
}

/** Once per live version: the next version, or a recovered metric, arms it again. */
async function accuracy({ model, metric, below }: ScheduleSpec, { store, feedback }: TriggerOptions) {
  const live = (await findModel(store, model!))?.liveVersion ?? null;
  const version = live === null ? null : await findVersion(store, model!, live);
  if (!version || below === undefined || !metric || !isMetricName(metric)) return null;
  const { figures } = await feedback.live(model!, version.version, version.result);
  const figure = figures.find((entry) => entry.metric === metric);
  if (!figure) return null;
  const isBelow = goodness(metric, figure.value) < goodness(metric, below);
  return { seen: isBelow ? `version ${version.version} below` : "above", isDue: isBelow };
}
