/**
 * Performance evaluation: scores the model on rows that it has never seen. The test set is used here and only here.
 * Every metric is compared with a baseline, and the verdict begins with a warning if the baseline is not beaten.
 */
import type { Column, Finding, Table } from "../../csv/types.ts";
import { count, score } from "../../platform/figures.ts";
import { rowPredictions, type Tested, writeRowPredictions } from "../../trainer/checks/row-predictions.ts";
import { errorsAmong } from "../../trainer/checks/severity.ts";
import { ROWS_FILE } from "../../trainer/contract.ts";
import { bootstrapIntervals } from "../../trainer/metrics/bootstrap.ts";
import { METRICS, measureAll } from "../../trainer/metrics/index.ts";
import type { Outcome } from "../../trainer/metrics/outcome.ts";
import { decideClass, type Prediction, predictTable } from "../../trainer/model/model.ts";
import { type TrainingReference, trainingReference } from "../../trainer/model/reference.ts";
import { guess } from "../../trainer/race/candidate-configs.ts";
import { outcomeOf } from "../../trainer/race/entry.ts";
import { randomFor } from "../../trainer/race/training-data.ts";
import { spreadRows } from "../../trainer/random.ts";
import { type Target, targetRows } from "../../trainer/samples.ts";
import { plural, type Stage } from "./stage.ts";
import { compareWithBefore } from "./work/compare.ts";
import { coverageOf } from "./work/coverage.ts";
import {
  drawEvaluation,
  expectEvaluation,
  LEAST_TESTED,
  MOST_WALKS,
  pace,
  replicatesFor,
  rowCost,
  treesOfModel,
} from "./work/evaluation.ts";
import { selectRows } from "./work/rows/table.ts";
import { verdictOf } from "./work/verdict.ts";
import { type Context, checkpointOf, left, planOf, reportFinding, type Work } from "./work/work.ts";

export const evaluateModel: Stage<Work> = {
  name: "Performance evaluation",
  async run(context) {
    const { work, report, options } = context;
    const model = left(work, "model");
    const { table } = left(work, "parts");
    const { metric } = left(work, "loaded");
    expectEvaluation(context, treesOfModel(model));
    planOf(context).begin("answers");
    const test = affordableTest(context);
    const tested = selectRows(table, test);
    const target = testTarget(work, test);
    const predicted = await answersOf(context, tested);
    report({
      type: "progress",
      progress: 0.3,
      note: `Estimating intervals on ${plural(test.length, "test row")}`,
    });
    const outcome: Outcome = {
      ...outcomeOf(target, rowsOf(target), predicted.probabilities ?? predicted.values),
      values: predicted.values,
    };
    await saveAnswers(context, { rows: test, predicted, truth: outcome.truth, weights: outcome.weights });
    const baseline = guessed(work, target);
    const metrics = measureAll(outcome);
    const replicates = replicatesFor(test.length);
    const random = randomFor(options, "bootstrap");
    const { groups: all } = left(work, "parts");
    const groups = all && Int32Array.from(test, (row) => all[row]);
    const drawing = { replicates, random, groups, ...pace(context, "intervals") };
    const intervals = await bootstrapIntervals(outcome, metrics, drawing);
    report({ type: "progress", progress: 0.5, note: "Measuring feature importance" });
    const guesses = measureAll(baseline);
    const perfect = nearlyPerfect(metrics, guesses, work.findings);
    if (perfect) reportFinding(context, perfect);
    const verdict = verdictOf({
      metric,
      metrics,
      intervals,
      baseline: guesses,
      target: options.target,
      classes: model.classes,
      outcome,
      findings: work.findings,
    });
    report({ type: "facts", facts: { ...verdict, metrics } });
    const comparison = await compareWithBefore(context, { rows: test, truth: outcome.truth });
    if (comparison) report({ type: "facts", facts: { comparedWithBefore: comparison.sentence } });
    const drawn = await drawEvaluation(context, { outcome, tested });
    planOf(context).begin("summary");
    const bounds = coverageOf(model, { table: tested, predicted, truth: outcome.truth });
    const evaluation = { ...drawn, bounds, reference: reference(work, predicted.values) };
    const { signal: _, ...told } = verdict;
    work.evaluated = { metrics, intervals, baseline: guesses, ...told, evaluation, comparison };
    report({ type: "progress", progress: 1, note: `Measured on ${plural(test.length, "test row")}` });
  },
};

