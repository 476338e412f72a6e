/**
 * How does an ONNX runtime read our trees? As TreeEnsembleRegressor (ai.onnx.ml 3) over one input of doubles.
 * Input X: rows x features, categories by code (index into the labels), missing NaN. Outputs: `margins`, and
 * `predictions` (probabilities, or the mean). ONNX trees compare numbers only, so every split by category gets a
 * column of its own: 1 where the code goes left, looked up in a table. Results are 32-bit floats: ONNX has no more.
 */
import type { LossName } from "../losses.ts";
import type { TreeModel } from "../trees.ts";
import * as part from "./onnx-parts.ts";
import { bytesField, concat, type Encoded, intField, textField } from "./protobuf.ts";

const IR_VERSION = 8;
const OPSET = 17;
const ML_OPSET = 3;

/** The model file's bytes. */
export function onnxModel(model: TreeModel, loss: LossName | null): Uint8Array {
  const columns = categoryColumns(model);
  const nodes = [...columns.nodes, ensembleNode(model, columns.of), ...linkNodes(loss)];
  const predictions = loss === "logistic" ? 2 : model.outputs;
  const graph = concat([
    ...nodes.map((node) => bytesField(1, node)),
    textField(2, "signalbox"),
    ...columns.constants.map((tensor) => bytesField(5, tensor)),
    bytesField(11, part.tensorType("X", part.DOUBLE, model.features.length)),
    bytesField(12, part.tensorType("margins", part.FLOAT, model.outputs)),
    bytesField(12, part.tensorType("predictions", part.FLOAT, predictions)),
  ]);
  return concat([
    ...[intField(1, IR_VERSION), textField(2, "signalbox"), bytesField(7, graph)],
    ...[bytesField(8, part.opset("", OPSET)), bytesField(8, part.opset("ai.onnx.ml", ML_OPSET))],
  ]);
}

interface CategoryColumns {
  nodes: Encoded[];
  constants: Encoded[];
  /** Column of the widened input, by split. */
  of: Map<number, number>;
}

/** X widened by one column per split by category: code + 1 (missing 0) picks a row of a table of zeros and ones. */
function categoryColumns(model: TreeModel): CategoryColumns {
  const { trees, features } = model;
  const all: CategoryColumns = { nodes: [], constants: [], of: new Map() };
  const names = ["X"];
  let width = features.length;
  features.forEach((feature, f) => {
    const splits = Array.from(trees.feature.keys()).filter(
      (node) => trees.feature[node] === f && trees.mask[node] >= 0,
    );
    if (feature.kind !== "category" || splits.length === 0) return;
    for (const node of splits) all.of.set(node, width++);
    const table = [0, ...feature.bins].flatMap((bin) => splits.map((node) => bitOf(model, node, bin)));
    all.constants.push(
      part.doubles(`table${f}`, [feature.bins.length + 1, splits.length], table),
      part.longs(`index${f}`, [], [f]),
      part.doubles(`most${f}`, [], [feature.bins.length - 1]),
    );
    all.nodes.push(...lookUp(f));
    names.push(`wide${f}`);
  });
  if (names.length > 1) all.constants.push(part.doubles("minusOne", [], [-1]), part.doubles("one", [], [1]));
  all.nodes.push(part.operator("Concat", names, ["wide"], [part.intAttribute("axis", 1)]));
  return all;
}

function bitOf({ trees }: TreeModel, node: number, bin: number): number {
  return (trees.masks[trees.mask[node] * 8 + (bin >>> 5)] >>> (bin & 31)) & 1;
}

/** NaN, negative or unknown codes become -1. */
function lookUp(f: number): Encoded[] {
  return [
    part.operator("Gather", ["X", `index${f}`], [`raw${f}`], [part.intAttribute("axis", 1)]),
    part.operator("LessOrEqual", [`raw${f}`, `most${f}`], [`known${f}`]),
    part.operator("Where", [`known${f}`, `raw${f}`, "minusOne"], [`upper${f}`]),
    part.operator("Max", [`upper${f}`, "minusOne"], [`code${f}`]),
    part.operator("Add", [`code${f}`, "one"], [`shifted${f}`]),
    part.operator("Cast", [`shifted${f}`], [`row${f}`], [part.intAttribute("to", part.INT64)]),
    part.operator("Gather", [`table${f}`, `row${f}`], [`wide${f}`], [part.intAttribute("axis", 0)]),
  ];
}

