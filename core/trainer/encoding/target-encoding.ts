/**
 * Encodes categories with many labels by their target: the target's mean for each label, shrunk towards the overall
 * mean if the label is rare (Micci-Barreca 2001). A training row is encoded from the other parts of the training rows
 * only; otherwise a label that occurs once would reveal its own target.
 */
import type { Checkpoint, Random, Target } from "../samples.ts";

export interface TargetEncoding {
  /** Index of the category feature among the base samples. */
  feature: number;
  outputs: number;
  /** labels x outputs; an unseen label holds the prior. */
  means: Float64Array;
  prior: Float64Array;
}

const SMOOTHING = 10;
const PARTS = 5;

/** Classes: the share of each class (of the second for two). Regression: the mean. */
export function fitTargetEncoding(
  category: { feature: number; codes: Int32Array; labels: number },
  target: Target,
  rows: Int32Array,
): TargetEncoding {
  const outputs = encodedOutputs(target);
  const prior = new Float64Array(outputs);
  const means = new Float64Array(category.labels * outputs);
  const counts = new Float64Array(category.labels);
  let total = 0;
  for (const row of rows) {
    const code = category.codes[row];
    const weight = target.weights?.[row] ?? 1;
    total += weight;
    if (code >= 0) counts[code] += weight;
    for (let k = 0; k < outputs; k++) {
      const value = weight * encodedTarget(target, row, k);
      prior[k] += value;
      if (code >= 0) means[code * outputs + k] += value;
    }
  }
  for (let k = 0; k < outputs; k++) prior[k] /= total;
  for (let code = 0; code < category.labels; code++) {
    for (let k = 0; k < outputs; k++) {
      means[code * outputs + k] =
        (means[code * outputs + k] + SMOOTHING * prior[k]) / (counts[code] + SMOOTHING);
    }
  }
  return { feature: category.feature, outputs, means, prior };
}

/** One array per output, length of `codes`: every row by the full encoding. */
export function applyTargetEncoding(encoding: TargetEncoding, codes: Int32Array): Float64Array[] {
  const { outputs, means, prior } = encoding;
  return Array.from({ length: outputs }, (_, k) =>
    Float64Array.from(codes, (code) => (code < 0 ? prior[k] : means[code * outputs + k])),
  );
}

/** As applyTargetEncoding, but each training row by the encoding fitted on the other parts. */
export async function crossTargetEncoding(
  category: { feature: number; codes: Int32Array; labels: number },
  target: Target,
  options: { rows: Int32Array; random: Random; checkpoint: Checkpoint },
): Promise<{ encoding: TargetEncoding; columns: Float64Array[] }> {
  const encoding = fitTargetEncoding(category, target, options.rows);
  const columns = applyTargetEncoding(encoding, category.codes);
  const parts = Int8Array.from(options.rows, () => Math.floor(options.random() * PARTS));
  for (let part = 0; part < PARTS; part++) {
    await options.checkpoint();
    const others = options.rows.filter((_, i) => parts[i] !== part);
    if (others.length === 0) continue;
    const fitted = fitTargetEncoding(category, target, others);
    options.rows.forEach((row, i) => {
      if (parts[i] !== part) return;
      const code = category.codes[row];
      for (let k = 0; k < fitted.outputs; k++) {
        columns[k][row] = code < 0 ? fitted.prior[k] : fitted.means[code * fitted.outputs + k];
      }
    });
  }
  return { encoding, columns };
}

const MOST_OUTPUTS = 12;

/** Columns of a target encoding. */
export function encodedOutputs(target: Target): number {
  if (target.task !== "multiclass") return 1;
  return Math.min(target.classes.length, MOST_OUTPUTS);
}

function encodedTarget(target: Target, row: number, k: number): number {
  if (target.task === "multiclass") return target.values[row] === k ? 1 : 0;
  return target.values[row];
}
