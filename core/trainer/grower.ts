/**
 * How does one tree grow from gradients? Leaf by leaf, always the leaf whose best split gains most.
 */
import type { BinnedSamples } from "./binning.ts";
import type { Split, TreeBuilder } from "./tree-builder.ts";

export interface GrowthLimits {
  maxLeafNodes: number;
  minSamplesLeaf: number;
  l2Regularization: number;
  learningRate: number;
}

interface Leaf {
  rows: Int32Array;
  split: Split | null;
  parent: number;
  side: "left" | "right" | null;
  g: number;
  h: number;
}

/** Grows one tree, adds it to the builder, and answers each row's leaf value through `addTo`. */
export function growTree(
  binned: BinnedSamples,
  gradients: { g: Float64Array; h: Float64Array; rows: Int32Array; features: Int32Array },
  to: { builder: TreeBuilder; limits: GrowthLimits },
): void {
  const { builder, limits } = to;
  const links = new Map<number, [number, number]>();
  const open: Leaf[] = [
    makeLeaf(binned, gradients, { rows: gradients.rows, limits, parent: -1, side: null }),
  ];
  const done: Leaf[] = [];
  let root = 0;
  const place = (leaf: Leaf, node: number) => {
    if (leaf.parent < 0) root = node;
    else links.get(leaf.parent)![leaf.side === "left" ? 0 : 1] = node;
  };
  while (open.length > 0) {
    open.sort((a, b) => (b.split?.gain ?? 0) - (a.split?.gain ?? 0));
    const leaf = open.shift()!;
    if (!leaf.split || done.length + open.length + 2 > limits.maxLeafNodes) {
      done.push(leaf);
      continue;
    }
    const node = builder.addSplit(leaf.split, leaf.rows.length);
    links.set(node, [0, 0]);
    place(leaf, node);
    const split = leaf.split;
    const left = leaf.rows.filter((row) => binGoesLeft(split, binned.codes[split.feature][row]));
    const right = leaf.rows.filter((row) => !binGoesLeft(split, binned.codes[split.feature][row]));
    open.push(makeLeaf(binned, gradients, { rows: left, limits, parent: node, side: "left" }));
    open.push(makeLeaf(binned, gradients, { rows: right, limits, parent: node, side: "right" }));
  }
  for (const leaf of done) {
    const value = (-limits.learningRate * leaf.g) / (leaf.h + limits.l2Regularization + 1e-12);
    place(leaf, builder.addLeaf([value], leaf.rows.length));
  }
  for (const [node, [left, right]] of links) builder.connect(node, left, right);
  builder.addRoot(root);
}

function binGoesLeft(split: Split, bin: number): boolean {
  if (split.goesLeft) return ((split.goesLeft[bin >>> 5] >>> (bin & 31)) & 1) === 1;
  return bin === 0 ? split.missingLeft : bin <= split.bin;
}

function makeLeaf(
  binned: BinnedSamples,
  gradients: { g: Float64Array; h: Float64Array; features: Int32Array },
  at: { rows: Int32Array; limits: GrowthLimits; parent: number; side: "left" | "right" | null },
): Leaf {
  const { rows, limits } = at;
  let g = 0;
  let h = 0;
  for (const row of rows) {
    g += gradients.g[row];
    h += gradients.h[row];
  }
  let split: Split | null = null;
  if (rows.length >= 2 * limits.minSamplesLeaf) {
    for (const feature of gradients.features) {
      const found = bestSplit(binned, gradients, { feature, rows, limits, g, h });
      if (found && (!split || found.gain > split.gain)) split = found;
    }
  }
  return { rows, split, parent: at.parent, side: at.side, g, h };
}

function bestSplit(
  binned: BinnedSamples,
  gradients: { g: Float64Array; h: Float64Array },
  at: { feature: number; rows: Int32Array; limits: GrowthLimits; g: number; h: number },
): Split | null {
  const { feature, rows, limits } = at;
  const bins = binned.binCounts[feature];
  const g = new Float64Array(bins);
  const h = new Float64Array(bins);
  const n = new Int32Array(bins);
  for (const row of rows) {
    const bin = binned.codes[feature][row];
    g[bin] += gradients.g[row];
    h[bin] += gradients.h[row];
    n[bin]++;
  }
  const category = binned.features[feature].kind === "category";
  const order = Array.from({ length: bins - 1 }, (_, i) => i + 1).filter((bin) => !category || n[bin] > 0);
  if (category) order.sort((a, b) => g[a] / (h[a] + 10) - g[b] / (h[b] + 10));
  const l2 = limits.l2Regularization + (category ? 10 : 0);
  const score = (sg: number, sh: number) => (sg * sg) / (sh + l2 + 1e-12);
  let best: Split | null = null;
  for (const missingLeft of n[0] > 0 ? [false, true] : [false]) {
    let [sg, sh, sn] = missingLeft ? [g[0], h[0], n[0]] : [0, 0, 0];
    for (let i = 0; i < order.length - (missingLeft ? 1 : n[0] > 0 ? 0 : 1); i++) {
      sg += g[order[i]];
      sh += h[order[i]];
      sn += n[order[i]];
      if (sn < limits.minSamplesLeaf || rows.length - sn < limits.minSamplesLeaf) continue;
      const gain = score(sg, sh) + score(at.g - sg, at.h - sh) - score(at.g, at.h);
      if (gain <= (best?.gain ?? 1e-9)) continue;
      const left = order.slice(0, i + 1);
      if (missingLeft) left.push(0);
      const toward = n[0] > 0 ? missingLeft : sn * 2 >= rows.length;
      best = { feature, bin: order[i], missingLeft: toward, goesLeft: category ? maskOf(left) : null, gain };
    }
  }
  return best;
}

function maskOf(bins: number[]): Uint32Array {
  const mask = new Uint32Array(8);
  for (const bin of bins) mask[bin >>> 5] |= 1 << (bin & 31);
  return mask;
}
