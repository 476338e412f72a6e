/** Checks that curves, importances, dependences and segments show what is in the data. */
import { describe, expect, test } from "bun:test";
import {
  calibrationCurve,
  precisionRecallCurve,
  residualSummary,
  rocCurve,
} from "../../../../core/trainer/explain/curves.ts";
import { partialDependence } from "../../../../core/trainer/explain/dependence.ts";
import { permutationImportance } from "../../../../core/trainer/explain/importance.ts";
import { errorSlices } from "../../../../core/trainer/explain/slices.ts";
import { thresholdCounts } from "../../../../core/trainer/explain/thresholds.ts";
import type { Outcome } from "../../../../core/trainer/metrics/outcome.ts";
import { rocAuc } from "../../../../core/trainer/metrics/ranking.ts";
import { MODEL_VERSION, type Model } from "../../../../core/trainer/model/model.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, numbers } from "../../training/stages/run.ts";

const ROWS = 500;
const random = seededRandom(21);
const scores = draw(ROWS, random);
const outcome: Outcome = {
  task: "binary",
  classes: 2,
  truth: Float64Array.from(scores, (score) => (random() < score ? 1 : 0)),
  values: Float64Array.from(scores, (score) => (score > 0.5 ? 1 : 0)),
  probabilities: Float64Array.from(scores.flatMap((score) => [1 - score, score])),
  weights: null,
};

describe("curves", () => {
  test("the area under the drawn ROC curve is nearly the AUC", () => {
    const points = rocCurve(outcome, 1);
    expect(points.length).toBeLessThanOrEqual(100);
    expect(points[0]).toEqual([0, 0]);
    expect(points[points.length - 1]).toEqual([1, 1]);
    let area = 0;
    for (let i = 1; i < points.length; i++) {
      area += (points[i][0] - points[i - 1][0]) * (points[i][1] + points[i - 1][1]) * 0.5;
    }
    expect(area).toBeCloseTo(rocAuc(outcome), 2);
  });

  test("recall rises to one, where precision is the share of the class", () => {
    const points = precisionRecallCurve(outcome, 1);
    const [recall, precision] = points[points.length - 1];
    expect(recall).toBe(1);
    expect(precision).toBeCloseTo(outcome.truth.reduce((a, b) => a + b) / ROWS, 10);
    for (let i = 1; i < points.length; i++) expect(points[i][0]).toBeGreaterThanOrEqual(points[i - 1][0]);
  });

  test("honest probabilities lie near the diagonal", () => {
    const bins = calibrationCurve(outcome, 1);
    expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(ROWS);
    for (const { predicted, observed } of bins) expect(Math.abs(predicted - observed)).toBeLessThan(0.25);
  });

  test("counts at a threshold are those of predicting with it, and the model's own is among them", () => {
    const counts = thresholdCounts(outcome, 0.123);
    expect(counts.length).toBeGreaterThan(150);
    expect(counts.length).toBeLessThanOrEqual(202);
    expect(counts.map(({ threshold }) => threshold)).toContain(0.123);
    const positives = outcome.truth.reduce((a, b) => a + b);
    expect(counts[0]).toMatchObject({ threshold: 0, tp: positives, fp: ROWS - positives, tn: 0, fn: 0 });
    for (const { threshold, tp, fp, tn, fn } of counts) {
      const taken = scores.map((score) => score >= threshold);
      const count = (answer: boolean, truth: number) =>
        taken.filter((yes, row) => yes === answer && outcome.truth[row] === truth).length;
      expect([tp, fp, tn, fn]).toEqual([count(true, 1), count(true, 0), count(false, 0), count(false, 1)]);
    }
  });

  test("residuals are all counted", () => {
    const truth = Float64Array.from(scores);
    const summary = residualSummary({
      ...outcome,
      task: "regression",
      truth,
      values: truth.map((v) => v * 0.9),
    });
    const counts = summary.counts as number[];
    expect(counts.reduce((a, b) => a + b)).toBe(ROWS);
    expect((summary.quantiles as Record<string, number>).p50).toBeGreaterThan(0);
  });
});

/** y = 3 a, exactly: a ridge without penalty over two standardised columns. */
const a = draw(ROWS, (row) => (row % 50) - 24.5);
const model: Model = {
  version: MODEL_VERSION,
  task: "regression",
  target: "y",
  classes: [],
  plans: [],
  encoder: { columns: ["a", "b"].map((column) => ({ kind: "number", column })) },
  design: {
    columns: 2,
    features: [0, 1].map((feature) => ({
      kind: "number",
      feature,
      offset: feature,
      median: 0,
      mean: 0,
      scale: 100,
      flag: false,
    })),
  },
  supervised: [],
  parts: [
    {
      name: "line",
      family: "linear",
      weight: 1,
      members: [
        {
          kind: "linear",
          model: {
            outputs: 1,
            columns: 2,
            weights: Float64Array.of(300, 0),
            intercept: Float64Array.of(1),
            l2: 0,
          },
          transform: { kind: "none" },
        },
      ],
    },
  ],
  calibration: null,
  threshold: null,
};
const table = { rows: ROWS, columns: [numbers("a", a), numbers("b", scores)] };
const pace = { checkpoint: () => {}, isOver: () => false };

test("importance goes to the column that matters, not to the other", async () => {
  const truth = Float64Array.from(a, (value) => 3 * value + 1);
  const [first, second] = await permutationImportance(
    model,
    { table, truth, metric: "r2" },
    { ...pace, random: seededRandom(1), blockRows: 2000 },
  );
  expect(first.column).toBe("a");
  expect(first.importance).toBeCloseTo(2, 0);
  expect(second.importance).toBeCloseTo(0, 10);
});

test("dependence on a linear column is the line itself", async () => {
  const [dependence] = await partialDependence(model, { table, columns: ["a"] }, pace);
  dependence.at.forEach((at, i) => {
    expect(dependence.answers[i][0]).toBeCloseTo(3 * Number(at) + 1, 4);
  });
});

test("both checks end after their first columns when the time limit is reached", async () => {
  const over = { ...pace, isOver: () => true };
  const truth = Float64Array.from(a);
  const importance = await permutationImportance(
    model,
    { table, truth, metric: "r2" },
    { ...over, random, blockRows: ROWS },
  );
  expect(importance).toHaveLength(1);
  expect(await partialDependence(model, { table, columns: ["a", "b"] }, over)).toHaveLength(1);
  expect(await partialDependence(model, { table, columns: ["a", "b"] }, pace)).toHaveLength(2);
});

test("the segment with the errors comes first, and chance differences are not reported", () => {
  const where = category(
    "where",
    a.map((_, row) => (row % 5 === 0 ? "north" : "south")),
  );
  const truth = outcome.values.map((value, row) => (row % 5 === 0 && random() < 0.6 ? 1 - value : value));
  const given = { rows: ROWS, columns: [numbers("noise", draw(ROWS, random)), where] };
  const slices = errorSlices(given, { ...outcome, truth });
  expect(slices[0]).toMatchObject({ column: "where", where: "= north", rows: 100, elsewhere: 0 });
  expect(slices[0].error).toBeGreaterThan(0.4);
  expect(slices.map(({ column }) => column)).not.toContain("noise");
});