/** Scores from here on are rare where the answer is not known already. */
const NEARLY_PERFECT = { roc_auc: 0.999, r2: 0.999, accuracy: 0.999 };

/** Null where the score is a usual one, where guessing does as well, or where an error has told already why. */
function nearlyPerfect(
  metrics: Readonly<Record<string, number>>,
  guesses: Readonly<Record<string, number>>,
  findings: readonly Finding[],
): Finding | null {
  if (errorsAmong(findings).length > 0) return null;
  const name = (["roc_auc", "r2", "accuracy"] as const).find((known) => metrics[known] !== undefined);
  const isPerfect =
    name && metrics[name]! >= NEARLY_PERFECT[name] && !(guesses[name]! >= NEARLY_PERFECT[name]);
  if (!isPerfect) return null;
  const message = `The score is almost perfect (${METRICS[name].label} ${score(metrics[name]!)}), which real data rarely allows. Look at the most important columns: one of them may hold the answer, or be known only afterwards.`;
  return { code: "near_perfect", severity: "warning", column: null, message, fix: null };
}

/** The model's predictions for the test rows; the time they take predicts the rest of the evaluation. */
async function answersOf(context: Context, tested: Table): Promise<Prediction> {
  const model = left(context.work, "model");
  const plan = planOf(context);
  const beganAt = context.elapsedMs();
  const predicted = await predictTable(model, tested, checkpointOf(context));
  plan.sawWalks(tested.rows * rowCost(model, tested), context.elapsedMs() - beganAt);
  expectEvaluation(context, treesOfModel(model));
  return predicted;
}

/** The predictions behind every metric, for readers who want to recompute them. */
async function saveAnswers({ work, artifacts }: Context, tested: Tested): Promise<void> {
  const [{ table, train }, data, held] = [left(work, "parts"), left(work, "data"), left(work, "heldOut")];
  const answers = rowPredictions(left(work, "model"), { table, train, data, held, tested });
  await artifacts.save(ROWS_FILE, writeRowPredictions(answers));
}

/** What later rows and predictions are compared with. */
function reference(work: Work, answers: Float64Array): TrainingReference {
  const { table, train } = left(work, "parts");
  const { classes, target: name } = left(work, "model");
  const column: Column = classes.length
    ? { name, type: "category", codes: Int32Array.from(answers), labels: classes }
    : { name, type: "number", values: answers };
  return trainingReference(table, train, column);
}

/** The test rows, or an even sample that can be predicted in the time left. */
function affordableTest(context: Context): Int32Array {
  const { work, elapsedMs } = context;
  const parts = left(work, "parts");
  const leftMs = Math.max(0, planOf(context).deadlineMs("answers") - elapsedMs());
  const walks = Math.min(MOST_WALKS, leftMs * planOf(context).walksPerMs);
  const most = Math.max(LEAST_TESTED, Math.floor(walks / rowCost(left(work, "model"), parts.table)));
  if (parts.test.length > most) {
    const message = `Tested on ${count(most)} of ${plural(parts.test.length, "test row")}: there was no time left for more.`;
    if (walks < MOST_WALKS)
      reportFinding(context, { code: "test_cut", severity: "info", column: null, message, fix: null });
    parts.tested = spreadRows(parts.test.length, most).map((i) => parts.test[i]);
  }
  return parts.tested;
}

function testTarget(work: Work, test: Int32Array): Target {
  const { target } = left(work, "loaded");
  return targetRows(target, test);
}

const rowsOf = (target: Target) => Int32Array.from({ length: target.values.length }, (_, row) => row);

/** The predictions of a constant guess learned from the training rows. */
function guessed(work: Work, target: Target): Outcome {
  const data = left(work, "data");
  const model = left(work, "model");
  const response = guess(data.target, data.rows);
  const all = Float64Array.from(
    { length: target.values.length * response.length },
    (_, at) => response[at % response.length],
  );
  const outcome = outcomeOf(target, rowsOf(target), all);
  return target.task === "regression"
    ? outcome
    : { ...outcome, values: decideClass({ ...model, threshold: null }, all) };
}
