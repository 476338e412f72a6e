/**
 * Checks that the network's kernels match their twins, that it learns bends and steps, and that its contributions
 * sum up.
 */
import { expect, test } from "bun:test";
import { runThrough } from "../../../../../core/trainer/cancellation.ts";
import { newArena, Scope } from "../../../../../core/trainer/kernels/arena.ts";
import { loadKernels } from "../../../../../core/trainer/kernels/kernels.ts";
import type { NetworkModel } from "../../../../../core/trainer/learners/network/layers.ts";
import { fitNetwork, type NetworkOptions } from "../../../../../core/trainer/learners/network/network.ts";
import {
  networkContributions,
  networkMargins,
} from "../../../../../core/trainer/learners/network/predict.ts";
import { pack, unpack } from "../../../../../core/trainer/model/pack.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { SparseRows, Task } from "../../../../../core/trainer/samples.ts";
import { referenceKernels } from "../../../../reference/kernels.ts";

function designOf(rows: number[][]): SparseRows {
  const columns = rows[0].length;
  return {
    columns,
    starts: Int32Array.from({ length: rows.length + 1 }, (_, i) => i * columns),
    indices: Int32Array.from({ length: rows.length * columns }, (_, i) => i % columns),
    values: Float32Array.from(rows.flat()),
  };
}

function points(count: number, seed: number): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => [4 * random() - 2, 4 * random() - 2]);
}

function fit(rows: number[][], truth: number[], given: Partial<NetworkOptions> & { task: Task }) {
  const options = { classes: 0, random: seededRandom(1), epochs: 60, decay: 0.02, checkpoint: () => {} };
  return fitNetwork(designOf(rows), Float64Array.from(truth), { ...options, ...given });
}

const answer = (model: NetworkModel, rows: number[][]) => runThrough(networkMargins(model, designOf(rows)));
const fast = newArena(loadKernels);

test("whole fits are equal to the bit with the kernels and with their plain twins", async () => {
  const plain = newArena(referenceKernels);
  const rows = points(13, 2);
  for (const [task, classes] of [
    ["regression", 0] as const,
    ["binary", 2] as const,
    ["multiclass", 3] as const,
  ]) {
    const truth = rows.map(([a, b]) => (classes ? Math.floor(Math.abs(a * b)) % classes : a * b));
    const [model, twin] = await Promise.all(
      [fast, plain].map((arena) =>
        fit(rows, truth, { task, classes, epochs: 2, random: seededRandom(4), arena }),
      ),
    );
    expect(Buffer.compare(pack(model), pack(twin))).toBe(0);
    expect(model.layers[0].weights.some((w) => w !== 0)).toBe(true);
  }
});

test("the layers' gradients match finite differences", () => {
  const scope = new Scope(fast);
  const { kernels } = scope;
  const random = seededRandom(3);
  const [rows, inputs, hidden, outputs] = [4, 8, 16, 8];
  const block = (size: number) => {
    const at = scope.bytes(size * 4);
    return { at, values: scope.f32(at, size) };
  };
  const draw = (size: number) => {
    const made = block(size);
    for (let i = 0; i < size; i++) made.values[i] = 2 * random() - 1;
    return made;
  };
  const [x, w1, b1, w2, b2] = [rows * inputs, inputs * hidden, hidden, hidden * outputs, outputs].map(draw);
  const [a, out, d1] = [rows * hidden, rows * outputs, rows * hidden].map(block);
  const [g1, gb1, g2, gb2] = [inputs * hidden, hidden, hidden * outputs, outputs].map(block);
  const wanted = draw(rows * outputs);
  const value = () => {
    kernels.denseForward(x.at, w1.at, b1.at, a.at, rows, inputs, hidden, 1);
    kernels.denseForward(a.at, w2.at, b2.at, out.at, rows, hidden, outputs, 0);
    return out.values.reduce((sum, answered, i) => sum + answered * wanted.values[i], 0);
  };
  value();
  kernels.denseGradient(a.at, wanted.at, g2.at, gb2.at, rows, hidden, outputs);
  kernels.denseBackward(wanted.at, w2.at, a.at, d1.at, rows, hidden, outputs);
  kernels.denseGradient(x.at, d1.at, g1.at, gb1.at, rows, inputs, hidden);
  for (const [{ values }, slopes] of [
    [w1, g1],
    [b1, gb1],
    [w2, g2],
    [b2, gb2],
  ] as const) {
    for (let i = 0; i < values.length; i += 5) {
      const before = values[i];
      values[i] = before + 1e-3;
      const above = value();
      values[i] = before - 1e-3;
      const below = value();
      values[i] = before;
      expect((above - below) / 2e-3).toBeCloseTo(slopes.values[i], 1);
    }
  }
  scope.close();
});

