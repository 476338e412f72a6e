/**
 * Lets a reader follow the log by its own cursor, at its own pace; silence is filled with heartbeats. However slow it
 * is, it holds one batch and no more.
 */

import { Throttle } from "../platform/concurrency.ts";
import type { Lease } from "../platform/leases.ts";
import type { EventLog, LogEntry } from "./event-log.ts";

export const HEARTBEAT_MS = 10_000;
const BATCH = 200;

export interface FollowOptions {
  since: number;
  type?: string | null;
  /** Ends after this many events; absent: never for that reason. */
  limit?: number | undefined;
  /** False: ends once the reader has everything. */
  isEndless: boolean;
  signal: AbortSignal;
  /** False: the reader may not see that event. */
  sees?: (entry: LogEntry) => boolean | Promise<boolean>;
  /** The reader's access: when it ends, so does the following, with the reason. */
  hold?: Lease;
}

/**
 * Yields events in order, each once; an empty batch after every ten seconds without events. Throws AppError
 * `unauthorized` when the reader's access ends.
 */
export async function* follow(log: EventLog, options: FollowOptions): AsyncGenerator<LogEntry[]> {
  let cursor = options.since;
  let heartbeatAt = performance.now() + HEARTBEAT_MS;
  const access = new AbortController();
  const release = options.hold?.((reason) => access.abort(reason));
  const signal = AbortSignal.any([options.signal, access.signal]);
  log.followers += 1;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  try {
    while (!signal.aborted && left > 0) {
      await throttleOf(log).pass();
      const end = log.lastSeq;
      const entries = await readOnce(log, {
        cursor,
        limit: Math.min(BATCH, left),
        type: options.type ?? null,
      });
      const seen = options.sees ? await seenOf(entries, options.sees) : entries;
      left -= seen.length;
      // The last match of a rare type may be far back: events are searched only once.
      // More may have arrived during the read: `end` was taken before.
      const last = entries.at(-1)?.seq ?? cursor;
      // As many as requested: there may be more.
      const isFull = entries.length >= Math.min(BATCH, left + seen.length);
      cursor = isFull ? last : Math.max(last, end);
      if (seen.length) {
        yield seen;
        heartbeatAt = performance.now() + HEARTBEAT_MS;
        continue;
      }
      if (isFull && entries.length) continue;
      if (!options.isEndless || log.isClosed) return;
      const waited = await nextEvent(log, { cursor, heartbeatAt, signal });
      if (waited !== "silence") continue;
      yield [];
      heartbeatAt = performance.now() + HEARTBEAT_MS;
    }
    if (access.signal.aborted) throw access.signal.reason;
  } finally {
    release?.();
    log.followers -= 1;
  }
}

async function seenOf(
  entries: readonly LogEntry[],
  sees: NonNullable<FollowOptions["sees"]>,
): Promise<LogEntry[]> {
  const seen: LogEntry[] = [];
  for (const entry of entries) if (await sees(entry)) seen.push(entry);
  return seen;
}

const THROTTLES = new WeakMap<EventLog, Throttle>();

/** How many followers one event wakes at a time: a thousand at once would delay all other responses. */
function throttleOf(log: EventLog): Throttle {
  return THROTTLES.getOrInsertComputed(log, () => new Throttle());
}

interface Read {
  cursor: number;
  limit: number;
  type: string | null;
}

const LAST_READS = new WeakMap<EventLog, Read & { end: number; entries: Promise<LogEntry[]> }>();

/** Followers at the same position need the same batch, one after the other: it is read once. */
function readOnce(log: EventLog, read: Read): Promise<LogEntry[]> {
  const last = LAST_READS.get(log);
  const isSame =
    last?.end === log.lastSeq &&
    last.cursor === read.cursor &&
    last.limit === read.limit &&
    last.type === read.type;
  if (isSame) return last.entries;
  const entries = log.entries(read.cursor, read.limit, read.type);
  LAST_READS.set(log, { ...read, end: log.lastSeq, entries });
  return entries;
}

function nextEvent(
  log: EventLog,
  { cursor, heartbeatAt, signal }: { cursor: number; heartbeatAt: number; signal: AbortSignal },
): Promise<"event" | "silence" | "end"> {
  const { promise, resolve } = Promise.withResolvers<"event" | "silence" | "end">();
  // Also for what happened while the log was read.
  const leave = wakerOf(log).wait({ cursor, wake: () => resolve("event") });
  if (signal.aborted) resolve("end");
  const timer = setTimeout(() => resolve("silence"), Math.max(0, heartbeatAt - performance.now()));
  const abort = () => resolve("end");
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    leave();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}

/** A waiting follower. */
interface Waiting {
  cursor: number;
  wake: () => void;
}

/** The pause between wake-ups: a thousand followers are woken ten times a second, a single one at once. */
const REST_MS_A_FOLLOWER = 0.1;
const WOKEN_AT_ONCE = 10;

/**
 * Wakes the followers of a log, a few in each turn of the event loop, so that other requests are answered in between.
 */
class Waker {
  private readonly waiting = new Set<Waiting>();
  private isWaking = false;
  private restsUntil = 0;

  constructor(private readonly log: EventLog) {
    log.subscribe(() => this.wakeSoon());
  }

  /** The returned function ends it. */
  wait(waiting: Waiting): () => void {
    this.waiting.add(waiting);
    if (this.isDue(waiting)) this.wakeSoon();
    return () => this.waiting.delete(waiting);
  }

  private isDue({ cursor }: Waiting): boolean {
    return this.log.isClosed || this.log.lastSeq > cursor;
  }

  private wakeSoon(): void {
    if (this.isWaking || this.waiting.size === 0) return;
    this.isWaking = true;
    const restMs = this.log.isClosed ? 0 : this.restsUntil - performance.now();
    const wake = () => this.wakeSome([...this.waiting].filter((waiting) => this.isDue(waiting)));
    if (restMs > 0) setTimeout(wake, restMs);
    else wake();
  }

  private wakeSome(due: Waiting[]): void {
    for (const waiting of due.slice(0, WOKEN_AT_ONCE)) if (this.waiting.delete(waiting)) waiting.wake();
    if (due.length > WOKEN_AT_ONCE) {
      setImmediate(() => this.wakeSome(due.slice(WOKEN_AT_ONCE)));
      return;
    }
    this.isWaking = false;
    this.restsUntil = performance.now() + REST_MS_A_FOLLOWER * this.log.followers;
    if ([...this.waiting].some((waiting) => this.isDue(waiting))) this.wakeSoon();
  }
}

const WAKERS = new WeakMap<EventLog, Waker>();

function wakerOf(log: EventLog): Waker {
  return WAKERS.getOrInsertComputed(log, () => new Waker(log));
}
