/**
 * Measures how good a version is on reported outcomes: the metrics of training, each with an interval: Wilson's for
 * accuracy, the bootstrap's for the others. Two figures count as different only if chance does not explain it.
 */

import type { Judged } from "../../store/outcomes.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import { bootstrapInterval } from "../../trainer/metrics/bootstrap.ts";
import { goodness, isMetricName, METRICS, type MetricName } from "../../trainer/metrics/index.ts";
import type { Outcome } from "../../trainer/metrics/outcome.ts";
import { seededRandom } from "../../trainer/random.ts";

export interface LiveMetric {
  metric: MetricName;
  value: number;
  /** 95 %. */
  interval: [number, number];
  /** The same metric on the test set at training, if it was measured. */
  training: number | null;
  trainingInterval: [number, number] | null;
  /** Compared with training; "unclear": the difference may be chance. */
  verdict: "better" | "worse" | "unclear";
}

/** With fewer outcomes nothing is reported. */
export const LEAST_OUTCOMES = 30;
const REPLICATES = 200;
const Z = 1.96;

/** The metrics, the most telling one first. */
export function liveMetricNames({ task, metric }: Pick<RunSummary, "task" | "metric">): MetricName[] {
  const telling: MetricName[] = task === "regression" ? ["mae", "rmse", "r2"] : ["accuracy", "f1_macro"];
  return [...new Set(isMetricName(metric) ? [...telling, metric] : telling)];
}

/** Empty below LEAST_OUTCOMES; a metric that these outcomes do not define (only one class) is left out. */
export function measureLive(result: RunSummary, outcomes: readonly Judged[]): LiveMetric[] {
  if (outcomes.length < LEAST_OUTCOMES) return [];
  const outcome = outcomeOf(result, outcomes);
  return liveMetricNames(result).flatMap((metric) => {
    const value = measured(metric, outcome);
    if (value === null) return [];
    const interval =
      metric === "accuracy" ? wilson(value, outcomes.length) : (bootstrap(metric, outcome) ?? [value, value]);
    const training = result.metrics[metric] ?? null;
    const trainingInterval = result.intervals[metric] ?? null;
    const verdict = verdictOf(metric, { value, interval }, { value: training, interval: trainingInterval });
    return [{ metric, value, interval, training, trainingInterval, verdict }];
  });
}

/** The input of the trainer's metrics. Probabilities are left out if not every prediction has them. */
export function outcomeOf(
  { task, schema }: Pick<RunSummary, "task" | "schema">,
  outcomes: readonly Judged[],
): Outcome {
  const classes = schema.classes ?? [];
  const codes = new Map(classes.map((label, code) => [label, code]));
  const code = (value: string | number) =>
    task === "regression" ? Number(value) : (codes.get(String(value)) ?? -1);
  const hasProbabilities =
    task !== "regression" && outcomes.every(({ answer }) => answer.probabilities !== undefined);
  return {
    task,
    classes: classes.length,
    truth: Float64Array.from(outcomes, ({ actual }) => code(actual)),
    values: Float64Array.from(outcomes, ({ answer }) => code(answer.prediction)),
    probabilities: hasProbabilities
      ? Float64Array.from(
          outcomes.flatMap(({ answer }) => classes.map((label) => answer.probabilities![label] ?? 0)),
        )
      : null,
    weights: null,
  };
}

const NEEDS_PROBABILITIES = new Set<MetricName>(["roc_auc", "log_loss", "average_precision", "brier"]);

/** Null if these outcomes do not define it. */
export function measured(metric: MetricName, outcome: Outcome): number | null {
  if (NEEDS_PROBABILITIES.has(metric) && !outcome.probabilities) return null;
  const value = METRICS[metric].measure(outcome);
  return Number.isFinite(value) ? value : null;
}

/** Wilson (1927): keeps its 95 % for few rows and for shares near 0 and 1 too. */
export function wilson(share: number, rows: number, z = Z): [number, number] {
  const centre = share + z ** 2 / (2 * rows);
  const spread = z * Math.sqrt((share * (1 - share)) / rows + z ** 2 / (4 * rows ** 2));
  const scale = 1 + z ** 2 / rows;
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)];
}

/** The same outcomes give the same interval: a page must not flicker. */
function bootstrap(metric: MetricName, outcome: Outcome): [number, number] | null {
  return bootstrapInterval(metric, outcome, {
    replicates: REPLICATES,
    random: seededRandom(outcome.truth.length),
  });
}

/** `measure` of resampled rows, sorted; draws for which it is undefined are left out. */
export function resampled(rows: number, measure: (weights: Float64Array) => number | null): Float64Array {
  const random = seededRandom(rows);
  const drawn: number[] = [];
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    const weights = new Float64Array(rows);
    for (let i = 0; i < rows; i++) weights[Math.floor(random() * rows)]!++;
    const value = measure(weights);
    if (value !== null) drawn.push(value);
  }
  return Float64Array.from(drawn).sort();
}

interface Estimate {
  value: number | null;
  interval: [number, number] | null;
}

/** The difference counts if it is more than 1.96 of its standard errors; half of an interval is 1.96 of them. */
function verdictOf(metric: MetricName, live: Estimate, training: Estimate): LiveMetric["verdict"] {
  if (live.value === null || training.value === null) return "unclear";
  const half = ({ interval }: Estimate) => (interval ? (interval[1] - interval[0]) / 2 : 0);
  const difference = goodness(metric, live.value) - goodness(metric, training.value);
  if (Math.abs(difference) <= Math.hypot(half(live), half(training))) return "unclear";
  return difference > 0 ? "better" : "worse";
}

/** A version, measured on actual outcomes. */
export interface LiveView {
  outcomes: number;
  /** Those of them for rows that the version was trained on: they are never scored. */
  learned: number;
  /** The maximum number of outcomes; the newest are used. */
  measured: number;
  /** With fewer outcomes `figures` is empty. */
  needed: number;
  figures: LiveMetric[];
}
