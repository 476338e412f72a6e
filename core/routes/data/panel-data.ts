/** Reads the data of each panel. One reader a panel: typed data from the store, no HTML. */

import type { Rejection } from "../../datasets/rejections.ts";
import type { UploadInProgress } from "../../datasets/uploads.ts";
import type { Activity } from "../../events/event-log.ts";
import type { HealthState } from "../../events/health-states.ts";
import type { Panel } from "../../events/panel-names.ts";
import type { LiveView } from "../../models/monitoring/live-metrics.ts";
import type { GaugeReading } from "../../operations/health.ts";
import type { RequestTimes } from "../../operations/request-times.ts";
import type { Signalbox } from "../../process/signalbox.ts";
import type { AlertAction } from "../../store/alerts.ts";
import { findDataset, type StoredDataset } from "../../store/datasets.ts";
import type { PageRange } from "../../store/lists.ts";
import {
  countPredictions,
  currentModel,
  deploymentsOf,
  findModel,
  listVersions,
  predictionsSince,
} from "../../store/models.ts";
import { currentRun, findRun, runsByStatus, type StoredRound, type StoredRun } from "../../store/runs.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import { currentRounds, type RunView, runView } from "../../training/run-view.ts";
import {
  activityRows,
  type DatasetSummary,
  datasetRows,
  type ModelRow,
  modelRows,
  NEWEST,
  type Page,
  type RunRow,
  runRows,
} from "./list-data.ts";
import { type Signal, signalOf } from "./signal.ts";
import { type WatchView, watchView } from "./watch-view.ts";

export interface PanelData {
  metrics: { gauges: (GaugeReading & { history: { at: string; value: number }[] })[] };
  /** `signal`: what the light in the header says. */
  health: { state: HealthState; gauges: GaugeReading[]; signal: Signal };
  activity: Page<Activity>;
  datasets: Page<DatasetSummary> & { arrivals: UploadInProgress[]; rejection: Rejection | null };
  predictions: { perMinute: PredictionMinute[]; lastMinute: number };
  connection: { sockets: number; seq: number; upSeconds: number };
  attention: { items: AttentionItem[] };
  run: RunView | null;
  stages: RunView | null;
  curve: { run: RunView; rounds: StoredRound[] } | null;
  leaderboard: RunView | null;
  report: RunView | null;
  /** A file on its way, or how it was read last; null: there is none, or it is not known. */
  reading: {
    id: string;
    name: string;
    status: "reading" | "ready" | "rejected";
    arrival: UploadInProgress | null;
    rejection: Rejection | null;
    /** Once it is read. */
    file: { version: number; rows: number; columns: number; sizeBytes: number; createdAt: string } | null;
  } | null;
  runs: Page<RunRow>;
  models: Page<ModelRow>;
  model: ModelView | null;
  watch: WatchView | null;
}

/** A minute by its start, and what was predicted in it. */
export interface PredictionMinute {
  at: string;
  predictions: number;
}

export interface ModelView {
  name: string;
  liveVersion: number | null;
  versions: {
    version: number;
    runId: string;
    createdAt: string;
    sizeBytes: number;
    isLive: boolean;
    /** Set for it; null: as trained. */
    threshold: number | null;
    previousThreshold: number | null;
    result: RunSummary;
    /** On what came true since. */
    live: LiveView;
  }[];
  deployments: { version: number; at: string }[];
  predictions: { total: number; perMinute: PredictionMinute[] };
}

/** Something that needs a person, with the one thing to do about it. */
export interface AttentionItem {
  severity: "warning" | "error";
  sentence: string;
  action: AlertAction;
  /** Only what was raised can be dismissed. */
  alertId: string | null;
}

/** What only the server knows. */
export interface PanelSource extends Signalbox {
  sockets: () => number;
  requests: RequestTimes;
  startedAt: number;
}

const ACTIVITY_ROWS = 40;
const LIST_ROWS = 10;
const RUNS_OF_DATASET = 50;
const HOUR_MINUTES = 60;

/** Null where the subject does not exist. */
export const READERS: { [P in Panel]: (source: PanelSource, subject: string | null) => PanelData[P] | null } =
  {
    metrics: (source) => ({
      gauges: source.health.readings().map((reading) => ({
        ...reading,
        history: source.health
          .history(reading.gauge)
          .map(({ at, value }) => ({ at: new Date(at).toISOString(), value })),
      })),
    }),
    health: (source) => ({
      state: source.health.state(),
      gauges: source.health.readings(),
      signal: signalOf(source),
    }),
    activity: (source) => activityRows(source, { before: NEWEST, limit: ACTIVITY_ROWS }),
    datasets: (source) => ({
      ...datasetRows(source, { before: NEWEST, limit: LIST_ROWS }),
      arrivals: source.datasets.inProgress(),
      rejection: source.datasets.lastRejection(),
    }),
    predictions: (source) => ({
      perMinute: minutes(source, null),
      lastMinute: minutes(source, null).at(-1)?.predictions ?? 0,
    }),
    connection: (source) => ({
      sockets: source.sockets(),
      seq: source.log.lastSeq,
      upSeconds: Math.round((source.now() - source.startedAt) / 1000),
    }),
    attention: (source) => ({ items: attention(source) }),
    run: (source, subject) => view(source, subject),
    stages: (source, subject) => view(source, subject),
    leaderboard: (source, subject) => view(source, subject),
    report: (source, subject) => view(source, subject),
    curve: (source, subject) => {
      const run = subjectRun(source, subject);
      return (
        run && {
          run: runView(source.store, run, source.now()),
          rounds: currentRounds(source.store, run),
        }
      );
    },
    reading,
    runs: (source, subject) => {
      if (subject === null) return runRows(source, { before: NEWEST, limit: LIST_ROWS });
      if (!findDataset(source.store, subject)) return null;
      return runRows(source, { before: NEWEST, limit: RUNS_OF_DATASET }, subject);
    },
    models: (source) => modelRows(source, { before: NEWEST, limit: LIST_ROWS }),
    model: (source, subject) => {
      const model = subject === null ? currentModel(source.store) : findModel(source.store, subject);
      return model && modelView(source, model.name);
    },
    watch: (source, subject) => {
      const model = subject === null ? currentModel(source.store) : findModel(source.store, subject);
      return model && watchView(source, model);
    },
  };

