/**
 * Summarises the results in a few sentences. What makes them worthless comes first; weak signal is called weak; a
 * figure that a constant guess reaches too never leads.
 */

import type { Finding } from "../../../csv/types.ts";
import { count, distinctFigures, scorePercent, scorePercents } from "../../../platform/figures.ts";
import { errorsAmong } from "../../../trainer/checks/severity.ts";
import { METRICS, type MetricName, scoreWords } from "../../../trainer/metrics/index.ts";
import type { Outcome } from "../../../trainer/metrics/outcome.ts";

export interface Figures {
  metric: MetricName;
  metrics: Record<string, number>;
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
  /** Name of the target column. */
  target: string;
  classes: readonly string[];
  outcome: Outcome;
  findings: readonly Finding[];
}

export type Signal = "none" | "weak" | "clear" | "unmeasured";

export interface Verdict {
  verdict: string;
  /** By the run's metric, and by more than the interval on the test rows. */
  beatsBaseline: boolean;
  signal: Signal;
}

export function verdictOf(figures: Figures): Verdict {
  const signal = signalOf(figures);
  const sentences = [
    ...doubts(figures),
    ...judgement(figures, signal),
    ...fewRows(figures),
    ...onlyForKnown(figures),
  ];
  return { verdict: sentences.join(" "), beatsBaseline: beats(figures), signal };
}

/** Share of the way from guessing to perfect; below it nobody would notice the model. */
const NOTICEABLE: Partial<Record<MetricName, number>> = { roc_auc: 0.2, log_loss: 0.02, brier: 0.02 };
const LEAST_NOTICEABLE = 0.05;

function signalOf(figures: Figures): Signal {
  const { metric, metrics, baseline } = figures;
  const [score, guess] = [metrics[metric], baseline[metric]];
  if (score === undefined || guess === undefined) return "unmeasured";
  const gain = METRICS[metric].better === "greater" ? score - guess : guess - score;
  if (gain <= 0) return "none";
  if (!beats(figures)) return "weak";
  return gain < (NOTICEABLE[metric] ?? LEAST_NOTICEABLE) * wayToPerfect(metric, guess) ? "weak" : "clear";
}

function wayToPerfect(metric: MetricName, guess: number): number {
  return METRICS[metric].better === "greater" ? 1 - guess : guess;
}

function beats({ metric, metrics, intervals, baseline }: Figures): boolean {
  const guess = baseline[metric];
  if (guess === undefined || metrics[metric] === undefined) return false;
  const [low, high] = intervals[metric] ?? [metrics[metric], metrics[metric]];
  return METRICS[metric].better === "greater" ? low > guess : high < guess;
}

/** Findings that would make every figure worthless. */
function doubts({ findings }: Figures): string[] {
  const errors = errorsAmong(findings);
  if (errors.length === 0) return [];
  const more = errors.length > 1 ? ` See ${errors.length - 1} more of this kind below.` : "";
  return [`Do not trust this score before you have checked: ${errors[0].message}${more}`];
}

function judgement(figures: Figures, signal: Signal): string[] {
  if (signal === "unmeasured") return [unmeasured(figures), typical(figures)].filter((text) => text !== "");
  const measured = measuredBesideGuessing(figures);
  if (signal === "none")
    return [`This model does not beat the baseline, which always predicts the same: ${measured}.`];
  if (signal === "weak") {
    const how = beats(figures) ? "barely beats the baseline" : "does not reliably beat the baseline";
    return [`Weak signal: this model ${how} (the baseline always predicts the same). ${measured}.`];
  }
  return [typical(figures), `${measured}.`].filter((text) => text !== "");
}

function measuredBesideGuessing({ metric, metrics, intervals, baseline }: Figures): string {
  const [low, high] = intervals[metric] ?? [metrics[metric], metrics[metric]];
  const texts = distinctFigures([metrics[metric], low, high, baseline[metric]]);
  const [score, guess] = [metrics[metric], baseline[metric]].map((value, k) =>
    scoreWords(metric, value, texts[3 * k]!),
  );
  return `${METRICS[metric].label} ${score} (95 % interval ${texts[1]} to ${texts[2]}); baseline ${guess}`;
}

function unmeasured({ metric, outcome, classes, target }: Figures): string {
  const { label } = METRICS[metric];
  const rows = count(outcome.truth.length);
  const absent = classes.filter((_, k) => !outcome.truth.includes(k));
  if (outcome.task === "regression" || absent.length === 0) {
    return `${label} could not be measured: “${target}” does not differ between the ${rows} test rows.`;
  }
  const named = absent.slice(0, 3).map((name) => `“${name}”`);
  return `${label} could not be measured: none of the ${rows} test rows is ${named.join(" or ")}. More rows of it are needed.`;
}

/** Share of the baseline's mistakes that must be avoided for the share of correct predictions to be meaningful. */
const TELLING = 0.1;

/** How good a typical prediction is, in a figure that a constant guess does not reach too; empty if there is none. */
function typical(figures: Figures): string {
  const { metrics, baseline, target, outcome } = figures;
  if (outcome.task === "regression") {
    const [mae, guess] = distinctFigures([metrics.mae, baseline.mae]);
    const off = `Predictions of “${target}” are off by ${mae} on average`;
    return metrics.mae < baseline.mae
      ? `${off}; a baseline that always predicts the mean is off by ${guess}.`
      : `${off}.`;
  }
  const [right, guessed] = [metrics.accuracy, baseline.accuracy];
  if (right - guessed <= TELLING * (1 - guessed)) return ofClasses(figures);
  const shares = scorePercents([right, guessed]);
  const often = `Predicts “${target}” correctly for ${shares[0]} of the rows that it has not seen`;
  return `${often}; a baseline that always predicts the most common class is right for ${shares[1]}.`;
}

function ofClasses({ metrics, baseline, classes, outcome }: Figures): string {
  if (outcome.classes > 2) {
    const [right, guessed] = scorePercents([metrics.balanced_accuracy, baseline.balanced_accuracy]);
    return `Averaged over the classes, ${right} of predictions are right; for a baseline that always predicts the same it is ${guessed}.`;
  }
  const name = `“${classes[1]}”`;
  const positives = outcome.truth.reduce((sum, k) => sum + k, 0);
  if (positives === 0) return "";
  if (!outcome.values.includes(1)) {
    return `The model predicts ${name} for none of the test rows: only the ranking of its probabilities is useful.`;
  }
  return `Finds ${scorePercent(metrics.recall)} of the rows that are ${name} (recall); ${scorePercent(metrics.precision)} of its ${name} predictions are right (precision).`;
}

const FEW = 10;

/** How many rows of the rarest class the figures are based on. */
function fewRows({ outcome, classes, metrics, metric }: Figures): string[] {
  if (outcome.task === "regression" || metrics[metric] === undefined) return [];
  const counts = classes.map((_, k) => outcome.truth.reduce((sum, value) => sum + (value === k ? 1 : 0), 0));
  const least = Math.min(...counts);
  if (least >= FEW || outcome.classes > 2) return [];
  const rows = count(outcome.truth.length);
  return [
    `Only ${least} of the ${rows} test rows ${least === 1 ? "is" : "are"} “${classes[counts.indexOf(least)]}”, so these figures are imprecise.`,
  ];
}

/** Columns whose groups were on both sides of the split. */
function onlyForKnown({ findings }: Figures): string[] {
  const columns = findings.flatMap(({ code, column }) => (code === "group_column" ? [`“${column}”`] : []));
  if (columns.length === 0) return [];
  return [
    `This holds for values of ${columns.join(", ")} that the model has seen; to test on new ones, split by that column.`,
  ];
}
