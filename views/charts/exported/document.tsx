/**
 * Draws any chart of a version as a whole SVG document of fixed size, for papers and slides. Colours are attributes.
 */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { ChartSeries, ExportedChart } from "../../../core/models/exports/chart.ts";
import { count, figures, ticks } from "../../parts/format.ts";
import { extent } from "../chart.tsx";
import { PALETTES } from "../chart-svg.tsx";
import {
  at,
  type Drawn,
  LABELS,
  laneOf,
  MOST_LABEL,
  NARROW,
  RIGHT,
  short,
  type Theme,
  TOP,
  XAxis,
} from "./axes.tsx";
import { Swarm } from "./swarm.tsx";

const BOTTOM = 46;
const LEFT = 64;
const PLOT = 280;
const BAR = 22;
const MOST_BARS = 40;

/** Without colour, they are told apart by their order in the legend, starting with the main colour. */
const SERIES = {
  light: ["#17506f", "#b4552d", "#3f7d4e", "#7a4a86", "#8a7a52", "#4b5956"],
  dark: ["#8cc4e2", "#e59a72", "#86c794", "#c39bcf", "#c2ac74", "#a4b0ab"],
} as const;

/** `width`: pixels, from 280. */
export function chartSvg(chart: ExportedChart, { theme, width }: { theme: Theme; width: number }): string {
  return `${<ExportSvg chart={chart} theme={theme} width={width} />}`;
}

function ExportSvg({ chart, theme, width }: { chart: ExportedChart; theme: Theme; width: number }) {
  const palette = PALETTES[theme];
  const height = heightOf(chart, width);
  const drawn: Drawn = { chart, theme, palette, width, height };
  const whole = TOP + height + BOTTOM;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={width}
      height={whole}
      viewBox={`0 0 ${width} ${whole}`}
      role="img"
      aria-label={chart.sentence ?? chart.title}
      font-family="DejaVu Sans, system-ui, sans-serif"
      font-size={width < NARROW ? "13" : "12"}
      fill={palette.soft}
    >
      <title>{chart.title}</title>
      {chart.sentence && <desc>{chart.sentence}</desc>}
      <rect width={width} height={whole} fill={palette.paper} />
      <text x="16" y="24" font-size="15" font-weight="bold" fill={palette.ink}>
        {short(chart.title, Math.floor(width / 9))}
      </text>
      {hasKey(chart) && <Key {...drawn} />}
      <Plot {...drawn} />
    </svg>
  );
}

const labelsOf = (width: number) => Math.min(LABELS, Math.round(0.3 * width));

function heightOf({ form, labels }: ExportedChart, width: number): number {
  if (form === "bars") return BAR * Math.min(MOST_BARS, Math.max(1, labels.length));
  return form === "swarm" ? laneOf(width) * Math.max(1, labels.length) : PLOT;
}

const hasKey = ({ form, series }: ExportedChart) =>
  (form === "lines" || form === "dots") && series.length > 1;

function Plot(drawn: Drawn) {
  const { form } = drawn.chart;
  if (form === "bars") return <Bars {...drawn} />;
  if (form === "matrix") return <Matrix {...drawn} />;
  return form === "swarm" ? <Swarm {...drawn} /> : <Plane {...drawn} />;
}

/** Lines, columns or dots over two axes. */
function Plane(drawn: Drawn) {
  const { chart, theme, palette, width: whole, height } = drawn;
  const { series, form } = chart;
  const points = series.flatMap((entry) => [...entry.points]);
  const x = scaleLinear(extent(points.map(([value]) => value)), [LEFT, whole - RIGHT]);
  const values = points.map(([, value]) => value);
  const y = scaleLinear(extent(form === "columns" ? [0, ...values] : values), [TOP + height, TOP + 8]).nice(
    4,
  );
  const [bars] = series;
  const width = form === "columns" ? (0.9 * (whole - RIGHT - LEFT)) / Math.max(1, bars!.points.length) : 0;
  const path = line<readonly [number, number]>(
    ([value]) => x(value),
    ([, value]) => y(value),
  ).digits(1);
  const lines = y.ticks(5);
  const texts = ticks(lines);
  const isLine = (entry: ChartSeries) => form === "lines" || entry.isReference;
  return (
    <>
      {lines.map((tick, k) => (
        <>
          <line x1={LEFT} x2={whole - RIGHT} y1={at(y(tick))} y2={at(y(tick))} stroke={palette.rule} />
          <text x={LEFT - 6} y={at(y(tick) + 4)} text-anchor="end">
            {texts[k]}
          </text>
        </>
      ))}
      <XAxis {...drawn} x={x} />
      <text x={LEFT} y={TOP - 4}>
        {short(chart.yLabel, Math.floor(whole / 9))}
      </text>
      {form === "columns" &&
        bars!.points.map(([px, py]) => (
          <rect
            x={at(x(px) - width / 2)}
            width={at(width)}
            y={at(y(py))}
            height={at(Math.max(0, y(0) - y(py)))}
            fill={palette.main}
          />
        ))}
      {form !== "columns" &&
        series.map((entry, k) =>
          isLine(entry) ? (
            <>
              <path
                d={path(entry.points) ?? ""}
                fill="none"
                stroke={entry.isReference ? palette.soft : colour(theme, k)}
                stroke-width={entry.isReference ? 1.5 : 2}
                {...(entry.isReference ? { "stroke-dasharray": "5 4" } : {})}
              />
              {!entry.isReference && entry.points.length <= 12 && (
                <Dots {...{ points: entry.points, x, y, r: 3, fill: colour(theme, k) }} />
              )}
            </>
          ) : (
            <Dots {...{ points: entry.points, x, y, r: 2.5, fill: colour(theme, k) }} />
          ),
        )}
    </>
  );
}

