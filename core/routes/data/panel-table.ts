/**
 * Turns the data of a panel into rows for spreadsheets and terminals; the same data as the panel's, without a chart.
 */
import type { CsvValue } from "../../csv/write.ts";
import type { Panel } from "../../events/panel-names.ts";
import type { GaugeReading } from "../../operations/health.ts";
import type { RunView } from "../../training/run-view.ts";
import type { PanelData } from "./panel-data.ts";

export interface PanelTable {
  columns: readonly string[];
  rows: CsvValue[][];
}

const table = (columns: readonly string[], rows: CsvValue[][]): PanelTable => ({ columns, rows });

const GAUGE_COLUMNS = ["gauge", "value", "unit", "state", "warning", "critical"] as const;
const gaugeRow = ({ gauge, value, unit, state, warning, critical }: GaugeReading): CsvValue[] => [
  gauge,
  value,
  unit,
  state,
  warning,
  critical,
];

const RUN_COLUMNS = [
  ...(["number", "id", "status", "file", "target", "task", "stage", "progress"] as const),
  ...(["metric", "score", "model", "version", "queuedAt", "finishedAt"] as const),
];
const runRow = (run: RunView): CsvValue[] => [
  ...[run.number, run.id, run.status, run.datasetName, run.target, run.task, run.stage, run.progress],
  ...[run.metric, (run.metric && run.metrics?.[run.metric]) ?? null, run.modelName, run.version],
  ...[run.queuedAt, run.finishedAt],
];

export const PANEL_TABLES: { [P in Panel]: (data: NonNullable<PanelData[P]>) => PanelTable } = {
  metrics: ({ gauges }) => table(GAUGE_COLUMNS, gauges.map(gaugeRow)),
  health: ({ gauges }) => table(GAUGE_COLUMNS, gauges.map(gaugeRow)),
  activity: ({ items }) =>
    table(
      ["seq", "at", "type", "level", "sentence"],
      items.map(({ seq, at, type, level, sentence }) => [seq, at, type, level, sentence]),
    ),
  datasets: ({ items }) =>
    table(
      ["id", "name", "status", "rows", "columns", "target", "task", "sizeBytes", "createdAt"],
      items.map(({ id, name, status, rows, columns, target, task, sizeBytes, createdAt }) => [
        ...[id, name, status, rows, columns, target, task, sizeBytes, createdAt],
      ]),
    ),
  predictions: ({ perMinute }) =>
    table(
      ["minute", "predictions"],
      perMinute.map(({ at, predictions }) => [at, predictions]),
    ),
  connection: ({ sockets, seq, upSeconds }) =>
    table(["sockets", "seq", "upSeconds"], [[sockets, seq, upSeconds]]),
  attention: ({ items }) =>
    table(
      ["severity", "sentence", "action", "path"],
      items.map(({ severity, sentence, action }) => [severity, sentence, action.label, action.path]),
    ),
  reading: ({ id, name, status, arrival }) =>
    table(
      ["id", "name", "status", "rows", "bytes"],
      [[id, name, status, arrival?.rows ?? null, arrival?.bytes ?? null]],
    ),
  run: (run) => table(RUN_COLUMNS, [runRow(run)]),
  report: ({ metrics, intervals, baseline }) =>
    table(
      ["metric", "value", "low", "high", "baseline"],
      Object.entries(metrics ?? {}).map(([name, value]) => [
        ...[name, value, intervals?.[name]?.[0] ?? null, intervals?.[name]?.[1] ?? null],
        baseline?.[name] ?? null,
      ]),
    ),
  runs: ({ items }) =>
    table(
      [
        "number",
        "id",
        "status",
        "file",
        "target",
        "task",
        "progress",
        "model",
        "version",
        "queuedAt",
        "verdict",
      ],
      items.map(({ number, id, status, datasetName, target, task, progress, ...run }) => [
        ...[number, id, status, datasetName, target, task, progress],
        ...[run.modelName, run.version, run.queuedAt, run.verdict],
      ]),
    ),
  models: ({ items }) =>
    table(
      ["name", "liveVersion", "versions", "createdAt", "verdict"],
      items.map(({ name, liveVersion, versions, createdAt, verdict }) => [
        ...[name, liveVersion, versions, createdAt, verdict],
      ]),
    ),
  sources: ({ items }) =>
    table(
      ["id", "name", "kind", "status", "url", "datasetId", "rows", "lastRefreshedAt", "lastError"],
      items.map(({ id, name, kind, status, url, dataset, lastRefreshedAt, lastError }) => [
        ...[id, name, kind, status, url, dataset?.id ?? null, dataset?.rows ?? null],
        ...[lastRefreshedAt, lastError],
      ]),
    ),
  schedules: ({ items }) =>
    table(
      ["id", "name", "action", "enabled", "nextAt", "lastStartedAt", "lastStatus", "lastSentence"],
      items.map(({ id, name, action, enabled, nextAt, last }) => [
        ...[id, name, action, enabled, nextAt],
        ...[last?.startedAt ?? null, last?.status ?? null, last?.sentence ?? null],
      ]),
    ),
  stages: ({ stages }) =>
    table(
      ["stage", "status", "progress", "durationMs", "note"],
      stages.map(({ name, status, progress, durationMs, note }) => [
        name,
        status,
        progress,
        durationMs,
        note,
      ]),
    ),
  curve: ({ rounds }) =>
    table(
      ["candidate", "round", "metric", "train", "valid", "baseline"],
      rounds.map(({ candidate, round, metric, train, valid, baseline }) => [
        ...[candidate, round, metric, train, valid, baseline],
      ]),
    ),
  leaderboard: ({ candidates, metric }) =>
    table(
      ["candidate", "family", "metric", "score", "std", "folds", "durationMs"],
      candidates.map(({ name, family, score, std, foldScores, durationMs }) => [
        ...[name, family, metric, score, std, foldScores.length, durationMs],
      ]),
    ),
  watch: ({ version, live }) =>
    table(
      ["version", "outcomes", "metric", "value", "low", "high", "training", "verdict"],
      live.figures.map(({ metric, value, interval, training, verdict }) => [
        ...[version, live.outcomes, metric, value, ...interval, training, verdict],
      ]),
    ),
  history: ({ figures }) =>
    table(
      ["name", "value", "unit", "at"],
      figures.map(({ name, value, unit, at }) => [name, value, unit, at]),
    ),
  model: ({ versions }) =>
    table(
      ["version", "isLive", "metric", "score", "best", "createdAt", "sizeBytes"],
      versions.map(({ version, isLive, result, createdAt, sizeBytes }) => [
        ...[version, isLive, result.metric, result.metrics[result.metric] ?? null, result.best],
        ...[createdAt, sizeBytes],
      ]),
    ),
};
