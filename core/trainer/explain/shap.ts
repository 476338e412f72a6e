/**
 * Computes how much each feature moved a prediction of trees: exact path-dependent TreeSHAP (Lundberg, Erion, Lee 2018,
 * algorithm 2). Contributions sum to the raw margin; the last column is the expectation.
 */
import { goesLeft, readColumn } from "../learners/trees/predictor.ts";
import type { TreeModel } from "../learners/trees/trees.ts";
import type { Samples } from "../samples.ts";

/** rows x (features + 1) x outputs, row-major; the last "feature" is the prediction without knowing any. */
export function contributions(model: TreeModel, samples: Samples, rows: Int32Array): Float64Array {
  const columns = model.features.map((feature) => readColumn(feature, samples));
  const width = (model.features.length + 1) * model.outputs;
  const phi = new Float64Array(rows.length * width);
  const values = new Float64Array(columns.length);
  for (let i = 0; i < rows.length; i++) {
    for (let f = 0; f < columns.length; f++) values[f] = columns[f](rows[i]);
    explainRow(model, values, phi.subarray(i * width, (i + 1) * width));
  }
  return phi;
}

/** Adds one row's contributions to `phi` ((features + 1) x outputs). */
function explainRow(model: TreeModel, values: Float64Array, phi: Float64Array): void {
  const { trees, outputs, baseScore, scale, features } = model;
  const paths = new Paths(MAX_DEPTH);
  phi.fill(0);
  for (let tree = 0; tree < trees.roots.length; tree++) {
    const walk: Walk = { model, tree, values, phi, paths };
    visit(walk, trees.roots[tree], { from: 0, length: 0, feature: -1, zero: 1, one: 1, reach: 1 });
  }
  for (let i = 0; i < phi.length; i++) phi[i] *= scale;
  for (let k = 0; k < outputs; k++) phi[features.length * outputs + k] += baseScore[k];
}

const MAX_DEPTH = 64;

/**
 * Steps of the current paths, one set after another: the path of a node at depth d is a copy of its parent's, one step
 * longer. A step is a feature, the share of rows that would pass when it is unknown (zero) and known (one), and the
 * weight of the subsets with as many features as its position.
 */
class Paths {
  feature = new Int32Array(0);
  zero = new Float64Array(0);
  one = new Float64Array(0);
  weight = new Float64Array(0);

  constructor(depth: number) {
    this.grow((depth + 2) * (depth + 3));
  }

  /** The parent's path copied to `to`, where there is room for one more step. */
  copy(from: number, to: number, length: number): void {
    if (to + length + 2 > this.feature.length) this.grow(2 * (to + length + 2));
    for (let i = 0; i < length; i++) {
      this.feature[to + i] = this.feature[from + i];
      this.zero[to + i] = this.zero[from + i];
      this.one[to + i] = this.one[from + i];
      this.weight[to + i] = this.weight[from + i];
    }
  }

  private grow(size: number): void {
    const { feature, zero, one, weight } = this;
    this.feature = new Int32Array(size);
    this.feature.set(feature);
    this.zero = new Float64Array(size);
    this.zero.set(zero);
    this.one = new Float64Array(size);
    this.one.set(one);
    this.weight = new Float64Array(size);
    this.weight.set(weight);
  }
}

interface Walk {
  model: TreeModel;
  tree: number;
  values: Float64Array;
  phi: Float64Array;
  paths: Paths;
}

/** How a node is reached: the parent's path, and the step that leads here. `reach`: share of rows by cover. */
interface Entry {
  from: number;
  length: number;
  feature: number;
  zero: number;
  one: number;
  reach: number;
}

function visit(walk: Walk, node: number, entry: Entry): void {
  const { paths, model } = walk;
  const { trees, features } = model;
  const at = entry.from + entry.length;
  let length = entry.length;
  paths.copy(entry.from, at, length);
  extend(paths, at, length++, entry);
  if (node < 0) {
    explainLeaf(walk, ~node, { at, length, reach: entry.reach });
    return;
  }
  const f = trees.feature[node];
  const isLeft = goesLeft(trees, node, features[f], walk.values[f]);
  let [zero, one] = [1, 1];
  let seen = 1;
  while (seen < length && paths.feature[at + seen] !== f) seen++;
  if (seen < length) {
    zero = paths.zero[at + seen];
    one = paths.one[at + seen];
    unwind(paths, at, { length, index: seen });
    length--;
  }
  const leftShare = coverOf(model, trees.left[node]) / trees.cover[node];
  const next = { from: at, length, feature: f };
  const enter = (share: number, isTaken: boolean) => ({
    ...next,
    zero: zero * share,
    one: isTaken ? one : 0,
    reach: entry.reach * share,
  });
  visit(walk, trees.left[node], enter(leftShare, isLeft));
  visit(walk, trees.right[node], enter(1 - leftShare, !isLeft));
}

