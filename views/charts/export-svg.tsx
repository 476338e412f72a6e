/** Draws any chart of a version as a whole SVG document of fixed size, for papers and slides. Colours are attributes. */
import { scaleLinear, scaleUtc } from "d3-scale";
import { line } from "d3-shape";
import type { ChartSeries, ExportedChart } from "../../core/models/exports/chart.ts";
import { count, figure } from "../parts/format.ts";
import { extent } from "./chart.tsx";
import { PALETTES } from "./chart-svg.tsx";

type Theme = keyof typeof PALETTES;
type Palette = (typeof PALETTES)[Theme];

const WIDTH = 640;
const TOP = 62;
const BOTTOM = 46;
const RIGHT = 20;
const LEFT = 64;
const LABELS = 190;
const PLOT = 280;
const BAR = 22;
const LANE = 30;
const MOST_BARS = 40;
const MOST_LABEL = 28;

/** Told apart without colour by their order in the key; from the main colour on. */
const SERIES = {
  light: ["#17506f", "#b4552d", "#3f7d4e", "#7a4a86", "#8a7a52", "#4b5956"],
  dark: ["#8cc4e2", "#e59a72", "#86c794", "#c39bcf", "#c2ac74", "#a4b0ab"],
} as const;

export function chartSvg(chart: ExportedChart, theme: Theme): string {
  return `${<ExportSvg chart={chart} theme={theme} />}`;
}

interface Drawn {
  chart: ExportedChart;
  theme: Theme;
  palette: Palette;
  /** Of the plot. */
  height: number;
}

function ExportSvg({ chart, theme }: { chart: ExportedChart; theme: Theme }) {
  const palette = PALETTES[theme];
  const height = heightOf(chart);
  const drawn: Drawn = { chart, theme, palette, height };
  const whole = TOP + height + BOTTOM;
  return (
    <svg
      xmlns="http://www.w3.org/2000/svg"
      width={WIDTH}
      height={whole}
      viewBox={`0 0 ${WIDTH} ${whole}`}
      role="img"
      aria-label={chart.sentence ?? chart.title}
      font-family="DejaVu Sans, system-ui, sans-serif"
      font-size="12"
      fill={palette.soft}
    >
      <title>{chart.title}</title>
      {chart.sentence && <desc>{chart.sentence}</desc>}
      <rect width={WIDTH} height={whole} fill={palette.paper} />
      <text x="16" y="24" font-size="15" font-weight="bold" fill={palette.ink}>
        {short(chart.title, 70)}
      </text>
      {hasKey(chart) && <Key {...drawn} />}
      <Plot {...drawn} />
    </svg>
  );
}

