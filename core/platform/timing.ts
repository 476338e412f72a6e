/**
 * Measures where the time of a request goes. Parts are measured where they happen and reported in the response's
 * Server-Timing.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const TIMED_PARTS = ["db", "render", "read", "train", "predict"] as const;
export type TimedPart = (typeof TIMED_PARTS)[number];

/** Milliseconds by part, for one request. */
export class Timings {
  private readonly startedAt = performance.now();
  private readonly parts: Partial<Record<TimedPart, number>> = {};

  add(part: TimedPart, ms: number): void {
    this.parts[part] = (this.parts[part] ?? 0) + ms;
  }

  /** A part with a name of its own; nothing inside it is measured separately. */
  measure<T>(part: TimedPart, work: () => T): T {
    const startedAt = performance.now();
    const result = work();
    this.add(part, performance.now() - startedAt);
    return result;
  }

  elapsedMs(): number {
    return performance.now() - this.startedAt;
  }

  /** As in the header: `db;dur=0.3, total;dur=1.2`. */
  header(): string {
    let parts = "";
    for (const part in this.parts) parts += `${part};dur=${hundredths(this.parts[part as TimedPart]!)}, `;
    return `${parts}total;dur=${hundredths(this.elapsedMs())}`;
  }
}

/** As `toFixed(2)`, which takes several times as long. */
function hundredths(ms: number): string {
  const whole = Math.round(ms * 100);
  const rest = whole % 100;
  return `${(whole - rest) / 100}.${rest < 10 ? "0" : ""}${rest}`;
}

const current = new AsyncLocalStorage<Timings>();

/** Runs a request; what is `timed` inside counts for it, even if several run at once. */
export function withTimings<T>(timings: Timings, request: () => T): T {
  return current.run(timings, request);
}

/** Counts the work, or the wait for its promise, for the current request. */
export function timed<T>(part: TimedPart, work: () => T): T {
  const timings = current.getStore();
  if (!timings) return work();
  const startedAt = performance.now();
  const end = () => timings.add(part, performance.now() - startedAt);
  const result = work();
  if (result instanceof Promise) return result.finally(end) as T;
  end();
  return result;
}
