/**
 * Predicts many rows with trees. Bins a block of rows once, then walks tree by tree on bins
 * (kernels/assembly/prediction.ts): the same sums in the same order as the single-row predictor, to the bit.
 */

import { runThrough, type Steps } from "../../cancellation.ts";
import { type Arena, Scope, sharedArena } from "../../kernels/arena.ts";
import type { Samples } from "../../samples.ts";
import { readColumn, rowPredictor } from "./predictor.ts";
import type { BinnedFeature, TreeModel, Trees } from "./trees.ts";

const BLOCK = 65_536;
/** With fewer rows, laying out the trees costs more than walking them row by row. */
const MIN_ROWS = 48;
const NODE_BYTES = 48;
const REPEATED_ROWS = 4096;
/** Work per block of rows: about ten milliseconds. */
const TREES_PER_STEP = 4;
const FEATURES_PER_STEP = 8;

/** Raw margins, rows x outputs, row-major. Features are matched by name, category codes by label. */
export function predictTrees(
  model: TreeModel,
  samples: Samples,
  rows: Int32Array,
  arena: Arena = sharedArena(),
): Float64Array {
  return runThrough(treeMargins(model, samples, { rows, arena }));
}

/** As above in steps, for many rows or trees. */
export function* treeMargins(
  model: TreeModel,
  samples: Samples,
  { rows, arena = sharedArena() }: { rows: Int32Array; arena?: Arena },
): Steps<Float64Array> {
  const columns = model.features.map((feature) => readColumn(feature, samples));
  const margins = new Float64Array(rows.length * model.outputs);
  if (rows.length < MIN_ROWS) predictRows(model, columns, { rows, margins });
  else {
    for (let from = 0; from < rows.length; from += BLOCK) {
      const block = rows.subarray(from, from + BLOCK);
      const out = margins.subarray(from * model.outputs, (from + block.length) * model.outputs);
      yield* predictBlock(model, columns, { rows: block, margins: out, arena });
    }
  }
  return margins;
}

type Columns = ((row: number) => number)[];

function predictRows(
  model: TreeModel,
  columns: Columns,
  of: { rows: Int32Array; margins: Float64Array },
): void {
  const values = new Float64Array(columns.length);
  const predict = rowPredictor(model);
  for (let i = 0; i < of.rows.length; i++) {
    for (let f = 0; f < columns.length; f++) values[f] = columns[f](of.rows[i]);
    predict(values, of.margins.subarray(i * model.outputs, (i + 1) * model.outputs));
  }
}

function* predictBlock(
  model: TreeModel,
  columns: Columns,
  of: { rows: Int32Array; margins: Float64Array; arena: Arena },
): Steps<void> {
  const { trees, outputs, features } = model;
  const scope = new Scope(of.arena);
  try {
    const count = of.rows.length;
    const codes = yield* binBlock(scope, features, { columns, rows: of.rows });
    const leaves = scope.bytes(Math.ceil(count / 8) * 32);
    const sums = scope.bytes(count * outputs * 8);
    const width = trees.leafOutputs;
    const values = scope.bytes(trees.leafValues.length * 8);
    scope.f64(values, trees.leafValues.length).set(trees.leafValues);
    const layouts = count <= REPEATED_ROWS ? keptLayouts(trees) : null;
    const nodes = scope.bytes(largestTree(trees) * NODE_BYTES);
    for (let tree = 0; tree < trees.roots.length; tree++) {
      const { words, depth } = layouts?.[tree] ?? layOutTree(trees, tree);
      scope.i32(nodes, words.length).set(words);
      scope.kernels.walkTree(nodes, 0, depth, codes, features.length, count, leaves);
      scope.kernels.addLeaves(leaves, count, values, width, sums, outputs, width === 1 ? tree % outputs : 0);
      if (tree % TREES_PER_STEP === TREES_PER_STEP - 1) yield;
    }
    const total = scope.f64(sums, count * outputs);
    for (let i = 0; i < total.length; i++) {
      of.margins[i] = total[i] * model.scale + model.baseScore[i % outputs];
    }
  } finally {
    scope.close();
  }
}

