/**
 * Compares the challenger with the live version. Both have predicted the same rows; on those with a known outcome, the
 * difference of each metric comes with a paired bootstrap interval, in which easy and hard rows cancel out.
 */

import { distinctFigures, plural } from "../../platform/figures.ts";
import type { Judged } from "../../store/outcomes.ts";
import type { RunSummary } from "../../trainer/contract.ts";
import { quantile } from "../../trainer/metrics/bootstrap.ts";
import { goodness, METRICS, type MetricName } from "../../trainer/metrics/index.ts";
import { LEAST_OUTCOMES, liveMetricNames, measured, outcomeOf, resampled } from "./live-metrics.ts";

export interface ComparedFigure {
  metric: MetricName;
  live: number;
  challenger: number;
  /** 95 % interval of challenger - live, oriented so that above zero the challenger is better. */
  gain: [number, number];
  verdict: "better" | "worse" | "unclear";
}

/** Empty below LEAST_OUTCOMES. `result` is the live version's; a class that only one of them knows counts for both. */
export function comparedFigures(
  results: { live: RunSummary; challenger: RunSummary },
  pairs: readonly { live: Judged; challenger: Judged }[],
): ComparedFigure[] {
  if (pairs.length < LEAST_OUTCOMES) return [];
  const { live: result, challenger: other } = results;
  const classes = [...new Set([...(result.schema.classes ?? []), ...(other.schema.classes ?? [])])];
  const shared = { task: result.task, schema: { ...result.schema, classes } };
  const first = outcomeOf(
    shared,
    pairs.map(({ live }) => live),
  );
  const second = outcomeOf(
    shared,
    pairs.map(({ challenger }) => challenger),
  );
  return liveMetricNames(result).flatMap((metric) => {
    const [live, challenger] = [measured(metric, first), measured(metric, second)];
    if (live === null || challenger === null) return [];
    const drawn = resampled(pairs.length, (weights) => {
      const was = measured(metric, { ...first, weights });
      const is = measured(metric, { ...second, weights });
      return was === null || is === null ? null : goodness(metric, is) - goodness(metric, was);
    });
    const gain: [number, number] = [quantile(drawn, 0.025), quantile(drawn, 0.975)];
    const verdict = gain[0] > 0 ? "better" : gain[1] < 0 ? "worse" : "unclear";
    return [{ metric, live, challenger, gain, verdict }];
  });
}

/** By the metric that the model was chosen by, unless another one contradicts it. */
export function overall(figures: readonly ComparedFigure[], metric: string): ComparedFigure["verdict"] {
  const telling = figures.find((figure) => figure.metric === metric) ?? figures[0];
  if (!telling || telling.verdict === "unclear") return "unclear";
  const opposite = telling.verdict === "better" ? "worse" : "better";
  return figures.some(({ verdict }) => verdict === opposite) ? "unclear" : telling.verdict;
}

/** How the two compare, or how many outcomes are still needed. */
export function comparisonSentence(
  verdict: ComparedFigure["verdict"],
  about: {
    version: number;
    liveVersion: number;
    figures: readonly ComparedFigure[];
    compared: number;
    learned: number;
  },
): string {
  const { version, liveVersion, figures, compared, learned } = about;
  if (compared < LEAST_OUTCOMES) {
    const known = `${plural(learned, "outcome")} ${learned === 1 ? "does" : "do"} not count: one of the two was trained on ${learned === 1 ? "that row" : "those rows"}.`;
    const needed = `${compared} of ${LEAST_OUTCOMES} outcomes needed before the two can be compared.`;
    return learned > 0 ? `Cannot be compared yet: ${needed} ${known}` : needed;
  }
  const figure = figures.find((entry) => entry.verdict === verdict) ?? figures[0];
  if (!figure) return "The outcomes show no difference between the two.";
  const { label } = METRICS[figure.metric];
  const [challenger, live] = distinctFigures([figure.challenger, figure.live]);
  const values = `${label} ${challenger} against ${live} on the same ${compared} outcomes`;
  if (verdict === "better")
    return `Version ${version} is better than version ${liveVersion}, by more than chance: ${values}.`;
  if (verdict === "worse")
    return `Version ${version} is worse than version ${liveVersion}, by more than chance: ${values}.`;
  return `No difference beyond chance: ${values}.`;
}

/** The live version and the challenger, on the same rows. */
export interface ChallengerView {
  version: number;
  liveVersion: number;
  /** Rows that it has predicted, and those that it could not keep up with since the server started. */
  answered: number;
  skipped: number;
  /** Predictions of both with a known outcome; below `needed` there is no verdict. */
  compared: number;
  /** Outcomes that do not count, because one of the two was trained on their rows. */
  learned: number;
  needed: number;
  figures: ComparedFigure[];
  verdict: ComparedFigure["verdict"];
  sentence: string;
  /** The challenger's cost in milliseconds per row, after the response was sent; null before its first row. */
  msPerRow: number | null;
}
