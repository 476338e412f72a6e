/**
 * Describes every chart of a version as data: what is drawn, and its table. Views make the SVG; the CSV is the table.
 * Charts whose data was not computed are left out.
 */
import type { StoredRound } from "../../store/runs.ts";
import { METRICS } from "../../trainer/metrics/index.ts";
import type { Curve, EvaluationData } from "../../training/results/evaluation-data.ts";
import { type Charted, type ChartSeries, chart, type ExportedChart } from "./chart.ts";
import { explanationCharts } from "./explanation-charts.ts";

export function exportedCharts(charted: Charted): ExportedChart[] {
  return [
    ...classCharts(charted),
    ...numberCharts(charted),
    ...coverageChart(charted),
    ...segmentChart(charted),
    ...importanceChart(charted),
    ...explanationCharts(charted),
    ...raceCharts(charted),
    ...dataCurveChart(charted),
  ];
}

const DIAGONAL = [
  [0, 0],
  [1, 1],
] as const;

function classCharts({ data }: Charted): ExportedChart[] {
  const { roc, precisionRecall, calibration, confusion, classes, thresholds } = data;
  const charts: ExportedChart[] = [];
  if (confusion.length) charts.push(confusionChart(data));
  if (thresholds.length) charts.push(thresholdChart(data));
  if (roc.length)
    charts.push(
      chart({
        ...{ name: "roc", title: "ROC curve", form: "lines" },
        ...{ xLabel: "false positive rate", yLabel: "true positive rate" },
        series: [...roc.map(lineOf), { name: "Baseline", points: DIAGONAL, isReference: true }],
        columns: ["class", "false_positive_rate", "true_positive_rate"],
        rows: cellsOf(roc),
      }),
    );
  if (precisionRecall.length)
    charts.push(
      chart({
        ...{ name: "precision-recall", title: "Precision and recall", form: "lines" },
        ...{ xLabel: "recall", yLabel: "precision" },
        series: precisionRecall.map(lineOf),
        columns: ["class", "recall", "precision"],
        rows: cellsOf(precisionRecall),
      }),
    );
  if (calibration.length && classes.length)
    charts.push(
      chart({
        ...{ name: "calibration", title: "Calibration", form: "lines" },
        ...{ xLabel: "predicted probability", yLabel: "observed share" },
        series: [
          ...calibration.map(({ class: name, bins }) => ({
            name,
            points: bins.map(({ predicted, observed }) => [predicted, observed] as const),
          })),
          { name: "Perfect calibration", points: DIAGONAL, isReference: true },
        ],
        columns: ["class", "predicted", "observed", "rows"],
        rows: calibration.flatMap(({ class: name, bins }) =>
          bins.map(({ predicted, observed, rows }) => [name, predicted, observed, rows]),
        ),
      }),
    );
  return charts;
}

const lineOf = ({ class: name, points }: Curve): ChartSeries => ({ name, points });
const cellsOf = (curves: readonly Curve[]) =>
  curves.flatMap(({ class: name, points }) => points.map(([x, y]) => [name, x, y]));

function confusionChart({ confusion, classes }: EvaluationData): ExportedChart {
  return chart({
    ...{ name: "confusion", title: "Confusion matrix", form: "matrix" },
    ...{ xLabel: "predicted", yLabel: "actual", labels: classes, values: confusion.flat() },
    columns: ["actual", "predicted", "rows"],
    rows: confusion.flatMap((row, i) => row.map((n, k) => [classes[i] ?? i, classes[k] ?? k, n])),
  });
}

function thresholdChart({ thresholds }: EvaluationData): ExportedChart {
  const rows = thresholds.map(({ threshold, tp, fp, tn, fn }) => {
    const [precision, recall] = [tp / Math.max(1, tp + fp), tp / Math.max(1, tp + fn)];
    const f1 = (2 * tp) / Math.max(1, 2 * tp + fp + fn);
    return [threshold, tp, fp, tn, fn, precision, recall, f1] as const;
  });
  const line = (name: string, at: number) => ({
    name,
    points: rows.map((row) => [row[0], row[at]!] as const),
  });
  return chart({
    ...{ name: "threshold", title: "Precision, recall and F1 by threshold", form: "lines" },
    ...{ xLabel: "threshold", yLabel: "share" },
    series: [line("Precision", 5), line("Recall", 6), line("F1", 7)],
    columns: [
      ...["threshold", "true_positives", "false_positives", "true_negatives", "false_negatives"],
      ...["precision", "recall", "f1"],
    ],
    rows,
  });
}

function numberCharts({ data: { residuals }, target }: Charted): ExportedChart[] {
  if (!residuals) return [];
  const { low, high, counts, pairs } = residuals;
  const width = (high - low) / counts.length;
  const bins = counts.map((n, i) => [low + i * width, low + (i + 1) * width, n] as const);
  const all = pairs.flat();
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return [
    chart({
      ...{ name: "residuals", title: "Errors on the test set", form: "columns" },
      ...{ xLabel: "predicted minus actual", yLabel: "test rows" },
      series: [{ name: "Errors", points: bins.map(([from, to, n]) => [(from + to) / 2, n]) }],
      columns: ["from", "to", "rows"],
      rows: bins,
    }),
    chart({
      ...{ name: "actual-predicted", title: "Actual and predicted values", form: "dots" },
      ...{ xLabel: `actual ${target}`, yLabel: "predicted" },
      series: [
        { name: "Test rows", points: pairs },
        {
          ...{ name: "Perfect prediction", isReference: true },
          points: [
            [least, least],
            [most, most],
          ],
        },
      ],
      columns: ["actual", "predicted"],
      rows: pairs,
    }),
  ];
}

