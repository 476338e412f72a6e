/**
 * How do grown trees become the flat arrays of a model?
 * Collects splits and leaves of one tree after another; it must never reorder what was added.
 */
import type { BinnedFeature, Trees } from "./trees.ts";

/** A split as the search found it, in bins. `goesLeft` (256 bits) only for categories. */
export interface Split {
  feature: number;
  bin: number;
  missingLeft: boolean;
  goesLeft: Uint32Array | null;
  gain: number;
}

export class TreeBuilder {
  private readonly roots: number[] = [];
  private readonly feature: number[] = [];
  private readonly threshold: number[] = [];
  private readonly bin: number[] = [];
  private readonly left: number[] = [];
  private readonly right: number[] = [];
  private readonly missingLeft: number[] = [];
  private readonly mask: number[] = [];
  private readonly masks: number[] = [];
  private readonly gain: number[] = [];
  private readonly cover: number[] = [];
  private readonly leafCover: number[] = [];
  private readonly leafValues: number[] = [];

  constructor(
    private readonly features: BinnedFeature[],
    private readonly leafOutputs: number,
  ) {}

  get treeCount(): number {
    return this.roots.length;
  }

  /** Adds a split whose children are attached later; answers its index. */
  addSplit(split: Split, cover: number): number {
    const feature = this.features[split.feature];
    this.feature.push(split.feature);
    this.threshold.push(feature.kind === "number" ? edgeOf(feature.edges, split.bin) : 0);
    this.bin.push(split.bin);
    this.left.push(0);
    this.right.push(0);
    this.missingLeft.push(split.missingLeft ? 1 : 0);
    this.mask.push(split.goesLeft ? this.masks.length / 8 : -1);
    if (split.goesLeft) for (let i = 0; i < 8; i++) this.masks.push(split.goesLeft[i]);
    this.gain.push(split.gain);
    this.cover.push(cover);
    return this.feature.length - 1;
  }

  /** Adds a leaf; answers ~index, as a child is written. */
  addLeaf(values: ArrayLike<number>, cover: number): number {
    for (let i = 0; i < this.leafOutputs; i++) this.leafValues.push(values[i]);
    this.leafCover.push(cover);
    return -this.leafCover.length;
  }

  /** Hangs a node below its parent's split; parent -1: it is the root of the next tree. */
  attach(node: number, parent: number, isLeft: boolean): void {
    if (parent < 0) this.roots.push(node);
    else if (isLeft) this.left[parent] = node;
    else this.right[parent] = node;
  }

  /** The first `count` trees; trees are added one after another, so a prefix of every array. */
  build(count = this.roots.length): Trees {
    const { splits, leaves } = this.sizes(count);
    const masks = 8 * this.mask.slice(0, splits).reduce((most, mask) => Math.max(most, mask + 1), 0);
    return {
      roots: new Int32Array(this.roots.slice(0, count)),
      feature: new Int32Array(this.feature.slice(0, splits)),
      threshold: new Float64Array(this.threshold.slice(0, splits)),
      bin: new Uint8Array(this.bin.slice(0, splits)),
      left: new Int32Array(this.left.slice(0, splits)),
      right: new Int32Array(this.right.slice(0, splits)),
      missingLeft: new Uint8Array(this.missingLeft.slice(0, splits)),
      mask: new Int32Array(this.mask.slice(0, splits)),
      masks: new Uint32Array(this.masks.slice(0, masks)),
      gain: new Float64Array(this.gain.slice(0, splits)),
      cover: new Float64Array(this.cover.slice(0, splits)),
      leafCover: new Float64Array(this.leafCover.slice(0, leaves)),
      leafValues: new Float64Array(this.leafValues.slice(0, leaves * this.leafOutputs)),
      leafOutputs: this.leafOutputs,
    };
  }

  private sizes(count: number): { splits: number; leaves: number } {
    let splits = 0;
    let leaves = 0;
    const visit = (node: number): void => {
      if (node < 0) {
        leaves = Math.max(leaves, -node);
        return;
      }
      splits = Math.max(splits, node + 1);
      visit(this.left[node]);
      visit(this.right[node]);
    };
    for (let tree = 0; tree < count; tree++) visit(this.roots[tree]);
    return { splits, leaves };
  }
}

/** Bins 1 .. bin are `value <= edges[bin - 1]`; past the last edge (only missing goes elsewhere): everything. */
function edgeOf(edges: Float64Array, bin: number): number {
  return bin <= edges.length ? edges[bin - 1] : Number.POSITIVE_INFINITY;
}
