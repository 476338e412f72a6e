/**
 * What can happen, and what does each happening mean? One record: payload, level, sentence, stale panels; and the log.
 * An event carries no HTML. The log's numbers rise by one for ever.
 */
import * as z from "zod";
import type { PanelKey } from "./panels.ts";
import type { Store } from "./store/database.ts";
import {
  activityBefore,
  type EventRow,
  eventsAfter,
  insertEvent,
  latestActivity,
  logBounds,
} from "./store/log.ts";
import { insertRunEvent } from "./store/run-events.ts";

export type Level = "info" | "success" | "warning" | "error";

interface EventType<S extends z.ZodType> {
  data: S;
  level: Level | ((data: z.output<S>) => Level);
  /** Null: nothing for the activity feed, however often it happens. */
  sentence: ((data: z.output<S>) => string) | null;
  stale: (data: z.output<S>) => PanelKey[];
}

const event = <S extends z.ZodType>(type: EventType<S>) => type;

const id = z.string();
const run = { runId: id, runNumber: z.number(), datasetName: z.string() };
const dataset = { datasetId: id, name: z.string() };
const model = { model: z.string(), version: z.number() };

const ofRun = (runId: string, ...panels: ("run" | "stages" | "curve" | "leaderboard")[]): PanelKey[] =>
  panels.flatMap((panel): PanelKey[] => [panel, `${panel}:${runId}`]);
const allOfRun = ({ runId }: { runId: string }): PanelKey[] => [
  ...ofRun(runId, "run", "stages", "curve", "leaderboard"),
  "runs",
  "activity",
  "attention",
];
const ofDataset = (): PanelKey[] => ["datasets", "activity", "attention"];
const ofModel = (data: { model: string }): PanelKey[] => [
  "model",
  `model:${data.model}`,
  "activity",
  "attention",
];

const HEALTH_WORDS = {
  healthy: "is back to normal",
  warning: "is high",
  critical: "is at its limit",
} as const;

