/** Every event, one entry each: payload, level, sentence, stale panels; no HTML. */
import { plural, scorePercent, score as scoreText } from "../platform/figures.ts";
import { ACCESS_EVENTS } from "./access-events.ts";
import { CHANGE, changeSentence } from "./changes.ts";
import { type EventType, event, type Level, NO_ACTIVITY } from "./event-type.ts";
import { AUTOMATION_EVENTS } from "./kinds/automation-events.ts";
import "../platform/zod-setup.ts";
import * as z from "zod";
import { isMetricName, METRICS, scoreWords } from "../trainer/metrics/index.ts";
import { HOST_EVENTS } from "./kinds/host-events.ts";
import { TRAFFIC_EVENTS } from "./kinds/traffic-events.ts";
import type { PanelKey } from "./panel-names.ts";
import { allOfRun, ofDataset, ofModel, ofReading, ofRun } from "./stale-panels.ts";

const id = z.string();
const run = { runId: id, runNumber: z.number(), datasetId: id, datasetName: z.string() };
const dataset = { datasetId: id, name: z.string() };
const model = { model: z.string(), version: z.number() };

/** `cause`: the event that makes the activity row; null: the alert makes its own. */
const alert = {
  id,
  code: z.string(),
  subject: z.string(),
  sentence: z.string(),
  cause: z.string().nullable(),
};

const thresholdWords = (threshold: number | null) =>
  threshold === null ? "as trained" : scorePercent(threshold);

