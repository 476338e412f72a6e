/**
 * Computes confidence intervals of metrics: percentile bootstrap (Efron 1979) over rows, or over groups of rows that
 * belong together, because duplicates carry no new information. Weights instead of copies, so that orders are sorted
 * once. The pessimistic end allows for rows that are worse than all that were seen (unseen.ts), and both ends for few
 * rows (Hesterberg 2015).
 */

import { spreadRows } from "../random.ts";
import type { Checkpoint, Random } from "../samples.ts";
import { METRICS, type MetricName, metricNames } from "./index.ts";
import type { Outcome } from "./outcome.ts";
import { drawUnseen, type WithUnseen, withUnseen } from "./unseen.ts";

export interface BootstrapOptions {
  replicates: number;
  random: Random;
  checkpoint: Checkpoint;
  /** By row of the outcome: rows with the same number are drawn together. */
  groups?: Int32Array | null;
  isOver?: () => boolean;
  /** Share of the replicates, 0..1. */
  onProgress?: (done: number) => void;
}

/** At least this many are drawn, even if time is up. */
const LEAST_REPLICATES = 40;
/**
 * Rows times classes; above it a part of the rows is resampled, and the width is scaled by the square root of the part.
 */
const MOST_CELLS = 20_000;
const LEAST_ROWS = 500;

/** The maximum number of rows that are resampled. */
export const mostDrawnRows = (classes: number) =>
  Math.max(LEAST_ROWS, Math.floor(MOST_CELLS / Math.max(2, classes)));

/** A metric of each replicate: as drawn, and with unseen rows added. */
interface Drawn {
  seen: number[];
  wary: number[];
}

/** 95 % interval of every metric of the task; `metrics`: their values. Cost: 2 x replicates x rows x metrics. */
export async function bootstrapIntervals(
  outcome: Outcome,
  metrics: Record<string, number>,
  options: BootstrapOptions,
): Promise<Record<string, [number, number]>> {
  const rows = outcome.truth.length;
  const most = mostDrawnRows(outcome.classes);
  const chosen = rows > most ? spreadRows(rows, most) : null;
  const part = chosen ? partOf(outcome, chosen) : outcome;
  const shrink = Math.sqrt(part.truth.length / rows);
  const groups = options.groups ?? null;
  const units = unitsOf(part.truth.length, groups && chosen ? chosen.map((row) => groups[row]) : groups);
  const drawn = await drawMetrics(part, units, options);
  const intervals: Record<string, [number, number]> = {};
  for (const [name, { seen, wary }] of drawn) {
    const figure = metrics[name];
    if (figure === undefined || seen.length === 0) continue;
    const [low, high] = endsOf(name, { seen, wary, units: units.count });
    const ofPart = shrink < 1 ? METRICS[name].measure(part) : figure;
    intervals[name] = [
      figure + Math.min(0, low - ofPart) * shrink,
      figure + Math.max(0, high - ofPart) * shrink,
    ];
  }
  return intervals;
}

/** As above for one metric, synchronously; each row is drawn on its own. Null if no draw defines it. */
export function bootstrapInterval(
  name: MetricName,
  outcome: Outcome,
  { replicates, random }: Pick<BootstrapOptions, "replicates" | "random">,
): [number, number] | null {
  const units = unitsOf(outcome.truth.length, null);
  const all = withUnseen(outcome, random);
  const drawn: Drawn = { seen: [], wary: [] };
  for (let replicate = 0; replicate < replicates; replicate++)
    for (const [kind, weighted] of Object.entries(resample(all, units, random)))
      keepFinite(drawn[kind as keyof Drawn], METRICS[name].measure(weighted));
  if (drawn.seen.length === 0) return null;
  const [low, high] = endsOf(name, { ...drawn, units: units.count });
  const figure = METRICS[name].measure(outcome);
  return [Math.min(low, figure), Math.max(high, figure)];
}

/** One replicate: as drawn, and with unseen rows added. */
function resample(all: WithUnseen, units: Units, random: Random): Record<keyof Drawn, Outcome> {
  const weights = drawWeights(units, { rows: all.outcome.truth.length, random });
  const seen = { ...all.outcome, weights: weights.slice() };
  drawUnseen(weights, all.unseen, random);
  const { weights: counted } = all.outcome;
  if (counted) for (const drawn of [seen.weights, weights]) weigh(drawn, counted);
  return { seen, wary: { ...all.outcome, weights } };
}

