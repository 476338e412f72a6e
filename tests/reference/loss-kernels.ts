/** The value of each loss, one row at a time, by the mathematics library: the specification of assembly/values.ts. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

type Loss = "squared" | "logistic" | "softmax" | "poisson" | "gamma";

export function lossKernels(bytes: Bytes): Pick<Kernels, `${Loss}Loss`> {
  const byRow =
    (value: (score: number, y: number) => number) =>
    (scores: number, y: number, from: number, to: number) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += value(bytes.f64(scores + 8 * i), bytes.f64(y + 8 * i));
      return sum;
    };
  return {
    squaredLoss: byRow((score, y) => (score - y) ** 2),
    logisticLoss: byRow((score, y) => {
      const z = y > 0 ? score : -score;
      return z > 0 ? Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)) - z;
    }),
    softmaxLoss(scores, y, from, to, outputs, stride) {
      let sum = 0;
      for (let i = from; i < to; i++) {
        const margins = Array.from({ length: outputs }, (_, k) => bytes.f64(scores + 8 * (k * stride + i)));
        const top = Math.max(...margins);
        const parts = margins.reduce((all, margin) => all + Math.exp(margin - top), 0);
        sum += Math.log(parts) + top - margins[bytes.f64(y + 8 * i)];
      }
      return sum;
    },
    poissonLoss: byRow((score, y) => Math.exp(score) - y * score + (y > 0 ? y * Math.log(y) - y : 0)),
    gammaLoss: byRow((score, y) => score + y * Math.exp(-score) - 1 - Math.log(y)),
  };
}
