import { describe, expect, test } from "bun:test";
import { sharedArena } from "../../../../../core/trainer/kernels/arena.ts";
import { binSamples } from "../../../../../core/trainer/learners/trees/binning.ts";
import {
  type BoostingOptions,
  linkMargins,
  predictBoosting,
  type RoundReport,
  trainBoosting,
} from "../../../../../core/trainer/learners/trees/boosting.ts";
import {
  BOOSTING_PARAMS,
  boostingParams,
} from "../../../../../core/trainer/learners/trees/boosting-params.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { Samples, Target } from "../../../../../core/trainer/samples.ts";
import { fingerprint, goOn, type TreeData, treeData } from "./tree-data.ts";

function train(data: TreeData, options: Partial<BoostingOptions> = {}) {
  const { samples, target, trainRows } = data;
  return trainBoosting(samples, target, {
    params: { maxRounds: 20, minSamplesLeaf: 5 },
    trainRows,
    validRows: null,
    random: seededRandom(1),
    checkpoint: goOn,
    ...options,
  });
}

function numbers(
  columns: Record<string, number[]>,
  values: number[],
): { samples: Samples; target: Target; all: Int32Array } {
  const features = Object.entries(columns).map(([name, column]) => ({
    name,
    kind: "number" as const,
    values: Float64Array.from(column),
  }));
  return {
    samples: { rows: values.length, features },
    target: { task: "regression", values: Float64Array.from(values), classes: [] },
    all: Int32Array.from(values.keys()),
  };
}

test("the same seed gives the same model to the byte, another seed another", async () => {
  const data = treeData("multiclass");
  const fit = (seed: number) =>
    train(data, {
      params: { maxRounds: 5, rowFraction: 0.6, columnFraction: 0.7 },
      random: seededRandom(seed),
    });
  expect(fingerprint(await fit(1))).toBe(fingerprint(await fit(1)));
  expect(fingerprint(await fit(1))).not.toBe(fingerprint(await fit(2)));
});

test("threads change nothing, to the byte", async () => {
  const data = treeData("binary", { rows: 80_000 });
  const fit = (threads: number) =>
    train(data, { params: { maxRounds: 3 }, validRows: data.validRows, threads });
  const alone = await fit(1);
  expect(alone.trees.feature.length).toBeGreaterThan(60);
  expect(fingerprint(await fit(2))).toBe(fingerprint(alone));
  expect(fingerprint(await fit(3))).toBe(fingerprint(alone));
}, 30_000);

test("two simultaneous fits in one process do not disturb each other", async () => {
  const [one, two] = [treeData("binary"), treeData("regression", { seed: 2 })];
  const pausing = () => Bun.sleep(0);
  const together = await Promise.all([
    train(one, { checkpoint: pausing }),
    train(two, { checkpoint: pausing }),
  ]);
  expect(together.map(fingerprint)).toEqual([fingerprint(await train(one)), fingerprint(await train(two))]);
});

