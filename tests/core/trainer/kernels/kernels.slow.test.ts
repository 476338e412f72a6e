import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { newArena, Scope } from "../../../../core/trainer/kernels/arena.ts";
import { compileKernels } from "../../../../core/trainer/kernels/build.ts";
import { type Kernels, loadKernels } from "../../../../core/trainer/kernels/kernels.ts";
import { predictTrees } from "../../../../core/trainer/learners/trees/batch-predictor.ts";
import { trainBoosting } from "../../../../core/trainer/learners/trees/boosting.ts";
import type { BoostingParams } from "../../../../core/trainer/learners/trees/boosting-params.ts";
import { trainForest } from "../../../../core/trainer/learners/trees/forest.ts";
import { planSlots } from "../../../../core/trainer/learners/trees/growing/packed-bins.ts";
import type { LossName } from "../../../../core/trainer/learners/trees/losses.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { referenceKernels } from "../../../reference/kernels.ts";
import { fingerprint, goOn, treeData } from "../learners/trees/tree-data.ts";

const fast = newArena(loadKernels);
const plain = newArena(referenceKernels);

test("the committed WebAssembly is what its source compiles to", async () => {
  const committed = await Bun.file(
    new URL("../../../../core/trainer/kernels/kernels.wasm.ts", import.meta.url),
  ).text();
  expect((await compileKernels()) === committed).toBe(true);
}, 60_000);

describe("whole fits are equal to the bit with the kernels and with their plain twins", () => {
  const cases: [LossName, Partial<BoostingParams>][] = [
    ["squared", {}],
    ["logistic", { l2Regularization: 1 }],
    ["softmax", { columnFraction: 0.6 }],
    ["poisson", { rowFraction: 0.7 }],
    ["gamma", { maxBins: 20 }],
    ["squared", { monotone: { gaps: 1, steps: -1 } }],
  ];
  test.each(cases)(
    "boosting, %s %j",
    async (loss, extra) => {
      const task = loss === "logistic" ? "binary" : loss === "softmax" ? "multiclass" : "regression";
      const { samples, target, trainRows, validRows } = treeData(task, {
        positive: loss === "poisson" || loss === "gamma",
      });
      const fit = (arena: typeof fast) => {
        const params = { loss, maxRounds: 4, maxLeafNodes: 12, minSamplesLeaf: 5, ...extra };
        return trainBoosting(samples, target, {
          params,
          trainRows,
          validRows,
          random: seededRandom(3),
          checkpoint: goOn,
          arena,
        });
      };
      const [model, twin] = [await fit(fast), await fit(plain)];
      expect(model.trees.roots.length).toBeGreaterThan(0);
      expect(model.trees.feature.length).toBeGreaterThan(10);
      expect(fingerprint(model)).toBe(fingerprint(twin));
      const rows = Int32Array.from({ length: 100 }, (_, i) => i);
      expect(predictTrees(model, samples, rows, fast)).toEqual(predictTrees(model, samples, rows, plain));
    },
    30_000,
  );

  test.each(["squared", "logistic", "softmax", "poisson"] as const)(
    "boosting of rows that weigh, %s",
    async (loss) => {
      const task = loss === "logistic" ? "binary" : loss === "softmax" ? "multiclass" : "regression";
      const { samples, target, trainRows, validRows } = treeData(task, { positive: loss === "poisson" });
      const weights = Float64Array.from(target.values, (_, row) => [0, 0.5, 1, 2.5][row % 4]!);
      const fit = (arena: typeof fast, counted: typeof target) =>
        trainBoosting(samples, counted, {
          params: { loss, maxRounds: 4, maxLeafNodes: 12, minSamplesLeaf: 5 },
          ...{ trainRows, validRows, random: seededRandom(3), checkpoint: goOn, arena },
        });
      const weighed = { ...target, weights };
      const model = await fit(fast, weighed);
      expect(fingerprint(model)).toBe(fingerprint(await fit(plain, weighed)));
      expect(fingerprint(model)).not.toBe(fingerprint(await fit(fast, target)));
    },
  );

  test.each([
    ["binary", false],
    ["multiclass", true],
    ["regression", false],
    ["regression", true],
  ] as const)("forest, %s, extremely randomised: %p", async (task, extraTrees) => {
    const { samples, target, trainRows } = treeData(task);
    const fit = (arena: typeof fast) =>
      trainForest(samples, target, {
        params: { trees: 3, extraTrees },
        trainRows,
        random: seededRandom(5),
        checkpoint: goOn,
        arena,
      });
    const model = await fit(fast);
    expect(model.trees.feature.length).toBeGreaterThan(30);
    expect(fingerprint(model)).toBe(fingerprint(await fit(plain)));
  });
});