test("it follows a bend and a step, and tells rings apart", async () => {
  const surface = ([a, b]: number[]) => Math.sin(2 * a) + (b > 0.5 ? 2 : 0);
  const [rows, fresh] = [points(500, 5), points(300, 6)];
  const model = await fit(rows, rows.map(surface), { task: "regression" });
  const answers = answer(model, fresh);
  const error = fresh.reduce((sum, row, i) => sum + (answers[i] - surface(row)) ** 2, 0) / fresh.length;
  expect(Math.sqrt(error)).toBeLessThan(0.25);

  const ring = ([a, b]: number[]) => Math.min(2, Math.floor((a * a + b * b) / 1.5));
  const rings = await fit(rows, rows.map(ring), { task: "multiclass", classes: 3 });
  const margins = answer(rings, fresh);
  const right = fresh.filter((row, i) => {
    const own = [...margins.subarray(3 * i, 3 * i + 3)];
    return own.indexOf(Math.max(...own)) === ring(row);
  });
  expect(right.length).toBeGreaterThan(270);
});

test("a seed decides every byte, and a file stores them all", async () => {
  const rows = points(80, 7);
  const truth = rows.map(([a]) => a);
  const of = (seed: number) =>
    fit(rows, truth, { task: "regression", epochs: 3, random: seededRandom(seed) });
  const [one, again, other] = [pack(await of(1)), pack(await of(1)), pack(await of(2))];
  expect(Buffer.compare(one, again)).toBe(0);
  expect(Buffer.compare(one, other)).not.toBe(0);
  expect(answer(unpack(one) as NetworkModel, rows)).toEqual(answer(await of(1), rows));
});

test("contributions and base sum to the margins; a column that does not matter gets next to none", async () => {
  const rows = points(400, 8);
  const model = await fit(
    rows,
    rows.map(([a]) => a ** 3),
    { task: "regression" },
  );
  const { base, moved } = networkContributions(model, designOf([[1.5, -1]]));
  expect(base[0] + moved[0] + moved[1]).toBeCloseTo(answer(model, [[1.5, -1]])[0], 4);
  expect(Math.abs(moved[1])).toBeLessThan(0.15 * Math.abs(moved[0]));
});

test("it ends when it is stopped, and frees its memory when it is cancelled", async () => {
  const rows = points(300, 9);
  const truth = rows.map(([a]) => a);
  const stop = new AbortController();
  const epochs: number[] = [];
  const onEpoch = (epoch: number) => {
    epochs.push(epoch);
    if (epoch === 2) stop.abort();
  };
  await fit(rows, truth, { task: "regression", stop: stop.signal, onEpoch });
  expect(epochs).toEqual([1, 2]);

  const arena = newArena(loadKernels);
  const free = () => {
    const { at } = arena.allocate(64);
    arena.release([{ at, size: 64 }]);
    return at;
  };
  const before = free();
  let calls = 0;
  const checkpoint = () => {
    if (++calls > 5) throw new Error("cancelled");
  };
  expect(fit(rows, truth, { task: "regression", arena, checkpoint })).rejects.toThrow("cancelled");
  await Promise.resolve();
  expect(free()).toBe(before);
});
