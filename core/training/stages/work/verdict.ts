/** What do the figures mean, in one sentence? Says first where the model does not beat always guessing. */

import { METRICS, type MetricName } from "../../../trainer/metrics/index.ts";
import type { Outcome } from "../../../trainer/metrics/outcome.ts";

export interface Figures {
  metric: MetricName;
  metrics: Record<string, number>;
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
  /** Name of the target column. */
  target: string;
  outcome: Outcome;
}

/** Beaten means: by the metric of the run, and by more than the interval on the test rows. */
export function verdictOf(figures: Figures): { verdict: string; beatsBaseline: boolean } {
  const beatsBaseline = beats(figures);
  const { metric, metrics, intervals, baseline } = figures;
  const [low, high] = intervals[metric] ?? [metrics[metric], metrics[metric]];
  const measured = `${METRICS[metric].label} ${shown(metrics[metric])} (${shown(low)} to ${shown(high)})`;
  const beside = `always guessing gets ${shown(baseline[metric])}`;
  if (!beatsBaseline) {
    return { beatsBaseline, verdict: `This model does not beat always guessing: ${measured}, ${beside}.` };
  }
  return { beatsBaseline, verdict: `${inWords(figures)} ${measured}; ${beside}.` };
}

function beats({ metric, metrics, intervals, baseline }: Figures): boolean {
  const guess = baseline[metric];
  if (guess === undefined || metrics[metric] === undefined) return false;
  const [low, high] = intervals[metric] ?? [metrics[metric], metrics[metric]];
  return METRICS[metric].better === "greater" ? low > guess : high < guess;
}

function inWords({ metrics, baseline, target, outcome }: Figures): string {
  if (outcome.task === "regression") {
    const typical = `Predictions of “${target}” are off by ${shown(metrics.mae)} on average`;
    return `${typical}; always guessing the mean is off by ${shown(baseline.mae)}.`;
  }
  const often = `It gets “${target}” right in ${percent(metrics.accuracy)} of rows it has not seen`;
  return `${often}; always guessing the commonest answer gets ${percent(baseline.accuracy)}.`;
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function shown(value: number | undefined): string {
  if (value === undefined) return "nothing that can be measured";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  // A value that rounds to nothing has no sign.
  const rounded = Number(value.toFixed(digits)) + 0;
  return rounded.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