/** A row counts as often as it was drawn, times its weight; unseen rows count once. */
function weigh(drawn: Float64Array, counted: Float64Array): void {
  for (let row = 0; row < counted.length; row++) drawn[row] *= counted[row];
}

async function drawMetrics(
  outcome: Outcome,
  units: Units,
  options: BootstrapOptions,
): Promise<Map<MetricName, Drawn>> {
  const { random } = options;
  const drawn = new Map<MetricName, Drawn>();
  for (const name of metricNames(outcome.task)) drawn.set(name, { seen: [], wary: [] });
  const all = withUnseen(outcome, random);
  for (let replicate = 0; replicate < options.replicates; replicate++) {
    await options.checkpoint();
    if (replicate >= LEAST_REPLICATES && options.isOver?.()) break;
    const { seen, wary } = resample(all, units, random);
    for (const [name, values] of drawn) {
      keepFinite(values.seen, METRICS[name].measure(seen));
      keepFinite(values.wary, METRICS[name].measure(wary));
    }
    options.onProgress?.((replicate + 1) / options.replicates);
  }
  return drawn;
}

function keepFinite(values: number[], value: number): void {
  if (Number.isFinite(value)) values.push(value);
}

/** The units of resampling. */
interface Units {
  count: number;
  /** By row; null: each row on its own. */
  of: Int32Array | null;
}

/** A single group says nothing about others: its rows are drawn then. */
function unitsOf(rows: number, groups: Int32Array | null): Units {
  if (!groups) return { count: rows, of: null };
  const places = new Map<number, number>();
  const of = groups.map((group) => places.getOrInsertComputed(group, () => places.size));
  return places.size < 2 ? { count: rows, of: null } : { count: places.size, of };
}

function partOf(outcome: Outcome, rows: Int32Array): Outcome {
  const { truth, values, probabilities, classes, weights } = outcome;
  const cells = { length: rows.length * classes };
  return {
    ...outcome,
    truth: Float64Array.from(rows, (row) => truth[row]),
    values: Float64Array.from(rows, (row) => values[row]),
    weights: weights && Float64Array.from(rows, (row) => weights[row]),
    probabilities:
      probabilities &&
      Float64Array.from(
        cells,
        (_, at) => probabilities[rows[Math.floor(at / classes)] * classes + (at % classes)],
      ),
  };
}

/** How often each row was drawn; `rows`: unseen rows come after these and are not drawn. */
function drawWeights(units: Units, { rows, random }: { rows: number; random: Random }): Float64Array {
  const weights = new Float64Array(rows);
  if (!units.of) {
    for (let i = 0; i < units.count; i++) weights[Math.floor(random() * units.count)]++;
    return weights;
  }
  const times = new Float64Array(units.count);
  for (let i = 0; i < units.count; i++) times[Math.floor(random() * units.count)]++;
  for (let row = 0; row < units.of.length; row++) weights[row] = times[units.of[row]];
  return weights;
}

const TAIL = 0.025;

function endsOf(name: MetricName, { seen, wary, units }: Drawn & { units: number }): [number, number] {
  // A normal tail of 2.5 %, widened by Student's t and the square root of n / (n - 1): nearly unchanged for n from 20
  // up.
  const tail = TAIL * Math.max(0.3, 1 - 7.5 / units);
  const isGreater = METRICS[name].better === "greater";
  return [orderStatistic(isGreater ? wary : seen, tail), orderStatistic(isGreater ? seen : wary, 1 - tail)];
}

/** The given share of further draws lies below it, even if few were drawn (numpy's "weibull"). */
function orderStatistic(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = Math.min(sorted.length - 1, Math.max(0, share * (sorted.length + 1) - 1));
  return between(sorted, at);
}

/** Linear interpolation between order statistics, numpy's default. */
export function quantile(sorted: Float64Array, share: number): number {
  return between(sorted, share * (sorted.length - 1));
}

function between(sorted: Float64Array, at: number): number {
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}
