/**
/**
 * Deletes old data: the log and the audit log by age and number, figures over time by age and resolution, predictions by
 * age and size; a few rows at a time, because everything else waits while the database deletes.
 */

import { firstIdAt } from "../models/monitoring/prediction-id.ts";
import type { Config } from "../operations/config.ts";
import type { DiskReserve } from "../platform/disk-reserve.ts";
import { DAY_MS } from "../platform/figures.ts";
import type { Logger } from "../platform/logger.ts";
import { trimAlerts } from "../store/alerts.ts";
import { trimAudit } from "../store/audit.ts";
import { trimChallengerAnswers } from "../store/challengers.ts";
import type { Store } from "../store/database.ts";
import { trimDriftDays } from "../store/drift.ts";
import { trimSamples } from "../store/gauge-samples.ts";
import { trimEvents } from "../store/log.ts";
import { trimPredictionMinutes } from "../store/models.ts";
import { trimOutcomes } from "../store/outcomes.ts";
import { trimPoints } from "../store/points.ts";
import { trimPredictions } from "../store/predictions.ts";

/** The newest events, which are stored at any age. */
const EVENTS_KEPT = 1_000_000;
/** The newest audit entries, which are stored at any age. */
const AUDIT_KEPT = 100_000;
/** Of predictions: pages show the last hour of them, and the history has the rest. */
const MINUTES_KEPT_MS = 2 * DAY_MS;
const ROWS_AT_ONCE = 1000;
const ROUND_MS = 60_000;
/** After the first requests: nobody waits for old rows to go. */
const FIRST_MS = 1000;
/** Deleting takes at most a fifth of the time. */
const PAUSES = 4;

export interface RetentionOptions {
  store: Store;
  logger: Logger;
  /** The disk reserve, created again after it was used. */
  diskReserve: DiskReserve;
  /** Read each time. */
  config: Pick<Config, "RETENTION_DAYS" | "AUDIT_DAYS" | "PREDICTION_LOG_DAYS" | "PREDICTION_LOG_MB">;
  now: () => number;
}

/** Trims soon and then every minute; the returned function ends that. */
export function startRetention(options: RetentionOptions): () => void {
  const { logger } = options;
  let isEnded = false;
  const layReserve = () => {
    try {
      options.diskReserve.lay();
    } catch (error) {
      logger.error({ error: String(error) }, "the disk reserve could not be written");
    }
  };
  const trim = async () => {
    const startedAt = performance.now();
    layReserve();
    let isDone = true;
    try {
      isDone = (await trimSome(options)) < ROWS_AT_ONCE;
    } catch (error) {
      logger.error({ error: String(error) }, "old data could not be deleted");
    }
    if (!isEnded) timer = setTimeout(trim, isDone ? ROUND_MS : PAUSES * (performance.now() - startedAt));
  };
  layReserve();
  let timer: Timer = setTimeout(trim, FIRST_MS);
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

/** The largest number of rows deleted of one kind. */
async function trimSome({ store, config, now }: RetentionOptions): Promise<number> {
  const limit = ROWS_AT_ONCE;
  const before = now() - config.RETENTION_DAYS * DAY_MS;
  const predictedBefore = now() - config.PREDICTION_LOG_DAYS * DAY_MS;
  const keepBytes = config.PREDICTION_LOG_MB * 1e6;
  await trimAlerts(store, before);
  await trimDriftDays(store, Math.floor(predictedBefore / DAY_MS));
  return Math.max(
    await trimEvents(store, { before, keep: EVENTS_KEPT, limit }),
    await trimAudit(store, { before: now() - config.AUDIT_DAYS * DAY_MS, keep: AUDIT_KEPT, limit }),
    await trimSamples(store, { before, limit }),
    await trimPoints(store, { now: now(), limit }),
    await trimPredictionMinutes(store, { minute: Math.floor((now() - MINUTES_KEPT_MS) / 60_000), limit }),
    await trimPredictions(store, { before: predictedBefore, keepBytes, limit }),
    await trimOutcomes(store, { before: firstIdAt(predictedBefore), limit }),
    await trimChallengerAnswers(store, { before: firstIdAt(predictedBefore), limit }),
  );
}
