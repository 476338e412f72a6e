/**
 * How sure is a figure that was measured on a few hundred rows?
 * Percentile bootstrap (Efron 1979) over rows; weights instead of copies, so that orders are sorted once.
 */
import { METRICS, metricNames } from "../metrics.ts";
import type { Checkpoint, Random } from "../samples.ts";
import type { Outcome } from "./outcome.ts";

/** 95 % interval of every metric of the task. Cost: replicates x rows x metrics. */
export async function bootstrapIntervals(
  outcome: Outcome,
  options: { replicates: number; random: Random; checkpoint: Checkpoint },
): Promise<Record<string, [number, number]>> {
  const names = metricNames(outcome.task);
  const drawn = new Map(names.map((name) => [name, [] as number[]]));
  for (let replicate = 0; replicate < options.replicates; replicate++) {
    await options.checkpoint();
    const resampled = { ...outcome, weights: drawWeights(outcome.truth.length, options.random) };
    for (const name of names) {
      const value = METRICS[name].measure(resampled);
      if (Number.isFinite(value)) drawn.get(name)!.push(value);
    }
  }
  const intervals: Record<string, [number, number]> = {};
  for (const [name, values] of drawn) if (values.length > 0) intervals[name] = percentileInterval(values);
  return intervals;
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
