// The sum of each loss over positions [from, to), for the curves and for early stopping.
// Logarithms are taken of products of up to some hundred factors: one logarithm, not one a row.
import { exp1 } from "./exponential";

const FLUSH: f64 = 1e140;

export function squaredLoss(scores: usize, y: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let i = from; i < to; i++) {
    const error = load<f64>(scores + (<usize>i << 3)) - load<f64>(y + (<usize>i << 3));
    sum += error * error;
  }
  return sum;
}

// log(1 + exp(-z)) with z the score signed by the class; past 300 it is -z.
export function logisticLoss(scores: usize, y: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  let product: f64 = 1;
  for (let i = from; i < to; i++) {
    const score = load<f64>(scores + (<usize>i << 3));
    const z = load<f64>(y + (<usize>i << 3)) > 0 ? score : -score;
    if (z < -300.0) {
      sum -= z;
      continue;
    }
    product *= 1.0 + exp1(-z);
    if (product > FLUSH) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return sum + Math.log(product);
}

export function softmaxLoss(scores: usize, y: usize, from: i32, to: i32, outputs: i32, stride: i32): f64 {
  const pitch = <usize>stride << 3;
  let sum: f64 = 0;
  let product: f64 = 1;
  for (let i = from; i < to; i++) {
    const at = scores + (<usize>i << 3);
    let top = load<f64>(at);
    for (let k = 1; k < outputs; k++) top = max(top, load<f64>(at + <usize>k * pitch));
    let parts: f64 = 0;
    for (let k = 0; k < outputs; k++) parts += exp1(load<f64>(at + <usize>k * pitch) - top);
    sum += top - load<f64>(at + <usize>load<f64>(y + (<usize>i << 3)) * pitch);
    product *= parts;
    if (product > FLUSH) {
      sum += Math.log(product);
      product = 1;
    }
  }
  return sum + Math.log(product);
}

export function poissonLoss(scores: usize, y: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let i = from; i < to; i++) {
    const s = load<f64>(scores + (<usize>i << 3));
    const target = load<f64>(y + (<usize>i << 3));
    sum += exp1(s) - target * s + (target > 0 ? target * Math.log(target) - target : 0.0);
  }
  return sum;
}

export function gammaLoss(scores: usize, y: usize, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let i = from; i < to; i++) {
    const s = load<f64>(scores + (<usize>i << 3));
    const target = load<f64>(y + (<usize>i << 3));
    sum += s + target * exp1(-s) - 1.0 - Math.log(target);
  }
  return sum;
}