function heightOf({ form, labels }: ExportedChart): number {
  if (form === "bars") return BAR * Math.min(MOST_BARS, Math.max(1, labels.length));
  return form === "swarm" ? LANE * Math.max(1, labels.length) : PLOT;
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
  const { chart, theme, palette, height } = drawn;
  const { series, form } = chart;
  const points = series.flatMap((entry) => [...entry.points]);
  const x = scaleLinear(extent(points.map(([value]) => value)), [LEFT, WIDTH - RIGHT]);
  const values = points.map(([, value]) => value);
  const y = scaleLinear(extent(form === "columns" ? [0, ...values] : values), [TOP + height, TOP + 8]).nice(
    4,
  );
  const [bars] = series;
  const width = form === "columns" ? (0.9 * (WIDTH - RIGHT - LEFT)) / Math.max(1, bars!.points.length) : 0;
  const path = line<readonly [number, number]>(
    ([value]) => x(value),
    ([, value]) => y(value),
  ).digits(1);
  const isLine = (entry: ChartSeries) => form === "lines" || entry.isReference;
  return (
    <>
      {y.ticks(5).map((tick) => (
        <>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={at(y(tick))} y2={at(y(tick))} stroke={palette.rule} />
          <text x={LEFT - 6} y={at(y(tick) + 4)} text-anchor="end">
            {figure(tick)}
          </text>
        </>
      ))}
      <XAxis {...drawn} x={x} />
      <text x={LEFT} y={TOP - 4}>
        {short(chart.yLabel, 60)}
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

function XAxis(props: Drawn & { x: ReturnType<typeof scaleLinear<number, number>> }) {
  const { chart, palette, height, x } = props;
  const domain = x.domain() as [number, number];
  const ticks = chart.isDated
    ? scaleUtc(
        domain.map((ms) => new Date(ms)),
        [0, 1],
      )
        .ticks(4)
        .map((date) => [date.getTime(), date.toISOString().slice(0, 10)] as const)
    : x.ticks(6).map((tick) => [tick, figure(tick)] as const);
  return (
    <>
      {ticks.map(([value, text]) => (
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
      <text x={WIDTH - RIGHT} y={TOP + height + 38} text-anchor="end">
        {short(chart.xLabel, 70)}
      </text>
    </>
  );
}

function Bars(drawn: Drawn) {
  const { chart, palette } = drawn;
  const values = chart.values.slice(0, MOST_BARS);
  const [low, high] = extent([0, ...values]);
  const x = scaleLinear([Math.min(0, low), Math.max(0, high)], [LABELS, WIDTH - RIGHT - 60]);
  return (
    <>
      {values.map((value, k) => (
        <>
          <text x={LABELS - 8} y={TOP + k * BAR + 15} text-anchor="end" fill={palette.ink}>
            {short(chart.labels[k]!, MOST_LABEL)}
          </text>
          <rect
            x={at(Math.min(x(0), x(value)))}
            width={at(Math.abs(x(value) - x(0)))}
            y={TOP + k * BAR + 3}
            height={BAR - 7}
            fill={palette.main}
          />
          <text x={at(Math.max(x(value), x(0)) + 6)} y={TOP + k * BAR + 15}>
            {figure(value)}
          </text>
        </>
      ))}
      <text x={WIDTH - RIGHT} y={TOP + drawn.height + 28} text-anchor="end">
        {short(chart.xLabel, 80)}
        {chart.values.length > MOST_BARS && ` (the first ${MOST_BARS} of ${chart.values.length})`}
      </text>
    </>
  );
}

/** A dot a row, piled up where they are close; its shade is the value's place between low and high. */
function Swarm(drawn: Drawn) {
  const { chart, palette, height } = drawn;
  const x = scaleLinear(extent(chart.series.flatMap(({ points }) => points.map(([value]) => value))), [
    LABELS,
    WIDTH - RIGHT - 8,
  ]);
  return (
    <>
      <line x1={at(x(0))} x2={at(x(0))} y1={TOP} y2={TOP + height} stroke={palette.rule} />
      {chart.series.map(({ name, points }, lane) => (
        <>
          <text x={LABELS - 8} y={TOP + lane * LANE + LANE / 2 + 4} text-anchor="end" fill={palette.ink}>
            {short(name, MOST_LABEL)}
          </text>
          {piled(points.map(([value]) => x(value))).map((dy, row) => (
            <circle
              cx={at(x(points[row]![0]))}
              cy={at(TOP + lane * LANE + LANE / 2 + dy)}
              r="2.4"
              fill={shade(drawn, points[row]![1])}
            />
          ))}
        </>
      ))}
      <XAxis {...drawn} x={x} />
      <text x="16" y={TOP - 16}>
        value:
      </text>
      {[0, 0.25, 0.5, 0.75, 1].map((place, k) => (
        <circle cx={92 + k * 12} cy={TOP - 20} r="4" fill={shade(drawn, place)} />
      ))}
      <text x="62" y={TOP - 16}>
        low
      </text>
      <text x="152" y={TOP - 16}>
        high
      </text>
    </>
  );
}

/** How far each dot moves from its lane's middle, so that close ones do not hide each other. */
function piled(xs: readonly number[]): number[] {
  const taken = new Map<number, number>();
  return xs.map((x) => {
    const bin = Math.round(x / 4);
    const before = taken.get(bin) ?? 0;
    taken.set(bin, before + 1);
    const step = Math.ceil(before / 2) * (before % 2 ? 1 : -1);
    return Math.max(-LANE / 2 + 3, Math.min(LANE / 2 - 3, step * 2.6));
  });
}

function shade({ palette, theme }: Drawn, place: number): string {
  if (place < 0) return palette.soft;
  const [low, high] = theme === "light" ? ["#1f6fb2", "#c2373f"] : ["#6db3f2", "#ff8a80"];
  const part = (text: string, k: number) => Number.parseInt(text.slice(1 + 2 * k, 3 + 2 * k), 16);
  const mixed = [0, 1, 2].map((k) => Math.round(part(low, k) + place * (part(high, k) - part(low, k))));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** More classes than this are drawn without figures. */
const MOST_FIGURES = 12;

function Matrix({ chart, palette, height }: Drawn) {
  const { labels, values } = chart;
  const n = Math.max(1, labels.length);
  const [w, h] = [(WIDTH - LABELS - RIGHT) / n, height / n];
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
              x={at(LABELS + k * w)}
              y={at(TOP + i * h)}
              width={at(w - 1)}
              height={at(h - 1)}
              fill={palette.main}
              fill-opacity={at(0.06 + 0.84 * share)}
            />
            {n <= MOST_FIGURES && (
              <text
                x={at(LABELS + (k + 0.5) * w)}
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
            <text x={LABELS - 8} y={at(TOP + (i + 0.5) * h + 4)} text-anchor="end" fill={palette.ink}>
              {short(label, MOST_LABEL)}
            </text>
            {n <= MOST_FIGURES && (
              <text
                x={at(LABELS + (i + 0.5) * w)}
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
      <text x={WIDTH - RIGHT} y={TOP + height + 36} text-anchor="end">
        {chart.xLabel}
      </text>
    </>
  );
}

const MOST_KEYS = 6;

function Key({ chart: { series }, theme, palette }: Drawn) {
  const shown = series.slice(0, MOST_KEYS);
  const step = Math.min(170, (WIDTH - 32) / shown.length);
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

function short(text: string, most: number): string {
  const signs = [...text];
  return signs.length > most ? `${signs.slice(0, Math.max(1, most - 1)).join("")}…` : text;
}

const at = (position: number) => Math.round(position * 10) / 10;
