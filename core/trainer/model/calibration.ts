/**
 * Calibrates probabilities: temperature scaling (Guo et al. 2017) for any number of classes, Platt scaling or an
 * isotonic curve for two. Fitted on predictions for held-out rows, and kept only if they lower the log loss by more
 * than noise.
 */

import type { Target } from "../samples.ts";
import { fitIsotonic, type IsotonicCurve, isotonicAt } from "./isotonic.ts";

export type Calibration = LogitScaling | ({ kind: "isotonic" } & IsotonicCurve);

/** Logits (logarithms of the probabilities) times `slope`, plus `offset` for each class, through softmax. */
export interface LogitScaling {
  kind: "temperature" | "platt";
  slope: number;
  offset: number[];
}

const LEAST_PROBABILITY = 1e-9;

/** Calibrated probabilities, rows x classes. */
export function applyCalibration(calibration: Calibration, probabilities: Float64Array): Float64Array {
  if (calibration.kind !== "isotonic") return scaleLogits(calibration, probabilities);
  const calibrated = new Float64Array(probabilities.length);
  for (let at = 0; at < probabilities.length; at += 2) {
    calibrated[at + 1] = isotonicAt(calibration, probabilities[at + 1]);
    calibrated[at] = 1 - calibrated[at + 1];
  }
  return calibrated;
}

/** An increasing curve for two classes; needs some thousand rows to beat two parameters. */
export function fitIsotonicCalibration(
  probabilities: Float64Array,
  truth: Float64Array,
  weights?: Float64Array,
): Calibration {
  const scores = Float64Array.from(truth, (_, row) => probabilities[row * 2 + 1]);
  return { kind: "isotonic", ...fitIsotonic(scores, truth, weights) };
}

function scaleLogits(calibration: LogitScaling, probabilities: Float64Array): Float64Array {
  const { slope, offset } = calibration;
  const classes = offset.length;
  const calibrated = new Float64Array(probabilities.length);
  for (let at = 0; at < probabilities.length; at += classes) {
    let most = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) {
      calibrated[at + k] = slope * Math.log(Math.max(probabilities[at + k], LEAST_PROBABILITY)) + offset[k];
      most = Math.max(most, calibrated[at + k]);
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      calibrated[at + k] = Math.exp(calibrated[at + k] - most);
      sum += calibrated[at + k];
    }
    for (let k = 0; k < classes; k++) calibrated[at + k] /= sum;
  }
  return calibrated;
}

/** Log loss of probabilities for the rows of `truth`, by what each counts. */
export function meanLogLoss(
  probabilities: Float64Array,
  truth: Float64Array,
  weights?: Float64Array,
): number {
  const classes = probabilities.length / truth.length;
  let [sum, total] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    const weight = weights ? weights[row] : 1;
    total += weight;
    sum -= weight * Math.log(Math.max(probabilities[row * classes + truth[row]], LEAST_PROBABILITY));
  }
  return sum / total;
}

/** Minimises the log loss over slope (and the offset for two classes) by Newton's method. */
export function fitCalibration(
  target: Pick<Target, "task" | "classes">,
  probabilities: Float64Array,
  truth: Float64Array,
  weights?: Float64Array,
): LogitScaling {
  if (target.task === "binary") return fitPlatt(probabilities, truth, weights);
  return temperature(
    fitSlope([{ probabilities, truth, weights }], target.classes.length),
    target.classes.length,
  );
}

/** Predictions for rows whose classes are known. */
export interface Judged {
  /** rows x classes */
  probabilities: Float64Array;
  truth: Float64Array;
  /** What each row counts; absent: once. */
  weights?: Float64Array;
}

const SLOPES = { least: 0.2, most: 5 };
const NEWTON_STEPS = 20;

/** Temperature scaling for any number of classes, fitted on all of these. */
export function fitTemperature(judged: readonly Judged[], classes: number): LogitScaling {
  return temperature(fitSlope(judged, classes), classes);
}

/**
 * The slope with the lowest log loss, by Newton's method. As with Platt's targets, one more row is counted as wrong, so
 * that predictions that are all right do not become certain.
 */
