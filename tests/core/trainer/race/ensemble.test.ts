/** Checks that the ensemble takes the models that help, weighs them right, and leaves out the rest. */
import { expect, test } from "bun:test";
import { baselineConfig, type Family } from "../../../../core/trainer/race/candidate-configs.ts";
import { chooseBlend, likelyParts, mix, outOfFold } from "../../../../core/trainer/race/ensemble.ts";
import type { Entry } from "../../../../core/trainer/race/entry.ts";
import type { TrainingData } from "../../../../core/trainer/race/training-data.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";
import { draw, normal } from "../../training/stages/run.ts";

const ROWS = 400;
const FOLDS = 4;
const random = seededRandom(14);
const truth = draw(ROWS, () => normal(random));
const target: Target = { task: "regression", values: Float64Array.from(truth), classes: [] };
const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
const folds = Array.from({ length: FOLDS }, (_, fold) => ({
  train: rows.filter((row) => row % FOLDS !== fold),
  valid: rows.filter((row) => row % FOLDS === fold),
}));
const data: TrainingData = {
  encoded: { samples: { rows: ROWS, features: [] }, origins: new Int32Array(0), texts: [] },
  target,
  rows,
  folds,
  once: FOLDS,
  whole: FOLDS,
  design: { features: [], columns: 0 },
  seed: 0,
  supervised: [],
  treeParts: new Map(),
};

/** A candidate with these predictions; its score is R2. */
function entry(name: string, family: Family, answer: (row: number) => number): Entry {
  return {
    candidateConfig: { ...baselineConfig, name, family },
    told: true,
    folds: folds.map(({ valid }) => {
      const response = Float64Array.from(valid, answer);
      const mean = valid.reduce((sum, row) => sum + truth[row], 0) / valid.length;
      const left = valid.reduce((sum, row, i) => sum + (truth[row] - response[i]) ** 2, 0);
      const all = valid.reduce((sum, row) => sum + (truth[row] - mean) ** 2, 0);
      return {
        member: { kind: "constant", response },
        response,
        score: 1 - left / all,
        durationMs: 1,
        rounds: 1,
        trail: null,
      };
    }),
  };
}

const errors = draw(ROWS, () => normal(random));
const others = draw(ROWS, () => normal(random));
const guess = entry("guess", "baseline", () => 0);
const first = entry("first", "linear", (row) => truth[row] + 0.5 * errors[row]);
const second = entry("second", "boosting", (row) => truth[row] + 0.5 * others[row]);
const noise = entry("noise", "forest", () => 3);

test("two models with different mistakes get equal weights, and noise is left out", () => {
  const { parts, foldScores } = chooseBlend(data, [guess, first, second, noise], "r2");
  expect(parts.map(({ entry }) => entry.candidateConfig.name).sort()).toEqual(["first", "second"]);
  for (const { weight } of parts) expect(Math.abs(weight - 0.5)).toBeLessThan(0.1);
  expect(parts.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
  foldScores.forEach((score, fold) => {
    expect(score).toBeGreaterThan(Math.max(first.folds[fold].score, second.folds[fold].score));
  });
});

test("weights are as good as the best of a fine grid", () => {
  const weaker = entry("weaker", "boosting", (row) => truth[row] + 0.8 * others[row]);
  const { parts } = chooseBlend(data, [guess, first, weaker], "r2");
  const loss = (weight: number) =>
    truth.reduce(
      (sum, _, row) => sum + (weight * 0.5 * errors[row] + (1 - weight) * 0.8 * others[row]) ** 2,
      0,
    );
  const grid = Array.from({ length: 1001 }, (_, i) => loss(i / 1000));
  const weight = parts.find(({ entry }) => entry.candidateConfig.name === "first")!.weight;
  expect(loss(weight)).toBeLessThan(Math.min(...grid) * 1.01);
});

test("a model far ahead is used alone, and so is the baseline where no model beats it", () => {
  const exact = entry("exact", "boosting", (row) => truth[row]);
  expect(chooseBlend(data, [guess, exact, noise], "r2").parts).toEqual([{ entry: exact, weight: 1 }]);
  expect(chooseBlend(data, [guess, noise], "r2").parts).toEqual([{ entry: guess, weight: 1 }]);
});

test("predictions of held-out rows are at their rows", () => {
  const answers = outOfFold(data, [
    { entry: first, weight: 0.25 },
    { entry: second, weight: 0.75 },
  ]);
  for (let row = 0; row < ROWS; row++) {
    expect(answers[row]).toBeCloseTo(truth[row] + 0.125 * errors[row] + 0.375 * others[row], 10);
  }
  expect(Array.from(mix([Float64Array.of(1, 2), Float64Array.of(3, 4)], [0.5, 0.5]))).toEqual([2, 3]);
});

test("class weights match a plain greedy selection over whole responses", () => {
  const random = seededRandom(15);
  const labels = Float64Array.from({ length: ROWS }, () => Math.floor(3 * random()));
  const classes: TrainingData = {
    ...data,
    target: { task: "multiclass", values: labels, classes: ["a", "b", "c"] },
  };
  const entries = [0.4, 0.8, 1.2, 2].map((noise, k): Entry => {
    const answers = (valid: Int32Array) =>
      Float64Array.from(valid, (row) => row).reduce((response: number[], row) => {
        const scores = [0, 1, 2].map((label) =>
          Math.exp((labels[row] === label ? 1 : 0) + noise * normal(random)),
        );
        const sum = scores.reduce((a, b) => a + b);
        return response.concat(scores.map((score) => score / sum));
      }, []);
    const made = folds.map(({ valid }) => Float64Array.from(answers(valid)));
    const [plain] = entry(`entry ${k}`, "boosting", () => 0).folds;
    return {
      ...entry(`entry ${k}`, "boosting", () => 0),
      folds: made.map((response) => ({ ...plain, response })),
    };
  });
  const told = new Map(likelyParts(classes, entries).map(({ entry: of, weight }) => [of, weight]));
  const weights = plainWeights(classes, entries);
  for (const [k, of] of entries.entries()) expect(told.get(of) ?? 0).toBeCloseTo(weights[k], 9);
  expect(told.size).toBeGreaterThan(1);
});

/** Caruana's selection, written as in the paper. */
function plainWeights(given: TrainingData, entries: Entry[]): number[] {
  const width = given.target.classes.length;
  const rowsOf = given.folds.flatMap(({ valid }, fold) =>
    [...valid].map((row, i) => ({ label: given.target.values[row], fold, i })),
  );
  const lossOf = (picks: number[]) =>
    rowsOf.reduce((sum, { label, fold, i }) => {
      const likelihood = picks.reduce((p, k) => p + entries[k].folds[fold].response[i * width + label], 0);
      return sum - Math.log(likelihood / picks.length) / rowsOf.length;
    }, 0);
  let [picks, best]: [number[], number[]] = [[], []];
  for (let pick = 0; pick < 25; pick++) {
    const tried = entries.map((_, k) => [...picks, k]);
    picks = tried.reduce((a, b) => (lossOf(b) < lossOf(a) ? b : a));
    if (best.length === 0 || lossOf(picks) < lossOf(best) - 1e-9) best = picks;
  }
  return entries.map((_, k) => best.filter((picked) => picked === k).length / best.length);
}
