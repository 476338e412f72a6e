/** What all exported charts share: colours, measures and the axis below. */
import { type scaleLinear, scaleUtc } from "d3-scale";
import type { ExportedChart } from "../../../core/models/exports/chart.ts";
import { ticks } from "../../parts/format.ts";
import type { PALETTES } from "../chart-svg.tsx";

export type Theme = keyof typeof PALETTES;
type Palette = (typeof PALETTES)[Theme];

/** Narrower than this, the lanes of a swarm have their names above them. */
export const NARROW = 480;
export const TOP = 62;
export const RIGHT = 20;
export const LABELS = 190;
export const LANE = 30;
export const MOST_LABEL = 28;

export const laneOf = (width: number) => (width < NARROW ? LANE + 16 : LANE);

export interface Drawn {
  chart: ExportedChart;
  theme: Theme;
  palette: Palette;
  width: number;
  /** Of the plot. */
  height: number;
}

export function XAxis(props: Drawn & { x: ReturnType<typeof scaleLinear<number, number>> }) {
  const { chart, palette, width, height, x } = props;
  const domain = x.domain() as [number, number];
  const marks = chart.isDated
    ? scaleUtc(
        domain.map((ms) => new Date(ms)),
        [0, 1],
      )
        .ticks(width < NARROW ? 2 : 4)
        .map((date) => [date.getTime(), date.toISOString().slice(0, 10)] as const)
    : labelled(x.ticks(width < NARROW ? 3 : 6));
  return (
    <>
      {marks.map(([value, text]) => (
        <>
          <line
            x1={at(x(value))}
            x2={at(x(value))}
            y1={TOP + height}
            y2={TOP + height + 4}
            stroke={palette.soft}
          />
          <text x={at(x(value))} y={TOP + height + 18} text-anchor="middle">
            {text}
          </text>
        </>
      ))}
      <text x={width - RIGHT} y={TOP + height + 38} text-anchor="end">
        {short(chart.xLabel, Math.floor(width / 8))}
      </text>
    </>
  );
}

function labelled(values: readonly number[]): (readonly [number, string])[] {
  const texts = ticks(values);
  return values.map((value, k) => [value, texts[k]!]);
}

export function short(text: string, most: number): string {
  const signs = [...text];
  return signs.length > most ? `${signs.slice(0, Math.max(1, most - 1)).join("")}…` : text;
}

export const at = (position: number) => Math.round(position * 10) / 10;
