import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { predictTrees } from "../../../core/trainer/batch-predictor.ts";
import { linkMargins, trainBoosting } from "../../../core/trainer/boosting.ts";
import { lightgbmText } from "../../../core/trainer/exports/lightgbm.ts";
import { onnxModel } from "../../../core/trainer/exports/onnx.ts";
import { trainForest } from "../../../core/trainer/forest.ts";
import type { LossName } from "../../../core/trainer/losses.ts";
import { seededRandom } from "../../../core/trainer/random.ts";
import type { TreeModel } from "../../../core/trainer/trees.ts";
import { predictText, readLightgbm } from "./lightgbm-text.ts";
import { doubles, ensembleReader, graphOf } from "./onnx-reader.ts";
import { goOn, type TreeData, treeData } from "./tree-data.ts";

const ROWS = 1000;

interface Exported {
  model: TreeModel;
  loss: LossName | null;
  data: TreeData;
  /** Features in order: numbers, codes; NaN missing. */
  rows: number[][];
  margins: Float64Array;
}

const made = new Map<string, Exported>();
const NAMES = ["logistic", "softmax", "squared", "gamma", "forest"] as const;

beforeAll(async () => {
  for (const name of NAMES) made.set(name, await makeModel(name));
});

async function makeModel(name: (typeof NAMES)[number]): Promise<Exported> {
  const task =
    name === "logistic" ? "binary" : name === "softmax" || name === "forest" ? "multiclass" : "regression";
  const data = treeData(task, { rows: ROWS, positive: name === "gamma" });
  const { samples, target, trainRows } = data;
  const rest = { trainRows, random: seededRandom(1), checkpoint: goOn };
  const model =
    name === "forest"
      ? await trainForest(samples, target, { params: { trees: 7, minSamplesLeaf: 4 }, ...rest })
      : await trainBoosting(samples, target, {
          params: { loss: name, maxRounds: 15 },
          validRows: null,
          ...rest,
        });
  const rows = Array.from({ length: ROWS }, (_, row) =>
    samples.features.map((feature) => {
      if (feature.kind === "number") return feature.values[row];
      return feature.codes[row] < 0 ? Number.NaN : feature.codes[row];
    }),
  );
  return {
    model,
    loss: name === "forest" ? null : name,
    data,
    rows,
    margins: predictTrees(model, samples, data.all),
  };
}

function largestGap(expected: Float64Array, rows: number[][]): number {
  const all = rows.flat();
  expect(all.length).toBe(expected.length);
  return all.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i])), 0);
}

describe.each(NAMES.map((name) => [name]))("%s, on 1,000 rows", (name) => {
  test("LightGBM's text says the same", () => {
    const { model, loss, rows, margins } = made.get(name)!;
    const text = readLightgbm(lightgbmText(model, loss));
    expect(text.trees.length).toBe(
      loss ? model.trees.roots.length : model.trees.roots.length * model.outputs,
    );
    expect(
      largestGap(
        margins,
        rows.map((row) => predictText(text, row)),
      ),
    ).toBeLessThan(1e-13);
  });

  test("the ONNX graph says the same", () => {
    const { model, loss, rows, margins } = made.get(name)!;
    const { nodes, tensors } = graphOf(onnxModel(model, loss));
    const walk = ensembleReader(nodes.find(({ operator }) => operator === "TreeEnsembleRegressor")!);
    const table = doubles(tensors.get("table1")!);
    const width = table.length / 14;
    expect(nodes.find(({ operator }) => operator === "Concat")!.inputs).toEqual(["X", "wide1"]);
    const wide = rows.map((row) => {
      const code = Number.isNaN(row[1]) ? 0 : row[1] + 1;
      return [...row, ...table.subarray(code * width, (code + 1) * width)];
    });
    expect(
      largestGap(
        margins,
        wide.map((row) => walk(row)),
      ),
    ).toBeLessThan(1e-12);
    const last = {
      logistic: "Concat",
      softmax: "Softmax",
      gamma: "Exp",
      squared: "Identity",
      forest: "Identity",
    }[name];
    expect(nodes.at(-1)!.operator).toBe(last);
    expect(nodes.at(-1)!.outputs).toEqual(["predictions"]);
  });
});

const PYTHON = `
import sys, numpy as np, lightgbm
folder = sys.argv[1]
for name in sys.argv[2:]:
    rows = np.fromfile(f"{folder}/{name}.rows").reshape(${ROWS}, -1)
    np.asarray(lightgbm.Booster(model_file=f"{folder}/{name}.txt").predict(rows), dtype=float).tofile(f"{folder}/{name}.out")
`;

const hasLightgbm = (() => {
  if (!Bun.which("python3")) return false;
  return Bun.spawnSync(["python3", "-c", "import lightgbm, numpy"]).exitCode === 0;
})();

// Where LightGBM is not installed, the reader above stands in for it: no test is skipped.
if (hasLightgbm) {
  test("LightGBM itself opens the text and predicts the same", async () => {
    const folder = await mkdtemp(`${tmpdir()}/lightgbm-`);
    for (const [name, { model, loss, rows }] of made) {
      const selfTest = JSON.stringify({ rows: rows.slice(0, 2), predictions: [[0.5], [1]] });
      await Bun.write(`${folder}/${name}.txt`, lightgbmText(model, loss, selfTest));
      await Bun.write(`${folder}/${name}.rows`, Float64Array.from(rows.flat()));
    }
    const child = Bun.spawn(["python3", "-c", PYTHON, folder, ...NAMES], {
      stdout: "ignore",
      stderr: "pipe",
    });
    expect(await child.exited, await new Response(child.stderr).text()).toBe(0);
    for (const [name, { model, loss, margins }] of made) {
      const theirs = new Float64Array(await Bun.file(`${folder}/${name}.out`).arrayBuffer());
      const ours = loss ? linkMargins({ loss, outputs: model.outputs }, margins) : margins;
      const shown = loss === "logistic" ? ours.filter((_, i) => i % 2 === 1) : ours;
      expect(largestGap(shown, [Array.from(theirs)])).toBeLessThan(1e-14);
    }
    await rm(folder, { recursive: true });
  }, 60_000);
}