/** Runs as the API tells them. */
export function runPage(source: Signalbox, range: PageRange): Page<RunView> {
  const { items, next } = runRows(source, range);
  return {
    items: items.map(({ id }) => runView(source.store, findRun(source.store, id)!, source.now())),
    next,
  };
}

/** Models with less than their pages show: a list of hundreds is read for names, versions and figures. */
export function modelPage(source: Signalbox, range: PageRange) {
  const { items: rows, next } = modelRows(source, range);
  const minute = Math.floor(source.now() / 60_000) - HOUR_MINUTES + 1;
  const items = rows.map(({ name, liveVersion }) => {
    const lastHour = predictionsSince(source.store, minute, name).reduce(
      (sum, row) => sum + row.predictions,
      0,
    );
    const predictions = { total: countPredictions(source.store, name), lastHour };
    return { name, liveVersion, versions: versionsOf(source, name, liveVersion), predictions };
  });
  return { items, next };
}

export function modelView(source: Signalbox, name: string): ModelView {
  const { store } = source;
  const { liveVersion } = findModel(store, name)!;
  return {
    name,
    liveVersion,
    versions: versionsOf(source, name, liveVersion).map((version) => ({
      ...version,
      live: source.feedback.live(name, version.version, version.result),
    })),
    deployments: deploymentsOf(store, name).map(({ version, at }) => ({
      version,
      at: new Date(at).toISOString(),
    })),
    predictions: { total: countPredictions(store, name), perMinute: minutes(source, name) },
  };
}

function versionsOf({ store }: Signalbox, name: string, liveVersion: number | null) {
  return listVersions(store, name).map(
    ({ version, runId, createdAt, sizeBytes, threshold, previousThreshold, result }) => ({
      version,
      runId,
      createdAt: new Date(createdAt).toISOString(),
      sizeBytes,
      isLive: version === liveVersion,
      threshold,
      previousThreshold,
      result,
    }),
  );
}

function subjectRun(source: Signalbox, subject: string | null): StoredRun | null {
  return subject === null ? currentRun(source.store) : findRun(source.store, subject);
}

function view(source: Signalbox, subject: string | null): RunView | null {
  const run = subjectRun(source, subject);
  return run && runView(source.store, run, source.now());
}

/** The last hour, every minute of it, zero where nothing was asked. */
function minutes(source: Signalbox, name: string | null): PredictionMinute[] {
  const last = Math.floor(source.now() / 60_000);
  const first = last - HOUR_MINUTES + 1;
  const counted = new Map(
    predictionsSince(source.store, first, name).map((row) => [row.minute, row.predictions]),
  );
  return Array.from({ length: HOUR_MINUTES }, (_, index) => ({
    at: new Date((first + index) * 60_000).toISOString(),
    predictions: counted.get(first + index) ?? 0,
  }));
}

function attention(source: Signalbox): AttentionItem[] {
  const interrupted = runsByStatus(source.store, "interrupted").map(
    (run): AttentionItem => ({
      severity: "warning",
      sentence: `Run ${run.number} (${run.options.target} from ${run.datasetName}) was interrupted. What it had tried is kept.`,
      action: { label: "Resume run", method: "post", path: `/runs/${run.id}/resume` },
      alertId: null,
    }),
  );
  const alerts = source.alerts
    .standing()
    .map(
      ({ id, severity, sentence, action }): AttentionItem => ({ severity, sentence, action, alertId: id }),
    );
  const { sentence } = source.proxyNotice;
  const proxy: AttentionItem[] = sentence
    ? [
        {
          severity: "warning",
          sentence,
          action: { label: "Open settings", method: "get", path: "/settings" },
          alertId: null,
        },
      ]
    : [];
  return [...interrupted, ...proxy, ...alerts];
}

/** Of the file named, else of the first on its way. */
function reading({ datasets, store }: PanelSource, subject: string | null): PanelData["reading"] {
  const id = subject ?? datasets.inProgress()[0]?.id;
  if (id === undefined) return null;
  const rejection = datasets.rejection(id);
  const arrival = datasets.arrival(id);
  const stored = findDataset(store, id);
  const name = rejection?.name ?? stored?.name ?? arrival?.name;
  if (name === undefined) return null;
  const status = rejection ? "rejected" : (stored?.status ?? "reading");
  return { id, name, status, arrival, rejection, file: stored && fileOf(stored) };
}

function fileOf({ version, profile, sizeBytes, createdAt }: StoredDataset) {
  if (!profile) return null;
  const { rows, columns } = profile;
  return { version, rows, columns: columns.length, sizeBytes, createdAt: new Date(createdAt).toISOString() };
}
