/**
 * Types of a trained ensemble of trees and of its bins. Only types and their invariants: typed arrays and JSON scalars,
 * so a model file is "JSON plus typed arrays". It must never hold anything that a prediction does not need, except
 * gains and covers (importance, SHAP).
 */

/** How one feature was divided into bins; bin 0 is always "missing or never seen". At most 256 bins. */
export type BinnedFeature =
  /** Ascending edges; bin = 1 + number of edges < value, so `value <= edges[b - 1]` is `bin <= b`. */
  | { name: string; kind: "number"; edges: Float64Array }
  /** bins[code] is the bin of that category; the rarest ones may share the last bin. */
  | { name: string; kind: "category"; labels: string[]; bins: Uint8Array };

/**
 * All trees in one set of flat arrays. A child or root >= 0 is a split, < 0 is the leaf with index ~child.
 * A number goes left when value <= threshold, NaN when missingLeft; a category when the bit of its bin is set in
 * its mask (32 bytes at mask * 8 words; bit 0, missing, agrees with missingLeft).
 */
export interface Trees {
  roots: Int32Array;
  feature: Int32Array;
  threshold: Float64Array;
  /** The same threshold as a bin: bins 1 .. bin go left. */
  bin: Uint8Array;
  left: Int32Array;
  right: Int32Array;
  missingLeft: Uint8Array;
  /** -1: a number; else the index of its 8 words in `masks`. */
  mask: Int32Array;
  masks: Uint32Array;
  gain: Float64Array;
  /** Training rows that passed the split, and that reached the leaf: TreeSHAP's weights. */
  cover: Float64Array;
  leafCover: Float64Array;
  /** Leaf-major: leafOutputs values per leaf. */
  leafValues: Float64Array;
  /** 1: tree t adds to output t % outputs (boosting). Otherwise each leaf holds every output (forest). */
  leafOutputs: number;
}

/** What boosting and forests have in common: all that prediction, SHAP and the exports need. */
export interface TreeModel {
  kind: "boosting" | "forest";
  features: BinnedFeature[];
  trees: Trees;
  outputs: number;
  /** Added to the sum of leaves, per output. */
  baseScore: Float64Array;
  /** Sum of leaves is multiplied by this: 1 for boosting, 1 / trees for a forest. */
  scale: number;
}