/** Row-major bins of a block, padded to a multiple of eight rows. */
function* binBlock(
  scope: Scope,
  features: BinnedFeature[],
  of: { columns: Columns; rows: Int32Array },
): Steps<number> {
  const padded = Math.ceil(of.rows.length / 8) * 8;
  const codes = scope.bytes(padded * features.length + 8);
  const [values, bins] = [scope.bytes(padded * 8), scope.bytes(padded)];
  for (const [f, feature] of features.entries()) {
    if (feature.kind === "number")
      binNumbers(scope, feature.edges, { ...of, column: of.columns[f], values, bins });
    else binCodes(scope.u8(bins, padded), feature.bins, { ...of, column: of.columns[f] });
    // A slot starts 8 bytes into its record; these records have no leading word.
    scope.kernels.buildSlot(codes - 8, features.length, f, bins, of.rows.length, 0, 1);
    if (f % FEATURES_PER_STEP === FEATURES_PER_STEP - 1) yield;
  }
  return codes;
}

function binNumbers(
  scope: Scope,
  edges: Float64Array,
  of: { rows: Int32Array; column: (row: number) => number; values: number; bins: number },
): void {
  const size = 2 ** Math.ceil(Math.log2(edges.length + 1));
  const at = scope.bytes(size * 8);
  scope.f64(at, size).fill(Number.POSITIVE_INFINITY).set(edges);
  const values = scope.f64(of.values, of.rows.length);
  for (let i = 0; i < of.rows.length; i++) values[i] = of.column(of.rows[i]);
  const count = Math.ceil(of.rows.length / 4) * 4;
  scope.kernels.binNumbers(of.values, count, at, size, edges.length, of.bins);
}

function binCodes(
  out: Uint8Array,
  bins: Uint8Array,
  of: { rows: Int32Array; column: (row: number) => number },
): void {
  for (let i = 0; i < of.rows.length; i++) {
    const code = of.column(of.rows[i]);
    out[i] = code >= 0 && code < bins.length ? bins[code] : 0;
  }
}

interface Layout {
  words: Int32Array;
  depth: number;
}

const layoutsOf = new WeakMap<Trees, Layout[]>();

/** Cached because a file is predicted in blocks, and laying out a tree takes as long as a block. */
function keptLayouts(trees: Trees): Layout[] {
  let layouts = layoutsOf.get(trees);
  if (!layouts) {
    layouts = Array.from(trees.roots, (_, tree) => layOutTree(trees, tree));
    layoutsOf.set(trees, layouts);
  }
  return layouts;
}

const sizes = new WeakMap<Trees, number>();

/** Nodes and leaves of the largest tree. */
function largestTree(trees: Trees): number {
  let largest = sizes.get(trees) ?? 0;
  if (largest > 0) return largest;
  for (let tree = 0; tree < trees.roots.length; tree++) largest = Math.max(largest, countNodes(trees, tree));
  sizes.set(trees, largest);
  return largest;
}

function countNodes(trees: Trees, tree: number): number {
  const open = [trees.roots[tree]];
  let count = 0;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    count++;
    if (node >= 0) open.push(trees.left[node], trees.right[node]);
  }
  return count;
}

/** One tree as the kernel walks it, the root first. */
function layOutTree(trees: Trees, tree: number): Layout {
  const words = new Int32Array((countNodes(trees, tree) * NODE_BYTES) / 4);
  let used = 1;
  let deepest = 0;
  const open: { node: number; at: number; depth: number }[] = [{ node: trees.roots[tree], at: 0, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, at, depth } = next;
    deepest = Math.max(deepest, depth);
    if (node < 0) {
      words.set([0, at, at, ~node], at * 12);
      continue;
    }
    words.set([trees.feature[node], used, used + 1, 0], at * 12);
    writeBits(words, at * 12 + 4, { trees, node });
    open.push({ node: trees.left[node], at: used, depth: depth + 1 });
    open.push({ node: trees.right[node], at: used + 1, depth: depth + 1 });
    used += 2;
  }
  return { words, depth: deepest };
}

/** One bit per bin: numbers, missing and categories alike. */
function writeBits(words: Int32Array, at: number, { trees, node }: { trees: Trees; node: number }): void {
  const mask = trees.mask[node];
  if (mask >= 0) {
    for (let i = 0; i < 8; i++) words[at + i] = trees.masks[mask * 8 + i];
    return;
  }
  const last = trees.bin[node];
  for (let i = 0; i < 8; i++) {
    const bits = Math.min(32, Math.max(0, last + 1 - 32 * i));
    words[at + i] = bits === 32 ? -1 : (1 << bits) - 1;
  }
  words[at] = trees.missingLeft[node] === 1 ? words[at] | 1 : words[at] & ~1;
}
