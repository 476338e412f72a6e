/**
 * Builds the part of an ONNX graph that computes trees, as TreeEnsembleRegressor (ai.onnx.ml 3) over one matrix that
 * all ensembles of a model share. ONNX trees compare numbers only, so every set of categories that a split sends left
 * gets a column of its own: 1 if the code is in it. Sums of leaves are 32-bit floats: the operator has no more.
 */
import type { TreeModel } from "../../learners/trees/trees.ts";
import { type Column, lookUp } from "./onnx-columns.ts";
import { beside, type Graph, step } from "./onnx-graph.ts";
import * as part from "./onnx-parts.ts";
import type { Encoded } from "./protobuf.ts";

/** An ensemble, and the graph's column behind each of its features. */
export interface Ensemble {
  model: TreeModel;
  columns: Column[];
}

/** The matrix, and which of its columns a split of an ensemble reads. */
export interface TreeInput {
  matrix: string;
  columnOf: (ensemble: Ensemble, node: number) => number;
}

/** Sets of codes that go left, by category: as bits, in order of first use. */
type Sets = Map<Column, Map<string, number>>;

export function treeInput(graph: Graph, ensembles: Ensemble[]): TreeInput {
  const sets: Sets = new Map();
  const plain = new Map<Column, number>();
  for (const { model, columns } of ensembles) {
    for (const column of columns)
      if (column.kind === "number" && !plain.has(column)) plain.set(column, plain.size);
    model.trees.mask.forEach((mask, node) => {
      if (mask < 0) return;
      const column = columns[model.trees.feature[node]];
      if (!sets.has(column)) sets.set(column, new Map());
      const known = sets.get(column)!;
      const bits = setOf(model, node);
      if (!known.has(bits)) known.set(bits, known.size);
    });
  }
  const starts = new Map<Column, number>();
  let width = plain.size;
  const wide = [...sets].map(([column, known]) => {
    starts.set(column, width);
    width += known.size;
    return tableOf(graph, column, [...known.keys()]);
  });
  return {
    matrix: beside(graph, [...[...plain.keys()].map(({ value }) => value), ...wide]),
    columnOf: ({ model, columns }, node) => {
      const column = columns[model.trees.feature[node]];
      if (model.trees.mask[node] < 0) return plain.get(column)!;
      return starts.get(column)! + sets.get(column)!.get(setOf(model, node))!;
    },
  };
}

/** One bit for missing and one per code: 1 goes left. */
function setOf({ trees, features }: TreeModel, node: number): string {
  const feature = features[trees.feature[node]];
  if (feature.kind !== "category")
    throw new TypeError(`${feature.name} is split as a category but is a number.`);
  const at = trees.mask[node] * 8;
  return [0, ...feature.bins].map((bin) => (trees.masks[at + (bin >>> 5)] >>> (bin & 31)) & 1).join("");
}

function tableOf(graph: Graph, column: Column, sets: string[]): string {
  if (column.kind !== "category")
    throw new TypeError(`${column.name} is split as a category but is a number.`);
  const cells = new Float64Array((column.labels.length + 1) * sets.length);
  for (let code = 0; code <= column.labels.length; code++)
    sets.forEach((set, k) => {
      cells[code * sets.length + k] = Number(set[code]);
    });
  return lookUp(graph, column, { width: sets.length, cells });
}

/** Raw margins, rows x outputs. */
export function sumTrees(graph: Graph, ensemble: Ensemble, input: TreeInput): string {
  const attributes = ensembleAttributes(ensemble, input);
  const sums = step(graph, "TreeEnsembleRegressor", { of: [input.matrix], attributes });
  return step(graph, "Cast", { of: [sums], attributes: [part.intAttribute("to", part.DOUBLE)] });
}

/** Nodes and leaf weights as ONNX wants them: parallel lists; per tree IDs from 0, leaves among the nodes. */
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

function listNodes(ensemble: Ensemble, { columnOf }: TreeInput): NodeLists {
  const { trees } = ensemble.model;
  const lists: NodeLists = { nodes: [], leaves: [] };
  trees.roots.forEach((root, tree) => {
    let next = 1;
    const open: [node: number, id: number][] = [[root, 0]];
    for (let item = open.pop(); item; item = open.pop()) {
      const [node, id] = item;
      if (node < 0) {
        lists.nodes.push({ tree, id, feature: 0, value: 0, mode: "LEAF", yes: 0, missing: 0 });
        for (const weight of leafWeights(ensemble.model, ~node, tree))
          lists.leaves.push({ tree, id, ...weight });
        continue;
      }
      const isSet = trees.mask[node] >= 0;
      const value = isSet ? 0.5 : Math.min(trees.threshold[node], Number.MAX_VALUE);
      const mode = isSet ? "BRANCH_GTE" : "BRANCH_LEQ";
      const feature = columnOf(ensemble, node);
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

function ensembleAttributes(ensemble: Ensemble, input: TreeInput): Encoded[] {
  const { nodes, leaves } = listNodes(ensemble, input);
  const { outputs, baseScore } = ensemble.model;
  const tensor = (name: string, values: ArrayLike<number>) =>
    part.tensorAttribute(`${name}_as_tensor`, part.doubles(name, [values.length], values));
  const ofNodes = (name: string, read: (node: NodeLists["nodes"][number]) => number) =>
    part.intsAttribute(`nodes_${name}`, nodes.map(read));
  const ofLeaves = (name: string, read: (leaf: NodeLists["leaves"][number]) => number) =>
    part.intsAttribute(`target_${name}`, leaves.map(read));
  const modes = nodes.map(({ mode }) => mode);
  const values = nodes.map(({ value }) => value);
  const weights = leaves.map(({ weight }) => weight);
  return [
    part.intAttribute("n_targets", outputs),
    ofNodes("treeids", ({ tree }) => tree),
    ofNodes("nodeids", ({ id }) => id),
    ofNodes("featureids", ({ feature }) => feature),
    tensor("nodes_values", values),
    part.textsAttribute("nodes_modes", modes),
    ofNodes("truenodeids", ({ yes }) => yes),
    ofNodes("falsenodeids", ({ yes, mode }) => (mode === "LEAF" ? 0 : yes + 1)),
    ofNodes("missing_value_tracks_true", ({ missing }) => missing),
    ofLeaves("treeids", ({ tree }) => tree),
    ofLeaves("nodeids", ({ id }) => id),
    ofLeaves("ids", ({ target }) => target),
    tensor("target_weights", weights),
    tensor("base_values", baseScore),
  ];
}
