/** Checks that calibrated probabilities are reliable, and that a good model is not changed. */
import { describe, expect, test } from "bun:test";
import {
  applyCalibration,
  fitCalibration,
  fitIsotonicCalibration,
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
