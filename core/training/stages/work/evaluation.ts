/**
 * Collects what the model page draws. Curves, confusion, residuals, importance, dependence, slices: small lists of
 * numbers, made from the test rows. How many rows the dear ones look at is bounded by the model's size, not by the
 * clock; the clock only ends them when their share of the time is used.
 */
import type { Table } from "../../../csv/types.ts";
import type { TestedRows } from "../../../trainer/contract.ts";
import {
  calibrationCurve,
  precisionRecallCurve,
  residualSummary,
  rocCurve,
} from "../../../trainer/explain/curves.ts";
import { partialDependence } from "../../../trainer/explain/dependence.ts";
import { permutationImportance } from "../../../trainer/explain/importance.ts";
import { errorSlices } from "../../../trainer/explain/slices.ts";
import { thresholdCounts } from "../../../trainer/explain/thresholds.ts";
import type { MetricName } from "../../../trainer/metrics/index.ts";
import { confusionMatrix, type Outcome } from "../../../trainer/metrics/outcome.ts";
import { costOf } from "../../../trainer/model/members.ts";
import type { Model } from "../../../trainer/model/model.ts";
import { canMeasure } from "../../../trainer/race/entry.ts";
import { randomFor } from "../../../trainer/race/training-data.ts";
import { spreadRows } from "../../../trainer/random.ts";
import { plural } from "../stage.ts";
import { charactersOf, selectRows } from "./table.ts";
import { type Context, checkpointOf, isOverAfter, left, tellFinding } from "./work.ts";

/** Trees walked for the importances of all columns, and for all points of the dependences: about a second each. */
const TREE_WALKS = 1.5e7;
/** Trees walked, or cells made, between two looks at the clock: a fifth of a second. */
const BLOCK_WALKS = 3e6;
const DEPENDENCES = 6;
/** Kept of the test rows for comparisons with other runs. */
const TESTED_ROWS = 2000;

export async function drawEvaluation(
  context: Context,
  given: { outcome: Outcome; tested: Table },
): Promise<Record<string, unknown>> {
  const { outcome, tested } = given;
  const drawn =
    outcome.task === "regression" ? { residuals: residualSummary(outcome) } : curves(context, outcome);
  const slices = errorSlices(tested, outcome);
  const importance = await importances(context, given);
  const columns = importance.filter((entry) => entry.importance > 0).map(({ column }) => column);
  const drawable = drawableColumns(tested, columns).slice(0, DEPENDENCES);
  const dependence = await dependences(context, tested, drawable);
  tellLeftOut(context, {
    importance: knownColumns(context, tested) - importance.length,
    dependence: drawable.length - dependence.length,
  });
  return { ...drawn, importance, dependence, slices, tested: testedRows(tested, outcome) };
}

/** How the model answered some test rows, so that it can be compared with others on the rows that both were tested on. */
function testedRows(table: Table, outcome: Outcome): TestedRows {
  const rows = spreadRows(outcome.truth.length, TESTED_ROWS);
  const { truth, values, probabilities, classes } = outcome;
  return {
    rows: Array.from(rows, (row) => table.numbers?.[row] ?? row),
    truth: Array.from(rows, (row) => truth[row]),
    answers: Array.from(rows, (row) => values[row]),
    likelihoods:
      probabilities &&
      Array.from(rows, (row) => Number(probabilities[row * classes + truth[row]].toPrecision(5))),
  };
}

/** Free text has no curve. */
function drawableColumns({ columns }: Table, names: string[]): string[] {
  const texts = new Set(columns.filter(({ type }) => type === "text").map(({ name }) => name));
  return names.filter((name) => !texts.has(name));
}

function knownColumns({ work }: Context, { columns }: Table): number {
  const known = new Set(left(work, "model").encoder.columns.map(({ column }) => column));
  return columns.filter(({ name }) => known.has(name)).length;
}

