/**
 * Draws how well the model ranks rows and how reliable its probabilities are: ROC, precision and recall, calibration.
 */

import type { CalibrationCurve, Curve, Point } from "../../core/training/results/evaluation-data.ts";
import { count, percent, plural } from "../parts/format.ts";
import { Figure, Legend, LineChart, SERIES_KINDS, type Series } from "./chart.tsx";

const UNIT: readonly [number, number] = [0, 1];
const DIAGONAL: Series = {
  name: "Baseline",
  kind: "reference",
  points: [
    [0, 0],
    [1, 1],
  ],
};

export function RocFigure({ curves }: { curves: readonly Curve[] }) {
  const first = curves[0]!;
  const at = first.points.find(([, found]) => found >= 0.8) ?? first.points.at(-1)!;
  const sentence = `Catching ${percent(at[1])} of ${first.class} wrongly flags ${percent(at[0])} of the others.`;
  const series = [...seriesOf(curves), DIAGONAL];
  return (
    <ShareFigure
      {...{ id: "roc", sentence, series, rows: cellsOf(curves) }}
      columns={["Class", "False positive rate", "True positive rate"]}
    />
  );
}

/** `shares` of the test rows by class: the precision of random predictions. */
export function PrecisionRecallFigure(props: { curves: readonly Curve[]; shares: Record<string, number> }) {
  const { curves, shares } = props;
  const first = curves[0]!;
  const at = first.points.find(([found]) => found >= 0.5) ?? first.points.at(-1)!;
  const guess = shares[first.class];
  const beside = guess === undefined ? "" : ` Picking rows at random would be right in ${percent(guess)}.`;
  const sentence = `At the threshold that finds ${percent(at[0])} of ${first.class}, ${percent(at[1])} of its predictions are correct.${beside}`;
  const baseline: Series[] =
    guess === undefined
      ? []
      : [
          {
            name: curves.length > 1 ? `Baseline (${first.class})` : "Baseline",
            kind: "reference",
            points: [
              [0, guess],
              [1, guess],
            ],
          },
        ];
  const series = [...seriesOf(curves), ...baseline];
  return (
    <ShareFigure
      {...{ id: "precision-recall", sentence, series, rows: cellsOf(curves) }}
      columns={["Class", "Recall", "Precision"]}
    />
  );
}

export function CalibrationFigure({ curves }: { curves: readonly CalibrationCurve[] }) {
  const lines = curves.map((curve) => ({
    class: curve.class,
    points: curve.bins.map(({ predicted, observed }): Point => [predicted, observed]),
  }));
  const sentence = calibrationSentence(curves[0]!);
  const series = [...seriesOf(lines), { ...DIAGONAL, name: "Perfect calibration" }];
  const rows = curves.flatMap((curve) =>
    curve.bins.map((bin) => ({
      head: curve.class,
      cells: [percent(bin.predicted), percent(bin.observed), count(bin.rows)],
    })),
  );
  return (
    <ShareFigure
      {...{ id: "calibration", sentence, series, rows, dots: "shown" }}
      columns={["Class", "Predicted", "Observed", "Rows"]}
      labels={["predicted probability", "observed share"]}
    />
  );
}

interface ShareFigureProps {
  id: string;
  sentence: string;
  series: Series[];
  /** For the table: the class, then x and y, which also name the axes. */
  columns: string[];
  rows: Parameters<typeof Figure>[0]["rows"];
  labels?: [string, string];
  dots?: "shown";
}

/** Lines in the unit square, with their legend and table. */
function ShareFigure({ id, sentence, series, columns, rows, labels, dots }: ShareFigureProps) {
  const [xLabel, yLabel] = labels ?? [columns[1]!.toLowerCase(), columns[2]!.toLowerCase()];
  return (
    <Figure id={id} sentence={sentence} columns={columns} rows={rows}>
      <LineChart
        {...{ series, xLabel, yLabel, label: sentence, xDomain: UNIT, yDomain: UNIT }}
        {...(dots && { dots })}
      />
      <Legend series={series} />
    </Figure>
  );
}

/** With fewer rows a difference may be chance. */
const LEAST_BIN_ROWS = 10;

function calibrationSentence({ class: name, bins }: CalibrationCurve): string {
  const enough = bins.filter(({ rows }) => rows >= LEAST_BIN_ROWS);
  const off = ({ predicted, observed }: (typeof bins)[number]) => Math.abs(predicted - observed);
  const judged = enough.length ? enough : bins;
  const worst = judged.reduce((most, bin) => (off(bin) > off(most) ? bin : most), judged[0]!);
  return (
    `At worst, where the model says about ${percent(worst.predicted)} for ${name}, ` +
    `${percent(worst.observed)} of ${plural(worst.rows, "row")} are ${name}.`
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
