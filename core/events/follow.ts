/**
 * Lets a reader follow the log. By its own cursor, at its own pace; silence is filled with heartbeats. However slow it
 * is, it holds one batch and no more.
 */
import type { Lease } from "../platform/leases.ts";
import { Throttle } from "../platform/scheduling.ts";
import type { EventLog, LogEntry } from "./event-log.ts";

export const HEARTBEAT_MS = 10_000;
const BATCH = 200;

export interface FollowOptions {
  since: number;
  type?: string | null;
  /** It ends after so many events; absent: never for that reason. */
  limit?: number | undefined;
  /** False: ends once the reader is at the present. */
  isEndless: boolean;
  signal: AbortSignal;
  /** The reader's access: when it ends, so does the following, with the reason. */
  hold?: Lease;
}

/**
 * Yields events in order, each once; an empty batch after each ten seconds in which there was none. Throws AppError
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
      left -= entries.length;
      // The last match of a rare type may be far back: events are searched only once.
      // More may have arrived while it was read: `end` was taken before.
      const last = entries.at(-1)?.seq ?? cursor;
      cursor = entries.length >= BATCH || left === 0 ? last : Math.max(last, end);
      if (entries.length) {
        yield entries;
        heartbeatAt = performance.now() + HEARTBEAT_MS;
        continue;
      }
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

const THROTTLES = new WeakMap<EventLog, Throttle>();

/** One event wakes every follower: a thousand at once would hold up all other answers. */
function throttleOf(log: EventLog): Throttle {
  return THROTTLES.getOrInsertComputed(log, () => new Throttle());
}

interface Read {
  cursor: number;
  limit: number;
  type: string | null;
}

const LAST_READS = new WeakMap<EventLog, Read & { end: number; entries: Promise<LogEntry[]> }>();

/** Followers that are equally far ask the same, one after the other: it is read once. */
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
  const unsubscribe = log.subscribe((seq) => {
    if (seq > cursor || log.isClosed) resolve("event");
  });
  // Either may have happened while the log was read.
  if (signal.aborted) resolve("end");
  if (log.lastSeq > cursor || log.isClosed) resolve("event");
  const timer = setTimeout(() => resolve("silence"), Math.max(0, heartbeatAt - performance.now()));
  const abort = () => resolve("end");
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    unsubscribe();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
