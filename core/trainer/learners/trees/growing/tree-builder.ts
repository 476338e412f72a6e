/**
 * Collects the trees as the kernels leave them, and joins them into the flat arrays of a model at the end. It must
 * never reorder what was added.
 */
import type { BinnedFeature, Trees } from "../trees.ts";

/** 64 bytes per split, as drawn in kernels/assembly/grower.ts. */
export const SPLIT_BYTES = 64;
const SPLIT_WORDS = SPLIT_BYTES / 4;
/** Rows and value of a leaf with one output. */
export const LEAF_PAIR_BYTES = 16;

/** One tree: its splits (the first is the root, if there is any), and rows and values of each leaf. */
export interface GrownTree {
  splits: Int32Array;
  leaves: Float64Array;
}

export class TreeBuilder {
  private readonly trees: GrownTree[] = [];

  constructor(
    private readonly features: BinnedFeature[],
    private readonly leafOutputs: number,
  ) {}

  get treeCount(): number {
    return this.trees.length;
  }

  add(tree: GrownTree): void {
    this.trees.push(tree);
  }

  /** The first `count` trees. */
  build(count = this.trees.length): Trees {
    const grown = this.trees.slice(0, count);
    const trees = emptyTrees(grown, this.leafOutputs);
    const at = { split: 0, leaf: 0, mask: 0 };
    grown.forEach((tree, i) => {
      trees.roots[i] = tree.splits.length > 0 ? at.split : -1 - at.leaf;
      const { split, leaf } = at;
      for (let from = 0; from < tree.splits.length; from += SPLIT_WORDS) {
        this.putSplit(trees, at, { tree, from, split, leaf });
      }
      putLeaves(trees, at, tree.leaves);
    });
    return trees;
  }

  private putSplit(
    trees: Trees,
    at: { split: number; mask: number },
    { tree, from, split, leaf }: { tree: GrownTree; from: number; split: number; leaf: number },
  ): void {
    const { splits } = tree;
    const i = at.split++;
    const [index, bin, flags] = [splits[from], splits[from + 1], splits[from + 4]];
    const feature = this.features[index];
    trees.feature[i] = index;
    trees.bin[i] = bin;
    trees.threshold[i] = feature.kind === "number" ? edgeOf(feature.edges, bin) : 0;
    trees.left[i] = childOf(splits[from + 2], split, leaf);
    trees.right[i] = childOf(splits[from + 3], split, leaf);
    trees.missingLeft[i] = flags & 1;
    trees.cover[i] = splits[from + 5];
    trees.gain[i] = new Float64Array(splits.buffer, splits.byteOffset + from * 4 + 24, 1)[0];
    trees.mask[i] = -1;
    if ((flags & 2) === 0) return;
    trees.mask[i] = at.mask;
    for (let word = 0; word < 8; word++) trees.masks[at.mask * 8 + word] = splits[from + 8 + word];
    at.mask++;
  }
}

function emptyTrees(grown: GrownTree[], leafOutputs: number): Trees {
  let [splits, leaves, masks] = [0, 0, 0];
  for (const tree of grown) {
    splits += tree.splits.length / SPLIT_WORDS;
    leaves += tree.leaves.length / (1 + leafOutputs);
    for (let flags = 4; flags < tree.splits.length; flags += SPLIT_WORDS) masks += tree.splits[flags] >> 1;
  }
  return {
    roots: new Int32Array(grown.length),
    feature: new Int32Array(splits),
    threshold: new Float64Array(splits),
    bin: new Uint8Array(splits),
    left: new Int32Array(splits),
    right: new Int32Array(splits),
    missingLeft: new Uint8Array(splits),
    mask: new Int32Array(splits),
    masks: new Uint32Array(masks * 8),
    gain: new Float64Array(splits),
    cover: new Float64Array(splits),
    leafCover: new Float64Array(leaves),
    leafValues: new Float64Array(leaves * leafOutputs),
    leafOutputs,
  };
}

/** Children are numbered within their tree; leaves as ~index. */
function childOf(child: number, firstSplit: number, firstLeaf: number): number {
  return child < 0 ? child - firstLeaf : child + firstSplit;
}

function putLeaves(trees: Trees, at: { leaf: number }, leaves: Float64Array): void {
  const { leafOutputs: width } = trees;
  for (let from = 0; from < leaves.length; from += 1 + width) {
    trees.leafCover[at.leaf] = leaves[from];
    for (let k = 0; k < width; k++) trees.leafValues[at.leaf * width + k] = leaves[from + 1 + k];
    at.leaf++;
  }
}

/** Bins 1 .. bin are `value <= edges[bin - 1]`; past the last edge (only missing goes elsewhere): everything. */
function edgeOf(edges: Float64Array, bin: number): number {
  return bin <= edges.length ? edges[bin - 1] : Number.POSITIVE_INFINITY;
}
