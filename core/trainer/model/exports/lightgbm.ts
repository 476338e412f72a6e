/**
 * Exports trees as LightGBM's text format, version 4, with equal predictions. Categories are given by their code (index
 * into the labels); missing is NaN. Boosting gives probabilities or means through the objective; a forest gives its
 * shares or means directly.
 */

import type { LossName } from "../../learners/trees/losses.ts";
import type { TreeModel, Trees } from "../../learners/trees/trees.ts";
import type { ExportNotes } from "./onnx.ts";

const OBJECTIVES: Record<LossName, (outputs: number) => string> = {
  squared: () => "regression",
  logistic: () => "binary sigmoid:1",
  softmax: (outputs) => `multiclass num_class:${outputs}`,
  poisson: () => "poisson",
  gamma: () => "gamma",
};

/** decision_type bits: 1 category, 2 missing goes left, 8 NaN is missing. */
const CATEGORY = 1;
const DEFAULT_LEFT = 2;
const NAN_MISSING = 8;

/**
 * The model as text. `loss` as in one-ensemble.ts: null if sums of leaves are the predictions. `selfTest`: rows with
 * their expected predictions, as one line of JSON in the header, where LightGBM skips unknown lines.
 */
export function lightgbmText(
  given: TreeModel,
  loss: LossName | null,
  { selfTest = "", readings = "", note = "" }: Partial<ExportNotes> = {},
): string {
  const model = given.trees.roots.length === 0 ? { ...given, trees: withOneLeaf(given) } : given;
  const { trees, outputs, features } = model;
  const copies = trees.leafOutputs === 1 ? 1 : outputs;
  const blocks: string[] = [];
  for (let tree = 0; tree < trees.roots.length; tree++) {
    for (let k = 0; k < copies; k++)
      blocks.push(treeText(model, { tree, output: copies > 1 ? k : tree % outputs, index: blocks.length }));
  }
  const head = [
    ...["tree", "version=v4", `num_class=${outputs}`, `num_tree_per_iteration=${outputs}`, "label_index=0"],
    `max_feature_idx=${features.length - 1}`,
    ...(loss ? [`objective=${OBJECTIVES[loss](outputs)}`] : []),
    `feature_names=${features.map(({ name }) => name.replace(/[\s,:[\]{}"]/g, "_")).join(" ")}`,
    `feature_infos=${features.map(featureInfo).join(" ")}`,
    ...(selfTest ? [`self_test=${selfTest}`] : []),
    ...(readings ? [`readings=${readings}`, `note=${note}`] : []),
  ];
  return `${head.join("\n")}\n\n${blocks.join("\n")}\nend of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\npandas_categorical:null\n`;
}

/** A model without a tree predicts its base score, which the format can only hold in a leaf. */
function withOneLeaf({ trees, outputs }: TreeModel): Trees {
  const leaves = Array.from({ length: outputs }, (_, leaf) => ~leaf);
  return { ...trees, roots: Int32Array.from(leaves), leafValues: new Float64Array(outputs), leafOutputs: 1 };
}

function featureInfo(feature: TreeModel["features"][number]): string {
  if (feature.kind === "number") return "[-1e308:1e308]";
  return feature.labels.length > 0 ? Array.from(feature.labels.keys()).join(":") : "none";
}

/** Splits and leaves of one tree, renumbered from 0 in walking order. */
interface Numbering {
  splits: number[];
  leaves: number[];
  of: Map<number, number>;
}

function numberTree(trees: Trees, root: number): Numbering {
  const numbering: Numbering = { splits: [], leaves: [], of: new Map() };
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node < 0) {
      numbering.of.set(node, ~numbering.leaves.length);
      numbering.leaves.push(~node);
    } else {
      numbering.of.set(node, numbering.splits.length);
      numbering.splits.push(node);
      open.push(trees.right[node], trees.left[node]);
    }
  }
  return numbering;
}

function treeText(model: TreeModel, at: { tree: number; output: number; index: number }): string {
  const { trees, outputs, baseScore, scale } = model;
  const { splits, leaves, of } = numberTree(trees, trees.roots[at.tree]);
  const isFirst = at.index < outputs;
  const leafValue = (leaf: number) => {
    const place = trees.leafOutputs === 1 ? leaf : leaf * outputs + at.output;
    return trees.leafValues[place] * scale + (isFirst ? baseScore[at.output] : 0);
  };
  const masks = splits.filter((node) => trees.mask[node] >= 0);
  const swapped = (node: number) => trees.mask[node] >= 0 && trees.missingLeft[node] === 1;
  const child = (node: number, side: "left" | "right") => of.get(trees[side][node])!;
  const lines: [string, (string | number)[]][] = [
    ["split_feature", splits.map((node) => trees.feature[node])],
    ["split_gain", splits.map((node) => trees.gain[node])],
    [
      "threshold",
      splits.map((node) => (trees.mask[node] >= 0 ? masks.indexOf(node) : finite(trees.threshold[node]))),
    ],
    ["decision_type", splits.map((node) => decisionType(trees, node))],
    ["left_child", splits.map((node) => child(node, swapped(node) ? "right" : "left"))],
    ["right_child", splits.map((node) => child(node, swapped(node) ? "left" : "right"))],
    ["leaf_value", leaves.map(leafValue)],
    ["leaf_weight", leaves.map((leaf) => trees.leafCover[leaf])],
    ["leaf_count", leaves.map((leaf) => trees.leafCover[leaf])],
    ["internal_value", splits.map(() => 0)],
    ["internal_weight", splits.map((node) => trees.cover[node])],
    ["internal_count", splits.map((node) => trees.cover[node])],
    ...categoryLines(model, masks),
    ["is_linear", [0]],
    ["shrinkage", [1]],
  ];
  const head = [`Tree=${at.index}`, `num_leaves=${leaves.length}`, `num_cat=${masks.length}`];
  const body = lines
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => `${key}=${values.join(" ")}`);
  return `${[...head, ...body].join("\n")}\n\n`;
}

/** Past the last edge everything but missing goes left. */
function finite(threshold: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, threshold));
}

function decisionType(trees: Trees, node: number): number {
  if (trees.mask[node] >= 0) return CATEGORY;
  return NAN_MISSING + (trees.missingLeft[node] === 1 ? DEFAULT_LEFT : 0);
}

/**
 * Codes of the left side as bits. LightGBM always sends missing and unknown right: if ours go left, the children are
 * swapped and the set is inverted.
 */
function categoryLines({ trees, features }: TreeModel, masks: number[]): [string, number[]][] {
  const boundaries = [0];
  const words: number[] = [];
  for (const node of masks) {
    const feature = features[trees.feature[node]];
    if (feature.kind !== "category")
      throw new TypeError(`${feature.name} is split as a category but is a number.`);
    const set = new Uint32Array(Math.max(1, Math.ceil(feature.labels.length / 32)));
    feature.bins.forEach((bin, code) => {
      const isLeft = (trees.masks[trees.mask[node] * 8 + (bin >>> 5)] >>> (bin & 31)) & 1;
      if (isLeft !== trees.missingLeft[node]) set[code >>> 5] |= 1 << (code & 31);
    });
    words.push(...set);
    boundaries.push(words.length);
  }
  return masks.length > 0
    ? [
        ["cat_boundaries", boundaries],
        ["cat_threshold", words],
      ]
    : [];
}
