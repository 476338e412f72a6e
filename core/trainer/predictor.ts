/**
 * What do the trees say about one row?
 * Raw margins only: sums of leaves and the base score. It must never allocate per row.
 */
import type { Feature, Samples } from "./samples.ts";
import type { BinnedFeature, TreeModel, Trees } from "./trees.ts";

/** Reads one row's values in the model's feature order: numbers (NaN missing), category codes (-1 missing). */
export type RowPredictor = (values: Float64Array, out: Float64Array) => void;

/** A function for single rows; `out` gets the raw margins of all outputs. Codes index the model's labels. */
export function rowPredictor(model: TreeModel): RowPredictor {
  const { trees, outputs, baseScore, scale, features } = model;
  const tables = features.map((feature) => (feature.kind === "category" ? feature.bins : null));
  const known = new Float64Array(features.length);
  return (values, out) => {
    for (let f = 0; f < known.length; f++) known[f] = tables[f] ? binOf(tables[f]!, values[f]) : values[f];
    out.fill(0, 0, outputs);
    if (trees.leafOutputs === 1) addScalars(trees, known, out, outputs);
    else addVectors(trees, known, out);
    for (let k = 0; k < outputs; k++) out[k] = out[k] * scale + baseScore[k];
  };
}

function binOf(bins: Uint8Array, code: number): number {
  return code >= 0 && code < bins.length ? bins[code] : 0;
}

function addScalars(trees: Trees, known: Float64Array, out: Float64Array, outputs: number): void {
  const { roots, leafValues } = trees;
  for (let tree = 0, k = 0; tree < roots.length; tree++) {
    out[k] += leafValues[walk(trees, roots[tree], known)];
    if (++k === outputs) k = 0;
  }
}

function addVectors(trees: Trees, known: Float64Array, out: Float64Array): void {
  const { roots, leafValues, leafOutputs } = trees;
  for (let tree = 0; tree < roots.length; tree++) {
    const at = walk(trees, roots[tree], known) * leafOutputs;
    for (let k = 0; k < leafOutputs; k++) out[k] += leafValues[at + k];
  }
}

/** Index of the leaf; `known` holds numbers, and bins for categories. */
function walk(trees: Trees, root: number, known: Float64Array): number {
  const { feature, threshold, left, right, mask, missingLeft } = trees;
  let node = root;
  while (node >= 0) {
    const value = known[feature[node]];
    let isLeft = value <= threshold[node];
    if (mask[node] >= 0) isLeft = maskHas(trees, mask[node], value);
    else if (Number.isNaN(value)) isLeft = missingLeft[node] === 1;
    node = isLeft ? left[node] : right[node];
  }
  return ~node;
}

function maskHas(trees: Trees, mask: number, bin: number): boolean {
  return ((trees.masks[mask * 8 + (bin >>> 5)] >>> (bin & 31)) & 1) === 1;
}

/** Where one value goes at one split. */
export function goesLeft(trees: Trees, node: number, feature: BinnedFeature, value: number): boolean {
  if (feature.kind === "category") return maskHas(trees, trees.mask[node], binOf(feature.bins, value));
  return Number.isNaN(value) ? trees.missingLeft[node] === 1 : value <= trees.threshold[node];
}

/** How to read the model's feature from samples: a missing column reads as missing, other labels are mapped. */
export function readColumn(feature: BinnedFeature, samples: Samples): (row: number) => number {
  const given = samples.features.find(({ name }) => name === feature.name);
  if (!given) return () => (feature.kind === "number" ? Number.NaN : -1);
  if (given.kind !== feature.kind) throw new TypeError(`Feature ${feature.name} must be a ${feature.kind}.`);
  if (given.kind === "number") return (row) => given.values[row];
  if (feature.kind !== "category") throw new TypeError(`Feature ${feature.name} must be a number.`);
  const codes = codeMap(feature.labels, given);
  return (row) => (given.codes[row] < 0 ? -1 : codes[given.codes[row]]);
}

function codeMap(labels: string[], given: Extract<Feature, { kind: "category" }>): Int32Array {
  if (given.labels === labels) return Int32Array.from(labels.keys());
  const index = new Map(labels.map((label, code) => [label, code]));
  return Int32Array.from(given.labels, (label) => index.get(label) ?? -1);
}
