/**
 * Lays a network out in memory during training, and copies out the result. Widths are padded to a multiple of eight in
 * memory; the model has no padding.
 */
import type { Scope } from "../../kernels/arena.ts";
import type { Random } from "../../samples.ts";
import type { InputPlan } from "./inputs.ts";

/** Inputs x outputs weights, row-major; hidden layers are rectified. */
export interface NetworkLayer {
  weights: Float32Array;
  bias: Float32Array;
}

export interface NetworkModel extends InputPlan {
  outputs: number;
  /** Columns of the design. */
  columns: number;
  layers: NetworkLayer[];
}

/**
 * Byte offsets; `inputs` and `outputs` as padded. Weights and bias are contiguous, as are their gradients and both
 * moments.
 */
export interface Layer {
  inputs: number;
  outputs: number;
  /** Sizes as in the model. */
  used: [inputs: number, outputs: number];
  w: number;
  bias: number;
  g: number;
  moments: number;
  /** Weights and bias together. */
  count: number;
  /** For a batch: inputs, outputs, and the gradient with respect to the outputs. */
  x: number;
  out: number;
  slopes: number;
}

const padded = (width: number) => Math.ceil(width / 8) * 8;

/** Random weights for rectified units (He et al. 2015); the last layer begins small. */
export function layOutLayers(
  scope: Scope,
  { widths, batch, random }: { widths: number[]; batch: number; random: Random },
): Layer[] {
  const layers: Layer[] = [];
  let x = scope.bytes(batch * padded(widths[0]) * 4);
  for (let i = 0; i + 1 < widths.length; i++) {
    const [inputs, outputs] = [padded(widths[i]), padded(widths[i + 1])];
    const count = (inputs + 1) * outputs;
    const w = scope.bytes(count * 4);
    const out = scope.bytes(batch * outputs * 4);
    const used: [number, number] = [widths[i], widths[i + 1]];
    const isLast = i + 2 === widths.length;
    const spread = isLast ? 0.3 / Math.sqrt(widths[i]) : Math.sqrt(2 / widths[i]);
    drawWeights(scope.f32(w, count), { used, outputs, spread, random });
    layers.push({
      ...{ inputs, outputs, used, w, count, x, out },
      bias: w + inputs * outputs * 4,
      g: scope.bytes(count * 4),
      moments: scope.bytes(2 * count * 4),
      slopes: scope.bytes(batch * outputs * 4),
    });
    x = out;
  }
  return layers;
}

function drawWeights(
  into: Float32Array,
  at: { used: [number, number]; outputs: number; spread: number; random: Random },
): void {
  for (let i = 0; i < at.used[0]; i++) {
    for (let o = 0; o < at.used[1]; o++) into[i * at.outputs + o] = at.spread * normal(at.random);
  }
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The weights without padding; the last layer outputs the target's own units. */
export function takeModel(
  scope: Scope,
  layers: Layer[],
  from: InputPlan & { columns: number; target: { mean: number; scale: number } },
): NetworkModel {
  const { columns, centre, scale, edges, target } = from;
  const taken = layers.map(({ w, bias, inputs, outputs, used }, i): NetworkLayer => {
    const isLast = i === layers.length - 1;
    const factor = isLast ? target.scale : 1;
    const all = scope.f32(w, inputs * outputs);
    const offsets = scope.f32(bias, used[1]);
    const weights = new Float32Array(used[0] * used[1]);
    for (let at = 0; at < weights.length; at++)
      weights[at] = factor * all[Math.floor(at / used[1]) * outputs + (at % used[1])];
    return { weights, bias: Float32Array.from(offsets, (b) => factor * b + (isLast ? target.mean : 0)) };
  });
  return { outputs: layers[layers.length - 1].used[1], columns, centre, scale, edges, layers: taken };
}