function fitSlope(judged: readonly Judged[], classes: number): number {
  const logs = judged.map(({ probabilities }) =>
    probabilities.map((share) => Math.log(Math.max(share, LEAST_PROBABILITY))),
  );
  const counted = judged.reduce(
    (sum, { truth, weights }) => sum + (weights ? total(weights) : truth.length),
    0,
  );
  const wrong = 1 / (counted + 2);
  let slope = 1;
  for (let step = 0; step < NEWTON_STEPS; step++) {
    let [gradient, curvature] = [0, 1e-9];
    judged.forEach(({ truth, weights }, i) => {
      for (let row = 0; row < truth.length; row++) {
        const weight = weights ? weights[row] : 1;
        const { mean, variance, all } = moments(logs[i], { at: row * classes, classes, slope });
        const right = logs[i][row * classes + truth[row]];
        gradient +=
          weight * (mean - (1 - wrong) * right - (wrong * (all - right)) / Math.max(1, classes - 1));
        curvature += weight * variance;
      }
    });
    const next = Math.min(SLOPES.most, Math.max(SLOPES.least, slope - gradient / curvature));
    const isSettled = Math.abs(next - slope) < 1e-6;
    slope = next;
    if (isSettled) break;
  }
  return slope;
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);

/** Mean and variance of a row's logarithms under the scaled probabilities, and their plain sum. */
function moments(
  logs: Float64Array,
  { at, classes, slope }: { at: number; classes: number; slope: number },
): { mean: number; variance: number; all: number } {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) most = Math.max(most, slope * logs[at + k]);
  let [sum, first, second, all] = [0, 0, 0, 0];
  for (let k = 0; k < classes; k++) {
    const log = logs[at + k];
    const share = Math.exp(slope * log - most);
    sum += share;
    first += share * log;
    second += share * log * log;
    all += log;
  }
  const mean = first / sum;
  return { mean, variance: Math.max(0, second / sum - mean * mean), all };
}

const temperature = (slope: number, classes: number): LogitScaling => ({
  kind: "temperature",
  slope,
  offset: new Array<number>(classes).fill(0),
});

/** sigmoid(slope x logit + offset), with Platt's smoothed targets: Newton's method, halving steps that overshoot. */
function fitPlatt(probabilities: Float64Array, truth: Float64Array, weights?: Float64Array): LogitScaling {
  const wanted = smoothedTargets(truth, weights);
  const rows: Logits = {
    logits: Float64Array.from(truth, (_, row) => logit(probabilities[row * 2 + 1])),
    wanted,
    weights,
  };
  let at = { slope: 1, offset: 0 };
  let loss = crossEntropy(rows, at);
  for (let step = 0; step < 50; step++) {
    const move = newtonStep(rows, at);
    let [share, next] = [1, at];
    let lower = Number.POSITIVE_INFINITY;
    for (; share > 1e-6 && !(lower < loss); share /= 2) {
      next = { slope: at.slope - share * move.slope, offset: at.offset - share * move.offset };
      lower = crossEntropy(rows, next);
    }
    if (!(lower < loss - 1e-10 * truth.length)) break;
    [at, loss] = [next, lower];
  }
  return { kind: "platt", slope: at.slope, offset: [0, at.offset] };
}

interface Line {
  slope: number;
  offset: number;
}

interface Logits {
  logits: Float64Array;
  wanted: Float64Array;
  /** What each row counts; absent: once. */
  weights?: Float64Array;
}

function smoothedTargets(truth: Float64Array, weights?: Float64Array): Float64Array {
  let [positives, total] = [0, 0];
  for (let row = 0; row < truth.length; row++) {
    const weight = weights ? weights[row] : 1;
    positives += weight * truth[row];
    total += weight;
  }
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (total - positives + 2)];
  return truth.map((y) => (y > 0 ? high : low));
}

function crossEntropy({ logits, wanted, weights }: Logits, { slope, offset }: Line): number {
  let loss = 0;
  for (let row = 0; row < logits.length; row++) {
    const margin = slope * logits[row] + offset;
    const softplus = margin > 0 ? margin + Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin));
    loss += (weights ? weights[row] : 1) * (softplus - wanted[row] * margin);
  }
  return loss;
}

/** Inverse Hessian times gradient, for two parameters. */
function newtonStep({ logits, wanted, weights }: Logits, { slope, offset }: Line): Line {
  let [gs, go, hss, hso, hoo] = [0, 0, 1e-9, 0, 1e-9];
  for (let row = 0; row < logits.length; row++) {
    const p = 1 / (1 + Math.exp(-(slope * logits[row] + offset)));
    const counted = weights ? weights[row] : 1;
    const weight = counted * p * (1 - p);
    gs += counted * (p - wanted[row]) * logits[row];
    go += counted * (p - wanted[row]);
    hss += weight * logits[row] ** 2;
    hso += weight * logits[row];
    hoo += weight;
  }
  const determinant = hss * hoo - hso * hso;
  return { slope: (hoo * gs - hso * go) / determinant, offset: (hss * go - hso * gs) / determinant };
}

function logit(probability: number): number {
  const p = Math.min(Math.max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
  return Math.log(p / (1 - p));
}
