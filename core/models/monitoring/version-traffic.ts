/** A version's traffic since the last write: numbers to add up, and rows to store. */

import type { StoredVersion } from "../../store/models.ts";
import { type Measured, measuredOnce } from "../../store/points.ts";
import type { NewPrediction } from "../../store/predictions.ts";
import { addCounts, type DriftCounter, type DriftCounts } from "./drift/drift-counts.ts";

export interface VersionTraffic {
  name: string;
  version: number;
  challenger: StoredVersion | null;
  predictions: number;
  /** What was said of values that were not read as they stand. */
  warnings: number;
  /** Seconds that requests took. */
  took: { n: number; total: number; low: number; high: number };
  /** Null if the version does not record what it learned from. */
  drift: { counter: DriftCounter; counts: DriftCounts } | null;
  waiting: NewPrediction[];
}

export function noTraffic(
  about: Pick<VersionTraffic, "name" | "version" | "challenger" | "drift">,
): VersionTraffic {
  return { ...about, predictions: 0, warnings: 0, took: noTime(), waiting: [] };
}

const noTime = (): VersionTraffic["took"] => ({ n: 0, total: 0, low: Number.POSITIVE_INFINITY, high: 0 });

export function addRequest(traffic: VersionTraffic, seconds: number): void {
  addTime(traffic, { n: 1, total: seconds, low: seconds, high: seconds });
}

function addTime({ took }: VersionTraffic, { n, total, low, high }: VersionTraffic["took"]): void {
  took.n += n;
  took.total += total;
  took.low = Math.min(took.low, low);
  took.high = Math.max(took.high, high);
}

/** What came since `before` could not be written. */
export function addTraffic(before: VersionTraffic, since: VersionTraffic): void {
  before.predictions += since.predictions;
  before.warnings += since.warnings;
  addTime(before, since.took);
  before.waiting.push(...since.waiting);
  if (before.drift && since.drift) addCounts(before.drift.counts, since.drift.counts);
}

/** What of it is kept over time. */
export function measuredOf({ name, predictions, warnings, took }: VersionTraffic): Measured[] {
  return [
    measuredOnce("predictions", name, predictions),
    ...(warnings > 0 ? [measuredOnce("warnings", name, warnings)] : []),
    ...(took.n > 0 ? [{ kind: "latency" as const, subject: name, ...took }] : []),
  ];
}
