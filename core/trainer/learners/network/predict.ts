/**
 * Predicts with a trained network, and computes how much each column moved the result. Plain loops: it serves single
 * rows.
 */

import { inBlocks, runThrough, type Steps } from "../../cancellation.ts";
import type { SparseRows } from "../../samples.ts";
import { sumTo } from "../nystroem/nystroem.ts";
import { inputColumns, inputRows, inputWidth } from "./inputs.ts";
import type { NetworkLayer, NetworkModel } from "./layers.ts";

/** Raw margins of each row of the design, rows x outputs. */
export function* networkMargins(model: NetworkModel, design: SparseRows): Steps<Float64Array> {
  const { outputs } = model;
  const rows = design.starts.length - 1;
  const width = inputWidth(model);
  const x = yield* inputRows(design, model, width);
  const margins = new Float64Array(rows * outputs);
  const cost = rows * model.layers.reduce((sum, { weights }) => sum + weights.length, 0);
  yield* inBlocks(rows, cost, (from, to) => {
    for (let row = from; row < to; row++) {
      const answer = forward(model, x.subarray(row * width, (row + 1) * width)).pop()!;
      margins.set(answer, row * outputs);
    }
  });
  return margins;
}

/** The output of each layer; the last one holds the margins. */
function forward({ layers }: NetworkModel, x: Float32Array): Float32Array[] {
  const answers: Float32Array[] = [];
  let given = x;
  layers.forEach((layer, i) => {
    const out = layer.bias.slice();
    addProducts(given, layer, out);
    if (i < layers.length - 1) for (let o = 0; o < out.length; o++) if (out[o] < 0) out[o] = 0;
    answers.push(out);
    given = out;
  });
  return answers;
}

function addProducts(x: Float32Array, { weights }: NetworkLayer, out: Float32Array): void {
  const width = out.length;
  for (let i = 0; i < x.length; i++) {
    const value = x[i];
    if (value === 0) continue;
    for (let o = 0, at = i * width; o < width; o++, at++) out[o] += value * weights[at];
  }
}

const PATH_STEPS = 24;

/**
 * Integrated gradients (Sundararajan et al. 2017) from the average row, the design's zero, by the midpoint rule; the
 * rule's error is distributed by size, so that base and contributions sum to the margin. columns x outputs.
 */
export function networkContributions(
  model: NetworkModel,
  design: SparseRows,
): { base: Float64Array; moved: Float64Array } {
  const { columns, outputs } = model;
  const average = {
    columns,
    starts: Int32Array.of(0, 0),
    indices: new Int32Array(0),
    values: new Float32Array(0),
  };
  const [start, end] = [average, design].map((rows) => runThrough(inputRows(rows, model, inputWidth(model))));
  const columnOf = inputColumns(model);
  const moved = new Float64Array(columns * outputs);
  for (let step = 0; step < PATH_STEPS; step++) {
    const share = (step + 0.5) / PATH_STEPS;
    const x = end.map((value, input) => start[input] + share * (value - start[input]));
    for (let k = 0; k < outputs; k++) {
      slopesOf(model, x, k).forEach((slope, input) => {
        moved[columnOf[input] * outputs + k] += (slope * (end[input] - start[input])) / PATH_STEPS;
      });
    }
  }
  const [base, margins] = [start, end].map((x) => Float64Array.from(forward(model, x).pop()!));
  return {
    base,
    moved: sumTo(
      moved,
      margins.map((margin, k) => margin - base[k]),
    ),
  };
}

/** Gradient of one output with respect to each input. */
function slopesOf(model: NetworkModel, x: Float32Array, output: number): Float64Array {
  const answers = forward(model, x);
  let slopes: Float64Array = Float64Array.from({ length: model.outputs }, (_, k) => (k === output ? 1 : 0));
  for (let i = model.layers.length - 1; i >= 0; i--) {
    const { weights } = model.layers[i];
    const given = i > 0 ? answers[i - 1] : null;
    const width = slopes.length;
    slopes = Float64Array.from({ length: weights.length / width }, (_, j) => {
      if (given && given[j] <= 0) return 0;
      let sum = 0;
      for (let o = 0; o < width; o++) sum += weights[j * width + o] * slopes[o];
      return sum;
    });
  }
  return slopes;
}
