/** Predicts one row with trees. Raw margins only: sums of leaves and the base score. It must never allocate per row. */
import type { Feature, Samples } from "../../samples.ts";
import type { BinnedFeature, TreeModel, Trees } from "./trees.ts";

/** Reads one row's values in the model's feature order: numbers (NaN missing), category codes (-1 missing). */
export type RowPredictor = (values: Float64Array, out: Float64Array) => void;

/**
 * Returns a function for single rows; `out` receives the raw margins of all outputs. Codes index the model's labels.
 */
export function rowPredictor(model: TreeModel): RowPredictor {
  const { trees, outputs, baseScore, scale, features } = model;
  const packed = packedOf(trees);
  const tables = features.map((feature) => (feature.kind === "category" ? feature.bins : null));
  const known = new Float64Array(features.length);
  return (values, out) => {
    for (let f = 0; f < known.length; f++) known[f] = tables[f] ? binOf(tables[f]!, values[f]) : values[f];
    out.fill(0, 0, outputs);
    if (trees.leafOutputs === 1) addScalars(packed, known, out, outputs);
    else addVectors(packed, known, out, trees);
    for (let k = 0; k < outputs; k++) out[k] = out[k] * scale + baseScore[k];
  };
}

function binOf(bins: Uint8Array, code: number): number {
  return code >= 0 && code < bins.length ? bins[code] : 0;
}

/**
 * Trees laid out for single rows, where memory access dominates: 16 bytes per node, each left child right after its
 * parent.
 *
 *   f64 threshold, leaf's value, or  i32 mask | first leaf value   i32 meta   i32 right
 *
 * meta: feature << 2 | is a category << 1 | missing goes left; -1 a leaf.
 */
interface Packed {
  starts: Int32Array;
  floats: Float64Array;
  ints: Int32Array;
  masks: Uint32Array;
}

const LEAF = -1;
const packs = new WeakMap<Trees, Packed>();

function packedOf(trees: Trees): Packed {
  let packed = packs.get(trees);
  if (!packed) {
    packed = pack(trees);
    packs.set(trees, packed);
  }
  return packed;
}

function pack(trees: Trees): Packed {
  const { roots, feature, left, right, mask, missingLeft, threshold, leafValues, leafOutputs } = trees;
  const floats = new Float64Array((feature.length + leafValues.length / leafOutputs) * 2);
  const ints = new Int32Array(floats.buffer);
  let next = 0;
  const lay = (node: number) => {
    const at = next++;
    if (node >= 0) {
      if (mask[node] >= 0) ints[at * 4] = mask[node];
      else floats[at * 2] = threshold[node];
      ints[at * 4 + 2] = (feature[node] << 2) | (mask[node] >= 0 ? 2 : 0) | missingLeft[node];
      return at;
    }
    if (leafOutputs === 1) floats[at * 2] = leafValues[~node];
    else ints[at * 4] = ~node * leafOutputs;
    ints[at * 4 + 2] = LEAF;
    return at;
  };
  const starts = roots.map((root) => {
    const start = next;
    // Right children wait with the record that points to them; the tree's own root has none.
    const waiting: [node: number, parent: number][] = [[root, -1]];
    while (waiting.length) {
      let [node, parent] = waiting.pop()!;
      if (parent >= 0) ints[parent * 4 + 3] = next;
      for (; node >= 0; node = left[node]) waiting.push([right[node], lay(node)]);
      lay(node);
    }
    return start;
  });
  return { starts, floats, ints, masks: trees.masks };
}

function addScalars(packed: Packed, known: Float64Array, out: Float64Array, outputs: number): void {
  const { starts, floats } = packed;
  for (let tree = 0, k = 0; tree < starts.length; tree++) {
    out[k] += floats[walk(packed, starts[tree], known) * 2];
    if (++k === outputs) k = 0;
  }
}

function addVectors(
  packed: Packed,
  known: Float64Array,
  out: Float64Array,
  { leafValues, leafOutputs }: Trees,
): void {
  const { starts, ints } = packed;
  for (let tree = 0; tree < starts.length; tree++) {
    const at = ints[walk(packed, starts[tree], known) * 4];
    for (let k = 0; k < leafOutputs; k++) out[k] += leafValues[at + k];
  }
}

/** The leaf's record; `known` holds numbers, and bins for categories. */
function walk({ floats, ints, masks }: Packed, start: number, known: Float64Array): number {
  let at = start;
  for (let meta = ints[at * 4 + 2]; meta !== LEAF; meta = ints[at * 4 + 2]) {
    const value = known[meta >> 2];
    let isLeft = value <= floats[at * 2];
    if (meta & 2) isLeft = ((masks[ints[at * 4] * 8 + (value >>> 5)] >>> (value & 31)) & 1) === 1;
    else if (Number.isNaN(value)) isLeft = (meta & 1) === 1;
    at = isLeft ? at + 1 : ints[at * 4 + 3];
  }
  return at;
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
