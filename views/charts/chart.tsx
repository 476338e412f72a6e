/**
 * Draws a chart as SVG on the server, without a script and without inline styles. Positions are shares of the width and
 * height, so a chart keeps its text size from 320 px to print; paths use a 1000 x 1000 box that stretches.
 */
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { Child } from "hono/jsx";
import { count, figure, figures, short, shortName, ticks, unbroken } from "../parts/format.ts";

export interface Cell {
  head: string;
  cells: readonly (string | number)[];
}

/** The numbers of a column with equal decimals; whole ones as they are. By row; a cell that is text stays. */
function columnTexts(rows: readonly Cell[], column: number): string[] {
  const cells = rows.map(({ cells }) => cells[column]!);
  const numbers = cells.filter((cell) => typeof cell === "number");
  const texts = numbers.every(Number.isInteger) ? numbers.map(count) : figures(numbers);
  return cells.map((cell) => (typeof cell === "number" ? texts.shift()! : cell));
}

/** A chart with one sentence that says what it shows, and its figures as a table. */
export function Figure(props: {
  id: string;
  sentence: Child;
  columns: readonly string[];
  rows: readonly Cell[];
  children: Child;
}) {
  const { id, sentence, columns, rows, children } = props;
  const texts = rows.length === 0 ? [] : rows[0]!.cells.map((_, column) => columnTexts(rows, column));
  return (
    <figure class="figure">
      <figcaption id={`${id}-caption`}>
        {typeof sentence === "string" ? unbroken(sentence) : sentence}
      </figcaption>
      {children}
      <details class="as-table">
        <summary>Show as table</summary>
        <section class="scroll" tabindex={0} aria-labelledby={`${id}-caption`}>
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <th scope="col">{column}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ head }, row) => (
                <tr>
                  <th scope="row">{head}</th>
                  {texts.map((column) => (
                    <td>{column[row]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

/** Strokes that differ on paper too; further lines are faint. */
export const SERIES_KINDS = ["main", "second", "third", "fourth", "fifth"] as const;

export interface Series {
  name: string;
  kind: (typeof SERIES_KINDS)[number] | "reference" | "faint";
  points: readonly (readonly [number, number])[];
}

export interface LineChartProps {
  label: string;
  series: readonly Series[];
  xLabel: string;
  yLabel: string;
  xDomain?: readonly [number, number];
  yDomain?: readonly [number, number];
  /** Dots at the points of the main series. */
  dots?: "shown" | "hidden";
  xFormat?: (value: number) => string;
}

const BOX = 1000;
/** Room in the box for the labels above and below. */
const TOP = 90;
const BOTTOM = 880;

/** A column's or class's name at an axis; the sentence above the chart has the full name. */
const AXIS_LENGTH = 44;

/** Widths of the labels of y; charts.css leaves as much free at the other end. */
const LABELS = [44, 64, 88, 120] as const;
const CHARACTER = 7;
const BESIDE = 6;

function labelsWidth(labels: readonly string[]): (typeof LABELS)[number] {
  const longest = Math.max(...labels.map((label) => label.length));
  return LABELS.find((width) => CHARACTER * longest + BESIDE <= width) ?? LABELS[3];
}

/**
 * Lines over a common x; the labels of y are in a margin of their own (charts.css), where no line runs through them.
 */
export function LineChart(props: LineChartProps) {
  const { series, xLabel, yLabel, label, dots = "hidden", xFormat = figure } = props;
  const points = series.flatMap((entry) => [...entry.points]);
  const x = scaleLinear(props.xDomain ?? extent(points.map(([value]) => value)), [0, BOX]);
  const y = scaleLinear(props.yDomain ?? extent(points.map(([, value]) => value)), [BOTTOM, TOP]);
  if (!props.yDomain) y.nice(4);
  const path = line<readonly [number, number]>(
    ([value]) => x(value),
    ([, value]) => y(value),
  ).digits(1);
  const lines = y.ticks(4);
  const texts = ticks(lines);
  const labels = labelsWidth(texts);
  return (
    <svg class={`chart labels-${labels}`} role="img" aria-label={label}>
      {lines.map((tick, k) => (
        <text x="0" y={share(y(tick))} dy="4">
          {texts[k]}
        </text>
      ))}
      <text class="axis" x="0" y="0">
        {short(yLabel, AXIS_LENGTH)}
      </text>
      <svg class="plot" x={labels} aria-hidden="true">
        {lines.map((tick) => (
          <line class="tick" x1="0" x2="100%" y1={share(y(tick))} y2={share(y(tick))} />
        ))}
        <svg
          viewBox={`0 0 ${BOX} ${BOX}`}
          preserveAspectRatio="none"
          width="100%"
          height="100%"
          aria-hidden="true"
        >
          {series.map(({ kind, points: own }) => (
            <path class={`line line-${kind}`} d={path(own) ?? ""} vector-effect="non-scaling-stroke" />
          ))}
        </svg>
        {dots === "shown" &&
          series
            .filter(({ kind }) => kind === "main")
            .flatMap(({ points: own }) =>
              own.map(([px, py]) => <circle class="dot" r="3.5" cx={share(x(px))} cy={share(y(py))} />),
            )}
        {series
          .filter(({ points: own }) => own.length === 1)
          .flatMap(({ kind, points: own }) =>
            own.map(([px, py]) => (
              <circle class={`dot dot-${kind}`} r="3.5" cx={share(x(px))} cy={share(y(py))} />
            )),
          )}
        <text class="axis" x="100%" y="100%" dy="-2" text-anchor="end">
          {`${short(xLabel, AXIS_LENGTH)} ${xFormat(x.domain()[1]!)}`}
        </text>
        <text class="axis" x="0" y="100%" dy="-2">
          {xFormat(x.domain()[0]!)}
        </text>
      </svg>
    </svg>
  );
}

/** A legend entry: a stroke and its name. */
export function Legend({ series }: { series: readonly Pick<Series, "name" | "kind">[] }) {
  return (
    <ul class="legend">
      {series.map(({ name, kind }) => (
        <li class={`key key-${kind}`}>{shortName(name)}</li>
      ))}
    </ul>
  );
}

export interface NamedBar {
  name: string;
  value: number;
  text: string;
  /** The content that opens below the bar. */
  more?: Child;
}

/** Named bars from a common zero; negative ones extend the other way. The first one with details is open. */
export function BarList({ bars, id }: { bars: readonly NamedBar[]; id: string }) {
  const values = bars.map(({ value }) => value);
  const domain = [Math.min(0, ...values), Math.max(1e-12, ...values)] as const;
  const open = bars.findIndex(({ more }) => more);
  return (
    <ul class="waterfall">
      {bars.map((bar, index) =>
        bar.more ? (
          <li>
            <details id={`${id}-bar-${index}`} class="waterfall-more" open={index === open}>
              <summary class="waterfall-row">
                <BarCells bar={bar} domain={domain} />
              </summary>
              {bar.more}
            </details>
          </li>
        ) : (
          <li class="waterfall-row">
            <BarCells bar={bar} domain={domain} />
          </li>
        ),
      )}
    </ul>
  );
}

function BarCells({ bar, domain }: { bar: NamedBar; domain: readonly [number, number] }) {
  const { name, value, text } = bar;
  const x = scaleLinear(domain, [0, 100]);
  return (
    <>
      <span class="waterfall-name" title={name}>
        <bdi>{name}</bdi>
      </span>
      <svg class="strip" aria-hidden="true">
        <line class="strip-base" x1={`${round(x(0))}%`} x2={`${round(x(0))}%`} y1="0" y2="100%" />
        <rect
          class={value >= 0 ? "push-up" : "push-down"}
          x={`${round(Math.min(x(0), x(value)))}%`}
          width={`${round(Math.abs(x(value) - x(0)))}%`}
          y="22%"
          height="56%"
        />
      </svg>
      <span class="waterfall-value">{text}</span>
    </>
  );
}

/**
 * One row of a dot plot: the range as a line, the folds as faint dots, the mean as a dot, and a tick for the baseline.
 */
export function RangeStrip(props: {
  label: string;
  domain: readonly [number, number];
  value: number;
  low: number;
  high: number;
  dots?: readonly number[];
  reference?: number | null;
}) {
  const { label, domain, value, low, high, dots = [], reference = null } = props;
  const x = scaleLinear(domain, [3, 97]).clamp(true);
  const at = (n: number) => `${round(x(n))}%`;
  return (
    <svg class="strip" role="img" aria-label={label}>
      <line class="strip-base" x1="0" x2="100%" y1="50%" y2="50%" />
      {reference !== null && (
        <line class="strip-reference" x1={at(reference)} x2={at(reference)} y1="10%" y2="90%" />
      )}
      <line class="strip-range" x1={at(low)} x2={at(high)} y1="50%" y2="50%" />
      {dots.map((dot) => (
        <circle class="strip-fold" r="2.5" cx={at(dot)} cy="50%" />
      ))}
      <circle class="strip-dot" r="5" cx={at(value)} cy="50%" />
    </svg>
  );
}

/** From minimum to maximum; a single value gets room around it. */
export function extent(values: readonly number[]): [number, number] {
  const finite = values.filter((value) => Number.isFinite(value));
  if (!finite.length) return [0, 1];
  const low = finite.reduce((least, value) => Math.min(least, value));
  const high = finite.reduce((most, value) => Math.max(most, value));
  return low === high ? [low - Math.abs(low || 1) * 0.1, high + Math.abs(high || 1) * 0.1] : [low, high];
}

function share(position: number): string {
  return `${round(position / 10)}%`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
