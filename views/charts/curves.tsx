/** How well does it rank, and can its probabilities be believed? ROC, precision and recall, calibration. */

import { count, percent } from "../parts/format.ts";
import { Figure, Legend, LineChart, SERIES_KINDS, type Series } from "./chart.tsx";
import type { CalibrationCurve, Curve, Point } from "./evaluation-data.ts";

const UNIT: readonly [number, number] = [0, 1];
const DIAGONAL: Series = {
  name: "Just guessing",
  kind: "reference",
  points: [
    [0, 0],
    [1, 1],
  ],
};

export function RocFigure({ curves }: { curves: readonly Curve[] }) {
  const first = curves[0]!;
  const at = first.points.find(([, found]) => found >= 0.8) ?? first.points.at(-1)!;
  const sentence = `To find ${percent(at[1])} of ${first.class}, ${percent(at[0])} of the others are taken along by mistake.`;
  const series = [...seriesOf(curves), DIAGONAL];
  return (
    <Figure
      id="roc"
      sentence={sentence}
      columns={["Class", "Taken by mistake", "Found"]}
      rows={cellsOf(curves)}
    >
      <LineChart
        label={sentence}
        series={series}
        xLabel="taken by mistake"
        yLabel="found"
        xDomain={UNIT}
        yDomain={UNIT}
      />
      <Legend series={series} />
    </Figure>
  );
}

export function PrecisionRecallFigure({ curves }: { curves: readonly Curve[] }) {
  const first = curves[0]!;
  const at = first.points.find(([found]) => found >= 0.5) ?? first.points.at(-1)!;
  const sentence = `Taking the surest first until ${percent(at[0])} of ${first.class} are found, ${percent(at[1])} of those taken are right.`;
  const series = seriesOf(curves);
  return (
    <Figure
      id="precision-recall"
      sentence={sentence}
      columns={["Class", "Found", "Right"]}
      rows={cellsOf(curves)}
    >
      <LineChart
        label={sentence}
        series={series}
        xLabel="found"
        yLabel="right"
        xDomain={UNIT}
        yDomain={UNIT}
      />
      <Legend series={series} />
    </Figure>
  );
}

export function CalibrationFigure({ curves }: { curves: readonly CalibrationCurve[] }) {
  const lines = curves.map((curve) => ({
    class: curve.class,
    points: curve.bins.map(({ predicted, observed }): Point => [predicted, observed]),
  }));
  const sentence = calibrationSentence(curves[0]!);
  const series = [...seriesOf(lines), { ...DIAGONAL, name: "Perfectly honest" }];
  return (
    <Figure
      id="calibration"
      sentence={sentence}
      columns={["Class", "Says", "Happened", "Rows"]}
      rows={curves.flatMap((curve) =>
        curve.bins.map((bin) => ({
          head: curve.class,
          cells: [percent(bin.predicted), percent(bin.observed), count(bin.rows)],
        })),
      )}
    >
      <LineChart
        label={sentence}
        series={series}
        xLabel="it says"
        yLabel="it happened"
        xDomain={UNIT}
        yDomain={UNIT}
        dots="shown"
      />
      <Legend series={series} />
    </Figure>
  );
}

function calibrationSentence({ class: name, bins }: CalibrationCurve): string {
  const busiest = bins.reduce((most, bin) => (bin.rows > most.rows ? bin : most), bins[0]!);
  return (
    `Where it gives ${name} about ${percent(busiest.predicted)}, it happened in ${percent(busiest.observed)} ` +
    `of ${count(busiest.rows)} rows.`
  );
}

function seriesOf(curves: readonly Curve[]): Series[] {
  return curves.map(({ class: name, points }, index) => ({
    name,
    kind: SERIES_KINDS[index] ?? "faint",
    points,
  }));
}

function cellsOf(curves: readonly Curve[]) {
  return curves.flatMap(({ class: head, points }) =>
    points.map(([x, y]) => ({ head, cells: [percent(x), percent(y)] })),
  );
}