/** What the time did not suffice for is said, and never looks as if it had been nothing. */
function tellLeftOut(context: Context, missing: { importance: number; dependence: number }): void {
  const parts = [
    missing.importance > 0 && `the importance of ${plural(missing.importance, "column")}`,
    missing.dependence > 0 && `the dependence on ${plural(missing.dependence, "column")}`,
  ].filter(Boolean);
  if (parts.length === 0) return;
  const message = `Not computed: ${parts.join(" and ")}. The time limit was reached; a longer one computes all.`;
  tellFinding(context, { code: "evaluation_cut", severity: "info", column: null, message, fix: null });
}

function curves({ work }: Context, outcome: Outcome): Record<string, unknown> {
  const { classes, threshold } = left(work, "model");
  const drawn = outcome.classes === 2 ? [1] : outcome.classes <= 12 ? classes.map((_, k) => k) : [];
  return {
    classes,
    threshold,
    confusion: rowsOf(confusionMatrix(outcome), outcome.classes),
    ...(outcome.classes === 2 && { thresholds: thresholdCounts(outcome, threshold ?? 0.5) }),
    roc: drawn.map((k) => ({ class: classes[k], points: rocCurve(outcome, k) })),
    precisionRecall: drawn.map((k) => ({ class: classes[k], points: precisionRecallCurve(outcome, k) })),
    calibration: drawn.map((k) => ({ class: classes[k], bins: calibrationCurve(outcome, k) })),
  };
}

async function importances(context: Context, { outcome, tested }: { outcome: Outcome; tested: Table }) {
  const model = left(context.work, "model");
  const rows = someRows(context, tested, tested.columns.length);
  const truth = Float64Array.from(rows, (row) => outcome.truth[row]);
  const metric = importanceMetric(context, truth);
  const importance = await permutationImportance(
    model,
    { table: selectRows(tested, rows), truth, metric },
    {
      ...pace(context, 0.5),
      random: randomFor(context.options, "importance"),
      blockRows: Math.floor(BLOCK_WALKS / rowCost(model, tested)),
    },
  );
  const note = "Measuring the effect of the most important columns";
  context.report({ type: "progress", progress: 0.8, note });
  return importance;
}

/** The run's metric, unless these rows lack a class that it needs. */
function importanceMetric({ work }: Context, truth: Float64Array): MetricName {
  const { metric, target } = left(work, "loaded");
  const rows = Int32Array.from(truth.keys());
  if (canMeasure(metric, { ...target, values: truth }, rows)) return metric;
  return target.task === "regression" ? "mae" : "log_loss";
}

async function dependences(context: Context, tested: Table, columns: string[]) {
  const rows = someRows(context, tested, 12 * Math.max(1, columns.length));
  const table = selectRows(tested, rows);
  return partialDependence(left(context.work, "model"), { table, columns }, pace(context, 0.6));
}

/** As many of the test rows as so many predictions of them may cost; after a stop a fifth of them. */
function someRows({ work, stop }: Context, tested: Table, predictions: number): Int32Array {
  const walks =
    (stop.aborted ? TREE_WALKS / 5 : TREE_WALKS) / (rowCost(left(work, "model"), tested) * predictions);
  return spreadRows(tested.rows, Math.min(2000, Math.max(100, Math.floor(walks))));
}

/** A character of text costs as much as so many trees: it is hashed in several groups of letters. */
const TREES_PER_CHARACTER = 4;

/** What a row costs in trees: its model, or its cells where these are more. */
export function rowCost(model: Model, table: Table): number {
  return Math.max(treesOfModel(model), table.columns.length) + TREES_PER_CHARACTER * charactersOf(table);
}

/** What an answer costs in trees; reading a row costs as much as fifty. */
function treesOfModel(model: Model): number {
  return model.parts.reduce((sum, { members }) => sum + members.reduce((all, m) => all + costOf(m), 0), 50);
}

/** Pauses, and the moment by which this share of the time that is left is used. */
export function pace(context: Context, share: number) {
  return { checkpoint: checkpointOf(context), isOver: isOverAfter(context, share) };
}

function rowsOf(matrix: Float64Array, width: number): number[][] {
  return Array.from({ length: width }, (_, row) =>
    Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
}