interface DotsProps {
  points: ChartSeries["points"];
  x: (value: number) => number;
  y: (value: number) => number;
  r: number;
  fill: string;
}

function Dots({ points, x, y, r, fill }: DotsProps) {
  return (
    <>
      {points.map(([px, py]) => (
        <circle cx={at(x(px))} cy={at(y(py))} r={r} fill={fill} fill-opacity="0.7" />
      ))}
    </>
  );
}

function Bars(drawn: Drawn) {
  const { chart, palette, width } = drawn;
  const labels = labelsOf(width);
  const values = chart.values.slice(0, MOST_BARS);
  const [low, high] = extent([0, ...values]);
  const x = scaleLinear([Math.min(0, low), Math.max(0, high)], [labels, width - RIGHT - 60]);
  const texts = figures(values);
  return (
    <>
      {values.map((value, k) => (
        <>
          <text x={labels - 8} y={TOP + k * BAR + 15} text-anchor="end" fill={palette.ink}>
            {short(chart.labels[k]!, Math.min(MOST_LABEL, Math.floor(labels / 7)))}
          </text>
          <rect
            x={at(Math.min(x(0), x(value)))}
            width={at(Math.abs(x(value) - x(0)))}
            y={TOP + k * BAR + 3}
            height={BAR - 7}
            fill={palette.main}
          />
          <text x={at(Math.max(x(value), x(0)) + 6)} y={TOP + k * BAR + 15}>
            {texts[k]}
          </text>
        </>
      ))}
      <text x={width - RIGHT} y={TOP + drawn.height + 28} text-anchor="end">
        {short(chart.xLabel, 80)}
        {chart.values.length > MOST_BARS && ` (the first ${MOST_BARS} of ${chart.values.length})`}
      </text>
    </>
  );
}

/** More classes than this are drawn without figures. */
const MOST_FIGURES = 12;

function Matrix({ chart, palette, width, height }: Drawn) {
  const { labels, values } = chart;
  const left = labelsOf(width);
  const n = Math.max(1, labels.length);
  const [w, h] = [(width - left - RIGHT) / n, height / n];
  const rows = labels.map((_, i) =>
    Math.max(
      1,
      values.slice(i * n, (i + 1) * n).reduce((a, b) => a + b, 0),
    ),
  );
  return (
    <>
      {values.map((value, cell) => {
        const [i, k] = [Math.floor(cell / n), cell % n];
        const share = value / rows[i]!;
        return (
          <>
            <rect
              x={at(left + k * w)}
              y={at(TOP + i * h)}
              width={at(w - 1)}
              height={at(h - 1)}
              fill={palette.main}
              fill-opacity={at(0.06 + 0.84 * share)}
            />
            {n <= MOST_FIGURES && (
              <text
                x={at(left + (k + 0.5) * w)}
                y={at(TOP + (i + 0.5) * h + 4)}
                text-anchor="middle"
                fill={share > 0.5 ? palette.paper : palette.ink}
              >
                {count(value)}
              </text>
            )}
          </>
        );
      })}
      {n <= MOST_BARS &&
        labels.map((label, i) => (
          <>
            <text x={left - 8} y={at(TOP + (i + 0.5) * h + 4)} text-anchor="end" fill={palette.ink}>
              {short(label, MOST_LABEL)}
            </text>
            {n <= MOST_FIGURES && (
              <text
                x={at(left + (i + 0.5) * w)}
                y={TOP + height + 16}
                text-anchor="middle"
                fill={palette.ink}
              >
                {short(label, Math.max(3, Math.floor(w / 7)))}
              </text>
            )}
          </>
        ))}
      <text x="16" y={TOP - 6}>
        {chart.yLabel}
      </text>
      <text x={width - RIGHT} y={TOP + height + 36} text-anchor="end">
        {chart.xLabel}
      </text>
    </>
  );
}

const MOST_KEYS = 6;

function Key({ chart: { series }, theme, palette, width }: Drawn) {
  const shown = series.slice(0, MOST_KEYS);
  const step = Math.min(170, (width - 32) / shown.length);
  return (
    <>
      {shown.map(({ name, isReference }, k) => (
        <>
          <rect
            x={at(16 + k * step)}
            y="36"
            width="14"
            height="3"
            fill={isReference ? palette.soft : colour(theme, k)}
          />
          <text x={at(35 + k * step)} y="41" fill={palette.ink}>
            {short(name, Math.floor((step - 24) / 6.5))}
          </text>
        </>
      ))}
    </>
  );
}

const colour = (theme: Theme, k: number) => SERIES[theme][k % SERIES[theme].length]!;
