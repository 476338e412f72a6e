/** Checks that two figures are called different only if chance does not explain the difference. */
import { expect, test } from "bun:test";
import {
  comparedFigures,
  comparisonSentence,
  overall,
} from "../../../../core/models/monitoring/comparison.ts";
import { measureLive, wilson } from "../../../../core/models/monitoring/live-metrics.ts";
import type { Judged } from "../../../../core/store/outcomes.ts";
import type { RunSummary } from "../../../../core/trainer/contract.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";

const summary = (over: Partial<RunSummary>): RunSummary => ({
  ...{ task: "binary", metric: "roc_auc", best: "", verdict: "", beatsBaseline: true, baseline: {} },
  ...{
    metrics: { accuracy: 0.8, roc_auc: 0.9 },
    intervals: { accuracy: [0.77, 0.83], roc_auc: [0.88, 0.92] },
  },
  ...{ schema: { features: [], target: "y", classes: ["no", "yes"] }, rowsTrain: 800, rowsTest: 200 },
  comparison: null,
  ...{ positiveClass: "yes", findings: [], refit: null },
  ...over,
});

/** Right in that share of the rows, with probabilities that say so. */
function outcomes(rows: number, right: number, seed = 1): Judged[] {
  const random = seededRandom(seed);
  return Array.from({ length: rows }, () => {
    const actual = random() < 0.5 ? "yes" : "no";
    const isRight = random() < right;
    const prediction = (actual === "yes") === isRight ? "yes" : "no";
    const yes = prediction === "yes" ? 0.6 + 0.3 * random() : 0.1 + 0.3 * random();
    return { actual, answer: { prediction, probabilities: { yes, no: 1 - yes } } };
  });
}

test("no verdict below 30 outcomes, and with a single class only the metrics that are defined", () => {
  expect(measureLive(summary({}), outcomes(29, 0.8))).toEqual([]);
  const sole = outcomes(200, 0.9).filter(({ actual }) => actual === "yes");
  expect(measureLive(summary({}), sole).map(({ metric }) => metric)).not.toContain("roc_auc");
});

test("a fall from 80 % to 60 % is significant with 300 outcomes, not with 30; an equal score never is", () => {
  const verdict = (rows: number, right: number, seed: number) =>
    measureLive(summary({}), outcomes(rows, right, seed)).find(({ metric }) => metric === "accuracy")!
      .verdict;
  expect(verdict(300, 0.6, 1)).toBe("worse");
  expect(verdict(300, 0.98, 1)).toBe("better");
  const same = Array.from({ length: 30 }, (_, seed) => verdict(300, 0.8, seed));
  expect(same.filter((word) => word !== "unclear").length).toBeLessThanOrEqual(4);
});

test("probabilities are left out if not every prediction has them", () => {
  const some = outcomes(100, 0.8);
  some[3] = { actual: "yes", answer: { prediction: "yes" } };
  expect(measureLive(summary({}), some).map(({ metric }) => metric)).toEqual(["accuracy", "f1_macro"]);
});

test("numbers are scored by their errors", () => {
  const random = seededRandom(5);
  const judged = Array.from({ length: 200 }, (_, i) => ({
    actual: i,
    answer: { prediction: i + (random() < 0.5 ? 2 : -2) },
  }));
  const result = summary({
    ...{ task: "regression", metric: "r2", metrics: { mae: 1, r2: 0.999 } },
    ...{ intervals: { mae: [0.9, 1.1], r2: [0.998, 1] }, schema: { features: [], target: "y" } },
  });
  const figures = measureLive(result, judged);
  expect(figures.map(({ metric }) => metric)).toEqual(["mae", "rmse", "r2"]);
  expect(figures[0]).toMatchObject({ value: 2, interval: [2, 2], verdict: "worse" });
});

test("Wilson's interval keeps its 95 % for few rows, where the usual one does not", () => {
  const random = seededRandom(9);
  let held = 0;
  for (let draw = 0; draw < 2000; draw++) {
    let right = 0;
    for (let i = 0; i < 30; i++) right += random() < 0.9 ? 1 : 0;
    const [low, high] = wilson(right / 30, 30);
    if (low <= 0.9 && high >= 0.9) held += 1;
  }
  expect(held / 2000).toBeGreaterThan(0.93);
});

test("a challenger that corrects the live version's mistakes is better; two equal versions are level", () => {
  const live = outcomes(300, 0.75, 2);
  const paired = (improved: number) => {
    const random = seededRandom(3);
    return live.map((judged) => {
      const isMended = random() < improved;
      const yes = judged.actual === "yes" ? 0.8 : 0.2;
      const answer = { prediction: judged.actual, probabilities: { yes, no: 1 - yes } };
      return { live: judged, challenger: isMended ? { actual: judged.actual, answer } : judged };
    });
  };
  const compare = (improved: number) => {
    const figures = comparedFigures({ live: summary({}), challenger: summary({}) }, paired(improved));
    return { figures, verdict: overall(figures, "roc_auc") };
  };
  const better = compare(0.5);
  expect(better.verdict).toBe("better");
  const about = { version: 2, liveVersion: 1, compared: 300, learned: 0, figures: better.figures };
  expect(comparisonSentence("better", about)).toMatch(
    /^Version 2 is better than version 1, by more than chance: /,
  );
  expect(compare(0).verdict).toBe("unclear");
  const swapped = paired(0.5).map(({ live: a, challenger }) => ({ live: challenger, challenger: a }));
  const figures = comparedFigures({ live: summary({}), challenger: summary({}) }, swapped);
  expect(overall(figures, "roc_auc")).toBe("worse");
});
