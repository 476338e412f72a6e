/**
 * How long is the past kept? The log by age and by number, the gauges' samples by age; a few rows at a time, because
 * everything else waits while the database deletes.
 */
import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";
import { trimAlerts } from "./store/alerts.ts";
import type { Store } from "./store/database.ts";
import { trimEvents } from "./store/log.ts";
import { trimSamples } from "./store/samples.ts";

/** Newest events that are kept, whatever their age. */
const EVENTS_KEPT = 1_000_000;
const ROWS_AT_ONCE = 2000;
const ROUND_MS = 60_000;
const PAUSE_MS = 20;

export interface RetentionOptions {
  store: Store;
  logger: Logger;
  /** Read anew each time. */
  config: Pick<Config, "RETENTION_DAYS">;
  now: () => number;
}

/** Trims now and every minute; the function returned ends that. */
export function startRetention({ store, logger, config, now }: RetentionOptions): () => void {
  const trim = () => {
    let isDone = true;
    try {
      const before = now() - config.RETENTION_DAYS * 86_400_000;
      const events = trimEvents(store, { before, keep: EVENTS_KEPT, limit: ROWS_AT_ONCE });
      const samples = trimSamples(store, { before, limit: ROWS_AT_ONCE });
      trimAlerts(store, before);
      isDone = Math.max(events, samples) < ROWS_AT_ONCE;
    } catch (error) {
      logger.error({ error: String(error) }, "the past could not be trimmed");
    }
    timer = setTimeout(trim, isDone ? ROUND_MS : PAUSE_MS);
  };
  let timer: Timer = setTimeout(trim, 0);
  return () => clearTimeout(timer);
}
