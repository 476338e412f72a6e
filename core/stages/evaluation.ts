/** What does the model page draw? Curves, confusion, residuals: small lists of numbers, made from the test answers. */
import type { Table } from "../csv/types.ts";
import {
  calibrationCurve,
  precisionRecallCurve,
  residualSummary,
  rocCurve,
} from "../trainer/evaluation/curves.ts";
import { confusionMatrix, type Outcome } from "../trainer/metrics/outcome.ts";
import { type Context, left } from "./work.ts";

export async function drawEvaluation(
  context: Context,
  given: { outcome: Outcome; tested: Table },
): Promise<Record<string, unknown>> {
  const { outcome } = given;
  if (outcome.task === "regression") return { residuals: residualSummary(outcome) };
  const { classes } = left(context.work, "model");
  const curves = outcome.classes === 2 ? [1] : outcome.classes <= 12 ? classes.map((_, k) => k) : [];
  return {
    classes,
    confusion: rowsOf(confusionMatrix(outcome), outcome.classes),
    roc: curves.map((k) => ({ class: classes[k], points: rocCurve(outcome, k) })),
    precisionRecall: curves.map((k) => ({ class: classes[k], points: precisionRecallCurve(outcome, k) })),
    calibration: curves.map((k) => ({ class: classes[k], bins: calibrationCurve(outcome, k) })),
  };
}

function rowsOf(matrix: Float64Array, width: number): number[][] {
  return Array.from({ length: width }, (_, row) =>
    Array.from(matrix.subarray(row * width, (row + 1) * width)),
  );
}
