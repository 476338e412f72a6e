/**
 * Stores the numbered event log. Events are appended in the transaction that changes the state they describe, and a
 * reader continues after the last one that it has. Numbers are never reused and have no gaps.
 */

import { StoreUnavailable } from "../platform/errors.ts";
import type { Handle, Parameters, Store, Value } from "../store/database.ts";
import {
  activityBefore,
  type EventRow,
  eventsAfter,
  firstSeq,
  insertEvent,
  lastSeq,
  latestActivity,
} from "../store/log.ts";
import { insertRunEvent } from "../store/run-events.ts";
import type { Level } from "./event-type.ts";
import { activityOf, type EventData, type EventName, stalePanels } from "./events.ts";
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

/** A row of activity: what happened, in a sentence. */
export interface Activity {
  seq: number;
  at: string;
  type: EventName;
  level: Level;
  sentence: string;
}

/** A transaction's handle that can also append events. */
export interface Recording extends Handle {
  append<N extends EventName>(type: N, data: EventData<N>): Promise<void>;
}

/** How many rows appended by others are read at once. */
const CATCH_UP = 500;
/** How often the log is checked for rows appended by others, if no notification comes. */
const LOOK_MS = 400;
/** A database that does not respond for this long counts as lost. */
const LATE_MS = 3000;

type Listener = (seq: number, stale: PanelKey[]) => void;
type Observer = (type: EventName, data: unknown) => void;
/** `isOurs`: appended by this process. */
type Hearer = (type: EventName, data: Record<string, unknown>, isOurs: boolean) => void;

interface Happened {
  seq: number;
  type: EventName;
  data: Record<string, unknown>;
}

/** The numbered log. `append` belongs in the transaction that changes the state it describes. */
export class EventLog {
  private readonly listeners = new Set<Listener>();
  private readonly observers = new Set<Observer>();
  private readonly hearers = new Set<Hearer>();
  /** The newest number that all listeners have received; kept here because every drawing needs it. */
  lastSeq = 0;
  /** Events appended here that listeners have not received yet, by number. */
  private readonly appended = new Map<number, Happened>();
  /**
   * Events appended here, from their statement until they are delivered: the log may be read between commit and
   * response.
   */
  private readonly ours = new Map<number, Happened>();
  private catchingUp: Promise<void> | null = null;
  /** When it was last known what others appended; null: nobody else does. */
  private knewAt: number | null = null;
  /** Readers that follow now, and whether they must end. */
  followers = 0;
  isClosed = false;

  private constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {}

  static async open(store: Store, now: () => number): Promise<EventLog> {
    const log = new EventLog(store, now);
    log.lastSeq = await lastSeq(store);
    return log;
  }

  get epoch(): string {
    return this.store.epoch;
  }

  /**
   * Changes state and appends its events, all or nothing; then notifies the listeners. Resolves after they received
   * these events and everything before them.
   */
  async record<T>(body: (tx: Recording) => Promise<T>): Promise<T> {
    const happened: Happened[] = [];
    const result = await this.store
      .transaction((tx) =>
        body(
          new RecordingHandle(tx, async (type, data) => {
            const entry = await this.insert(tx, type, data);
            happened.push(entry);
            this.ours.set(entry.seq, entry);
          }),
        ),
      )
      .catch((error: unknown) => {
        for (const { seq } of happened) this.ours.delete(seq);
        throw error;
      });
    // What was already read from the log has been delivered.
    for (const entry of happened) if (entry.seq > this.lastSeq) this.appended.set(entry.seq, entry);
    const seq = happened.at(-1)?.seq ?? 0;
    if (seq > 0) this.store.announce(seq);
    await this.catchUp(seq).catch((error: unknown) => {
      // It is stored; earlier events in the log are delivered once the database responds again.
      if (!(error instanceof StoreUnavailable)) throw error;
    });
    for (const { type, data } of happened) for (const observer of this.observers) observer(type, data);
    return result;
  }

  /**
   * Notifies the listeners of everything up to `seq`, in order. Appending alone never moves the position: what others
   * appended before it is read from the log first.
   */
  async catchUp(seq: number): Promise<void> {
    this.tellAppended();
    while (this.lastSeq < seq) {
      this.catchingUp ??= this.readOn().finally(() => {
        this.catchingUp = null;
      });
      await this.catchingUp;
    }
  }

