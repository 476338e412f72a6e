/**
 * Model validation: calibrates and checks the model before the test set is used. Calibrates its probabilities and sets
 * its threshold on predictions for held-out training rows, and checks that the folds agree and that the model read back
 * from its file predicts the same.
 */

import type { Bounds } from "../../trainer/model/bounds.ts";
import {
  applyCalibration,
  type Calibration,
  fitCalibration,
  fitIsotonicCalibration,
  meanLogLoss,
} from "../../trainer/model/calibration.ts";
import { classBounds, numberBounds } from "../../trainer/model/fit-bounds.ts";
import { combine, modelInputs, rowRange } from "../../trainer/model/model.ts";
import { readModel, writeModel } from "../../trainer/model/model-file.ts";
import { outOfFold } from "../../trainer/race/ensemble.ts";
import { randomFor, type TrainingData } from "../../trainer/race/training-data.ts";
import { spreadRows } from "../../trainer/random.ts";
import { targetRows } from "../../trainer/samples.ts";
import type { Stage } from "./stage.ts";
import { type Context, checkpointOf, left, planOf, reportFinding, type Work } from "./work/work.ts";

export const validateModel: Stage<Work> = {
  name: "Model validation",
  async run(context) {
    const { work, report, elapsedMs } = context;
    planOf(context).begin("Model validation");
    const data = left(work, "data");
    const model = left(work, "model");
    const checkpoint = checkpointOf(context);
    const held = heldOut(data, outOfFold(data, left(work, "blend").parts));
    let probabilities = held.response;
    if (model.task !== "regression") {
      model.calibration = chooseCalibration(data, held);
      if (model.calibration) probabilities = applyCalibration(model.calibration, held.response);
      report({
        type: "progress",
        progress: 0.4,
        note: model.task === "binary" ? "Choosing the threshold" : "Calibrating probabilities",
      });
    }
    work.heldOut = { rows: held.rows, response: probabilities };
    await checkpoint();
    if (model.task === "binary")
      model.threshold = chooseThreshold(context, { ...held, response: probabilities });
    report({ type: "progress", progress: 0.5, note: "Learning how far off predictions may be" });
    const bounds = await boundsOf(context, { ...held, response: probabilities });
    if (bounds) model.bounds = bounds;
    report({ type: "progress", progress: 0.8, note: "Verifying the saved model" });
    const beganAt = elapsedMs();
    const sizeBytes = checkRoundTrip(context);
    const takenMs = elapsedMs() - beganAt;
    planOf(context).expect("saving", { usualMs: takenMs, leastMs: takenMs });
    const { foldScores } = left(work, "blend");
    report({
      type: "facts",
      facts: {
        foldScores,
        calibration: model.calibration?.kind ?? null,
        threshold: model.threshold,
        sizeBytes,
      },
    });
    report({ type: "progress", progress: 1, note: "Saved model verified" });
  },
};

interface Held {
  rows: Int32Array;
  /** rows.length x width */
  response: Float64Array;
  truth: Float64Array;
  /** What each row counts; absent: once. */
  weights?: Float64Array;
}

/** The rows that some fold held out, with the blend's predictions for them. */
function heldOut(data: TrainingData, response: Float64Array): Held {
  const width = response.length / data.target.values.length;
  const rows = data.rows.filter((row) => Number.isFinite(response[row * width]));
  const kept = new Float64Array(rows.length * width);
  rows.forEach((row, i) => {
    kept.set(response.subarray(row * width, (row + 1) * width), i * width);
  });
  const { values: truth, weights } = targetRows(data.target, rows);
  return { rows, response: kept, truth, weights };
}

/** With fewer held-out rows the error rate cannot be estimated. */
const LEAST_BOUND_ROWS = 30;

/** More of them say nothing new about the size of errors. */
export const MOST_BOUND_ROWS = 30_000;

/** Null if too few rows were held out. */
async function boundsOf(context: Context, held: Held): Promise<Bounds | null> {
  if (held.rows.length < LEAST_BOUND_ROWS) return null;
  const width = held.response.length / held.truth.length;
  return left(context.work, "data").target.task === "regression"
    ? boundsOfNumbers(context, partOf(held, MOST_BOUND_ROWS))
    : classBounds(held.truth.map((label, row) => held.response[row * width + label]));
}

async function boundsOfNumbers(context: Context, { rows, response, truth }: Held): Promise<Bounds> {
  const { work, options, stop, elapsedMs } = context;
  let isCut = false;
  const isOver = () => {
    isCut ||= stop.aborted || elapsedMs() >= planOf(context).deadlineMs("Model validation");
    return isCut;
  };
  const bounds = await numberBounds(
    { rows, answers: response, truth },
    {
      encoder: left(work, "encoder"),
      encoded: left(work, "data").encoded,
      random: randomFor(options, "bounds"),
      checkpoint: checkpointOf(context),
      isOver,
    },
  );
  if (isCut) tellEqualBounds(context);
  return bounds;
}

function tellEqualBounds(context: Context): void {
  const message =
    "Not computed: for which rows predictions are less certain. Intervals are equally wide for every row; a longer time limit adapts them to the row.";
  reportFinding(context, { code: "bounds_cut", severity: "info", column: null, message, fix: null });
}

const LEAST_CALIBRATION_ROWS = { binary: 1000, multiclass: 500, regression: Number.POSITIVE_INFINITY };
const LEAST_GAIN = 0.002;