export const EVENTS = {
  "dataset.progressed": event({
    data: z.object({
      ...dataset,
      bytes: z.number(),
      bytesTotal: z.number().nullable(),
      rows: z.number().nullable(),
    }),
    level: "info",
    sentence: null,
    stale: () => ["datasets"],
  }),
  "dataset.uploaded": event({
    data: z.object({ ...dataset, rows: z.number(), columns: z.number(), version: z.number() }),
    level: "success",
    sentence: (d) =>
      d.version > 1
        ? `${d.name} was read anew with other choices (version ${d.version})`
        : `${d.name} was read: ${d.rows.toLocaleString("en")} rows, ${d.columns} columns`,
    stale: ofDataset,
  }),
  "dataset.rejected": event({
    data: z.object({ ...dataset, reason: z.string() }),
    level: "error",
    sentence: (d) => `${d.name} was refused: ${d.reason}`,
    stale: ofDataset,
  }),
  "dataset.deleted": event({
    data: z.object(dataset),
    level: "info",
    sentence: (d) => `${d.name} was deleted`,
    stale: ofDataset,
  }),
  "run.queued": event({
    data: z.object({ ...run, target: z.string() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} waits in the queue: ${d.target} from ${d.datasetName}`,
    stale: allOfRun,
  }),
  "run.started": event({
    data: z.object({ ...run, target: z.string() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber} started: ${d.target} from ${d.datasetName}`,
    stale: allOfRun,
  }),
  "stage.started": event({
    data: z.object({ ...run, stage: z.string(), position: z.number() }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber}: ${d.stage} started`,
    stale: (d) => [...ofRun(d.runId, "run", "stages"), "activity"],
  }),
  "stage.progressed": event({
    data: z.object({
      ...run,
      stage: z.string(),
      position: z.number(),
      progress: z.number(),
      note: z.string(),
    }),
    level: "info",
    sentence: null,
    stale: (d) => ofRun(d.runId, "run", "stages"),
  }),
  "stage.finished": event({
    data: z.object({
      ...run,
      stage: z.string(),
      position: z.number(),
      durationMs: z.number(),
      findings: z.number(),
      note: z.string(),
    }),
    level: "info",
    sentence: (d) => `Run ${d.runNumber}: ${d.stage} finished${d.note ? `: ${d.note}` : ""}`,
    stale: (d) => [...ofRun(d.runId, "run", "stages"), "activity"],
  }),
  "round.finished": event({
    data: z.object({
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
    data: z.object({
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
    sentence: (d) => `Run ${d.runNumber}: ${d.candidate} scored ${d.score.toPrecision(4)} (${d.metric})`,
    stale: (d) => [...ofRun(d.runId, "leaderboard", "run"), "activity"],
  }),
  "run.finished": event({
    data: z.object({ ...run, ...model, verdict: z.string() }),
    level: "success",
    sentence: (d) => `Run ${d.runNumber} finished: ${d.verdict}`,
    stale: allOfRun,
  }),
  "run.failed": event({
    data: z.object({ ...run, reason: z.string() }),
    level: "error",
    sentence: (d) => `Run ${d.runNumber} failed: ${d.reason}`,
    stale: allOfRun,
  }),
  "run.cancelled": event({
    data: z.object(run),
    level: "warning",
    sentence: (d) => `Run ${d.runNumber} was cancelled`,
    stale: allOfRun,
  }),
  "run.interrupted": event({
    data: z.object(run),
    level: "warning",
    sentence: (d) => `Run ${d.runNumber} was interrupted when the server stopped; it can be resumed`,
    stale: allOfRun,
  }),
  "model.registered": event({
    data: z.object({ ...model, runId: id }),
    level: "success",
    sentence: (d) => `${d.model} version ${d.version} is ready to deploy`,
    stale: ofModel,
  }),
  "model.deployed": event({
    data: z.object({ ...model, previous: z.number().nullable() }),
    level: "success",
    sentence: (d) => `${d.model} version ${d.version} is live`,
    stale: ofModel,
  }),
  "model.rolledback": event({
    data: z.object({ ...model, previous: z.number().nullable() }),
    level: "warning",
    sentence: (d) => `${d.model} went back to version ${d.version}`,
    stale: ofModel,
  }),
  "model.deleted": event({
    data: z.object(model),
    level: "info",
    sentence: (d) => `${d.model} version ${d.version} was deleted`,
    stale: ofModel,
  }),
  "prediction.counted": event({
    data: z.object({ ...model, predictions: z.number() }),
    level: "info",
    sentence: null,
    stale: (d) => ["predictions", "model", `model:${d.model}`],
  }),
  "health.changed": event({
    data: z.object({
      gauge: z.string(),
      label: z.string(),
      from: z.string(),
      to: z.enum(["healthy", "warning", "critical"]),
      value: z.number(),
      unit: z.string(),
    }),
    level: (d) => (d.to === "healthy" ? "success" : d.to === "warning" ? "warning" : "error"),
    sentence: (d) => `${d.label} ${HEALTH_WORDS[d.to]}: ${Math.round(d.value)} ${d.unit}`,
    stale: () => ["health", "metrics", "activity", "attention"],
  }),
  "metrics.sampled": event({
    data: z.object({ values: z.record(z.string(), z.number()) }),
    level: "info",
    sentence: null,
    stale: () => ["metrics", "health", "connection", "predictions"],
  }),
} as const;

export type EventName = keyof typeof EVENTS;
export type EventData<N extends EventName> = z.output<(typeof EVENTS)[N]["data"]>;
export const EVENT_NAMES = Object.keys(EVENTS) as EventName[];

/** An event as scripts see it. */
export interface LoggedEvent {
  seq: number;
  type: EventName;
  at: string;
  data: Record<string, unknown>;
}

/** An event ready to be sent: `json` is its LoggedEvent, written once for all readers. */
export interface LogEntry {
  seq: number;
  type: EventName;
  json: string;
}

/** An activity row: what happened in a sentence. */
export interface Activity {
  seq: number;
  at: string;
  type: EventName;
  level: Level;
  sentence: string;
}

type Listener = (seq: number, stale: PanelKey[]) => void;

/** The numbered log. `append` belongs into the transaction that changes the state the event tells of. */
export class EventLog {
  private readonly listeners = new Set<Listener>();
  /** The newest number; kept here because every drawing asks for it. */
  lastSeq: number;
  /** Readers that follow it now, and whether they have been told to end. */
  followers = 0;
  isClosed = false;

  constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {
    this.lastSeq = logBounds(store).last;
  }

  get epoch(): string {
    return this.store.epoch;
  }

  /** Changes state and appends what happened, all or nothing; then tells the listeners. */
  record<T>(body: (append: <N extends EventName>(type: N, data: EventData<N>) => void) => T): T {
    const happened: { seq: number; stale: PanelKey[] }[] = [];
    const result = this.store.transaction(() => body((type, data) => happened.push(this.insert(type, data))));
    this.lastSeq = happened.at(-1)?.seq ?? this.lastSeq;
    for (const { seq, stale } of happened) this.tell(seq, stale);
    return result;
  }

  /** Ends whoever follows, so that the server can stop. */
  close(): void {
    this.isClosed = true;
    this.tell(this.lastSeq, []);
  }

  private tell(seq: number, stale: PanelKey[]): void {
    for (const listener of this.listeners) listener(seq, stale);
  }

  append<N extends EventName>(type: N, data: EventData<N>): void {
    this.record((append) => append(type, data));
  }

  private insert<N extends EventName>(type: N, data: EventData<N>): { seq: number; stale: PanelKey[] } {
    const row = { type, at: this.now(), data: JSON.stringify(data) };
    const seq = insertEvent(this.store, { ...row, activity: EVENTS[type].sentence ? 1 : 0 });
    if ("runId" in data) insertRunEvent(this.store, { ...row, seq, runId: data.runId });
    return { seq, stale: stalePanels(type, data) };
  }

  /** Calls `listener` after each append; the function returned ends that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  read(since: number, limit: number, type: string | null = null): LoggedEvent[] {
    return eventsAfter(this.store, { since, limit, type }).map(eventOf);
  }

  /** The newest events of a type that makes activity rows, newest first. */
  latest(type: EventName, limit: number): LoggedEvent[] {
    return latestActivity(this.store, { type, limit }).map(eventOf);
  }

  /** As `read`, for those who only pass it on: the stored text is not taken apart and put together again. */
  entries(since: number, limit: number, type: string | null = null): LogEntry[] {
    return eventsAfter(this.store, { since, limit, type }).map(entryOf);
  }

  /**
   * Where a reader goes on that says it has everything up to `since`. A position of another epoch, or from the future,
   * means nothing here: it starts at the present. `truncated`: it may have missed what cannot be told any more.
   */
  resume(since: number, epoch: string | null): { since: number; truncated: boolean } {
    if ((epoch !== null && epoch !== this.epoch) || since > this.lastSeq)
      return { since: this.lastSeq, truncated: true };
    return { since, truncated: since < logBounds(this.store).first - 1 };
  }

  activity(before: number, limit: number): Activity[] {
    return activityBefore(this.store, { before, limit }).map((row) => {
      const type = row.type as EventName;
      const entry = EVENTS[type] as EventType<z.ZodType>;
      const data: unknown = JSON.parse(row.data);
      const level = typeof entry.level === "function" ? entry.level(data) : entry.level;
      return {
        seq: row.seq,
        at: new Date(row.at).toISOString(),
        type,
        level,
        sentence: entry.sentence!(data),
      };
    });
  }
}

function eventOf({ seq, type, at, data }: EventRow): LoggedEvent {
  return {
    seq,
    type: type as EventName,
    at: new Date(at).toISOString(),
    data: JSON.parse(data) as Record<string, unknown>,
  };
}

function entryOf({ seq, type, at, data }: EventRow): LogEntry {
  const json = `{"seq":${seq},"type":"${type}","at":"${new Date(at).toISOString()}","data":${data}}`;
  return { seq, type: type as EventName, json };
}

/** The panels that an event makes stale. */
export function stalePanels<N extends EventName>(type: N, data: EventData<N>): PanelKey[] {
  const entry = EVENTS[type] as unknown as EventType<z.ZodType>;
  return entry.stale(data);
}
