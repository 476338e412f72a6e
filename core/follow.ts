/** How does a reader follow the log? By its own cursor, at its own pace; silence is filled with heartbeats. */
import type { EventLog, LoggedEvent } from "./events.ts";

export const HEARTBEAT_MS = 10_000;
const BATCH = 500;

export interface FollowOptions {
  since: number;
  type?: string | null;
  /** False: ends once the reader is at the present. */
  isEndless: boolean;
  signal: AbortSignal;
}

/** Yields events in order, each once; null after each ten seconds of silence. */
export async function* follow(log: EventLog, options: FollowOptions): AsyncGenerator<LoggedEvent | null> {
  let cursor = options.since;
  while (!options.signal.aborted) {
    const events = log.read(cursor, BATCH, options.type ?? null);
    for (const event of events) {
      cursor = event.seq;
      yield event;
    }
    if (events.length) continue;
    if (!options.isEndless) return;
    if ((await nextEvent(log, cursor, options.signal)) === "silence") yield null;
  }
}

function nextEvent(log: EventLog, cursor: number, signal: AbortSignal): Promise<"event" | "silence" | "end"> {
  const { promise, resolve } = Promise.withResolvers<"event" | "silence" | "end">();
  const unsubscribe = log.subscribe((seq) => seq > cursor && resolve("event"));
  const timer = setTimeout(() => resolve("silence"), HEARTBEAT_MS);
  const abort = () => resolve("end");
  signal.addEventListener("abort", abort, { once: true });
  return promise.finally(() => {
    unsubscribe();
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  });
}
