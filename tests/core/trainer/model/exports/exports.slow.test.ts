import { beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import type { ColumnEncoding } from "../../../../../core/trainer/encoding/columns.ts";
import { predictTrees } from "../../../../../core/trainer/learners/trees/batch-predictor.ts";
import {
  type BoostingModel,
  linkMargins,
  trainBoosting,
} from "../../../../../core/trainer/learners/trees/boosting.ts";
import { type ForestModel, trainForest } from "../../../../../core/trainer/learners/trees/forest.ts";
import type { LossName } from "../../../../../core/trainer/learners/trees/losses.ts";
import type { BinnedFeature, TreeModel } from "../../../../../core/trainer/learners/trees/trees.ts";
import { lightgbmText } from "../../../../../core/trainer/model/exports/lightgbm.ts";
import { type OneEnsemble, oneEnsemble } from "../../../../../core/trainer/model/exports/one-ensemble.ts";
import { onnxModel } from "../../../../../core/trainer/model/exports/onnx.ts";
import type { Member } from "../../../../../core/trainer/model/members.ts";
import { MODEL_VERSION, type Model } from "../../../../../core/trainer/model/model.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import { goOn, type TreeData, treeData } from "../../learners/trees/tree-data.ts";
import { predictText, readLightgbm } from "./lightgbm-text.ts";
import { doubles, ensembleReader, graphOf } from "./onnx-reader.ts";

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
  test("LightGBM's text predicts the same", () => {
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

  test("the ONNX graph's trees predict the same", () => {
    const { model, loss, data, rows, margins } = made.get(name)!;
    const { nodes, tensors } = graphOf(onnxModel(wholeModel(model, loss, data.target)));
    const ensemble = nodes.find(({ operator }) => operator === "TreeEnsembleRegressor")!;
    const by = (output: string) => nodes.find(({ outputs }) => outputs.includes(output))!;
    const matrix = by(ensemble.inputs[0]);
    expect(matrix.operator).toBe("Concat");
    const columns = matrix.inputs.map((input) => {
      const at = model.features.findIndex((feature) => feature.name === input);
      if (at >= 0) return (row: number[]) => [row[at]];
      const [table, code] = by(input).inputs;
      const [labels] = by(by(code).inputs[0]).inputs;
      const category = model.features.findIndex((feature) => feature.name === labels);
      const feature = model.features[category] as BinnedFeature & { kind: "category" };
      const cells = doubles(tensors.get(table)!);
      const width = cells.length / (feature.labels.length + 1);
      return (row: number[]) => {
        const place = Number.isNaN(row[category]) ? 0 : row[category] + 1;
        return Array.from(cells.subarray(place * width, (place + 1) * width));
      };
    });
    const walk = ensembleReader(ensemble);
    const theirs = rows.map((row) => walk(columns.flatMap((read) => read(row))));
    expect(largestGap(margins, theirs)).toBeLessThan(1e-12);
  });
});

/** A whole model that is these trees and no more. */
function wholeModel(trees: TreeModel, loss: LossName | null, { task, classes }: TreeData["target"]): Model {
  const columns = trees.features.map(
    (feature): ColumnEncoding =>
      feature.kind === "number"
        ? { kind: "number", column: feature.name }
        : { kind: "category", column: feature.name, labels: feature.labels, counts: [] },
  );
  const rest = { supervised: -1, transform: { kind: "none" } } as const;
  const member = (
    loss
      ? { kind: "boosting", model: { ...trees, loss } as BoostingModel, ...rest }
      : { kind: "forest", model: trees as ForestModel, ...rest }
  ) as Member;
  return {
    ...{ version: MODEL_VERSION, task, classes, target: "y", plans: [], encoder: { columns } },
    ...{ design: { features: [], columns: 0 }, supervised: [], calibration: null, threshold: null },
    parts: [{ name: "", family: "", weight: 1, members: [member] }],
  };
}

describe("one ensemble for several learners", () => {
  const answersOf = (found: OneEnsemble | string, rows: number[][]) => {
    if (typeof found === "string") throw new Error(found);
    const trees = readLightgbm(lightgbmText(found.ensemble, found.loss));
    return rows.map((row) => predictText(trees, row));
  };
  const target = (name: string) => made.get(name)!.data.target;

  test("weighted boosters of a number, and a constant, are one sum of trees", () => {
    const { model, loss, rows, margins } = made.get("squared")!;
    const whole = wholeModel(model, loss, target("squared"));
    const [part] = whole.parts;
    const [member] = part.members;
    const constant: Member = { kind: "constant", response: Float64Array.of(40) };
    const parts = [
      { ...part, weight: 0.75, members: [member, member] },
      { ...part, weight: 0.25, members: [constant] },
    ];
    const answers = answersOf(oneEnsemble({ ...whole, parts }), rows);
    expect(
      largestGap(
        margins.map((margin) => 0.75 * margin + 10),
        answers,
      ),
    ).toBeLessThan(1e-11);
  });

  test("a calibration is part of the only booster's margins", () => {
    const { model, loss, rows, margins } = made.get("logistic")!;
    const calibration = { kind: "platt", slope: 1.5, offset: [0, 0.25] } as const;
    const whole = {
      ...wholeModel(model, loss, target("logistic")),
      calibration: { ...calibration, offset: [0, 0.25] },
    };
    const answers = answersOf(oneEnsemble(whole), rows);
    expect(
      largestGap(
        margins.map((margin) => 1.5 * margin + 0.25),
        answers,
      ),
    ).toBeLessThan(1e-12);
  });

  test("averaged probabilities are not", () => {
    const { model, loss } = made.get("softmax")!;
    const whole = wholeModel(model, loss, target("softmax"));
    const [part] = whole.parts;
    const parts = [{ ...part, members: [...part.members, ...part.members] }];
    expect(oneEnsemble({ ...whole, parts })).toContain("averaged");
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

// If LightGBM is not installed, the reader above replaces it: no test is skipped.
if (hasLightgbm) {
  test("LightGBM itself opens the text and predicts the same", async () => {
    const folder = await mkdtemp(`${tmpdir()}/lightgbm-`);
    for (const [name, { model, loss, rows }] of made) {
      const selfTest = JSON.stringify({ rows: rows.slice(0, 2), predictions: [[0.5], [1]] });
      await Bun.write(`${folder}/${name}.txt`, lightgbmText(model, loss, { selfTest }));
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

test("a model without a tree predicts its base score in LightGBM's text", async () => {
  const { samples, target, trainRows } = treeData("binary", { rows: 200 });
  const params = { loss: "logistic", maxRounds: 1 } as const;
  const rest = { trainRows, validRows: null, random: seededRandom(1), checkpoint: goOn };
  const model = await trainBoosting(samples, target, { params, ...rest });
  const bare = { ...model, trees: { ...model.trees, roots: new Int32Array() } };
  const row = samples.features.map(() => Number.NaN);
  expect(predictText(readLightgbm(lightgbmText(bare, "logistic")), row)[0]).toBe(model.baseScore[0]);
});