  /** Continues with what other servers append; the returned function ends that. `failed` is called for defects. */
  followOthers(failed: (error: unknown) => void): () => void {
    if (!this.store.isShared) return () => {};
    let isLooking = false;
    const look = async () => {
      if (isLooking) return;
      isLooking = true;
      try {
        await this.catchUp(await lastSeq(this.store));
        this.knewAt = performance.now();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) failed(error);
      } finally {
        isLooking = false;
      }
    };
    const timer = setInterval(look, LOOK_MS);
    const unfollow = this.store.follow((seq) => {
      if (seq > this.lastSeq) void look();
    });
    return () => {
      clearInterval(timer);
      unfollow();
    };
  }

  /** What others append is not known here for now: viewers are better off with another server. */
  get isLate(): boolean {
    return this.knewAt !== null && performance.now() - this.knewAt > LATE_MS;
  }

  private async readOn(): Promise<void> {
    const rows = await eventsAfter(this.store, { since: this.lastSeq, limit: CATCH_UP, type: null });
    for (const { seq, type, data } of rows) {
      if (seq <= this.lastSeq) continue;
      const own = this.ours.get(seq);
      // A number that a failed change gives back may be another server's.
      const isOurs = own?.type === type && JSON.stringify(own.data) === data;
      this.advance({ seq, type: type as EventName, data: JSON.parse(data) }, isOurs);
    }
    // Events that had already left the log make nothing stale: its readers redraw everything by their own rules.
    if (!rows.length) this.lastSeq = Math.max(this.lastSeq, await lastSeq(this.store));
    this.tellAppended();
  }

  private tellAppended(): void {
    for (;;) {
      const happened = this.appended.get(this.lastSeq + 1);
      if (!happened) return;
      this.advance(happened, true);
    }
  }

  private advance({ seq, type, data }: Happened, isOurs: boolean): void {
    this.lastSeq = seq;
    this.appended.delete(seq);
    this.ours.delete(seq);
    // First: a drawing must not use data that was cached before it.
    for (const hearer of this.hearers) hearer(type, data, isOurs);
    this.tell(seq, stalePanels(type, data as EventData<EventName>));
  }

  /** Ends all followers, so that the server can stop. */
  close(): void {
    this.isClosed = true;
    this.tell(this.lastSeq, []);
  }

  private tell(seq: number, stale: PanelKey[]): void {
    for (const listener of this.listeners) listener(seq, stale);
  }

  async append<N extends EventName>(type: N, data: EventData<N>): Promise<void> {
    await this.record((tx) => tx.append(type, data));
  }

  private async insert<N extends EventName>(tx: Handle, type: N, data: EventData<N>): Promise<Happened> {
    const row = { type, at: this.now(), data: JSON.stringify(data) };
    const seq = await insertEvent(tx, { ...row, activity: activityOf(type, data) ? 1 : 0 });
    if ("runId" in data && data.runId !== undefined)
      await insertRunEvent(tx, { ...row, seq, runId: data.runId });
    return { seq, type, data };
  }

  /** Calls `listener` after each append; the returned function ends that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Calls `observer` with each event appended here, once it is stored; the returned function ends that. */
  observe(observer: Observer): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  /**
   * Calls `hearer` with every event in order, whichever server appended it, before panels are redrawn and before
   * `record` resolves; the returned function ends that.
   */
  hear(hearer: Hearer): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  async read(since: number, limit: number, type: string | null = null): Promise<LoggedEvent[]> {
    return (await eventsAfter(this.store, { since, limit, type })).map(eventOf);
  }

  /** The newest events of types that appear in the activity feed, newest first. */
  async latest(type: EventName, limit: number): Promise<LoggedEvent[]> {
    return (await latestActivity(this.store, { type, limit })).map(eventOf);
  }

  /** As `read`, for readers that only pass it on: the stored text is not parsed and written again. */
  async entries(since: number, limit: number, type: string | null = null): Promise<LogEntry[]> {
    return (await eventsAfter(this.store, { since, limit, type })).map(entryOf);
  }

  /**
   * Where a reader that has everything up to `since` continues. A position of another epoch, or from the future, is
   * unknown: it starts at the last event. `truncated`: it may have missed events that are no longer stored.
   */
  async resume(since: number, epoch: string | null): Promise<{ since: number; truncated: boolean }> {
    // A viewer that comes from another server may be ahead of us by a moment.
    if (since > this.lastSeq && this.store.isShared) await this.catchUp(await lastSeq(this.store));
    if ((epoch !== null && epoch !== this.epoch) || since > this.lastSeq)
      return { since: this.lastSeq, truncated: true };
    return { since, truncated: since + 1 < ((await firstSeq(this.store)) ?? this.lastSeq + 1) };
  }

  /** Newest first. `sees`: without those that the reader may not see. */
  async activity(
    before: number,
    limit: number,
    sees: ((data: Record<string, unknown>) => boolean) | null = null,
  ): Promise<Activity[]> {
    const found: Activity[] = [];
    let from = before;
    while (found.length < limit) {
      const asked = sees ? Math.max(limit, CATCH_UP) : limit;
      const rows = (await activityBefore(this.store, { before: from, limit: asked })).map(eventOf);
      const seen = sees ? rows.filter(({ data }) => sees(data)) : rows;
      for (const { seq, type, at, data } of seen) found.push({ seq, at, type, ...activityOf(type, data)! });
      if (rows.length < asked) break;
      from = rows.at(-1)!.seq;
    }
    return found.slice(0, limit);
  }
}

class RecordingHandle implements Recording {
  constructor(
    private readonly tx: Handle,
    readonly append: Recording["append"],
  ) {}

  async get<Row>(sql: string, parameters?: Parameters): Promise<Row | null> {
    return this.tx.get(sql, parameters);
  }

  async all<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.tx.all(sql, parameters);
  }

  async run(sql: string, parameters?: Parameters | Value[]): Promise<number> {
    return this.tx.run(sql, parameters);
  }

  async returning<Row>(sql: string, parameters?: Parameters): Promise<Row[]> {
    return this.tx.returning(sql, parameters);
  }

  async transaction<T>(body: (tx: Handle) => Promise<T>): Promise<T> {
    return this.tx.transaction(body);
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
