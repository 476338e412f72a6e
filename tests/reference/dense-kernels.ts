/** The layers of a network in plain TypeScript: one sum after the other, rounded to 32 bits where the kernels round. */
import type { Kernels } from "../../core/trainer/kernels/kernels.ts";
import type { Bytes } from "./memory.ts";

const f32 = Math.fround;

export function denseKernels(
  bytes: Bytes,
): Pick<Kernels, "denseForward" | "denseGradient" | "denseBackward" | "adamStep"> {
  const at = (array: number, index: number) => bytes.f32(array + 4 * index);
  const put = (array: number, index: number, value: number) => bytes.putF32(array + 4 * index, value);
  return {
    denseForward(x, w, bias, out, rows, inputs, outputs, rectified) {
      for (let r = 0; r < rows; r++) {
        for (let o = 0; o < outputs; o++) {
          let sum = at(bias, o);
          for (let i = 0; i < inputs; i++)
            sum = f32(sum + f32(at(x, r * inputs + i) * at(w, i * outputs + o)));
          put(out, r * outputs + o, rectified === 0 || sum > 0 ? sum : 0);
        }
      }
    },
    denseGradient(x, d, g, bias, rows, inputs, outputs) {
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inputs; i++) {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum = f32(sum + f32(at(x, r * inputs + i) * at(d, r * outputs + o)));
          put(g, i * outputs + o, sum);
        }
        let sum = 0;
        for (let r = 0; r < rows; r++) sum = f32(sum + at(d, r * outputs + o));
        put(bias, o, sum);
      }
    },
    denseBackward(d, w, active, out, rows, inputs, outputs) {
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < inputs; i++) {
          // Four running sums, added in pairs.
          const lanes = [0, 0, 0, 0];
          for (let o = 0; o < outputs; o++)
            lanes[o % 4] = f32(lanes[o % 4] + f32(at(d, r * outputs + o) * at(w, i * outputs + o)));
          const sum = f32(f32(lanes[0] + lanes[2]) + f32(lanes[1] + lanes[3]));
          put(out, r * inputs + i, at(active, r * inputs + i) > 0 ? sum : 0);
        }
      }
    },
    adamStep(w, g, mean, square, count, rate, keep) {
      const [steps, kept] = [f32(rate), f32(keep)];
      for (let i = 0; i < count; i++) {
        const slope = at(g, i);
        const m = f32(at(mean, i) + f32(f32(0.1) * f32(slope - at(mean, i))));
        const v = f32(at(square, i) + f32(f32(0.001) * f32(f32(slope * slope) - at(square, i))));
        put(mean, i, m);
        put(square, i, v);
        const step = f32(f32(steps * m) / f32(f32(Math.sqrt(v)) + f32(1e-8)));
        put(w, i, f32(f32(kept * at(w, i)) - step));
      }
    },
  };
}
