/** Draws a version's accuracy on reported outcomes: in words and as a strip, beside the test result. */

import type { LiveMetric, LiveView } from "../../../core/models/monitoring/live-metrics.ts";
import { extent, RangeStrip } from "../../charts/chart.tsx";
import { figure, percent, plural } from "../../parts/format.ts";
import { isLowerBetter, metricLabel } from "../../parts/words.ts";

const VERDICT_WORDS: Record<LiveMetric["verdict"], string> = {
  better: "clearly better",
  worse: "clearly worse",
  unclear: "no difference beyond chance",
};

/** A share as a percentage, an amount as it is. */
function written(metric: string, value: number): string {
  return metric === "accuracy" ? percent(value) : figure(value);
}

/** One line and one strip; nothing until an outcome is reported. */
export function LiveStrip({ live }: { live: LiveView }) {
  const [telling] = live.figures;
  if (!telling) return live.outcomes > 0 ? <TooFew live={live} /> : null;
  const { metric, value, interval, training, verdict } = telling;
  const [low, high] = interval;
  const isShare = low >= 0 && high <= 1 && !isLowerBetter(metric);
  const words = `Live ${metricLabel(metric).toLowerCase()}: ${written(metric, value)} (${written(metric, low)} to ${written(metric, high)})`;
  return (
    <div class="live-strip">
      <p class="facts">
        {words}
        {training !== null && `; on the test set ${written(metric, training)}: ${VERDICT_WORDS[verdict]}.`}
      </p>
      <RangeStrip
        label={words}
        domain={isShare ? [0, 1] : extent([0, low, high, training ?? 0])}
        {...{ value, low, high }}
        reference={training}
      />
    </div>
  );
}

export function TooFew({ live: { outcomes, learned, needed } }: { live: LiveView }) {
  return (
    <p class="facts">
      {outcomes - learned} of {needed} reported outcomes needed to measure live accuracy.
      {learned > 0 && ` ${plural(learned, "outcome")} not counted: the model was trained on these rows.`}
    </p>
  );
}

export function LiveTable({ live }: { live: LiveView }) {
  const known = live.learned > 0 ? `, without ${live.learned} that the model was trained on` : "";
  const measured =
    live.measured < live.outcomes ? ` (the last ${plural(live.measured, "outcome")}${known})` : "";
  return (
    <section class="scroll" tabindex={0} aria-label="Live metrics">
      <table class="live-figures">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            <th scope="col">Reported outcomes{measured}</th>
            <th scope="col">Test set</th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          {live.figures.map(({ metric, value, interval, training, trainingInterval, verdict }) => (
            <tr>
              <th scope="row">{metricLabel(metric)}</th>
              <td>{range(metric, value, interval)}</td>
              <td>{training === null ? "–" : range(metric, training, trainingInterval)}</td>
              <td>{VERDICT_WORDS[verdict]}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function range(metric: string, value: number, interval: [number, number] | null): string {
  if (!interval) return written(metric, value);
  return `${written(metric, value)} (${written(metric, interval[0])} to ${written(metric, interval[1])})`;
}
