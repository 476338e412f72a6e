/** How good is it, in figures with their meaning beside them? Each metric with its range and what guessing gets. */
import { extent, RangeStrip } from "../charts/chart.tsx";
import { figure } from "../parts/format.ts";
import { isLowerBetter, metricLabel, metricSays } from "../parts/words.ts";

export interface MetricTableProps {
  metrics: Record<string, number>;
  /** 95 % bootstrap interval of each. */
  intervals: Record<string, [number, number]>;
  baseline: Record<string, number>;
}

export function MetricTable({ metrics, intervals, baseline }: MetricTableProps) {
  return (
    <section class="scroll" tabindex={0} aria-label="Metrics">
      <table class="metrics">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" class="number">
              This model
            </th>
            <th scope="col" class="metric-range">
              19 times in 20 between
            </th>
            <th scope="col" class="number">
              Just guessing
            </th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(metrics).map(([name, value]) => (
            <tr>
              <th scope="row">
                {metricLabel(name)}
                <span class="says">
                  {metricSays(name)} {isLowerBetter(name) ? "Lower is better." : "Higher is better."}
                </span>
              </th>
              <td class="number metric-value">{figure(value)}</td>
              <td class="metric-range">
                <MetricStrip name={name} value={value} interval={intervals[name]} guess={baseline[name]} />
              </td>
              <td class="number">{baseline[name] === undefined ? "–" : figure(baseline[name])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function MetricStrip(props: {
  name: string;
  value: number;
  interval: [number, number] | undefined;
  guess: number | undefined;
}) {
  const { name, value, interval, guess } = props;
  if (!interval) return <>–</>;
  const [low, high] = interval;
  const words = `${figure(low)} and ${figure(high)}`;
  const isShare = low >= 0 && high <= 1 && !isLowerBetter(name);
  const domain: [number, number] = isShare ? [0, 1] : extent([0, low, high, guess ?? 0]);
  return (
    <>
      <span>{words}</span>
      <RangeStrip
        label={`${metricLabel(name)}: between ${words}`}
        domain={domain}
        value={value}
        low={low}
        high={high}
        reference={guess ?? null}
      />
    </>
  );
}
