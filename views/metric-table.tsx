/** How good is it, in figures with their meaning beside them? Each metric with its range and what guessing gets. */
import { figure } from "./format.ts";
import { isLowerBetter, metricLabel, metricSays } from "./words.ts";

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
            <th scope="col">Metric</th>
            <th scope="col">This model</th>
            <th scope="col">19 times in 20 between</th>
            <th scope="col">Just guessing</th>
            <th scope="col">What it says</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(metrics).map(([name, value]) => (
            <tr>
              <th scope="row">{metricLabel(name)}</th>
              <td class="number">{figure(value)}</td>
              <td class="number">{between(intervals[name])}</td>
              <td class="number">{baseline[name] === undefined ? "–" : figure(baseline[name])}</td>
              <td class="says">
                {metricSays(name)} {isLowerBetter(name) ? "Lower is better." : "Higher is better."}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function between(interval: [number, number] | undefined): string {
  return interval ? `${figure(interval[0])} and ${figure(interval[1])}` : "–";
}
