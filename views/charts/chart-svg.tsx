/**
 * Draws a chart for use outside our pages: a whole SVG document of fixed size for an <img>. Its colours are attributes,
 * because there is no style sheet. On pages charts are drawn by chart.tsx.
 */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { figure, ticks } from "../parts/format.ts";
import { extent, type Series } from "./chart.tsx";

export interface ChartDrawing {
  sentence: string;
  series: readonly Series[];
  xLabel: string;
  yLabel: string;
}

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 16;
const TOP = 44;
const BOTTOM = 32;

export const PALETTES = {
  light: {
    paper: "#faf8f2",
    ink: "#14211f",
    soft: "#4b5956",
    rule: "#cdc7b6",
    main: "#17506f",
    second: "#8a7a52",
  },
  dark: {
    paper: "#151e1c",
    ink: "#e6e9e1",
    soft: "#a4b0ab",
    rule: "#2c3936",
    main: "#8cc4e2",
    second: "#c2ac74",
  },
} as const;

type Palette = (typeof PALETTES)[keyof typeof PALETTES];
const strokeOf = (kind: Series["kind"], { main, second, soft }: Palette) =>
  kind === "main" ? main : kind === "second" ? second : soft;

export function ChartSvg({ drawing, theme }: { drawing: ChartDrawing; theme: "light" | "dark" }) {
  const { sentence, series, xLabel, yLabel } = drawing;
  const palette = PALETTES[theme];
  const points = series.flatMap((entry) => [...entry.points]);
  const x = scaleLinear(extent(points.map(([value]) => value)), [LEFT, WIDTH - RIGHT]);
  const y = scaleLinear(extent(points.map(([, value]) => value)), [HEIGHT - BOTTOM, TOP]).nice(4);
  const lines = y.ticks(4);
  const texts = ticks(lines);
  const path = line<readonly [number, number]>(
    ([value]) => x(value),
    ([, value]) => y(value),
  ).digits(1);
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={WIDTH}
      height={HEIGHT}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={sentence}
      font-family="system-ui, sans-serif"
      font-size="12"
      fill={palette.soft}
    >
      <title>{sentence}</title>
      <rect width={WIDTH} height={HEIGHT} fill={palette.paper} />
      {lines.map((tick, k) => (
        <>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} stroke={palette.rule} />
          <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {texts[k]}
          </text>
        </>
      ))}
      {series.map(({ kind, points: own }) => (
        <path
          d={path(own) ?? ""}
          fill="none"
          stroke={strokeOf(kind, palette)}
          stroke-width={kind === "main" ? 2.25 : 1.5}
          {...(kind === "reference" ? { "stroke-dasharray": "5 4" } : {})}
        />
      ))}
      <Key series={series} palette={palette} />
      <text x={LEFT} y={HEIGHT - 12}>
        {figure(x.domain()[0]!)}
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 12} text-anchor="end">{`${xLabel} ${figure(x.domain()[1]!)}`}</text>
      <text x={WIDTH - RIGHT} y="20" text-anchor="end">
        {yLabel}
      </text>
    </svg>
  );
}

function Key({ series, palette }: { series: readonly Series[]; palette: Palette }) {
  const step = 170;
  return (
    <>
      {series.map(({ name, kind }, index) => (
        <>
          <rect x={8 + index * step} y="15" width="18" height="3" fill={strokeOf(kind, palette)} />
          <text x={32 + index * step} y="20" fill={palette.ink}>
            {name}
          </text>
        </>
      ))}
    </>
  );
}
