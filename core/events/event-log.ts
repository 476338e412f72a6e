/**
 * Keeps the numbered event log. Events are appended in the transaction that changes the state they tell of, and read
 * by whoever names the last one it has. A number is never given out twice, and none is left out.
 */

import type { Store } from "../store/database.ts";
import {
  activityBefore,
  type EventRow,
  eventsAfter,
  firstSeq,
  insertEvent,
  latestActivity,
  logBounds,
} from "../store/log.ts";
import { insertRunEvent } from "../store/run-events.ts";
import { type EventData, type EventName, type Level, stalePanels, tellEvent } from "./events.ts";
import type { PanelKey } from "./panel-names.ts";

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

/** Appends within a transaction. */
export type Append = <N extends EventName>(type: N, data: EventData<N>) => void;

type Listener = (seq: number, stale: PanelKey[]) => void;
type Observer = (type: EventName, data: unknown) => void;

interface Happened {
  seq: number;
  stale: PanelKey[];
  type: EventName;
  data: unknown;
}

/** The numbered log. `append` belongs into the transaction that changes the state the event tells of. */
export class EventLog {
  private readonly listeners = new Set<Listener>();
  private readonly observers = new Set<Observer>();
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
  record<T>(body: (append: Append) => T): T {
    const happened: Happened[] = [];
    const result = this.store.transaction(() => body((type, data) => happened.push(this.insert(type, data))));
    this.lastSeq = happened.at(-1)?.seq ?? this.lastSeq;
    for (const { seq, stale, type, data } of happened) {
      this.tell(seq, stale);
      for (const observer of this.observers) observer(type, data);
    }
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

  private insert<N extends EventName>(type: N, data: EventData<N>): Happened {
    const row = { type, at: this.now(), data: JSON.stringify(data) };
    const seq = insertEvent(this.store, { ...row, activity: tellEvent(type, data) ? 1 : 0 });
    if ("runId" in data) insertRunEvent(this.store, { ...row, seq, runId: data.runId });
    return { seq, stale: stalePanels(type, data), type, data };
  }

  /** Calls `listener` after each append; the function returned ends that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `observer` with each event, once it is stored; the function returned ends that. */
  observe(observer: Observer): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
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
    return { since, truncated: since + 1 < (firstSeq(this.store) ?? this.lastSeq + 1) };
  }

  activity(before: number, limit: number): Activity[] {
    return activityBefore(this.store, { before, limit }).map((row) => {
      const { seq, type, at, data } = eventOf(row);
      return { seq, at, type, ...tellEvent(type, data)! };
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
