/** Checks that calibrated probabilities are reliable, and that a good model is not changed. */
import { describe, expect, test } from "bun:test";
import {
  applyCalibration,
  fitCalibration,
  fitIsotonicCalibration,
  fitTemperature,
  meanLogLoss,
} from "../../../../core/trainer/model/calibration.ts";
import { fitIsotonic, isotonicAt } from "../../../../core/trainer/model/isotonic.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";

function overconfident(rows: number, slope: number) {
  const random = seededRandom(6);
  const truth = new Float64Array(rows);
  const probabilities = new Float64Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    const logit = 4 * (random() - 0.5);
    truth[row] = random() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    const p = 1 / (1 + Math.exp(-slope * logit));
    probabilities.set([1 - p, p], 2 * row);
  }
  return { truth, probabilities };
}

test("Platt scaling undoes a slope", () => {
  const { truth, probabilities } = overconfident(4000, 3);
  const fitted = fitCalibration({ task: "binary", classes: ["a", "b"] }, probabilities, truth);
  expect(fitted.slope).toBeCloseTo(1 / 3, 1);
  const calibrated = applyCalibration(fitted, probabilities);
  expect(meanLogLoss(calibrated, truth)).toBeLessThan(meanLogLoss(probabilities, truth));
});

test("calibrated probabilities stay as they are", () => {
  const { truth, probabilities } = overconfident(4000, 1);
  const fitted = fitCalibration({ task: "binary", classes: ["a", "b"] }, probabilities, truth);
  expect(fitted.slope).toBeCloseTo(1, 1);
  expect(fitted.offset[1]).toBeCloseTo(0, 1);
});

test("temperature scaling keeps the order of the classes and the sum", () => {
  const probabilities = Float64Array.of(0.7, 0.2, 0.1, 0.05, 0.9, 0.05);
  const cooled = applyCalibration({ kind: "temperature", slope: 0.5, offset: [0, 0, 0] }, probabilities);
  expect(cooled[0]).toBeLessThan(0.7);
  expect(cooled[0]).toBeGreaterThan(cooled[1]);
  expect(cooled[3] + cooled[4] + cooled[5]).toBeCloseTo(1, 12);
});

/** Three classes, the true one drawn by the probabilities, which are then made too certain or too timid. */
function misjudged(rows: number, slope: number) {
  const random = seededRandom(8);
  const honest = Float64Array.from({ length: 3 * rows }, () => 0.1 + random());
  const truth = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const of = honest.subarray(3 * row, 3 * row + 3);
    const sum = of[0] + of[1] + of[2];
    for (let k = 0; k < 3; k++) of[k] /= sum;
    const drawn = random();
    truth[row] = drawn < of[0] ? 0 : drawn < of[0] + of[1] ? 1 : 2;
  }
  const probabilities = applyCalibration({ kind: "temperature", slope, offset: [0, 0, 0] }, honest);
  return { truth, probabilities };
}

test.each([0.5, 1, 3])(
  "a temperature of three classes undoes a slope of %d, as the best of a grid does",
  (slope) => {
    const judged = misjudged(3000, slope);
    const { slope: fitted } = fitTemperature([judged], 3);
    const lossAt = (at: number) =>
      meanLogLoss(
        applyCalibration({ kind: "temperature", slope: at, offset: [0, 0, 0] }, judged.probabilities),
        judged.truth,
      );
    const grid = Array.from({ length: 481 }, (_, i) => 0.2 + i / 100);
    const best = grid.reduce((a, b) => (lossAt(b) < lossAt(a) ? b : a));
    expect(Math.abs(fitted - best)).toBeLessThan(0.02);
    expect(fitted * slope).toBeCloseTo(1, 0);
  },
);

test("a row that weighs twice counts as two, and parts count as their rows together", () => {
  const { truth, probabilities } = misjudged(400, 2);
  const part = (from: number, to: number) => ({
    truth: truth.slice(from, to),
    probabilities: probabilities.slice(3 * from, 3 * to),
  });
  const weights = new Float64Array(200).fill(2);
  const twice = fitTemperature([{ ...part(0, 200), weights }], 3);
  expect(twice.slope).toBeCloseTo(fitTemperature([part(0, 200), part(0, 200)], 3).slope, 9);
  const whole = fitTemperature([part(0, 400)], 3).slope;
  expect(fitTemperature([part(0, 100), part(100, 400)], 3).slope).toBeCloseTo(whole, 9);
});

test("predictions that are all right do not become certain", () => {
  const truth = Float64Array.from({ length: 20 }, (_, row) => row % 3);
  const probabilities = Float64Array.from({ length: 60 }, (_, at) =>
    at % 3 === truth[Math.floor(at / 3)] ? 0.6 : 0.2,
  );
  const scaled = applyCalibration(fitTemperature([{ truth, probabilities }], 3), probabilities);
  expect(scaled[0]).toBeGreaterThan(0.9);
  expect(scaled[0]).toBeLessThan(0.96);
});

describe("an isotonic curve", () => {
  test("pools decreasing values; a pool of one or two rows is not taken as certain", () => {
    const scores = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8);
    const { from, to } = fitIsotonic(scores, Float64Array.of(0, 1, 0, 0, 1, 0, 1, 1));
    const inner = [1, 2, 3, 4].map((knot) => [from[knot], to[knot]]);
    const expected = [
      [0.1, 1 / 3],
      [0.3, 1 / 3],
      [0.55, 1 / 2],
      [0.75, 3 / 4],
    ];
    inner.forEach((knot, i) => {
      expect(knot[0]).toBeCloseTo(expected[i][0], 12);
      expect(knot[1]).toBeCloseTo(expected[i][1], 12);
    });
    expect([from[0], from[5]]).toEqual([0, 1]);
  });

  test("never decreases, and never gives 0 or 1", () => {
    const { truth, probabilities } = overconfident(500, 3);
    const curve = fitIsotonic(
      probabilities.filter((_, i) => i % 2 === 1),
      truth,
    );
    let before = 0;
    for (let score = 0; score <= 1.0001; score += 0.001) {
      const height = isotonicAt(curve, score);
      expect(height).toBeGreaterThanOrEqual(before);
      before = height;
    }
    expect(isotonicAt(curve, 0)).toBeGreaterThan(0);
    expect(before).toBeLessThan(1);
  });

  test("fixes what Platt scaling cannot: a bent curve", () => {
    const { truth, probabilities } = overconfident(6000, 1);
    const bent = probabilities.slice();
    for (let row = 0; row < truth.length; row++) {
      const p = probabilities[2 * row + 1];
      const wrong = p < 0.5 ? 0.5 * p : 0.9 + 0.2 * (p - 0.5);
      bent.set([1 - wrong, wrong], 2 * row);
    }
    const platt = fitCalibration({ task: "binary", classes: ["a", "b"] }, bent, truth);
    const curve = fitIsotonicCalibration(bent, truth);
    const ideal = meanLogLoss(probabilities, truth);
    expect(meanLogLoss(applyCalibration(curve, bent), truth)).toBeLessThan(ideal + 0.005);
    expect(meanLogLoss(applyCalibration(platt, bent), truth)).toBeGreaterThan(ideal + 0.005);
  });
});
