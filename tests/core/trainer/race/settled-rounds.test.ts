/** Checks that a fold predicts with the round that the other folds chose, never with its own best. */
import { expect, test } from "bun:test";
import { boostingParams } from "../../../../core/trainer/learners/trees/boosting-params.ts";
import { TreeBuilder } from "../../../../core/trainer/learners/trees/growing/tree-builder.ts";
import { applyCalibration, fitTemperature, meanLogLoss } from "../../../../core/trainer/model/calibration.ts";
import { forestConfig } from "../../../../core/trainer/race/candidate-configs.ts";
import { type Entry, newEntry, type ScoredFold } from "../../../../core/trainer/race/entry.ts";
import { runFoldJob } from "../../../../core/trainer/race/fold-job.ts";
import {
  answersByOthersRounds,
  settleDeal,
  withScaling,
} from "../../../../core/trainer/race/settled-rounds.ts";
import type { TrainingData } from "../../../../core/trainer/race/training-data.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";

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

test("each fold of a forest is scaled by what the others need, from its own votes each time", async () => {
  const data = await forestData();
  const entry = await forestEntry(data);
  const votes = entry.folds.map(({ response }) => response);
  settleDeal(data, entry, "log_loss");
  const losses = entry.folds.map(({ score }) => score);
  entry.folds.forEach((fold, at) => {
    expect(fold.unscaled).toBe(votes[at]);
    const others = entry.folds.filter((_, other) => other !== at).map((other) => judged(data, entry, other));
    const expected = applyCalibration(fitTemperature(others, 3), votes[at]);
    expect([...fold.response]).toEqual([...expected]);
  });
  const sum = (losses: number[]) => losses.reduce((all, loss) => all + loss, 0);
  expect(sum(losses)).toBeLessThan(sum(votes.map((of, at) => meanLogLoss(of, truthOf(data, at)))));
  settleDeal(data, entry, "log_loss");
  expect(entry.folds.map(({ score }) => score)).toEqual(losses);
  const { member } = entry.folds[0];
  const all = fitTemperature(
    entry.folds.map((fold) => judged(data, entry, fold)),
    3,
  );
  expect(withScaling(data, entry, member)).toMatchObject({ kind: "forest", scaling: all });
});

const ROWS = 600;
const truthOf = ({ target, folds }: TrainingData, fold: number) =>
  Float64Array.from(folds[fold].valid, (row) => target.values[row]);
const judged = (data: TrainingData, { folds }: Entry, fold: ScoredFold) => ({
  probabilities: fold.unscaled!,
  truth: truthOf(data, folds.indexOf(fold)),
});

/** Three classes by two numbers, and a number of noise. */
async function forestData(): Promise<TrainingData> {
  const random = seededRandom(3);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: ROWS }, random));
  const values = columns[0].map((a, row) =>
    Math.min(2, Math.floor(1.2 * a + 1.2 * columns[1][row] + 0.1 * random())),
  );
  const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
  return {
    encoded: {
      samples: {
        rows: ROWS,
        features: columns.map((of, k) => ({ name: `x${k}`, kind: "number", values: of })),
      },
      origins: Int32Array.of(0, 1, 2),
      texts: [],
    },
    target: { task: "multiclass", values, classes: ["a", "b", "c"] },
    rows,
    folds: [0, 1, 2].map((fold) => ({
      train: rows.filter((row) => row % 3 !== fold),
      valid: rows.filter((row) => row % 3 === fold),
    })),
    ...{ once: 3, whole: 3, design: { features: [], columns: 0 }, seed: 0 },
    ...{ supervised: [], treeParts: new Map() },
  };
}

async function forestEntry(data: TrainingData): Promise<Entry> {
  const candidateConfig = forestConfig("Forest", { params: { trees: 30 } });
  const controls = { elapsedMs: () => 0, isStopped: () => false, isSpare: () => false };
  const folds: ScoredFold[] = [];
  for (const fold of data.folds.keys()) {
    const job = { candidateConfig: "Forest", fold, maxRounds: 100, keepsTrail: false, hearsRounds: false };
    const rest = { ...controls, checkpoint: () => {}, onRound: () => {} };
    const done = await runFoldJob(
      data,
      candidateConfig,
      { ...job, endsAtMs: Number.POSITIVE_INFINITY },
      rest,
    );
    folds.push({ ...done!, score: 0 });
  }
  return newEntry(candidateConfig, folds);
}
