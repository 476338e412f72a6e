/**
 * How does a reader follow the log? By its own cursor, at its own pace; silence is filled with heartbeats. However slow
 * it is, it holds one batch and no more.
 */

import type { Lease } from "../platform/leases.ts";
import type { EventLog, LogEntry } from "./event-log.ts";

export const HEARTBEAT_MS = 10_000;
const BATCH = 200;

export interface FollowOptions {
  since: number;
  type?: string | null;
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
  try {
    while (!signal.aborted) {
      const end = log.lastSeq;
      const entries = log.entries(cursor, BATCH, options.type ?? null);
      // Of a rare type the last match may lie far back: what was searched once is not searched again.
      cursor = entries.length === BATCH ? entries.at(-1)!.seq : Math.max(cursor, end);
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

function nextEvent(
  log: EventLog,
  { cursor, heartbeatAt, signal }: { cursor: number; heartbeatAt: number; signal: AbortSignal },
): Promise<"event" | "silence" | "end"> {
  const { promise, resolve } = Promise.withResolvers<"event" | "silence" | "end">();
  const unsubscribe = log.subscribe((seq) => (seq > cursor || log.isClosed) && resolve("event"));
  const timer = setTimeout(() => resolve("silence"), Math.max(0, heartbeatAt - performance.now()));
  const abort = () => resolve("end");
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    unsubscribe();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