/** A curve of many steps needs more rows than two parameters do. */
const LEAST_ISOTONIC_ROWS = 2000;

type FitCalibration = (
  probabilities: Float64Array,
  truth: Float64Array,
  weights?: Float64Array,
) => Calibration;

/** Rows times classes used for calibration. */
export const MOST_CELLS = 60_000;
const LEAST_ROWS = 1000;

/** Fitted on one half, judged on the other, both ways; kept if the log loss falls by more than noise. */
function chooseCalibration({ target }: TrainingData, all: Held): Calibration | null {
  if (all.rows.length < LEAST_CALIBRATION_ROWS[target.task]) return null;
  const held = partOf(all, Math.max(LEAST_ROWS, Math.floor(MOST_CELLS / target.classes.length)));
  const fits: FitCalibration[] = [
    (probabilities, truth, weights) => fitCalibration(target, probabilities, truth, weights),
  ];
  if (target.task === "binary" && held.rows.length >= LEAST_ISOTONIC_ROWS) fits.push(fitIsotonicCalibration);
  let [chosen, least]: [FitCalibration | null, number] = [null, crossedLoss(held, null)];
  for (const fit of fits) {
    const loss = crossedLoss(held, fit);
    if (loss < least * (1 - LEAST_GAIN)) [chosen, least] = [fit, loss];
  }
  return chosen?.(held.response, held.truth, held.weights) ?? null;
}

function partOf({ rows, response, truth, weights }: Held, count: number): Held {
  if (rows.length <= count) return { rows, response, truth, weights };
  const width = response.length / truth.length;
  const taken = spreadRows(rows.length, count);
  return {
    rows: taken.map((i) => rows[i]),
    response: Float64Array.from(
      { length: taken.length * width },
      (_, at) => response[taken[Math.floor(at / width)] * width + (at % width)],
    ),
    truth: Float64Array.from(taken, (i) => truth[i]),
    ...(weights && { weights: Float64Array.from(taken, (i) => weights[i]) }),
  };
}

/** Log loss of each half, as calibrated by the other; unchanged without a fit. */
function crossedLoss(held: Held, fit: FitCalibration | null): number {
  let sum = 0;
  for (const side of [0, 1]) {
    const [probabilities, truth, weights] = half(held, side);
    const answers = fit ? applyCalibration(fit(...half(held, 1 - side)), probabilities) : probabilities;
    sum += meanLogLoss(answers, truth, weights);
  }
  return sum;
}

function half(held: Held, side: number): [Float64Array, Float64Array, Float64Array | undefined] {
  const width = held.response.length / held.truth.length;
  const chosen = (_: number, i: number) => Math.floor(i / width) % 2 === side;
  const isHere = (_: number, i: number) => i % 2 === side;
  return [held.response.filter(chosen), held.truth.filter(isHere), held.weights?.filter(isHere)];
}

const LEAST_F1_GAIN = 0.005;

/** From 0.01 to 0.99: the cheapest if costs are given, otherwise the best balance of F1 over both classes. */
function chooseThreshold({ options }: Context, held: Held): number | null {
  const { costs } = options;
  const matrices = confusionsByThreshold(held);
  const worth = (percent: number) => {
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = matrices[percent];
    if (costs) return -(falsePositives * costs.falsePositive + falseNegatives * costs.falseNegative);
    const errors = falsePositives + falseNegatives;
    return f1(truePositives, errors) + f1(trueNegatives, errors);
  };
  let best = 50;
  for (let percent = 1; percent < 100; percent++) if (worth(percent) > worth(best)) best = percent;
  return costs || worth(best) > worth(50) + 2 * LEAST_F1_GAIN ? best / 100 : null;
}

const f1 = (correct: number, errors: number) => (2 * correct) / Math.max(1, 2 * correct + errors);

/** For each percent, what predicting the second class from there on would get right and wrong. */
function confusionsByThreshold({ truth, response, weights }: Held) {
  const [positives, negatives] = [new Float64Array(101), new Float64Array(101)];
  for (let row = 0; row < truth.length; row++) {
    const percent = Math.floor(100 * response[2 * row + 1] + 1e-9);
    (truth[row] > 0 ? positives : negatives)[percent] += weights ? weights[row] : 1;
  }
  let [falseNegatives, trueNegatives] = [0, 0];
  const all = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0);
  const [allPositives, allNegatives] = [all(positives), all(negatives)];
  return Array.from({ length: 101 }, (_, percent) => {
    const at = {
      ...{ truePositives: allPositives - falseNegatives, falsePositives: allNegatives - trueNegatives },
      ...{ falseNegatives, trueNegatives },
    };
    falseNegatives += positives[percent];
    trueNegatives += negatives[percent];
    return at;
  });
}

/** Writes the model, reads it, and compares the predictions for up to 200 rows to the last bit. */
function checkRoundTrip({ work }: Context): number {
  const model = left(work, "model");
  const data = left(work, "data");
  const bytes = writeModel(model);
  const again = readModel(bytes);
  const rows = rowRange(0, Math.min(200, data.rows.length));
  const first = combine(model, modelInputs(model, data.encoded), rows);
  const second = combine(again, modelInputs(again, data.encoded), rows);
  if (first.some((value, i) => !Object.is(value, second[i])))
    throw new Error("The saved model predicts differently.");
  return bytes.length;
}
