/**
 * Computes confidence intervals of metrics.
 *
 * Percentile bootstrap (Efron 1979) over rows; weights instead of copies, so that orders are sorted once.
 */

import { spreadRows } from "../random.ts";
import type { Checkpoint, Random } from "../samples.ts";
import { METRICS, type MetricName, metricNames } from "./index.ts";
import type { Outcome } from "./outcome.ts";

export interface BootstrapOptions {
  replicates: number;
  random: Random;
  checkpoint: Checkpoint;
  isOver?: () => boolean;
  /** Share of the replicates, 0..1. */
  onProgress?: (done: number) => void;
}

/** So many are drawn even where the time is over. */
const LEAST_REPLICATES = 40;
/** Rows times classes; above it a part of the rows is resampled, and the width scaled by the root of the part. */
const MOST_CELLS = 40_000;
const LEAST_ROWS = 500;

/** So many rows are resampled at most. */
export const mostDrawnRows = (classes: number) =>
  Math.max(LEAST_ROWS, Math.floor(MOST_CELLS / Math.max(2, classes)));

/** 95 % interval of every metric of the task; `metrics`: what they are. Cost: replicates x rows x metrics. */
export async function bootstrapIntervals(
  outcome: Outcome,
  metrics: Record<string, number>,
  options: BootstrapOptions,
): Promise<Record<string, [number, number]>> {
  const rows = outcome.truth.length;
  const most = mostDrawnRows(outcome.classes);
  const part = rows > most ? partOf(outcome, most) : outcome;
  const shrink = Math.sqrt(part.truth.length / rows);
  const drawn = await drawMetrics(part, options);
  const intervals: Record<string, [number, number]> = {};
  for (const [name, values] of drawn) {
    if (values.length === 0) continue;
    const [low, high] = percentileInterval(values);
    if (shrink < 1) {
      const [whole, ofPart] = [metrics[name], METRICS[name].measure(part)];
      intervals[name] = [whole + (low - ofPart) * shrink, whole + (high - ofPart) * shrink];
    } else intervals[name] = [low, high];
  }
  return intervals;
}

async function drawMetrics(outcome: Outcome, options: BootstrapOptions): Promise<Map<MetricName, number[]>> {
  const drawn = new Map(metricNames(outcome.task).map((name) => [name, [] as number[]]));
  for (let replicate = 0; replicate < options.replicates; replicate++) {
    await options.checkpoint();
    if (replicate >= LEAST_REPLICATES && options.isOver?.()) break;
    const resampled = { ...outcome, weights: drawWeights(outcome.truth.length, options.random) };
    for (const [name, values] of drawn) {
      const value = METRICS[name].measure(resampled);
      if (Number.isFinite(value)) values.push(value);
    }
    options.onProgress?.((replicate + 1) / options.replicates);
  }
  return drawn;
}

function partOf(outcome: Outcome, count: number): Outcome {
  const { truth, values, probabilities, classes } = outcome;
  const rows = spreadRows(truth.length, count);
  const cells = { length: rows.length * classes };
  return {
    ...outcome,
    truth: Float64Array.from(rows, (row) => truth[row]),
    values: Float64Array.from(rows, (row) => values[row]),
    probabilities:
      probabilities &&
      Float64Array.from(
        cells,
        (_, at) => probabilities[rows[Math.floor(at / classes)] * classes + (at % classes)],
      ),
  };
}

function drawWeights(rows: number, random: Random): Float64Array {
  const weights = new Float64Array(rows);
  for (let i = 0; i < rows; i++) weights[Math.floor(random() * rows)]++;
  return weights;
}

function percentileInterval(values: number[]): [number, number] {
  const sorted = Float64Array.from(values).sort();
  return [quantile(sorted, 0.025), quantile(sorted, 0.975)];
}

/** Linear interpolation between order statistics, as numpy's default. */
export function quantile(sorted: Float64Array, share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}