test("it learns: the loss falls every round and beats the base score on rows not seen", async () => {
  const data = treeData("multiclass", { rows: 1200 });
  const reports: RoundReport[] = [];
  const model = await train(data, {
    validRows: data.validRows,
    onRound: (report) => void reports.push(report),
  });
  expect(reports.map(({ round }) => round)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
  for (let i = 1; i < reports.length; i++) expect(reports[i].train).toBeLessThan(reports[i - 1].train);
  const probabilities = linkMargins(model, predictBoosting(model, data.samples, data.validRows));
  const hits = data.validRows.filter((row, i) => {
    const own = probabilities.subarray(i * 3, i * 3 + 3);
    expect(own[0] + own[1] + own[2]).toBeCloseTo(1, 12);
    return own.indexOf(Math.max(...own)) === data.target.values[row];
  });
  expect(hits.length / data.validRows.length).toBeGreaterThan(0.8);
});

test("the validation loss reported is that of the model so far", async () => {
  const data = treeData("binary");
  let last = 0;
  const model = await train(data, {
    params: { maxRounds: 4 },
    validRows: data.validRows,
    onRound: ({ valid }) => {
      last = valid ?? 0;
    },
  });
  const margins = predictBoosting(model, data.samples, data.validRows);
  const losses = data.validRows.map(() => 0);
  const sum = Array.from(data.validRows).reduce((all, row, i) => {
    const z = data.target.values[row] > 0 ? margins[i] : -margins[i];
    return all + Math.log1p(Math.exp(-z));
  }, 0);
  expect(model.rounds).toBe(4);
  expect(last).toBeCloseTo(sum / losses.length, 9);
});

test("early stopping keeps the best round and ends after patience", async () => {
  const data = treeData("regression", { rows: 300 });
  const reports: RoundReport[] = [];
  const params = { maxRounds: 400, learningRate: 0.5, patience: 7, minSamplesLeaf: 3 };
  const model = await train(data, {
    params,
    validRows: data.validRows,
    onRound: (report) => void reports.push(report),
  });
  const best = reports.reduce((least, report) => (report.valid! < least.valid! ? report : least));
  expect(model.rounds).toBe(best.round);
  expect(model.trees.roots.length).toBe(best.round);
  expect(reports.length).toBe(best.round + 7);
  const shorter = await train(data, { params: { ...params, maxRounds: best.round, patience: 0 } });
  expect(predictBoosting(model, data.samples, data.all)).toEqual(
    predictBoosting(shorter, data.samples, data.all),
  );
});

test("a stop signal keeps the rounds so far", async () => {
  const stop = new AbortController();
  const model = await train(treeData("binary"), {
    stop: stop.signal,
    onRound: ({ round }) => {
      if (round === 3) stop.abort();
    },
  });
  expect(model.rounds).toBe(3);
});

test("a checkpoint that throws ends the fit and frees its memory", async () => {
  const data = treeData("regression", { rows: 3000 });
  await train(data);
  const before = sharedArena().memory.buffer.byteLength;
  for (let i = 0; i < 5; i++) {
    let calls = 0;
    const checkpoint = () => {
      if (++calls === 3) throw new Error("cancelled");
    };
    expect(train(data, { checkpoint })).rejects.toThrow("cancelled");
    await train(data, { params: { maxRounds: 1 } });
  }
  expect(sharedArena().memory.buffer.byteLength).toBe(before);
});

test("checkpoints occur inside a tree of many rows, not only between rounds", async () => {
  const random = seededRandom(1);
  const columns = Object.fromEntries(
    Array.from({ length: 20 }, (_, k) => [`x${k}`, Array.from({ length: 60_000 }, () => random())]),
  );
  const { samples, target, all } = numbers(
    columns,
    columns.x0.map((x, i) => x + columns.x1[i]),
  );
  const binned = binSamples(samples, { rows: all, maxBins: 255, random });
  const [calls, rounds] = [{ count: 0 }, 10];
  const checkpoint = () => {
    calls.count++;
  };
  const params = { maxRounds: rounds };
  await trainBoosting(samples, target, {
    params,
    trainRows: all,
    validRows: null,
    random,
    checkpoint,
    binned,
    onRound: ({ round }) => {
      if (round === 1) calls.count = 1;
    },
  });
  // Ten rounds sum some 40 million cells.
  expect(calls.count).toBeGreaterThan(rounds);
});

test("a monotone feature never reverses, whatever the others are", async () => {
  const random = seededRandom(4);
  const x = Array.from({ length: 800 }, () => random() * 10);
  const z = Array.from({ length: 800 }, () => random());
  const { samples, target, all } = numbers(
    { x, z },
    x.map((value, i) => Math.sin(value) + value / 4 + z[i]),
  );
  for (const direction of [1, -1] as const) {
    const params = { monotone: { x: direction }, maxRounds: 30, minSamplesLeaf: 5 };
    const model = await trainBoosting(samples, target, {
      params,
      trainRows: all,
      validRows: null,
      random,
      checkpoint: goOn,
    });
    for (const level of [0.1, 0.5, 0.9]) {
      const grid = numbers(
        { x: Array.from({ length: 200 }, (_, i) => i / 20), z: new Array(200).fill(level) },
        new Array(200).fill(0),
      );
      const margins = predictBoosting(model, grid.samples, grid.all);
      for (let i = 1; i < 200; i++)
        expect(direction * (margins[i] - margins[i - 1])).toBeGreaterThanOrEqual(0);
    }
  }
});

describe("missing values", () => {
  const x = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? Number.NaN : i / 400));
  const fit = async (missing: number) => {
    const { samples, target, all } = numbers(
      { x },
      x.map((value) => (Number.isNaN(value) ? missing : value > 0.5 ? 1 : 0)),
    );
    const model = await trainBoosting(samples, target, {
      params: { maxRounds: 60 },
      trainRows: all,
      validRows: null,
      random: seededRandom(1),
      checkpoint: goOn,
    });
    const probe = numbers({ x: [Number.NaN, 0.1, 0.9] }, [0, 0, 0]);
    return predictBoosting(model, probe.samples, probe.all);
  };

  test("go where they fit: left, right, or a side of their own", async () => {
    for (const missing of [0, 1, 5]) {
      const [gap, low, high] = await fit(missing);
      expect(gap).toBeCloseTo(missing, 1);
      expect(low).toBeCloseTo(0, 1);
      expect(high).toBeCloseTo(1, 1);
    }
  });
});

