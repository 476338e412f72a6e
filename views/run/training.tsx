/**
 * Draws the learning curve of the candidate in training: its loss round by round, on training rows and on validation
 * rows.
 */
import type { PanelData } from "../../core/routes/data/panel-data.ts";
import { Figure, Legend, LineChart, type Series } from "../charts/chart.tsx";
import type { ChartDrawing } from "../charts/chart-svg.tsx";
import { figure, figures } from "../parts/format.ts";
import { Empty } from "../parts/parts.tsx";
import { isLowerBetter, metricLabel, scoreWords } from "../parts/words.ts";

/** Enough points for any screen; the curve is drawn up to ten times a second. */
const MOST_POINTS = 250;
const MOST_ROWS = 40;

export function CurvePanel({ data, panelKey }: { data: NonNullable<PanelData["curve"]>; panelKey: string }) {
  const { rounds, run } = data;
  const drawing = curveDrawing(rounds);
  if (!drawing) return <Empty>{noCurve(run)}</Empty>;
  const { sentence, series, xLabel, yLabel } = drawing;
  return (
    <Figure
      id={`${panelKey}-figure`}
      sentence={sentence}
      columns={["Round", "Training rows", "Validation rows", "Baseline"]}
      rows={spread(rounds, MOST_ROWS).map((r) => ({
        head: String(r.round),
        cells: [r.train, r.valid, scoreWords(r.metric, r.baseline, figure(r.baseline))],
      }))}
    >
      <LineChart label={sentence} series={series} xLabel={xLabel} yLabel={yLabel} />
      <Legend series={series} />
    </Figure>
  );
}

/** Boosting and networks learn in rounds; other kinds are fitted at once. */
function noCurve({ finishedAt, candidates }: NonNullable<PanelData["curve"]>["run"]): string {
  if (finishedAt !== null && !candidates.length) return "The run ended before a candidate was trained.";
  if (finishedAt !== null) return "No learning curve: none of the candidates reported training rounds.";
  if (!candidates.length) return "The curve starts with the first training round.";
  return "No curve yet. It starts when a candidate that learns in rounds, such as gradient boosting, is tried.";
}

/** Null: there is no round yet. */
export function curveDrawing(rounds: NonNullable<PanelData["curve"]>["rounds"]): ChartDrawing | null {
  const last = rounds.at(-1);
  if (!last) return null;
  const label = metricLabel(last.metric);
  const direction = isLowerBetter(last.metric) ? "lower is better" : "higher is better";
  const [train, valid, baseline] = figures([last.train, last.valid, last.baseline]);
  const sentence =
    `${last.candidate}, round ${last.round}: ${label} ${valid} on validation rows, ${train} on training rows, ` +
    `${scoreWords(last.metric, last.baseline, baseline!)} for the baseline (${direction}).`;
  const drawn = spread(rounds, MOST_POINTS);
  const guessing = [rounds[0]!.round, last.round].map((round) => [round, last.baseline] as const);
  const series: Series[] = [
    { name: "Training rows", kind: "second", points: drawn.map((r) => [r.round, r.train] as const) },
    { name: "Validation rows", kind: "main", points: drawn.map((r) => [r.round, r.valid] as const) },
    { name: "Baseline", kind: "reference", points: guessing },
  ];
  return { sentence, series, xLabel: "round", yLabel: label };
}

/** At most `most` of them, evenly spread, including the first and the last. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, index) => items[Math.round(index * step)]!);
}
