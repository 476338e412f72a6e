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

/** The model file's bytes. `selfTest`: rows with what is to be answered, as JSON in the file's metadata. */
export function onnxModel(model: TreeModel, loss: LossName | null, selfTest = ""): Uint8Array {
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
    ...(selfTest ? [bytesField(14, part.metadata("self_test", selfTest))] : []),
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

/** Nodes and leaf weights as ONNX wants them: parallel lists; per tree ids from 0, leaves among the nodes. */
interface NodeLists {
  nodes: {
    tree: number;
    id: number;
    feature: number;
    value: number;
    mode: string;
    yes: number;
    missing: number;
  }[];
  leaves: { tree: number; id: number; target: number; weight: number }[];
}

function listNodes(model: TreeModel, columns: Map<number, number>): NodeLists {
  const { trees } = model;
  const lists: NodeLists = { nodes: [], leaves: [] };
  trees.roots.forEach((root, tree) => {
    let next = 1;
    const open: [node: number, id: number][] = [[root, 0]];
    for (let item = open.pop(); item; item = open.pop()) {
      const [node, id] = item;
      if (node < 0) {
        lists.nodes.push({ tree, id, feature: 0, value: 0, mode: "LEAF", yes: 0, missing: 0 });
        lists.leaves.push(...leafWeights(model, ~node, tree).map((weight) => ({ tree, id, ...weight })));
        continue;
      }
      const feature = columns.get(node) ?? trees.feature[node];
      const value = splitValue(trees.threshold[node], trees.mask[node]);
      const mode = trees.mask[node] >= 0 ? "BRANCH_GTE" : "BRANCH_LEQ";
      lists.nodes.push({ tree, id, feature, value, mode, yes: next, missing: trees.missingLeft[node] });
      open.push([trees.right[node], next + 1], [trees.left[node], next]);
      next += 2;
    }
  });
  return lists;
}

function leafWeights(model: TreeModel, leaf: number, tree: number): { target: number; weight: number }[] {
  const { trees, outputs, scale } = model;
  return Array.from({ length: trees.leafOutputs }, (_, k) => ({
    target: trees.leafOutputs === 1 ? tree % outputs : k,
    weight: trees.leafValues[leaf * trees.leafOutputs + k] * scale,
  }));
}

function ensembleNode(model: TreeModel, columns: Map<number, number>): Encoded {
  const { nodes, leaves } = listNodes(model, columns);
  const numbers = (name: string, values: number[]) => part.intsAttribute(name, values);
  const tensor = (name: string, values: number[]) =>
    part.tensorAttribute(`${name}_as_tensor`, part.doubles(name, [values.length], values));
  const attributes = [
    part.intAttribute("n_targets", model.outputs),
    numbers(
      "nodes_treeids",
      nodes.map(({ tree }) => tree),
    ),
    numbers(
      "nodes_nodeids",
      nodes.map(({ id }) => id),
    ),
    numbers(
      "nodes_featureids",
      nodes.map(({ feature }) => feature),
    ),
    tensor(
      "nodes_values",
      nodes.map(({ value }) => value),
    ),
    part.textsAttribute(
      "nodes_modes",
      nodes.map(({ mode }) => mode),
    ),
    numbers(
      "nodes_truenodeids",
      nodes.map(({ yes }) => yes),
    ),
    numbers(
      "nodes_falsenodeids",
      nodes.map(({ yes, mode }) => (mode === "LEAF" ? 0 : yes + 1)),
    ),
    numbers(
      "nodes_missing_value_tracks_true",
      nodes.map(({ missing }) => missing),
    ),
    numbers(
      "target_treeids",
      leaves.map(({ tree }) => tree),
    ),
    numbers(
      "target_nodeids",
      leaves.map(({ id }) => id),
    ),
    numbers(
      "target_ids",
      leaves.map(({ target }) => target),
    ),
    tensor(
      "target_weights",
      leaves.map(({ weight }) => weight),
    ),
    tensor("base_values", Array.from(model.baseScore)),
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
