/**
 * Estimates what a fit usually takes on two idle cores of 2026, from the data's size alone, within a factor of two or
 * three. A race measures its machine against it, and can then predict the cost of candidates that it has not tried.
 */
import { epochsFor, weightsFor } from "../learners/network/network.ts";
import { landmarksFor } from "../learners/nystroem/nystroem.ts";
import { type CandidateConfig, derives } from "./candidate-configs.ts";
import type { TrainingData } from "./training-data.ts";

/** Of a forest whose parameters were set without their number. */
const USUAL_TREES = 100;

/** Of one fit, for the lasso's paths and the models along them. */
const SELECTING_FITS = 4;

/** Of choosing derived features. */
const DERIVING_MS = 120;

/** Milliseconds of one thread for one fold. */
export function usualFitMs(data: TrainingData, config: CandidateConfig): number {
  const { family, params } = config;
  const { features } = data.encoded.samples;
  const rows = Math.max(2, data.folds[0]?.train.length ?? data.rows.length);
  const { task, classes } = data.target;
  const outputs = task === "multiclass" ? classes.length : 1;
  // Each hundred entries of a sparse row count as a column.
  const columns = features.length + data.encoded.texts.length * 100;
  const cells = rows * Math.max(1, columns);
  if (family === "baseline") return 1;
  if (family === "linear")
    return (params.columns === undefined ? 1 : SELECTING_FITS) * (2 + 1.2e-3 * cells * outputs);
  if (family === "boosting") return 15 + 2e-3 * cells * outputs + (derives(config) ? DERIVING_MS : 0);
  if (family === "network") {
    const numbers = features.filter(({ kind }) => kind === "number").length;
    const weights = weightsFor({ columns: data.design.columns, numbers, outputs });
    return 30 + 6e-7 * rows * epochsFor(rows) * weights;
  }
  if (family === "smooth") {
    const fits = task === "regression" ? 1 : 2.5;
    return 60 + fits * 4e-5 * landmarksFor(rows) ** 3;
  }
  const share =
    Number(params.maxFeatures ?? params.max_features) ||
    (task === "regression" ? 1 / 3 : 1 / Math.sqrt(columns));
  return (
    5 +
    2.5e-5 *
      Number(params.trees ?? params.n_estimators ?? USUAL_TREES) *
      rows *
      Math.log2(rows) *
      Math.max(1, share * columns)
  );
}
