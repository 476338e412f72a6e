/** Checks that a fold predicts with the round that the other folds chose, never with its own best. */
import { expect, test } from "bun:test";
import { boostingParams } from "../../../../core/trainer/learners/trees/boosting-params.ts";
import { TreeBuilder } from "../../../../core/trainer/learners/trees/growing/tree-builder.ts";
import type { ScoredFold } from "../../../../core/trainer/race/entry.ts";
import { answersByOthersRounds } from "../../../../core/trainer/race/settled-rounds.ts";

/** A fold that kept `rounds` and was trained for `trained`; after round r its one row's margin is r. */
function fold(rounds: number, trained: number): ScoredFold {
  const model = {
    kind: "boosting" as const,
    loss: "squared" as const,
    rounds,
    params: boostingParams({ loss: "squared" }),
    features: [],
    trees: new TreeBuilder([], 1).build(),
    outputs: 1,
    baseScore: Float64Array.of(0),
    scale: 1,
  };
  return {
    member: { kind: "boosting", model, supervised: -1, transform: { kind: "none" } },
    response: Float64Array.of(rounds),
    score: 0,
    durationMs: 1,
    rounds: trained,
    trail: Array.from({ length: trained }, (_, i) => Float64Array.of(i + 1)),
  };
}

const answers = (...deal: ScoredFold[]) =>
  answersByOthersRounds(deal).map((response) => response?.[0] ?? null);

test("the mean of the others' rounds predicts", () => {
  expect(answers(fold(10, 70), fold(20, 80), fold(40, 100))).toEqual([30, 25, 15]);
});

test("where other folds trained longer, the last trained round predicts", () => {
  expect(answers(fold(10, 15), fold(50, 110))).toEqual([15, 10]);
});

test("a single fold, or one without recorded rounds, gives no result", () => {
  expect(answers(fold(10, 70))).toEqual([null]);
  expect(answers({ ...fold(10, 70), trail: null }, fold(20, 80))).toEqual([null, 10]);
});

test("a logarithm of the target is undone", () => {
  const [one, other] = [fold(2, 9), fold(3, 9)];
  if (one.member.kind === "boosting") one.member.transform = { kind: "log", shift: 5, smear: 2 };
  expect(answers(one, other)[0]).toBeCloseTo(2 * Math.exp(3) + 5, 9);
});