function coverOf({ trees }: TreeModel, node: number): number {
  return node >= 0 ? trees.cover[node] : trees.leafCover[~node];
}

function explainLeaf(
  { model, tree, phi, paths }: Walk,
  leaf: number,
  path: { at: number; length: number; reach: number },
): void {
  const { at, length } = path;
  addShare(model, phi, { tree, leaf, feature: model.features.length, share: path.reach });
  for (let i = 1; i < length; i++) {
    const share = unwoundSum(paths, at, { length, index: i }) * (paths.one[at + i] - paths.zero[at + i]);
    addShare(model, phi, { tree, leaf, feature: paths.feature[at + i], share });
  }
}

function addShare(
  { trees, outputs }: TreeModel,
  phi: Float64Array,
  of: { tree: number; leaf: number; feature: number; share: number },
): void {
  const at = of.feature * outputs;
  if (trees.leafOutputs === 1) phi[at + (of.tree % outputs)] += of.share * trees.leafValues[of.leaf];
  else for (let k = 0; k < outputs; k++) phi[at + k] += of.share * trees.leafValues[of.leaf * outputs + k];
}

/** Adds a step at the end of the path at `at`, with the weights of all subset sizes. */
function extend(
  paths: Paths,
  at: number,
  length: number,
  step: Pick<Entry, "feature" | "zero" | "one">,
): void {
  const { weight } = paths;
  paths.feature[at + length] = step.feature;
  paths.zero[at + length] = step.zero;
  paths.one[at + length] = step.one;
  weight[at + length] = length === 0 ? 1 : 0;
  for (let i = length - 1; i >= 0; i--) {
    weight[at + i + 1] += (step.one * weight[at + i] * (i + 1)) / (length + 1);
    weight[at + i] = (step.zero * weight[at + i] * (length - i)) / (length + 1);
  }
}

/** Undoes `extend` for the step at `index`. */
function unwind(paths: Paths, at: number, { length, index }: { length: number; index: number }): void {
  const { weight } = paths;
  const last = length - 1;
  const [zero, one] = [paths.zero[at + index], paths.one[at + index]];
  let next = weight[at + last];
  for (let i = last - 1; i >= 0; i--) {
    const own = weight[at + i];
    if (one !== 0) {
      weight[at + i] = (next * length) / ((i + 1) * one);
      next = own - (weight[at + i] * zero * (last - i)) / length;
    } else weight[at + i] = (own * length) / (zero * (last - i));
  }
  for (let i = at + index; i < at + last; i++) {
    paths.feature[i] = paths.feature[i + 1];
    paths.zero[i] = paths.zero[i + 1];
    paths.one[i] = paths.one[i + 1];
  }
}

/** The sum of the weights that `unwind` would leave; `one` is 0 or 1, and divisions use a table. */
function unwoundSum(paths: Paths, at: number, { length, index }: { length: number; index: number }): number {
  const { weight } = paths;
  const last = length - 1;
  const zero = paths.zero[at + index];
  let total = 0;
  if (paths.one[at + index] === 0) {
    for (let i = 0; i < last; i++) total += weight[at + i] * inverseOf(last - i);
    return (total * length) / zero;
  }
  let next = weight[at + last];
  const share = zero / length;
  for (let i = last - 1; i >= 0; i--) {
    const own = next * length * inverseOf(i + 1);
    total += own;
    next = weight[at + i] - own * share * (last - i);
  }
  return total;
}

const INVERSES = Float64Array.from({ length: 512 }, (_, i) => 1 / i);

function inverseOf(n: number): number {
  return n < INVERSES.length ? INVERSES[n] : 1 / n;
}
