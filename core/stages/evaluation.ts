/**
 * What does the model page draw? Curves, confusion, residuals, importance, dependence, slices: small lists of numbers,
 * made from the test rows. How many rows the dear ones look at is bounded by the model's size, not by the clock; the
 * clock only ends them when the budget is used.
 */
import type { Table } from "../csv/types.ts";
import {
  calibrationCurve,
  precisionRecallCurve,
  residualSummary,
  rocCurve,
} from "../trainer/evaluation/curves.ts";
import { partialDependence } from "../trainer/evaluation/dependence.ts";
import { permutationImportance } from "../trainer/evaluation/importance.ts";
import { errorSlices } from "../trainer/evaluation/slices.ts";
import { thresholdCounts } from "../trainer/evaluation/thresholds.ts";
import { confusionMatrix, type Outcome } from "../trainer/metrics/outcome.ts";
import { randomFor } from "../trainer/race/training-data.ts";
import { selectRows } from "./table.ts";
import { budgetMs, type Context, checkpointOf, left } from "./work.ts";

/** Trees walked for the importances of all columns, and for all points of the dependences: about a second each. */
const TREE_WALKS = 1.5e7;
const DEPENDENCES = 6;

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
  const dependence = await dependences(context, tested, columns.slice(0, DEPENDENCES));
  return { ...drawn, importance, dependence, slices };
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
  const { metric } = left(context.work, "loaded");
  const rows = firstRows(context, tested, tested.columns.length);
  const truth = outcome.truth.slice(0, rows.length);
  const importance = await permutationImportance(
    model,
    { table: selectRows(tested, rows), truth, metric },
    { ...pace(context), random: randomFor(context.options, "importance") },
  );
  const note = `${importance.length} columns shuffled in ${rows.length.toLocaleString("en")} rows`;
  context.report({ type: "progress", progress: 0.8, note });
  return importance;
}

async function dependences(context: Context, tested: Table, columns: string[]) {
  const rows = firstRows(context, tested, 12 * Math.max(1, columns.length));
  const table = selectRows(tested, rows);
  return partialDependence(left(context.work, "model"), { table, columns }, pace(context));
}

/** As many of the test rows as so many predictions of them may cost; the test rows are in no order that matters. */
function firstRows({ work }: Context, tested: Table, predictions: number): Int32Array {
  const trees = left(work, "model").parts.reduce((sum, part) => sum + treesOf(part.members), 50);
  const rows = Math.min(tested.rows, 2000, Math.max(100, Math.floor(TREE_WALKS / (trees * predictions))));
  return Int32Array.from({ length: rows }, (_, row) => row);
}

function treesOf(members: { kind: string; model?: unknown }[]): number {
  return members.reduce((sum, { model }) => {
    const { trees } = (model ?? {}) as { trees?: { roots: Int32Array } };
    return sum + (trees?.roots.length ?? 0);
  }, 0);
}

/** Pauses, and the end of the budget where the clock has a say. */
export function pace(context: Context) {
  const { options, elapsedMs } = context;
  const isOver = () => options.budgetRounds === null && elapsedMs() > 0.95 * budgetMs(context);
  return { checkpoint: checkpointOf(context), isOver };
}

function rowsOf(matrix: Float64Array, width: number): number[][] {
  return Array.from({ length: width }, (_, row) =>
    Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
}
