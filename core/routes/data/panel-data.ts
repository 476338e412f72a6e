/** Reads the data of each panel. One reader per panel: typed data from the store, no HTML. */

import type { UploadInProgress } from "../../datasets/uploads.ts";
import { alertRecord } from "../../events/alert-records.ts";
import type { Activity } from "../../events/event-log.ts";
import type { HealthState } from "../../events/health-states.ts";
import type { Panel } from "../../events/panel-names.ts";
import type { ViewScope } from "../../events/privacy.ts";
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
  runsLeftOf,
} from "../../store/models.ts";
import { ownerView, type Visibility } from "../../store/ownership.ts";
import { findRejection, latestRejection, type Rejection } from "../../store/rejections.ts";
import { currentRun, findRun, runsByStatus, type StoredRound, type StoredRun } from "../../store/runs.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import type { HostView } from "../../training/queue/presence.ts";
import { currentRounds, type RunView, runView } from "../../training/run-view.ts";
import { type ScheduleRow, type SourceRow, scheduleRows, sourceRows } from "./automation-data.ts";
import { type Signal, signalOf } from "./header-status.ts";
import { type NewestFigures, newestFigures } from "./history-data.ts";
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
import { type MonitoringView, monitoringView } from "./monitoring-view.ts";

export interface PanelData {
  metrics: {
    gauges: (GaugeReading & { history: { at: string; value: number }[] })[];
    /** Servers and workers on the same database; empty for a single server. */
    hosts: HostView[];
  };
  /** `signal`: the text of the light in the header. */
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
  /** A file being received, or its last reading; null: there is none, or it is unknown. */
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
  sources: { items: SourceRow[] };
  schedules: { items: ScheduleRow[] };
  model: ModelView | null;
  watch: MonitoringView | null;
  history: NewestFigures | null;
}

/** The start of a minute and the number of predictions in it. */
export interface PredictionMinute {
  at: string;
  predictions: number;
}

export interface ModelView {
  name: string;
  tags: string[];
  note: string;
  archived: boolean;
  /** Null: unknown. */
  owner: string | null;
  visibility: Visibility;
  liveVersion: number | null;
  versions: {
    version: number;
    runId: string;
    runDeleted: boolean;
    createdAt: string;
    sizeBytes: number;
    isLive: boolean;
    /** The threshold that was set; null: as trained. */
    threshold: number | null;
    previousThreshold: number | null;
    result: RunSummary;
    /** On actual outcomes since deployment. */
    live: LiveView;
  }[];
  deployments: { version: number; at: string }[];
  predictions: { total: number; perMinute: PredictionMinute[] };
}

/** Something that needs a person, with the one action for it. */
export interface AttentionItem {
  severity: "warning" | "error";
  sentence: string;
  /** What is at risk meanwhile, and what to do; null: the sentence says it. */
  risk: string | null;
  fix: string | null;
  action: AlertAction;
  /** Only a raised alert can be dismissed. */
  alertId: string | null;
}

/** What only the server knows. */
export interface PanelSource extends Signalbox {
  /** Of the viewer that it is for: see `scopedSource`. */
  viewScope: ViewScope;
  sockets: () => number;
  requests: RequestTimes;
  startedAt: number;
}

const ACTIVITY_ROWS = 40;
const LIST_ROWS = 10;
const RUNS_OF_DATASET = 50;
const HOUR_MINUTES = 60;

type Awaitable<T> = T | Promise<T>;

/** Null if the subject does not exist. */
export const READERS: {
  [P in Panel]: (source: PanelSource, subject: string | null) => Awaitable<PanelData[P] | null>;
} = {
  metrics: async (source) => ({
    hosts: source.store.isShared ? await source.presence.hosts() : [],
    gauges: source.health.readings().map((reading) => ({
      ...reading,
      history: source.health
        .history(reading.gauge)
        .map(({ at, value }) => ({ at: new Date(at).toISOString(), value })),
    })),
  }),
  health: async (source) => ({
    state: source.health.state(),
    gauges: source.health.readings(),
    signal: await signalOf(source),
  }),
  activity: (source) => activityRows(source, { before: NEWEST, limit: ACTIVITY_ROWS }),
  datasets: async (source) => ({
    ...(await datasetRows(source, { before: NEWEST, limit: LIST_ROWS })),
    arrivals: source.datasets.inProgress(),
    rejection: await latestRejection(source.store),
  }),
  predictions: async (source) => {
    const perMinute = await minutes(source, null);
    return { perMinute, lastMinute: perMinute.at(-1)?.predictions ?? 0 };
  },
  connection: (source) => ({
    sockets: source.sockets(),
    seq: source.log.lastSeq,
    upSeconds: Math.round((source.now() - source.startedAt) / 1000),
  }),
  attention: async (source) => ({ items: await attention(source) }),
  run: (source, subject) => view(source, subject),
  stages: (source, subject) => view(source, subject),
  leaderboard: (source, subject) => view(source, subject),
  report: (source, subject) => view(source, subject),
  curve: async (source, subject) => {
    const run = await subjectRun(source, subject);
    return (
      run && {
        run: await runView(source.store, run, source.now()),
        rounds: await currentRounds(source.store, run),
      }
    );
  },
  reading,
  runs: async (source, subject) => {
    if (subject === null) return runRows(source, { before: NEWEST, limit: LIST_ROWS });
    if (!(await findDataset(source.store, subject))) return null;
    return runRows(source, { before: NEWEST, limit: RUNS_OF_DATASET }, subject);
  },
  models: (source) => modelRows(source, { before: NEWEST, limit: LIST_ROWS }),
  sources: (source) => sourceRows(source),
  schedules: (source) => scheduleRows(source),
  model: async (source, subject) => {
    const model =
      subject === null ? await currentModel(source.store) : await findModel(source.store, subject);
    return model && (await modelView(source, model.name));
  },
  watch: async (source, subject) => {
    const model =
      subject === null ? await currentModel(source.store) : await findModel(source.store, subject);
    return model && (await monitoringView(source, model));
  },
  history: (source, subject) => newestFigures(source, subject),
};

