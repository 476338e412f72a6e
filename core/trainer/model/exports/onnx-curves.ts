/**
 * Builds the part of an ONNX graph that computes learners other than trees: linear, kernel and network models over the
 * linear design.
 */
import { BOUND } from "../../learners/network/inputs.ts";
import type { NetworkModel } from "../../learners/network/layers.ts";
import { MOST_DEVIATIONS, type NystroemModel } from "../../learners/nystroem/nystroem.ts";
import { beside, calculate, type Graph, numbers, row, step, whole } from "./onnx-graph.ts";
import * as part from "./onnx-parts.ts";

/** Weights are inputs x outputs. */
export function affine(
  graph: Graph,
  of: string,
  by: { inputs: number; outputs: number; weights: ArrayLike<number>; intercept: ArrayLike<number> },
): string {
  const weights = numbers(graph, [by.inputs, by.outputs], by.weights);
  return calculate(graph, "Add", step(graph, "MatMul", { of: [of, weights] }), row(graph, by.intercept));
}

/** Squared distances as |x|² - 2 x·l + |l|². */
export function smooth(graph: Graph, model: NystroemModel, design: string): string {
  const { columns, landmarks, gamma, weights, outputs, intercept } = model;
  const count = landmarks.length / columns;
  const x = calculate(graph, "Min", calculate(graph, "Max", design, -MOST_DEVIATIONS), MOST_DEVIATIONS);
  const turned = Float64Array.from(
    { length: landmarks.length },
    (_, i) => -2 * landmarks[(i % count) * columns + Math.floor(i / count)],
  );
  const sizes = Float64Array.from({ length: count }, (_, m) =>
    landmarks.subarray(m * columns, (m + 1) * columns).reduce((sum, value) => sum + value * value, 0),
  );
  const near = affine(graph, x, { inputs: columns, outputs: count, weights: turned, intercept: sizes });
  const own = step(graph, "MatMul", {
    of: [calculate(graph, "Mul", x, x), numbers(graph, [columns, 1], new Float64Array(columns).fill(1))],
  });
  const bumps = calculate(graph, "Exp", calculate(graph, "Mul", calculate(graph, "Add", near, own), -gamma));
  return affine(graph, bumps, { inputs: count, outputs, weights, intercept });
}

/** As inputRows and networkMargins. */
export function network(
  graph: Graph,
  { centre, scale, edges, layers }: NetworkModel,
  design: string,
): string {
  const z = calculate(graph, "Mul", calculate(graph, "Sub", design, row(graph, centre)), row(graph, scale));
  const bent = calculate(graph, "Div", z, BOUND);
  const size = calculate(graph, "Sqrt", calculate(graph, "Add", calculate(graph, "Mul", bent, bent), 1));
  const bounded = calculate(graph, "Div", z, size);
  const ranges = edges.flatMap((bounds, column) =>
    Array.from(bounds.subarray(1), (high, i) => ({ column, low: bounds[i], width: high - bounds[i] })),
  );
  const x = ranges.length > 0 ? beside(graph, [bounded, shares(graph, ranges, design)]) : bounded;
  return layers.reduce((given, { weights, bias }, i) => {
    const sums = affine(graph, given, {
      ...{ inputs: weights.length / bias.length, outputs: bias.length, weights, intercept: bias },
    });
    return i < layers.length - 1 ? calculate(graph, "Max", sums, 0) : sums;
  }, x);
}

/** How far each value has come through each range of its column, 0 to 1. */
function shares(
  graph: Graph,
  ranges: { column: number; low: number; width: number }[],
  design: string,
): string {
  const columns = whole(
    graph,
    ranges.map(({ column }) => column),
  );
  const values = step(graph, "Gather", { of: [design, columns], attributes: [part.intAttribute("axis", 1)] });
  const come = calculate(
    graph,
    "Sub",
    values,
    row(
      graph,
      ranges.map(({ low }) => low),
    ),
  );
  const share = calculate(
    graph,
    "Div",
    come,
    row(
      graph,
      ranges.map(({ width }) => width),
    ),
  );
  return calculate(graph, "Min", calculate(graph, "Max", share, 0), 1);
}
