import { describe, expect, test } from "bun:test";
import { contributions } from "../../../../core/trainer/explain/shap.ts";
import { predictTrees } from "../../../../core/trainer/learners/trees/batch-predictor.ts";
import { trainBoosting } from "../../../../core/trainer/learners/trees/boosting.ts";
import { trainForest } from "../../../../core/trainer/learners/trees/forest.ts";
import { goesLeft, readColumn } from "../../../../core/trainer/learners/trees/predictor.ts";
import type { TreeModel } from "../../../../core/trainer/learners/trees/trees.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { goOn, treeData } from "../learners/trees/tree-data.ts";

/** What the trees expect if only the features of `known` are known: unknown splits by cover. */
function expectation(model: TreeModel, values: number[], known: Set<number>): number[] {
  const { trees, features, outputs, baseScore, scale } = model;
  const coverOf = (node: number) => (node >= 0 ? trees.cover[node] : trees.leafCover[~node]);
  const visit = (node: number, tree: number): number[] => {
    if (node < 0) {
      if (trees.leafOutputs > 1)
        return Array.from({ length: outputs }, (_, k) => trees.leafValues[~node * outputs + k]);
      return Array.from({ length: outputs }, (_, k) => (k === tree % outputs ? trees.leafValues[~node] : 0));
    }
    const f = trees.feature[node];
    if (known.has(f)) {
      return visit(
        goesLeft(trees, node, features[f], values[f]) ? trees.left[node] : trees.right[node],
        tree,
      );
    }
    const [left, right] = [visit(trees.left[node], tree), visit(trees.right[node], tree)];
    const share = coverOf(trees.left[node]) / coverOf(node);
    return left.map((value, k) => share * value + (1 - share) * right[k]);
  };
  const sums = new Array<number>(outputs).fill(0);
  trees.roots.forEach((root, tree) => {
    visit(root, tree).forEach((value, k) => {
      sums[k] += value;
    });
  });
  return sums.map((sum, k) => sum * scale + baseScore[k]);
}

/** Shapley values by every subset of features: the definition. */
function bruteForce(model: TreeModel, values: number[]): number[][] {
  const count = model.features.length;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const of = (bits: number) =>
    expectation(
      model,
      values,
      new Set(Array.from({ length: count }, (_, f) => f).filter((f) => (bits >> f) & 1)),
    );
  return Array.from({ length: count }, (_, f) => {
    const phi = new Array<number>(model.outputs).fill(0);
    for (let bits = 0; bits < 1 << count; bits++) {
      if ((bits >> f) & 1) continue;
      const size = Array.from({ length: count }, (_, i) => (bits >> i) & 1).reduce((a, b) => a + b, 0);
      const weight = (factorial(size) * factorial(count - size - 1)) / factorial(count);
      const [without, withIt] = [of(bits), of(bits | (1 << f))];
      for (let k = 0; k < phi.length; k++) phi[k] += weight * (withIt[k] - without[k]);
    }
    return phi;
  });
}

const models: [string, () => Promise<{ model: TreeModel; data: ReturnType<typeof treeData> }>][] = [
  ["boosting, one output", () => boosted("regression")],
  ["boosting, three outputs", () => boosted("multiclass")],
  ["a forest", grown],
];

async function boosted(task: "regression" | "multiclass") {
  const data = treeData(task);
  const params = { maxRounds: 5, maxLeafNodes: 10, minSamplesLeaf: 5 };
  const { samples, target, trainRows } = data;
  const rest = { trainRows, validRows: null, random: seededRandom(1), checkpoint: goOn };
  return { model: await trainBoosting(samples, target, { params, ...rest }), data };
}

async function grown() {
  const data = treeData("multiclass");
  const { samples, target, trainRows } = data;
  const rest = { trainRows, random: seededRandom(1), checkpoint: goOn };
  return {
    model: await trainForest(samples, target, { params: { trees: 3, minSamplesLeaf: 8 }, ...rest }),
    data,
  };
}

describe.each(models)("%s", (_, make) => {
  test("contributions are the Shapley values and sum to the raw margin", async () => {
    const { model, data } = await make();
    const rows = data.validRows.slice(0, 6);
    const phi = contributions(model, data.samples, rows);
    const margins = predictTrees(model, data.samples, rows);
    const columns = model.features.map((feature) => readColumn(feature, data.samples));
    const width = (columns.length + 1) * model.outputs;
    rows.forEach((row, i) => {
      const expected = bruteForce(
        model,
        columns.map((read) => read(row)),
      );
      for (let k = 0; k < model.outputs; k++) {
        let sum = 0;
        for (let f = 0; f <= columns.length; f++) {
          const value = phi[i * width + f * model.outputs + k];
          sum += value;
          if (f < columns.length) expect(Math.abs(value - expected[f][k])).toBeLessThan(1e-12);
        }
        expect(Math.abs(sum - margins[i * model.outputs + k])).toBeLessThan(1e-12);
      }
    });
  });
});
