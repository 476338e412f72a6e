/**
 * Delivers events one after the other, each until delivery succeeds: reads the log by its own cursor, retries with
 * growing delays, and gives up in the end so that one bad address does not hold up the log forever.
 */
import type { EventLog, LogEntry } from "../../events/event-log.ts";
import { follow } from "../../events/follow.ts";

const LONGEST_WAIT_MS = 3_600_000;
/** About nine hours of retries. */
export const MAX_ATTEMPTS = 20;
/** How far the stored cursor may lag behind skipped events. */
const SAVE_EVERY = 1000;

/** How far deliveries to a receiver have come. */
export interface Progress {
  /** Every event up to here was delivered, skipped, or given up. */
  cursor: number;
  delivered: number;
  givenUp: number;
  /** Failed attempts at the next event. */
  attempts: number;
  lastError: string | null;
}

/** The result of a delivery that turns out to be unnecessary. */
export const NOT_WANTED = Symbol("not for this receiver");

export interface Receiver<P extends Progress> {
  progress: P;
  isWanted: (entry: LogEntry) => boolean | Promise<boolean>;
  /** Null: delivered. Text: why not. */
  deliver: (entry: LogEntry) => Promise<string | null | typeof NOT_WANTED>;
  save: (progress: P) => Promise<void>;
  /** Called after each attempt with its result. */
  tried: (entry: LogEntry, how: "taken" | "failed" | "given up") => void;
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Runs until the signal is aborted. */
export async function deliverInOrder<P extends Progress>(
  log: EventLog,
  receiver: Receiver<P>,
  signal: AbortSignal,
): Promise<void> {
  const { progress, isWanted, save } = receiver;
  const { since, truncated } = await log.resume(progress.cursor, null);
  if (truncated) progress.lastError = `events after ${progress.cursor} are no longer in the log`;
  progress.cursor = since;
  let savedAt = since;
  for await (const entries of follow(log, { since, isEndless: true, signal })) {
    for (const entry of entries) {
      if (await isWanted(entry)) {
        await deliverUntilTaken(receiver, entry, signal);
        if (signal.aborted) return;
        savedAt = entry.seq;
      }
      progress.cursor = entry.seq;
    }
    if (progress.cursor - savedAt < SAVE_EVERY) continue;
    await save(progress);
    savedAt = progress.cursor;
  }
}

async function deliverUntilTaken<P extends Progress>(
  { progress, deliver, save, tried, wait }: Receiver<P>,
  entry: LogEntry,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const failure = await deliver(entry);
    // What arrived is recorded in any case: nobody may send it again.
    if (signal.aborted && failure !== null) return;
    if (failure === NOT_WANTED) {
      progress.cursor = entry.seq;
      return save(progress);
    }
    progress.lastError = failure;
    if (failure === null) progress.delivered += 1;
    else progress.attempts += 1;
    const isGivenUp = progress.attempts >= MAX_ATTEMPTS;
    if (isGivenUp) progress.givenUp += 1;
    if (failure !== null) tried(entry, "failed");
    if (failure === null || isGivenUp) {
      tried(entry, isGivenUp ? "given up" : "taken");
      Object.assign(progress, { attempts: 0, cursor: entry.seq });
      return save(progress);
    }
    await save(progress);
    await wait(backoffMs(progress.attempts), signal);
    if (signal.aborted) return;
  }
}

/** One second, doubling up to an hour, with 20 % jitter: a receiver that comes back is not hit by all at once. */
function backoffMs(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, 1000 * 2 ** (attempts - 1)) * (0.8 + 0.4 * Math.random());
}

/** Resolves early if the signal is aborted. */
export async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = setTimeout(end, ms);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
}