export const EVENTS = {
  "dataset.progressed": event({
    data: () =>
      z.object({
        ...dataset,
        bytes: z.number(),
        bytesTotal: z.number().nullable(),
        rows: z.number().nullable(),
        hostId: z.string().optional(),
      }),
    level: "info",
    sentence: null,
    stale: (d) => ["datasets", ...ofReading(d)],
  }),
  /** An upload or a reading has ended: its progress is no longer shown. */
  "dataset.settled": event({
    data: () => z.object(dataset),
    level: "info",
    sentence: null,
    stale: (d) => ["datasets", ...ofReading(d)],
  }),
  "dataset.uploaded": event({
    data: () =>
      z.object({
        ...dataset,
        rows: z.number(),
        columns: z.number(),
        version: z.number(),
        changes: z.string().optional(),
      }),
    level: "success",
    sentence: (d) =>
      d.changes !== undefined
        ? `${d.name}: new file (version ${d.version}). ${d.changes}`
        : d.version > 1
          ? `${d.name}: import settings changed (version ${d.version})`
          : `${d.name} uploaded: ${plural(d.rows, "row")}, ${plural(d.columns, "column")}`,
    stale: ofDataset,
  }),
  "dataset.rejected": event({
    data: () => z.object({ ...dataset, reason: z.string() }),
    level: "error",
    sentence: (d) => `${d.name} could not be used: ${d.reason}`,
    stale: ofDataset,
  }),
  "dataset.deleted": event({
    data: () => z.object(dataset),
    level: "info",
    sentence: (d) => `${d.name} was deleted`,
    stale: ofDataset,
  }),
  "dataset.changed": event({
    data: () => z.object({ ...dataset, change: CHANGE }),
    level: "info",
    sentence: (d) => changeSentence(d.name, d.change),
    stale: ofDataset,
  }),
  "run.queued": event({
    data: () => z.object({ ...run, target: z.string() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} queued: ${d.target} from ${d.datasetName}`,
    stale: allOfRun,
  }),
  "run.started": event({
    data: () => z.object({ ...run, target: z.string() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} started: ${d.target} from ${d.datasetName}`,
    stale: allOfRun,
  }),
  "stage.started": event({
    data: () => z.object({ ...run, stage: z.string(), position: z.number() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber}: ${d.stage} started`,
    stale: (d) => [...ofRun(d.runId, "run", "stages"), "activity"],
  }),
  "stage.progressed": event({
    data: () =>
      z.object({
        ...run,
        stage: z.string(),
        position: z.number(),
        progress: z.number(),
        note: z.string(),
        runProgress: z.number().optional(),
        leftMs: z.number().optional(),
      }),
    level: "info",
    sentence: null,
    stale: (d) => ofRun(d.runId, "run", "stages"),
  }),
  "stage.finished": event({
    data: () =>
      z.object({
        ...run,
        stage: z.string(),
        position: z.number(),
        durationMs: z.number(),
        findings: z.number(),
        note: z.string(),
      }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber}: ${d.stage} finished${d.note ? `: ${d.note}` : ""}`,
    stale: (d) => [...ofRun(d.runId, "run", "stages", "report"), "activity"],
  }),
  "round.finished": event({
    data: () =>
      z.object({
        ...run,
        candidate: z.string(),
        round: z.number(),
        train: z.number(),
        valid: z.number(),
        baseline: z.number(),
        metric: z.string(),
      }),
    level: "info",
    sentence: null,
    stale: (d) => ofRun(d.runId, "curve"),
  }),
  "candidate.scored": event({
    data: () =>
      z.object({
        ...run,
        candidate: z.string(),
        family: z.string(),
        score: z.number(),
        std: z.number(),
        foldScores: z.array(z.number()),
        durationMs: z.number(),
        metric: z.string(),
      }),
    level: "info",
    sentence: (d) =>
      `Run ${d.runNumber}: ${d.candidate} scored ${scoreWords(d.metric, d.score, scoreText(d.score))} (${isMetricName(d.metric) ? METRICS[d.metric].label : d.metric}, ${d.foldScores.length === 1 ? "1 fold" : `${d.foldScores.length} folds`})`,
    stale: (d) => [...ofRun(d.runId, "leaderboard", "run", "report"), "activity"],
  }),
  "run.finished": event({
    data: () => z.object({ ...run, ...model, verdict: z.string(), comparison: z.string().optional() }),
    level: "success",
    sentence: (d) => `Run ${d.runNumber} finished: ${d.verdict}${d.comparison ? ` ${d.comparison}` : ""}`,
    stale: allOfRun,
  }),
  "run.failed": event({
    data: () => z.object({ ...run, reason: z.string(), code: z.string().optional() }),
    level: "error",
    sentence: (d) => `Run ${d.runNumber} failed: ${d.reason}`,
    stale: allOfRun,
  }),
  "run.cancelled": event({
    data: () => z.object(run),
    level: "warning",
    sentence: (d) => `Run ${d.runNumber} was cancelled`,
    stale: allOfRun,
  }),
  "run.interrupted": event({
    data: () =>
      z.object({
        ...run,
        reason: z.string().optional(),
        cause: z.enum(["shutdown", "crash"]).optional(),
      }),
    level: "warning",
    sentence: (d) => `Run ${d.runNumber} was interrupted${d.reason ? `: ${d.reason}` : ""}`,
    stale: allOfRun,
  }),
  "stop.requested": event({ ...NO_ACTIVITY, data: () => z.object(run), stale: allOfRun }),
  "run.resumed": event({
    data: () => z.object(run),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} was resumed`,
    stale: allOfRun,
  }),
  "run.changed": event({
    data: () => z.object({ ...run, change: CHANGE }),
    level: "info",
    sentence: (d) => changeSentence(`Run ${d.runNumber}`, d.change),
    stale: allOfRun,
  }),
  "run.deleted": event({
    data: () => z.object(run),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} was deleted`,
    stale: allOfRun,
  }),
  "model.registered": event({
    data: () => z.object({ ...model, runId: id }),
    level: "success",
    sentence: (d) => `${d.model} version ${d.version} is ready to deploy`,
    stale: ofModel,
  }),
  "model.deployed": event({
    data: () => z.object({ ...model, previous: z.number().nullable() }),
    level: "success",
    sentence: (d) => `${d.model} version ${d.version} is live`,
    stale: ofModel,
  }),
  "model.rolledback": event({
    data: () => z.object({ ...model, previous: z.number().nullable() }),
    level: "warning",
    sentence: (d) => `${d.model} was rolled back to version ${d.version}`,
    stale: ofModel,
  }),
  "model.undeployed": event({
    data: () => z.object(model),
    level: "warning",
    sentence: (d) => `${d.model} version ${d.version} was taken offline`,
    stale: ofModel,
  }),
  "model.thresholdchanged": event({
    data: () => z.object({ ...model, threshold: z.number().nullable(), previous: z.number().nullable() }),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version}: threshold is now ${thresholdWords(d.threshold)}`,
    stale: ofModel,
  }),
  "model.deleted": event({
    /** Null: with all of its versions. */
    data: () => z.object({ model: z.string(), version: z.number().nullable() }),
    level: "info",
    sentence: (d) =>
      d.version === null ? `${d.model} was deleted` : `${d.model} version ${d.version} was deleted`,
    stale: ofModel,
  }),
  "model.changed": event({
    data: () => z.object({ model: z.string(), change: CHANGE }),
    level: "info",
    sentence: (d) => changeSentence(d.change.kind === "renamed" ? d.change.from : d.model, d.change),
    stale: (d) => [
      ...ofModel(d),
      ...(d.change.kind === "renamed" ? ofModel({ model: d.change.from }) : []),
      "runs",
    ],
  }),
  "deletion.undone": event({
    data: () =>
      z.object({
        kind: z.enum(["dataset", "run", "model", "version"]),
        label: z.string(),
        datasetId: id.optional(),
        runId: id.optional(),
        model: z.string().optional(),
        version: z.number().optional(),
      }),
    level: "info",
    sentence: (d) => `${d.label} was restored`,
    stale: (d) => [
      ...(d.datasetId === undefined ? [] : ofDataset({ datasetId: d.datasetId })),
      ...(d.runId === undefined ? [] : ofRun(d.runId, "run", "stages", "curve", "leaderboard", "report")),
      ...(d.model === undefined ? [] : ofModel({ model: d.model })),
      ...(["runs", "activity", "attention", "health"] as const),
    ],
  }),
  "prediction.counted": event({
    data: () => z.object({ ...model, predictions: z.number(), warnings: z.number().optional() }),
    level: "info",
    sentence: null,
    stale: (d) => [
      ...(["predictions", "model", `model:${d.model}`, "watch", `watch:${d.model}`] as const),
      `history:${d.model}`,
    ],
  }),
  "outcome.counted": event({
    data: () => z.object({ ...model, outcomes: z.number() }),
    level: "info",
    sentence: null,
    stale: (d) => ["model", `model:${d.model}`, "watch", `watch:${d.model}`, `history:${d.model}`],
  }),
  "alert.raised": event({
    data: () =>
      z.object({
        ...alert,
        severity: z.enum(["warning", "error"]),
        action: z.object({ label: z.string(), method: z.enum(["get", "post"]), path: z.string() }),
      }),
    level: (d) => d.severity,
    sentence: (d) => (d.cause ? null : d.sentence),
    stale: () => ["attention", "activity", "health"],
  }),
  "alert.resolved": event({
    data: () => z.object(alert),
    level: "success",
    sentence: (d) => (d.cause ? null : `Resolved: ${d.sentence}`),
    stale: () => ["attention", "activity", "health"],
  }),
  "alert.dismissed": event({
    data: () => z.object(alert),
    level: "info",
    sentence: null,
    stale: () => ["attention"],
  }),
  ...ACCESS_EVENTS,
  ...HOST_EVENTS,
  ...TRAFFIC_EVENTS,
  ...AUTOMATION_EVENTS,
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<N extends EventName> = z.output<ReturnType<(typeof EVENTS)[N]["data"]>>;
export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** The panels that an event makes stale. */
export function stalePanels<N extends EventName>(type: N, data: EventData<N>): PanelKey[] {
  return (EVENTS[type] as unknown as EventType<z.ZodType>).stale(data);
}

/** Null: nothing for the activity feed. */
export function activityOf(type: EventName, data: unknown): { level: Level; sentence: string } | null {
  const { level, sentence: tell } = EVENTS[type] as EventType<z.ZodType>;
  const sentence = tell?.(data) ?? null;
  return sentence === null ? null : { level: typeof level === "function" ? level(data) : level, sentence };
}
