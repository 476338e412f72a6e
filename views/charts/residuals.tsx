/** Draws how large the errors are: as a histogram, and some rows as predicted against actual. */
import { scaleLinear } from "d3-scale";
import type { Point, Residuals } from "../../core/training/results/evaluation-data.ts";
import { count, figure, figures } from "../parts/format.ts";
import { extent, Figure } from "./chart.tsx";
import { Histogram } from "./small.tsx";

export function ErrorHistogram({ residuals }: { residuals: Residuals }) {
  const { low, high, counts, quantiles } = residuals;
  const width = (high - low) / counts.length;
  const edges = figures(Array.from({ length: counts.length + 1 }, (_, bin) => low + bin * width));
  const sentence =
    `In 9 of 10 test rows the actual value is between ${signed(quantiles.p5 ?? low)} and ${signed(quantiles.p95 ?? high)} ` +
    `of the prediction; in half of them between ${signed(quantiles.p25 ?? low)} and ${signed(quantiles.p75 ?? high)}.`;
  return (
    <Figure
      id="errors"
      sentence={sentence}
      columns={["Actual minus predicted", "Rows"]}
      rows={counts.map((n, bin) => ({
        head: `${edges[bin]} to ${edges[bin + 1]}`,
        cells: [count(n)],
      }))}
    >
      <div class="errors-chart">
        <Histogram counts={counts} label={sentence} />
        <p class="ends">
          <span>{signed(low)}</span>
          <span>actual minus predicted</span>
          <span>{signed(high)}</span>
        </p>
      </div>
    </Figure>
  );
}

export function TruthScatter({ pairs, target }: { pairs: readonly Point[]; target: string }) {
  const domain = extent(pairs.flat());
  const truths = figures(pairs.map(([truth]) => truth));
  const x = scaleLinear(domain, [2, 98]);
  const y = scaleLinear(domain, [92, 6]);
  const at = (value: number) => `${Math.round(value * 100) / 100}%`;
  const sentence = `Each dot is a test row; on the line, the prediction equals the actual ${target}.`;
  return (
    <Figure
      id="scatter"
      sentence={sentence}
      columns={["Actual", "Predicted"]}
      rows={pairs.map(([, answer], k) => ({ head: truths[k]!, cells: [answer] }))}
    >
      <svg class="chart scatter" role="img" aria-label={sentence}>
        <line
          class="line line-reference"
          x1={at(x(domain[0]))}
          y1={at(y(domain[0]))}
          x2={at(x(domain[1]))}
          y2={at(y(domain[1]))}
        />
        {pairs.map(([truth, answer]) => (
          <circle class="dot" r="3" cx={at(x(truth))} cy={at(y(answer))} />
        ))}
        <text class="axis" x="0" y="100%" dy="-2">
          {figure(domain[0])}
        </text>
        <text class="axis" x="100%" y="100%" dy="-2" text-anchor="end">
          actual {figure(domain[1])}
        </text>
        <text class="axis" x="0" y="0" dy="12">
          predicted {figure(domain[1])}
        </text>
      </svg>
    </Figure>
  );
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${figure(Math.abs(value))}`;
}
