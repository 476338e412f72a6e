import { expect, test } from "bun:test";
import { predictTrees } from "../../../../../core/trainer/learners/trees/batch-predictor.ts";
import { type ForestParams, trainForest } from "../../../../../core/trainer/learners/trees/forest.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import { fingerprint, goOn, type TreeData, treeData } from "./tree-data.ts";

function grow(data: TreeData, params: Partial<ForestParams> = {}, seed = 1) {
  const { samples, target, trainRows } = data;
  return trainForest(samples, target, {
    params: { trees: 25, ...params },
    trainRows,
    random: seededRandom(seed),
    checkpoint: goOn,
  });
}

test.each([false, true])(
  "shares of classes sum to one and are mostly right (extremely randomised: %p)",
  async (extraTrees) => {
    const data = treeData("multiclass", { rows: 1200 });
    const model = await grow(data, { extraTrees });
    const shares = predictTrees(model, data.samples, data.validRows);
    const hits = data.validRows.filter((row, i) => {
      const own = shares.subarray(i * 3, i * 3 + 3);
      expect(own[0] + own[1] + own[2]).toBeCloseTo(1, 9);
      return own.indexOf(Math.max(...own)) === data.target.values[row];
    });
    expect(hits.length / data.validRows.length).toBeGreaterThan(0.75);
  },
);

test("means follow the target, far from zero too", async () => {
  const data = treeData("regression", { rows: 1200 });
  const moved = { ...data, target: { ...data.target, values: data.target.values.map((y) => y + 1e6) } };
  const means = predictTrees(await grow(moved), data.samples, data.validRows);
  const error = Array.from(data.validRows).reduce(
    (sum, row, i) => sum + (means[i] - moved.target.values[row]) ** 2,
    0,
  );
  const spread = Array.from(data.validRows).reduce(
    (sum, row) => sum + (data.target.values[row] - 0.8) ** 2,
    0,
  );
  expect(error / spread).toBeLessThan(0.3);
});

test("without drawing rows, a fully grown tree predicts its training rows", async () => {
  const data = treeData("regression");
  const model = await grow(data, { trees: 1, bootstrap: false, maxFeatures: 1 });
  const means = predictTrees(model, data.samples, data.trainRows);
  data.trainRows.forEach((row, i) => {
    expect(means[i]).toBeCloseTo(data.target.values[row], 9);
  });
});

test("no leaf has fewer rows than the minimum, and every leaf's rows are counted", async () => {
  const data = treeData("binary");
  const { trees } = await grow(data, { minSamplesLeaf: 9 });
  expect(Math.min(...trees.leafCover)).toBeGreaterThanOrEqual(9);
  expect(trees.leafCover.reduce((a, b) => a + b, 0)).toBe(25 * data.trainRows.length);
});

test("the same seed gives the same forest to the byte", async () => {
  const data = treeData("binary");
  expect(fingerprint(await grow(data))).toBe(fingerprint(await grow(data)));
  expect(fingerprint(await grow(data))).not.toBe(fingerprint(await grow(data, {}, 2)));
});

test("a stop signal keeps the trees so far, at least one", async () => {
  const { samples, target, trainRows } = treeData("binary");
  const stop = AbortSignal.abort();
  const model = await trainForest(samples, target, {
    params: {},
    trainRows,
    random: seededRandom(1),
    checkpoint: goOn,
    stop,
  });
  expect(model.trees.roots.length).toBe(1);
});

test("progress is reported after every tree; a checkpoint that throws ends training", async () => {
  const { samples, target, trainRows } = treeData("binary");
  const told: number[] = [];
  const checkpoint = () => {
    if (told.length === 4) throw new Error("cancelled");
  };
  const growing = trainForest(samples, target, {
    params: { trees: 9 },
    trainRows,
    random: seededRandom(1),
    checkpoint,
    onTree: ({ tree }) => void told.push(tree),
  });
  expect(growing).rejects.toThrow("cancelled");
  await growing.catch(() => null);
  expect(told).toEqual([1, 2, 3, 4]);
});
