/** Do calibrated probabilities mean what they say, and is a good model left alone? */
import { expect, test } from "bun:test";
import { applyCalibration, fitCalibration, meanLogLoss } from "../../core/trainer/calibration.ts";
import { seededRandom } from "../../core/trainer/random.ts";

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

test("what is calibrated stays", () => {
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