/** Runs the same steps on both, over the same bytes, and compares what they leave. */
function bothAgree(bytes: Uint8Array, run: (kernels: Kernels, at: number, scope: Scope) => unknown): void {
  const results = [fast, plain].map((arena) => {
    const scope = new Scope(arena);
    const at = scope.bytes(bytes.length);
    scope.u8(at, bytes.length).set(bytes);
    const result = run(arena.kernels, at, scope);
    const left = scope.u8(at, bytes.length).slice();
    scope.close();
    return { result, left };
  });
  expect(results[0]).toEqual(results[1]);
}

describe("single kernels", () => {
  test("numbers fall into the bin of a linear search", () => {
    const numbers = fc.double({ noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.uniqueArray(
          numbers.filter((x) => !Number.isNaN(x)),
          { maxLength: 40 },
        ),
        fc.array(numbers, { maxLength: 30 }),
        (cuts, given) => {
          const edges = Float64Array.from(cuts).sort();
          const values = [...given, ...edges, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
          const size = 2 ** Math.ceil(Math.log2(edges.length + 1));
          const padded = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
          padded.set(edges);
          const count = Math.ceil(values.length / 4) * 4;
          const all = Float64Array.from([...padded, ...values, ...new Array(count - values.length).fill(0)]);
          const bytes = new Uint8Array(all.byteLength + count);
          bytes.set(new Uint8Array(all.buffer));
          bothAgree(bytes, (kernels, at) =>
            kernels.binNumbers(at + size * 8, count, at, size, edges.length, at + all.byteLength),
          );
        },
      ),
    );
  });

  test("partition is stable", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.uint8Array({ minLength: 256, maxLength: 256 }),
        (bins, sides) => {
          const rows = Uint32Array.from(bins.keys());
          const parts = [new Uint8Array(rows.buffer), sides.map((side) => side & 1), bins];
          bothAgree(Buffer.concat(parts), (kernels, at, scope) => {
            const [goesLeft, column] = [at + rows.byteLength, at + rows.byteLength + 256];
            return kernels.partition(column, goesLeft, at, rows.length, scope.bytes(rows.byteLength + 16));
          });
        },
      ),
    );
  });

  test("rows are rearranged in the order of a list", () => {
    const list = fc.uniqueArray(fc.nat(19), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(
        list,
        fc.uint8Array({ minLength: 480, maxLength: 480 }),
        fc.nat(20),
        (rows, data, limit) => {
          const order = new Uint8Array(Uint32Array.from(rows).buffer);
          bothAgree(Buffer.concat([data, order, new Uint8Array(484)]), (kernels, at, scope) => {
            const [list, out, below] = [at + 480, at + 480 + order.length, scope.bytes(order.length + 4)];
            kernels.gatherBytes(at + 460, at, list, rows.length);
            kernels.gatherRecords(out, at, list, rows.length, 24);
            return Array.from(scope.i32(below, kernels.listBelow(below, list, rows.length, limit)));
          });
        },
      ),
    );
  });

  test("of the features that share a slot one has factor 1, constants or not", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (bins) => {
        const { seats, slotCount } = planSlots(
          Int32Array.from(bins),
          Int32Array.from(bins, () => 1),
        );
        const firsts = seats.filter(({ factor }) => factor === 1).map(({ slot }) => slot);
        expect(firsts.sort((a, b) => a - b)).toEqual(Array.from({ length: slotCount }, (_, slot) => slot));
      }),
    );
  });

  test("features that share a slot get their own sums back", () => {
    const shape = fc.array(fc.integer({ min: 2, max: 20 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(shape, fc.integer(), (digits, seed) => {
        const plan = planSlots(Int32Array.from(digits), new Int32Array(digits.length));
        const random = seededRandom(seed);
        const sums = BigInt64Array.from({ length: plan.slotCount * 256 }, () =>
          BigInt(Math.floor(random() * 1e9)),
        );
        digits.forEach((_, f) => {
          const { slot, factor, digits: own } = plan.seats[f];
          expect(factor * own).toBeLessThanOrEqual(256);
          expect(slot).toBeLessThan(plan.slotCount);
        });
        for (let i = 0; i < sums.length; i++) {
          const members = plan.seats.filter(({ slot }) => slot === Math.floor(i / 256));
          const used = Math.max(...members.map(({ factor, digits: own }) => factor * own));
          if (i % 256 >= used) sums[i] = 0n;
        }
        const cells = 2 * Math.ceil(digits.reduce((a, b) => a + b, 0) / 2);
        const firsts = digits.map((_, f) => digits.slice(0, f).reduce((a, b) => a + b, 0));
        const steps = plan.order.flatMap((f) => [
          plan.seats[f].slot,
          plan.seats[f].factor,
          plan.seats[f].digits,
          firsts[f],
        ]);
        const head = new Uint8Array(sums.buffer);
        const bytes = Buffer.concat([
          head,
          new Uint8Array(Int32Array.from(steps).buffer),
          new Uint8Array(cells * 8),
        ]);
        const out = head.length + steps.length * 4;
        bothAgree(bytes, (kernels, at) => kernels.marginals(at, at + head.length, digits.length, at + out));
      }),
    );
  });
});