/** Runs as the API returns them. */
export async function runPage(source: Signalbox, range: PageRange): Promise<Page<RunView>> {
  const { items, next } = await runRows(source, range);
  return {
    items: await Promise.all(
      items.map(async ({ id }) => runView(source.store, (await findRun(source.store, id))!, source.now())),
    ),
    next,
  };
}

/** Models with less than their pages show: a list of hundreds is read for names, versions and figures. */
export async function modelPage(source: Signalbox, range: PageRange) {
  const { items: rows, next } = await modelRows(source, range);
  const minute = Math.floor(source.now() / 60_000) - HOUR_MINUTES + 1;
  const items = await Promise.all(
    rows.map(async ({ name, liveVersion, tags, note, archived, owner, visibility }) => {
      const lastHour = (await predictionsSince(source.store, minute, name)).reduce(
        (sum, row) => sum + row.predictions,
        0,
      );
      const predictions = { total: await countPredictions(source.store, name), lastHour };
      const versions = await versionsOf(source, name, liveVersion);
      return { name, tags, note, archived, owner, visibility, liveVersion, versions, predictions };
    }),
  );
  return { items, next };
}

export async function modelView(source: Signalbox, name: string): Promise<ModelView> {
  const { store } = source;
  const model = (await findModel(store, name))!;
  const { liveVersion, tags, note, archivedAt } = model;
  const versions = (await versionsOf(source, name, liveVersion)).map(async (version) => ({
    ...version,
    live: await source.feedback.live(name, version.version, version.result),
  }));
  return {
    name,
    tags,
    note,
    archived: archivedAt !== null,
    ...ownerView(model),
    liveVersion,
    versions: await Promise.all(versions),
    deployments: (await deploymentsOf(store, name)).map(({ version, at }) => ({
      version,
      at: new Date(at).toISOString(),
    })),
    predictions: { total: await countPredictions(store, name), perMinute: await minutes(source, name) },
  };
}

async function versionsOf({ store }: Signalbox, name: string, liveVersion: number | null) {
  const runs = await runsLeftOf(store, name);
  return (await listVersions(store, name)).map(
    ({ version, runId, createdAt, sizeBytes, threshold, previousThreshold, result }) => ({
      version,
      runId,
      runDeleted: !runs.has(runId),
      createdAt: new Date(createdAt).toISOString(),
      sizeBytes,
      isLive: version === liveVersion,
      threshold,
      previousThreshold,
      result,
    }),
  );
}

async function subjectRun(source: Signalbox, subject: string | null): Promise<StoredRun | null> {
  return subject === null ? await currentRun(source.store) : await findRun(source.store, subject);
}

async function view(source: Signalbox, subject: string | null): Promise<RunView | null> {
  const run = await subjectRun(source, subject);
  return run && (await runView(source.store, run, source.now()));
}

/** The last hour by minute, zero for minutes without predictions. */
async function minutes(source: Signalbox, name: string | null): Promise<PredictionMinute[]> {
  const last = Math.floor(source.now() / 60_000);
  const first = last - HOUR_MINUTES + 1;
  const counted = new Map(
    (await predictionsSince(source.store, first, name)).map((row) => [row.minute, row.predictions]),
  );
  return Array.from({ length: HOUR_MINUTES }, (_, index) => ({
    at: new Date((first + index) * 60_000).toISOString(),
    predictions: counted.get(first + index) ?? 0,
  }));
}

async function attention(source: Signalbox): Promise<AttentionItem[]> {
  const interrupted = (await runsByStatus(source.store, "interrupted")).map(
    (run): AttentionItem => ({
      severity: "warning",
      sentence: `Run ${run.number} (${run.options.target} from ${run.datasetName}) was interrupted. Its scored candidates are saved.`,
      risk: "Until it is resumed, this training has no model.",
      fix: "Resume it, or delete the run.",
      action: { label: "Resume run", method: "post", path: `/runs/${run.id}/resume` },
      alertId: null,
    }),
  );
  const alerts = (await source.alerts.active()).map(
    ({ id, code, severity, sentence, action }): AttentionItem => {
      // A gauge's sentence already contains both.
      const about = code === "health" ? null : alertRecord(code);
      const said = { risk: about?.risk ?? null, fix: about?.fix ?? null };
      return { severity, sentence, ...said, action, alertId: id };
    },
  );
  const { sentence } = source.proxyNotice;
  const proxy: AttentionItem[] = sentence
    ? [
        {
          severity: "warning",
          sentence,
          ...{ risk: null, fix: null },
          action: { label: "Open settings", method: "get", path: "/settings" },
          alertId: null,
        },
      ]
    : [];
  return [...interrupted, ...proxy, ...alerts];
}

/** Of the named file, else of the first one being received. */
async function reading(
  { datasets, store }: PanelSource,
  subject: string | null,
): Promise<PanelData["reading"]> {
  const id = subject ?? datasets.inProgress()[0]?.id;
  if (id === undefined) return null;
  const rejection = await findRejection(store, id);
  const arrival = datasets.arrival(id);
  const stored = await findDataset(store, id);
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
