import { describe, expect, test } from "bun:test";
import { newArena, Scope } from "../../../../../core/trainer/kernels/arena.ts";
import { loadKernels } from "../../../../../core/trainer/kernels/kernels.ts";
import {
  LOSS_NAMES,
  type LossName,
  linkOf,
  lossOf,
} from "../../../../../core/trainer/learners/trees/losses.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { Target } from "../../../../../core/trainer/samples.ts";
import { treeData } from "./tree-data.ts";

const arena = newArena(loadKernels);
const ROWS = 50;

function cases(name: LossName) {
  const random = seededRandom(7);
  const outputs = name === "softmax" ? 3 : 1;
  const scores = Float64Array.from({ length: ROWS * outputs }, () => 6 * random() - 3);
  const y = Float64Array.from({ length: ROWS }, () => {
    if (name === "logistic" || name === "softmax") return Math.floor(random() * (name === "softmax" ? 3 : 2));
    return name === "squared" ? 10 * random() - 5 : 0.1 + 4 * random();
  });
  const classes = name === "softmax" ? ["a", "b", "c"] : name === "logistic" ? ["a", "b"] : [];
  const target: Target = { task: "regression", values: y, classes };
  return { outputs, scores, y, loss: lossOf(name, target) };
}

/** Gradients and hessians from the kernel, row-major; scores are row-major too. */
function kernelGradients(name: LossName, scores: Float64Array, y: Float64Array) {
  const outputs = scores.length / y.length;
  const stride = Math.ceil(y.length / 4) * 4;
  const scope = new Scope(arena);
  const [at, targets] = [scope.bytes(stride * outputs * 8), scope.bytes(stride * 8)];
  const [g, h] = [scope.bytes(stride * outputs * 4), scope.bytes(stride * outputs * 4)];
  const sums = scope.bytes(outputs * 32);
  scope.f64(targets, y.length).set(y);
  scores.forEach((score, i) => {
    scope.f64(at, stride * outputs)[(i % outputs) * stride + Math.floor(i / outputs)] = score;
  });
  const { kernels } = scope;
  if (name === "softmax") {
    kernels.softmaxGradients(at, targets, 0, y.length, g, h, sums, outputs, stride, sums + outputs * 16);
  } else kernels[`${name}Gradients`](at, targets, 0, y.length, g, h, sums);
  const total =
    name === "softmax"
      ? kernels.softmaxLoss(at, targets, 0, y.length, outputs, stride)
      : kernels[`${name}Loss`](at, targets, 0, y.length);
  const read = (from: number) => {
    const all = new Float32Array(arena.memory.buffer, from, stride * outputs);
    return Float64Array.from(scores, (_, i) => all[(i % outputs) * stride + Math.floor(i / outputs)]);
  };
  const [gradients, hessians] = [read(g), read(h)];
  const pairs = scope.f64(sums, outputs * 2).slice();
  scope.close();
  return { gradients, hessians, total, pairs };
}

describe.each(LOSS_NAMES.map((name) => [name]))("%s", (name) => {
  const { outputs, scores, y, loss } = cases(name);
  const { gradients, hessians, total, pairs } = kernelGradients(name, scores, y);
  const valueAt = (i: number, shift: number) => {
    const moved = scores.slice();
    moved[i] += shift;
    const row = Math.floor(i / outputs);
    return loss.value(y[row], moved, row * outputs);
  };
  const step = 1e-4;
  // The squared loss is stated without its half, as is usual.
  const half = name === "squared" ? 0.5 : 1;

  test("the gradient is the loss's derivative", () => {
    scores.forEach((_, i) => {
      const slope = (half * (valueAt(i, step) - valueAt(i, -step))) / (2 * step);
      expect(Math.abs(gradients[i] - slope)).toBeLessThan(1e-5 * Math.max(1, Math.abs(slope)));
    });
  });

  test("the hessian is its curvature", () => {
    const factor = name === "softmax" ? outputs / (outputs - 1) : 1;
    scores.forEach((_, i) => {
      const curvature = (half * (valueAt(i, step) - 2 * valueAt(i, 0) + valueAt(i, -step))) / step ** 2;
      const hessian = name === "squared" ? 1 : hessians[i] / factor;
      expect(Math.abs(hessian - curvature)).toBeLessThan(1e-4 * Math.max(1, curvature));
    });
  });

  test("the sums that set the scales are right", () => {
    for (let k = 0; k < outputs; k++) {
      const own = Array.from(gradients).filter((_, i) => i % outputs === k);
      const sum = own.reduce((all, gradient) => all + Math.abs(gradient), 0);
      expect(Math.abs(pairs[2 * k] - sum)).toBeLessThan(1e-5 * sum);
    }
  });

  test("the kernel's value is the loss's", () => {
    const sum = y.reduce((all, target, row) => all + loss.value(target, scores, row * outputs), 0);
    expect(Math.abs(total - sum)).toBeLessThan(1e-9 * Math.abs(sum));
  });
});

test("the base score is the best constant", () => {
  for (const name of LOSS_NAMES) {
    const task = name === "logistic" ? "binary" : name === "softmax" ? "multiclass" : "regression";
    const { target, all } = treeData(task, { positive: name === "poisson" || name === "gamma" });
    const loss = lossOf(name, target);
    const base = loss.baseScore(target, all);
    const lossAt = (margins: Float64Array) =>
      all.reduce((sum, row) => sum + loss.value(target.values[row], margins, 0), 0);
    for (let k = 0; k < base.length; k++) {
      for (const shift of [-0.05, 0.05]) {
        const moved = base.map((value, i) => (i === k ? value + shift : value));
        expect(lossAt(moved)).toBeGreaterThan(lossAt(base));
      }
    }
  }
});

test("links give probabilities and means", () => {
  const margins = Float64Array.of(0, Math.log(2), Math.log(3));
  linkOf("softmax", 3)(margins, 0);
  expect(Array.from(margins, (p) => Math.round(p * 6))).toEqual([1, 2, 3]);
  const one = Float64Array.of(0);
  linkOf("logistic", 1)(one, 0);
  expect(one[0]).toBe(0.5);
  linkOf("poisson", 1)(one, 0);
  expect(one[0]).toBeCloseTo(Math.exp(0.5), 12);
});
