/** The charts that explain a version's predictions: SHAP, partial dependence, accumulated local effects. */
import { plural } from "../../platform/figures.ts";
import type { EvaluationData } from "../../training/results/evaluation-data.ts";
import { type Charted, type ChartSeries, chart, type ExportedChart } from "./chart.ts";

export const explanationCharts = (charted: Charted): ExportedChart[] => [
  ...swarmChart(charted),
  ...effectCharts(charted),
];

function swarmChart({ data: { contributions, classes } }: Charted): ExportedChart[] {
  if (!contributions) return [];
  const { columns, rows } = contributions;
  const places = columns.map(({ values }) => placesOf(values));
  return [
    chart({
      ...{ name: "shap-summary", title: "SHAP summary", form: "swarm" },
      ...{ xLabel: contributionLabel(classes), yLabel: "column" },
      sentence: `How far each column moved the predictions of ${plural(rows, "test row")}. Each dot is a row; its shade shows whether the value is low or high.`,
      labels: columns.map(({ column }) => column),
      series: columns.map(({ column, contributions: own }, k) => ({
        name: column,
        points: own.map((value, row) => [value, places[k]![row]!] as const),
      })),
      columns: ["row", "column", "value", "contribution"],
      rows: columns.flatMap(({ column, values, contributions: own }) =>
        own.map((value, row) => [row + 1, column, values[row] ?? null, value]),
      ),
    }),
    ...columns.flatMap((entry) => shapDependence(entry, classes)),
  ];
}

function contributionLabel(classes: readonly string[]): string {
  if (classes.length === 0) return "contribution to the prediction";
  const of = classes.length === 2 ? `"${classes[1]}"` : "the predicted class";
  return `contribution to the log-odds of ${of}`;
}

/** For numbers, the position between minimum and maximum; -1 if there is no order. */
function placesOf(values: readonly (number | string | null)[]): number[] {
  const numbers = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  if (numbers.length < 2) return values.map(() => -1);
  return values.map((value) =>
    typeof value === "number" ? numbers.indexOf(value) / (numbers.length - 1) : -1,
  );
}

type Contribution = NonNullable<EvaluationData["contributions"]>["columns"][number];

function shapDependence(
  { column, type, values, contributions }: Contribution,
  classes: readonly string[],
): ExportedChart[] {
  const numbered = values.flatMap((value, row) =>
    typeof value === "number" ? [[value, contributions[row]!] as const] : [],
  );
  if (numbered.length < 2) return [];
  return [
    chart({
      ...{ name: `shap-${column}`, title: `SHAP dependence: ${column}`, form: "dots" },
      ...{ xLabel: column, yLabel: contributionLabel(classes), isDated: type === "date" },
      series: [{ name: "Test rows", points: numbered }],
      columns: ["value", "contribution"],
      rows: numbered,
    }),
  ];
}

function effectCharts({ data, target }: Charted): ExportedChart[] {
  const { dependence, accumulated, classes } = data;
  const outputs = outputNames(classes, target);
  const pd = dependence.map(({ column, type, at, answers }) => {
    const rows = at.map((value, i) => [value, ...answers[i]!]);
    const named = {
      name: `dependence-${column}`,
      title: `Partial dependence: ${column}`,
      columns: ["value"],
    };
    const numbers = at.filter((value) => typeof value === "number");
    if (numbers.length < at.length)
      return chart({
        ...{ ...named, form: "bars", xLabel: outputs[0]!, yLabel: column, rows },
        columns: ["value", ...outputs],
        ...{ labels: at.map(String), values: answers.map(([first]) => first!) },
      });
    return chart({
      ...{ ...named, form: "lines", xLabel: column, yLabel: "mean prediction", rows },
      columns: ["value", ...outputs],
      series: linesOf(numbers, answers, outputs),
      isDated: type === "date",
    });
  });
  const ale = accumulated.map(({ column, type, at, effects }) =>
    chart({
      ...{ name: `ale-${column}`, title: `Accumulated local effect: ${column}`, form: "lines" },
      ...{ xLabel: column, yLabel: "change in the prediction", isDated: type === "date" },
      sentence: `How predictions change with ${column} among rows that look alike, as a difference from their mean.`,
      series: linesOf(at, effects, outputs),
      columns: ["value", ...outputs],
      rows: at.map((value, i) => [value, ...effects[i]!]),
    }),
  );
  return [...pd, ...ale];
}

const outputNames = (classes: readonly string[], target: string): readonly string[] =>
  classes.length === 0 ? [target] : classes.length === 2 ? [classes[1]!] : classes;

function linesOf(
  at: readonly number[],
  answers: readonly (readonly number[])[],
  outputs: readonly string[],
): ChartSeries[] {
  return outputs.map((name, k) => ({ name, points: at.map((x, i) => [x, answers[i]![k]!] as const) }));
}
