/** Small seeded data with everything that trees must cope with: gaps, categories, rare ones, steps and noise. */
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { Samples, Target, Task } from "../../../../../core/trainer/samples.ts";

export interface TreeData {
  samples: Samples;
  target: Target;
  all: Int32Array;
  /** Three quarters and one quarter. */
  trainRows: Int32Array;
  validRows: Int32Array;
}

export function treeData(
  task: Task,
  options: { rows?: number; seed?: number; positive?: boolean } = {},
): TreeData {
  const { rows = 400, seed = 1, positive = false } = options;
  const random = seededRandom(seed);
  const draw = (make: () => number) => Float64Array.from({ length: rows }, make);
  const gaps = draw(() => (random() < 0.15 ? Number.NaN : random() * 10 - 5));
  const codes = Int32Array.from({ length: rows }, () => Math.floor(14 * random() ** 2) - 1);
  const flags = draw(() => (random() < 0.3 ? 1 : 0));
  const steps = draw(() => Math.floor(5 * random()));
  const noise = draw(() => random());
  const score = draw(() => 0).map((_, i) => {
    const gap = Number.isNaN(gaps[i]) ? 1.5 : Math.sin(gaps[i]);
    return gap + (codes[i] % 3 === 1 ? 1 : 0) + flags[i] * (steps[i] > 2 ? 1 : -0.5) + 0.4 * (random() - 0.5);
  });
  const classes = { binary: ["no", "yes"], multiclass: ["a", "b", "c"], regression: [] }[task];
  const values = score.map((s) => {
    if (task === "regression") return positive ? Math.exp(s) : s;
    return Math.max(0, Math.min(classes.length - 1, Math.floor(s * (task === "binary" ? 1.4 : 1.2))));
  });
  const labels = Array.from({ length: 13 }, (_, code) => `label ${code}`);
  const samples: Samples = {
    rows,
    features: [
      { name: "gaps", kind: "number", values: gaps },
      { name: "group", kind: "category", codes, labels },
      { name: "flag", kind: "number", values: flags },
      { name: "steps", kind: "number", values: steps },
      { name: "noise", kind: "number", values: noise },
    ],
  };
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const isValid = (row: number) => row % 4 === 0;
  return {
    ...{ samples, target: { task, values, classes }, all },
    ...{ trainRows: all.filter((row) => !isValid(row)), validRows: all.filter(isValid) },
  };
}

/** A checkpoint that never stops anything. */
export function goOn(): void {}

/** Everything that a model file would hold, comparable to the bit. */
export function fingerprint(model: object): string {
  return JSON.stringify(model, (_, value) =>
    ArrayBuffer.isView(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64")
      : value,
  );
}
