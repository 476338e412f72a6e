/**
 * What do the trees say about a row?
 * Raw margins only: sums of leaves and the base score. It must never allocate per row.
 */
import type { Feature, Samples } from "./samples.ts";
import type { BinnedFeature, TreeModel, Trees } from "./trees.ts";

/** Reads one row's values in the model's feature order: numbers (NaN missing), category codes (-1 missing). */
export type RowPredictor = (values: Float64Array, out: Float64Array) => void;

/** A function for single rows; `out` gets the raw margins of all outputs. Codes index the model's labels. */
export function rowPredictor(model: TreeModel): RowPredictor {
  const { trees, outputs, baseScore, scale } = model;
  return (values, out) => {
    out.fill(0, 0, outputs);
    for (let tree = 0; tree < trees.roots.length; tree++) {
      addTree(out, 0, { trees, tree, outputs, leaf: leafOf(model, tree, values) });
    }
    for (let k = 0; k < outputs; k++) out[k] = out[k] * scale + baseScore[k];
  };
}

/** Raw margins, rows x outputs, row-major. Features are matched by name, category codes by label. */
export function predictTrees(model: TreeModel, samples: Samples, rows: Int32Array): Float64Array {
  const columns = model.features.map((feature) => readColumn(feature, samples));
  const values = new Float64Array(columns.length);
  const margins = new Float64Array(rows.length * model.outputs);
  const predict = rowPredictor(model);
  for (let i = 0; i < rows.length; i++) {
    for (let f = 0; f < columns.length; f++) values[f] = columns[f](rows[i]);
    predict(values, margins.subarray(i * model.outputs, (i + 1) * model.outputs));
  }
  return margins;
}

/** Index of the leaf that the row falls into. */
export function leafOf(model: TreeModel, tree: number, values: Float64Array): number {
  const { trees, features } = model;
  let node = trees.roots[tree];
  while (node >= 0) {
    const f = trees.feature[node];
    node = goesLeft(trees, node, features[f], values[f]) ? trees.left[node] : trees.right[node];
  }
  return ~node;
}

/** Where one value goes at one split. */
export function goesLeft(trees: Trees, node: number, feature: BinnedFeature, value: number): boolean {
  if (feature.kind === "number") {
    return Number.isNaN(value) ? trees.missingLeft[node] === 1 : value <= trees.threshold[node];
  }
  const bin = value >= 0 && value < feature.bins.length ? feature.bins[value] : 0;
  return ((trees.masks[trees.mask[node] * 8 + (bin >>> 5)] >>> (bin & 31)) & 1) === 1;
}

function addTree(
  out: Float64Array,
  at: number,
  from: { trees: Trees; tree: number; outputs: number; leaf: number },
): void {
  const { trees, tree, outputs, leaf } = from;
  if (trees.leafOutputs === 1) out[at + (tree % outputs)] += trees.leafValues[leaf];
  else for (let k = 0; k < outputs; k++) out[at + k] += trees.leafValues[leaf * outputs + k];
}

/** How to read the model's feature from samples: a missing column reads as missing, other labels are mapped. */
export function readColumn(feature: BinnedFeature, samples: Samples): (row: number) => number {
  const given = samples.features.find(({ name }) => name === feature.name);
  if (!given) return () => (feature.kind === "number" ? Number.NaN : -1);
  if (given.kind !== feature.kind) throw new TypeError(`Feature ${feature.name} must be a ${feature.kind}.`);
  if (given.kind === "number") return (row) => given.values[row];
  if (feature.kind !== "category") throw new TypeError(`Feature ${feature.name} must be a number.`);
  const codes = codeMap(feature.labels, given);
  return (row) => {
    const code = given.codes[row];
    return code < 0 ? -1 : codes[code];
  };
}

function codeMap(labels: string[], given: Extract<Feature, { kind: "category" }>): Int32Array {
  const index = new Map(labels.map((label, code) => [label, code]));
  return Int32Array.from(given.labels, (label) => index.get(label) ?? -1);
}
