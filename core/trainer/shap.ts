/**
 * How much did each feature move a prediction? Exact TreeSHAP, path dependent.
 * Lundberg, Erion, Lee 2018, algorithm 2. Contributions sum to the raw margin; the last column is the expectation.
 */
import { goesLeft, readColumn } from "./predictor.ts";
import type { Samples } from "./samples.ts";
import type { TreeModel } from "./trees.ts";

/** rows x (features + 1) x outputs, row-major; the last "feature" is what the model says without knowing any. */
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

/** One row's contributions into `phi` ((features + 1) x outputs). */
export function explainRow(model: TreeModel, values: Float64Array, phi: Float64Array): void {
  const { trees, outputs, baseScore, scale, features } = model;
  phi.fill(0);
  for (let tree = 0; tree < trees.roots.length; tree++) explainTree(model, tree, { values, phi });
  for (let i = 0; i < phi.length; i++) phi[i] *= scale;
  for (let k = 0; k < outputs; k++) phi[features.length * outputs + k] += baseScore[k];
}

/** One element of the path: a feature, and the shares of "zero" (unknown) and "one" (known) subsets through it. */
interface Step {
  feature: number;
  zero: number;
  one: number;
  weight: number;
}

function explainTree(model: TreeModel, tree: number, row: { values: Float64Array; phi: Float64Array }): void {
  const { trees, outputs, features } = model;
  const add = (feature: number, leaf: number, share: number) => {
    if (trees.leafOutputs === 1)
      row.phi[feature * outputs + (tree % outputs)] += share * trees.leafValues[leaf];
    else
      for (let k = 0; k < outputs; k++)
        row.phi[feature * outputs + k] += share * trees.leafValues[leaf * outputs + k];
  };
  const coverOf = (node: number) => (node >= 0 ? trees.cover[node] : trees.leafCover[~node]);
  const visit = (node: number, parent: Step[], step: Step, reach: number): void => {
    const path = extend(parent, step);
    if (node < 0) {
      add(features.length, ~node, reach);
      for (let i = 1; i < path.length; i++) {
        add(path[i].feature, ~node, unwoundSum(path, i) * (path[i].one - path[i].zero));
      }
      return;
    }
    const f = trees.feature[node];
    const isLeft = goesLeft(trees, node, features[f], row.values[f]);
    const seen = path.findIndex((known, i) => i > 0 && known.feature === f);
    const { zero, one } = seen > 0 ? path[seen] : { zero: 1, one: 1 };
    const rest = seen > 0 ? unwind(path, seen) : path;
    for (const side of [true, false]) {
      const child = side ? trees.left[node] : trees.right[node];
      const share = coverOf(child) / coverOf(node);
      visit(
        child,
        rest,
        { feature: f, zero: zero * share, one: side === isLeft ? one : 0, weight: 0 },
        reach * share,
      );
    }
  };
  visit(trees.roots[tree], [], { feature: -1, zero: 1, one: 1, weight: 0 }, 1);
}

/** The path one step longer, its weights those of all subset sizes. */
function extend(path: Step[], step: Step): Step[] {
  const depth = path.length;
  const longer = path.map((known) => ({ ...known }));
  longer.push({ ...step, weight: depth === 0 ? 1 : 0 });
  for (let i = depth - 1; i >= 0; i--) {
    longer[i + 1].weight += (step.one * longer[i].weight * (i + 1)) / (depth + 1);
    longer[i].weight = (step.zero * longer[i].weight * (depth - i)) / (depth + 1);
  }
  return longer;
}

/** Undoes `extend` for the step at `index`. */
function unwind(path: Step[], index: number): Step[] {
  const depth = path.length - 1;
  const { zero, one } = path[index];
  const shorter = path.map((known) => ({ ...known }));
  let next = path[depth].weight;
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      const weight = shorter[i].weight;
      shorter[i].weight = (next * (depth + 1)) / ((i + 1) * one);
      next = weight - (shorter[i].weight * zero * (depth - i)) / (depth + 1);
    } else shorter[i].weight = (shorter[i].weight * (depth + 1)) / (zero * (depth - i));
  }
  for (let i = index; i < depth; i++) {
    shorter[i] = { ...shorter[i + 1], weight: shorter[i].weight };
  }
  shorter.pop();
  return shorter;
}

function unwoundSum(path: Step[], index: number): number {
  const depth = path.length - 1;
  const { zero, one } = path[index];
  let next = path[depth].weight;
  let total = 0;
  for (let i = depth - 1; i >= 0; i--) {
    if (one !== 0) {
      const weight = (next * (depth + 1)) / ((i + 1) * one);
      total += weight;
      next = path[i].weight - (weight * zero * (depth - i)) / (depth + 1);
    } else total += (path[i].weight * (depth + 1)) / (zero * (depth - i));
  }
  return total;
}