function coverageChart({ data: { bounds, residuals } }: Charted): ExportedChart[] {
  if (bounds.length < 2) return [];
  const what = residuals ? "intervals" : "sets";
  return [
    chart({
      ...{ name: "coverage", title: `Coverage of prediction ${what}`, form: "lines" },
      ...{ xLabel: "asked for", yLabel: "on the test set" },
      series: [
        { name: "Coverage", points: bounds.map(({ level, coverage }) => [level, coverage]) },
        { name: "As asked", points: bounds.map(({ level }) => [level, level]), isReference: true },
      ],
      columns: ["level", "coverage", residuals ? "mean_width" : "mean_size", "rows"],
      rows: bounds.map(({ level, coverage, width, rows }) => [level, coverage, width, rows]),
    }),
  ];
}

function segmentChart({ data: { slices, classes } }: Charted): ExportedChart[] {
  if (!slices.length) return [];
  return [
    chart({
      ...{ name: "segments", title: "Weakest segments", form: "bars" },
      ...{ xLabel: classes.length ? "share of wrong predictions" : "mean error", yLabel: "segment" },
      labels: slices.map(({ column, where }) => `${column} ${where}`),
      values: slices.map(({ error }) => error),
      columns: ["column", "where", "rows", "error", "error_elsewhere"],
      rows: slices.map(({ column, where, rows, error, elsewhere }) => [
        ...[column, where, rows, error, elsewhere],
      ]),
    }),
  ];
}

function importanceChart({ data: { importance }, metric }: Charted): ExportedChart[] {
  if (!importance.length) return [];
  return [
    chart({
      ...{ name: "importance", title: "Feature importance", form: "bars" },
      ...{ xLabel: `loss of ${labelOf(metric)} when the column is shuffled`, yLabel: "column" },
      labels: importance.map(({ column }) => column),
      values: importance.map((entry) => entry.importance),
      columns: ["column", "importance"],
      rows: importance.map((entry) => [entry.column, entry.importance]),
    }),
  ];
}

const labelOf = (metric: string) => METRICS[metric as keyof typeof METRICS]?.label ?? metric;

function raceCharts({ candidates, rounds, metric }: Charted): ExportedChart[] {
  const charts: ExportedChart[] = [];
  if (candidates.length)
    charts.push(
      chart({
        ...{ name: "leaderboard", title: "Candidates", form: "bars" },
        ...{ xLabel: `${labelOf(metric)} in cross-validation`, yLabel: "candidate" },
        labels: candidates.map(({ name }) => name),
        values: candidates.map(({ score }) => score),
        columns: ["candidate", "family", "score", "std", "folds"],
        rows: candidates.map(({ name, family, score, std, foldScores }) => [
          ...[name, family, score, std, foldScores.length],
        ]),
      }),
    );
  const shown = roundsOf(rounds);
  const [first] = shown;
  if (first)
    charts.push(
      chart({
        ...{ name: "learning-curve", title: "Learning curve", form: "lines" },
        ...{ xLabel: "round", yLabel: labelOf(first.metric), sentence: `Rounds of ${first.candidate}.` },
        series: [
          { name: "Validation", points: shown.map(({ round, valid }) => [round, valid]) },
          { name: "Training", points: shown.map(({ round, train }) => [round, train]) },
          {
            ...{ name: "Baseline", isReference: true },
            points: [
              [first.round, first.baseline],
              [shown.at(-1)!.round, first.baseline],
            ],
          },
        ],
        columns: ["candidate", "round", "metric", "train", "valid", "baseline"],
        rows: rounds.map(({ candidate, round, metric: of, train, valid, baseline }) => [
          ...[candidate, round, of, train, valid, baseline],
        ]),
      }),
    );
  return charts;
}

/** Of the candidate with the most rounds. */
function roundsOf(rounds: readonly StoredRound[]): StoredRound[] {
  const by = Map.groupBy(rounds, ({ candidate }) => candidate);
  return [...by.values()].reduce((most, own) => (own.length > most.length ? own : most), []);
}

function dataCurveChart({ data: { dataCurve } }: Charted): ExportedChart[] {
  if (!dataCurve) return [];
  const { points, metric, sentence } = dataCurve;
  const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length;
  return [
    chart({
      ...{ name: "data-curve", title: "Score by amount of data", form: "lines", sentence },
      ...{ xLabel: "training rows", yLabel: `${labelOf(metric)} on held-out rows` },
      series: [
        {
          name: dataCurve.candidate,
          points: points.map(({ rows, scores }) => [rows, mean(scores)] as const),
        },
      ],
      columns: ["rows", "mean", ...points[0]!.scores.map((_, fold) => `fold_${fold + 1}`)],
      rows: points.map(({ rows, scores }) => [rows, mean(scores), ...scores]),
    }),
  ];
}
