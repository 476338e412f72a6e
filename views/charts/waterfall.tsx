/** Draws how a prediction adds up: from the base value, each bar begins where the previous one ended, up to the sum. */
import { scaleLinear } from "d3-scale";
import { figures, shortName } from "../parts/format.ts";
import { extent, Figure } from "./chart.tsx";

const SHOWN = 7;

export interface WaterfallProps {
  contributions: Record<string, number>;
  /** The value for every row before any column is considered. */
  base: number;
  /** What is explained: the target, or a class. */
  of: string;
  /** The bars' unit: the target's unit, or log-odds. */
  scale: string;
}

interface Step {
  name: string;
  from: number;
  to: number;
  /** "total": the base value or the sum, drawn from the edge. */
  tone: "part" | "total";
}

export function Waterfall({ contributions, base, of, scale }: WaterfallProps) {
  const ranked = Object.entries(contributions).sort(([, a], [, b]) => Math.abs(b) - Math.abs(a));
  const [first] = ranked;
  if (!first) return null;
  const steps = stepsOf(ranked, base);
  const written = figures(steps.map(({ from, to, tone }) => (tone === "total" ? to : to - from)));
  const ends = extent(steps.flatMap(({ from, to, tone }) => (tone === "total" ? [to] : [from, to])));
  const x = scaleLinear(ends, [12, 98]);
  const sentence =
    `${shortName(first[0])} matters most here: it ${first[1] >= 0 ? "raises" : "lowers"} ${of}. ` +
    `Each bar starts where the one before ends, from the base value (the average) to the sum. Scale: ${scale}.`;
  return (
    <Figure
      id="waterfall"
      sentence={sentence}
      columns={["Column", `Adds (${scale})`]}
      rows={[["Base value", base] as const, ...ranked].map(([head, value]) => ({ head, cells: [value] }))}
    >
      <ul class="waterfall reasons">
        {steps.map((step, k) => (
          <li class={`waterfall-row${step.tone === "total" ? " waterfall-total" : ""}`}>
            <span class="waterfall-name" title={step.name}>
              <bdi>{step.name}</bdi>
            </span>
            <StepBar step={step} x={x} />
            <span class="waterfall-value">
              {step.tone === "part" && step.to > step.from ? `+${written[k]}` : written[k]}
            </span>
          </li>
        ))}
      </ul>
    </Figure>
  );
}

function stepsOf(ranked: readonly (readonly [string, number])[], base: number): Step[] {
  const rest = ranked.slice(SHOWN);
  const others = rest.reduce((sum, [, value]) => sum + value, 0);
  const parts = [
    ...ranked.slice(0, SHOWN),
    ...(rest.length
      ? [[rest.length === 1 ? rest[0]![0] : `${rest.length} other columns`, others] as const]
      : []),
  ];
  let at = base;
  const steps: Step[] = [{ name: "Base value", from: base, to: base, tone: "total" }];
  for (const [name, value] of parts) {
    steps.push({ name, from: at, to: at + value, tone: "part" });
    at += value;
  }
  return [...steps, { name: "Sum", from: at, to: at, tone: "total" }];
}

function StepBar({ step: { from, to, tone }, x }: { step: Step; x: (value: number) => number }) {
  const [start, end] = tone === "total" ? [0, x(to)] : [x(Math.min(from, to)), x(Math.max(from, to))];
  return (
    <svg class="strip" aria-hidden="true">
      <rect
        class={tone === "total" ? "push-total" : to >= from ? "push-up" : "push-down"}
        x={`${round(start)}%`}
        width={`${round(Math.max(0.6, end - start))}%`}
        y="22%"
        height="56%"
      />
    </svg>
  );
}

const round = (value: number) => Math.round(value * 100) / 100;
