/** Explains a version's results in plain sentences, for someone who never trained a model. */
import type { ModelView } from "../../../core/routes/data/panel-data.ts";
import { isRefit, refitSentence } from "../../../core/trainer/refit.ts";
import type { EvaluationData } from "../../../core/training/results/evaluation-data.ts";
import { count, figures, percent, plural, scorePercent } from "../../parts/format.ts";

type Version = ModelView["versions"][number];

const SHOWN_COLUMNS = 3;

export function interpretation(version: Version, data: EvaluationData): string[] {
  const { result } = version;
  const { schema, rowsTest, rowsTrain } = result;
  return [
    `This model predicts “${schema.target}” from ${plural(schema.features.length, "column")}. It was trained on ` +
      `${plural(rowsTrain, "row")} and tested on ${count(rowsTest)} others that it had never seen.`,
    ...(isRefit(result.refit)
      ? [`${refitSentence(result.refit)} The figures describe the model before that.`]
      : []),
    ...(result.task === "regression" ? ofNumbers(version) : ofClasses(version, data)),
    ...(result.beatsBaseline
      ? []
      : [
          "It does not beat the baseline, so do not rely on it. More rows, or more informative columns, may help.",
        ]),
    ...columnsThatMatter(data),
    ...weakest(data),
  ];
}

function ofClasses({ result }: Version, { classes, confusion }: EvaluationData): string[] {
  const { metrics, baseline } = result;
  const told: string[] = [];
  if (metrics.accuracy !== undefined && baseline.accuracy !== undefined)
    told.push(
      `It is right in ${scorePercent(metrics.accuracy)} of rows; always predicting the most common class is right ` +
        `in ${scorePercent(baseline.accuracy)}.`,
    );
  const [no, yes] = confusion;
  if (result.task === "binary" && no && yes) {
    const [[tn = 0, fp = 0], [fn = 0, tp = 0]] = [no, yes];
    const name = classes[1];
    if (tp + fn > 0 && tp + fp > 0)
      told.push(
        `It finds ${percent(tp / (tp + fn))} of the rows where “${result.schema.target}” is “${name}”; ` +
          `${percent(tp / (tp + fp))} of its “${name}” predictions are correct. ` +
          `It wrongly predicts “${name}” for ${percent(fp / Math.max(1, tn + fp))} of the other rows.`,
      );
  }
  return told;
}

function ofNumbers({ result: { metrics, baseline, schema } }: Version): string[] {
  const { mae, r2 } = metrics;
  if (mae === undefined) return [];
  const [typical, guess] = figures([mae, baseline.mae ?? Number.NaN]);
  const explained =
    r2 === undefined || r2 < 0 ? "" : ` It explains ${percent(r2)} of the differences between rows (R²).`;
  return [
    `Its predictions of “${schema.target}” are off by ${typical} on average; always predicting the mean is off by ` +
      `${guess}.${explained}`,
  ];
}

function columnsThatMatter({ importance }: EvaluationData): string[] {
  const names = importance.filter((entry) => entry.importance > 0).map(({ column }) => `“${column}”`);
  if (!names.length) return [];
  const shown = names.slice(0, SHOWN_COLUMNS);
  return [
    shown.length === 1
      ? `It relies mostly on ${shown[0]}.`
      : `It relies mostly on ${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}.`,
  ];
}

function weakest({ slices, classes }: EvaluationData): string[] {
  const [slice] = slices;
  if (!slice) return [];
  const where = `“${slice.column}” ${slice.where}`;
  if (classes.length)
    return [
      `It is weakest where ${where}: wrong in ${percent(slice.error)} of these rows, ${percent(slice.elsewhere)} elsewhere.`,
    ];
  const [here, elsewhere] = figures([slice.error, slice.elsewhere]);
  return [`It is weakest where ${where}: off by ${here} on average, ${elsewhere} elsewhere.`];
}