/** Node lists as ONNX wants them: per tree, ids from 0, leaves among the nodes. */
function ensembleNode(model: TreeModel, columns: Map<number, number>): Encoded {
  const { trees, outputs, scale, baseScore } = model;
  const nodes = { tree: [] as number[], id: [] as number[], feature: [] as number[], value: [] as number[] };
  const links = { yes: [] as number[], no: [] as number[], missing: [] as number[], mode: [] as string[] };
  const leaves = { tree: [] as number[], id: [] as number[], target: [] as number[], weight: [] as number[] };
  trees.roots.forEach((root, tree) => {
    let next = 1;
    const open: [number, number][] = [[root, 0]];
    for (let item = open.pop(); item; item = open.pop()) {
      const [node, id] = item;
      const isLeaf = node < 0;
      nodes.tree.push(tree);
      nodes.id.push(id);
      nodes.feature.push(isLeaf ? 0 : (columns.get(node) ?? trees.feature[node]));
      nodes.value.push(isLeaf ? 0 : splitValue(trees.threshold[node], trees.mask[node]));
      links.mode.push(isLeaf ? "LEAF" : trees.mask[node] >= 0 ? "BRANCH_GTE" : "BRANCH_LEQ");
      links.yes.push(isLeaf ? 0 : next);
      links.no.push(isLeaf ? 0 : next + 1);
      links.missing.push(isLeaf ? 0 : trees.missingLeft[node]);
      if (!isLeaf) {
        open.push([trees.right[node], next + 1], [trees.left[node], next]);
        next += 2;
        continue;
      }
      for (let k = 0; k < trees.leafOutputs; k++) {
        leaves.tree.push(tree);
        leaves.id.push(id);
        leaves.target.push(trees.leafOutputs === 1 ? tree % outputs : k);
        leaves.weight.push(trees.leafValues[~node * trees.leafOutputs + k] * scale);
      }
    }
  });
  const attributes = [
    part.intAttribute("n_targets", outputs),
    part.intsAttribute("nodes_treeids", nodes.tree),
    part.intsAttribute("nodes_nodeids", nodes.id),
    part.intsAttribute("nodes_featureids", nodes.feature),
    part.tensorAttribute("nodes_values_as_tensor", part.doubles("values", [nodes.value.length], nodes.value)),
    part.textsAttribute("nodes_modes", links.mode),
    part.intsAttribute("nodes_truenodeids", links.yes),
    part.intsAttribute("nodes_falsenodeids", links.no),
    part.intsAttribute("nodes_missing_value_tracks_true", links.missing),
    part.intsAttribute("target_treeids", leaves.tree),
    part.intsAttribute("target_nodeids", leaves.id),
    part.intsAttribute("target_ids", leaves.target),
    part.tensorAttribute(
      "target_weights_as_tensor",
      part.doubles("weights", [leaves.weight.length], leaves.weight),
    ),
    part.tensorAttribute("base_values_as_tensor", part.doubles("base", [outputs], Array.from(baseScore))),
  ];
  return part.operator("TreeEnsembleRegressor", ["wide"], ["margins"], attributes, "ai.onnx.ml");
}

function splitValue(threshold: number, mask: number): number {
  return mask >= 0 ? 0.5 : Math.min(threshold, Number.MAX_VALUE);
}

function linkNodes(loss: LossName | null): Encoded[] {
  if (loss === "softmax")
    return [part.operator("Softmax", ["margins"], ["predictions"], [part.intAttribute("axis", 1)])];
  if (loss === "poisson" || loss === "gamma") return [part.operator("Exp", ["margins"], ["predictions"])];
  if (loss !== "logistic") return [part.operator("Identity", ["margins"], ["predictions"])];
  return [
    part.operator("Sigmoid", ["margins"], ["second"]),
    part.operator("Neg", ["margins"], ["minus"]),
    part.operator("Sigmoid", ["minus"], ["first"]),
    part.operator("Concat", ["first", "second"], ["predictions"], [part.intAttribute("axis", 1)]),
  ];
}
