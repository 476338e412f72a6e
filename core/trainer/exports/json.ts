/**
 * How do our trees look to a program in any language? Plain JSON: nested nodes, labels instead of bins.
 * It must be enough to predict by hand: the description of each field stands in `format`.
 */
import type { LossName } from "../losses.ts";
import type { TreeModel } from "../trees.ts";

export type JsonNode =
  | { leaf: number[] }
  | {
      feature: string;
      /** Numbers: left when value <= threshold. */
      threshold?: number | null;
      /** Categories: left when the label is one of these. */
      labels?: string[];
      missing: "left" | "right";
      rows: number;
      left: JsonNode;
      right: JsonNode;
    };

export interface JsonModel {
  format: string;
  kind: TreeModel["kind"];
  loss: LossName | null;
  outputs: number;
  scale: number;
  baseScore: number[];
  features: { name: string; kind: "number" | "category"; labels?: string[] }[];
  trees: JsonNode[];
}

const FORMAT =
  "margin[k] = baseScore[k] + scale * sum of leaves; a leaf of one number belongs to output (tree mod outputs). " +
  "threshold null: every value goes left. Labels not listed go right; labels never seen, and empty cells, are missing. " +
  "loss logistic: 1 / (1 + exp(-margin)) is the probability of the second class; softmax: exp(margin) over their sum; " +
  "poisson, gamma: exp(margin); squared or none: the margin itself.";

/** Trees as nested objects; leaf-by-leaf equal to the model. */
export function treesJson(model: TreeModel, loss: LossName | null): JsonModel {
  return {
    ...{ format: FORMAT, kind: model.kind, loss, outputs: model.outputs, scale: model.scale },
    baseScore: Array.from(model.baseScore),
    features: model.features.map((feature) =>
      feature.kind === "number"
        ? { name: feature.name, kind: feature.kind }
        : { name: feature.name, kind: feature.kind, labels: knownLabels(feature) },
    ),
    trees: Array.from(model.trees.roots, (root) => nodeJson(model, root)),
  };
}

function knownLabels({ labels, bins }: { labels: string[]; bins: Uint8Array }): string[] {
  return labels.filter((_, code) => bins[code] > 0);
}

function nodeJson(model: TreeModel, node: number): JsonNode {
  const { trees, features } = model;
  const width = trees.leafOutputs;
  if (node < 0) return { leaf: Array.from(trees.leafValues.subarray(~node * width, (~node + 1) * width)) };
  const feature = features[trees.feature[node]];
  return {
    feature: feature.name,
    ...(feature.kind === "number"
      ? { threshold: Number.isFinite(trees.threshold[node]) ? trees.threshold[node] : null }
      : { labels: leftLabels(model, node) }),
    missing: trees.missingLeft[node] === 1 ? "left" : "right",
    rows: trees.cover[node],
    left: nodeJson(model, trees.left[node]),
    right: nodeJson(model, trees.right[node]),
  };
}

function leftLabels({ trees, features }: TreeModel, node: number): string[] {
  const feature = features[trees.feature[node]];
  if (feature.kind !== "category") return [];
  const at = trees.mask[node] * 8;
  return feature.labels.filter((_, code) => {
    const bin = feature.bins[code];
    return bin > 0 && ((trees.masks[at + (bin >>> 5)] >>> (bin & 31)) & 1) === 1;
  });
}