test("categories are split by their effect, not by their code; unseen ones count as missing", async () => {
  const random = seededRandom(6);
  const codes = Int32Array.from({ length: 2000 }, () => Math.floor(random() * 30));
  const values = Float64Array.from(codes, (code) => (code % 2 === 0 ? 1 : -1));
  const labels = Array.from({ length: 30 }, (_, code) => `c${code}`);
  const samples: Samples = { rows: 2000, features: [{ name: "c", kind: "category", codes, labels }] };
  const all = Int32Array.from(codes.keys());
  const target: Target = { task: "regression", values, classes: [] };
  const params = { maxRounds: 1, learningRate: 1, maxLeafNodes: 2 };
  const model = await trainBoosting(samples, target, {
    params,
    trainRows: all,
    validRows: null,
    random,
    checkpoint: goOn,
  });
  predictBoosting(model, samples, all).forEach((margin, i) => {
    expect(Math.abs(margin - values[i])).toBeLessThan(0.2);
  });
  const other: Samples = {
    rows: 2,
    features: [{ name: "c", kind: "category", codes: Int32Array.of(0, 1), labels: ["c7", "new"] }],
  };
  const [known, unknown] = predictBoosting(model, other, Int32Array.of(0, 1));
  expect(known).toBeLessThan(-0.8);
  expect(Math.abs(unknown)).toBeGreaterThan(0.8);
});

test("single rows, small and large batches agree to the bit", async () => {
  const data = treeData("multiclass");
  const model = await train(data);
  const large = predictBoosting(model, data.samples, data.all);
  const small = predictBoosting(model, data.samples, data.all.slice(0, 20));
  expect(Array.from(large.slice(0, 60))).toEqual(Array.from(small));
});

test("bins made once serve every fold", async () => {
  const data = treeData("binary");
  const binned = binSamples(data.samples, { rows: data.trainRows, maxBins: 255, random: seededRandom(1) });
  expect(fingerprint(await train(data, { binned }))).toBe(fingerprint(await train(data)));
});

test("nothing to learn: one round of no splits, the base score everywhere", async () => {
  const { samples, target, all } = numbers(
    { x: new Array(100).fill(3) },
    Array.from({ length: 100 }, (_, i) => i % 2),
  );
  const model = await trainBoosting(samples, target, {
    params: {},
    trainRows: all,
    validRows: null,
    random: seededRandom(1),
    checkpoint: goOn,
  });
  expect(model.rounds).toBe(1);
  for (const margin of predictBoosting(model, samples, all)) expect(margin).toBeCloseTo(0.5, 9);
});

test("a parameter out of range is refused with its name and range", () => {
  for (const [name, { min, max, default: usual }] of Object.entries(BOOSTING_PARAMS)) {
    expect(boostingParams({ loss: "squared" })).toHaveProperty(name, usual);
    expect(() => boostingParams({ loss: "squared", [name]: min - 1 })).toThrow(
      `${name} must be ${min} to ${max}`,
    );
    expect(() => boostingParams({ loss: "squared", [name]: Number.NaN })).toThrow(name);
  }
});
