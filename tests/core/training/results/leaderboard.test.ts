/** Checks that the leaderboard is consistent: like compared with like, one order, a lead within noise called level. */
import { expect, test } from "bun:test";
import type { Candidate } from "../../../../core/trainer/contract.ts";
import { rankCandidates } from "../../../../core/training/results/leaderboard.ts";

function candidate(name: string, foldScores: number[], family: Candidate["family"] = "boosting"): Candidate {
  const score = foldScores.reduce((sum, value) => sum + value, 0) / foldScores.length;
  return { name, family, score, std: 0, foldScores, params: {}, durationMs: 1 };
}

const FIELD = [
  candidate("Always guessing", [0.5, 0.5, 0.5, 0.5], "baseline"),
  candidate("lucky", [0.99, 0.98]),
  candidate("clear", [0.9, 0.91, 0.89, 0.9]),
  candidate("near", [0.9, 0.9, 0.9, 0.9]),
  candidate("far", [0.7, 0.71, 0.69, 0.7]),
];

test("candidates with fewer folds form their own group, however good; the baseline comes last", () => {
  const ranked = rankCandidates(FIELD, { metric: "roc_auc", folds: 4, best: null });
  expect(ranked.map(({ name, group }) => `${name} ${group}`)).toEqual([
    ...["clear compared", "near compared", "far compared", "lucky stopped", "Always guessing baseline"],
  ]);
});

test("only what is within noise of the first is level", () => {
  const ranked = rankCandidates(FIELD, { metric: "roc_auc", folds: 4, best: null });
  expect(ranked.filter(({ isLevel }) => isLevel).map(({ name }) => name)).toEqual(["near"]);
});

test("a metric where lower is better reverses the order; the winner is first; extra folds do not count", () => {
  const loss = rankCandidates(FIELD.slice(2), { metric: "log_loss", folds: 4, best: "near" });
  expect(loss.map(({ name }) => name)).toEqual(["near", "far", "clear"]);
  const [told] = rankCandidates([candidate("long", [0.8, 0.8, 0.2, 0.2])], {
    ...{ metric: "roc_auc", folds: 2, best: null },
  });
  expect(told).toMatchObject({ score: 0.8, std: 0, foldScores: [0.8, 0.8] });
});
