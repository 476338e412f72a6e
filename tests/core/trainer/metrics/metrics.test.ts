/**
 * Checks that the metrics equal scikit-learn's. Values frozen from scikit-learn 1.9.1, made by the same
 * congruential sequence that `sequence` makes here:
 *
 *   y, p = binary(); v = (p >= .5).astype(int)
 *   m.roc_auc_score(y, p); m.average_precision_score(y, p); m.brier_score_loss(y, p); m.matthews_corrcoef(y, v) ...
 *   y, P = multi(); m.roc_auc_score(y, P, multi_class="ovr"); m.average_precision_score(np.eye(3)[y], P, average="macro")
 *   y, p = reg(); m.r2_score(y, p); m.mean_absolute_percentage_error(y, p); m.median_absolute_error(y, p) ...
 *   weighted: the same with sample_weight = i % 4
 */
import { describe, expect, test } from "bun:test";
import { bootstrapIntervals } from "../../../../core/trainer/metrics/bootstrap.ts";
import {
  METRICS,
  type MetricName,
  measureAll,
  metricNames,
  scoreWords,
} from "../../../../core/trainer/metrics/index.ts";
import type { Outcome } from "../../../../core/trainer/metrics/outcome.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { naiveMetrics } from "../../../reference/metrics.ts";

const FROZEN: Record<Outcome["task"], Record<string, number>> = {
  binary: {
    roc_auc: 0.9714285714285713,
    log_loss: 0.3567214900491801,
    average_precision: 0.9621015651015652,
    accuracy: 0.9,
    balanced_accuracy: 0.88,
    f1_macro: 0.8923444976076556,
    f1: 0.8636363636363636,
    precision: 1,
    recall: 0.76,
    brier: 0.102855,
    mcc: 0.8054691103977099,
  },
  multiclass: {
    roc_auc: 0.9439740936379759,
    log_loss: 0.6814857443195641,
    average_precision: 0.8895932902234148,
    accuracy: 0.85,
    balanced_accuracy: 0.8492991738605773,
    f1_macro: 0.8421693880804354,
    precision: 0.8401875901875901,
    recall: 0.8492991738605773,
    brier: 0.3952233234117225,
    mcc: 0.7720211644876569,
  },
  regression: {
    r2: 0.9165696456607892,
    rmse: 0.9231933526889458,
    mae: 0.8002511619620758,
    mse: 0.8522859664490562,
    mape: 0.2523183951980209,
    median_absolute_error: 0.8919016462750733,
    explained_variance: 0.9166797656121811,
  },
};

const WEIGHTED: Partial<Record<Outcome["task"], Record<string, number>>> = {
  binary: {
    roc_auc: 0.9478744939271255,
    average_precision: 0.9412843606342058,
    log_loss: 0.37608350073803465,
    f1_macro: 0.8930128120459648,
    mcc: 0.8065735107851354,
  },
  regression: { r2: 0.9067872720108995, mape: 0.27314228563582554 },
};

function* sequence(seed: bigint): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (state * 1103515245n + 12345n) % 2147483648n;
    yield Number(state) / 2147483648;
  }
}

function binary(): Outcome {
  const g = sequence(7n);
  const pairs = Array.from({ length: 60 }, () => {
    const truth = g.next().value < 0.4 ? 1 : 0;
    const p = Math.min(0.98, Math.max(0.02, 0.25 + 0.35 * truth + 0.5 * (g.next().value - 0.5)));
    return { truth, p: Number(p.toFixed(2)) };
  });
  return {
    task: "binary",
    classes: 2,
    truth: Float64Array.from(pairs, ({ truth }) => truth),
    values: Float64Array.from(pairs, ({ p }) => (p >= 0.5 ? 1 : 0)),
    probabilities: Float64Array.from(pairs.flatMap(({ p }) => [1 - p, p])),
    weights: null,
  };
}

function multiclass(): Outcome {
  const g = sequence(11n);
  const rows = Array.from({ length: 60 }, () => {
    const truth = Math.floor(g.next().value * 3);
    const scores = [0, 1, 2].map((k) => g.next().value + (k === truth ? 0.6 : 0));
    const sum = scores.reduce((a, b) => a + b);
    return { truth, shares: scores.map((score) => score / sum) };
  });
  return {
    task: "multiclass",
    classes: 3,
    truth: Float64Array.from(rows, ({ truth }) => truth),
    values: Float64Array.from(rows, ({ shares }) => shares.indexOf(Math.max(...shares))),
    probabilities: Float64Array.from(rows.flatMap(({ shares }) => shares)),
    weights: null,
  };
}

function regression(): Outcome {
  const g = sequence(13n);
  const truth = new Float64Array(61);
  const values = new Float64Array(61);
  for (let i = 0; i < 61; i++) {
    truth[i] = g.next().value * 10 + 1;
    values[i] = truth[i] + 3 * (g.next().value - 0.5);
  }
  return { task: "regression", classes: 0, truth, values, probabilities: null, weights: null };
}

const OUTCOMES = { binary, multiclass, regression };
const weighted = (outcome: Outcome): Outcome => ({ ...outcome, weights: outcome.truth.map((_, i) => i % 4) });

describe.each(["binary", "multiclass", "regression"] as const)("%s", (task) => {
  test("equals scikit-learn", () => {
    const measured = measureAll(OUTCOMES[task]());
    expect(Object.keys(measured).sort()).toEqual(Object.keys(FROZEN[task]).sort());
    for (const [name, value] of Object.entries(FROZEN[task])) expect(measured[name]).toBeCloseTo(value, 12);
  });

  test("equals scikit-learn with weights", () => {
    for (const [name, value] of Object.entries(WEIGHTED[task] ?? {})) {
      expect(METRICS[name as MetricName].measure(weighted(OUTCOMES[task]()))).toBeCloseTo(value, 12);
    }
  });

  test("equals the naive twin", () => {
    const outcome = OUTCOMES[task]();
    const naive = naiveMetrics(outcome);
    for (const name of metricNames(task)) expect(METRICS[name].measure(outcome)).toBeCloseTo(naive[name], 10);
  });

  test("a weight of two counts a row twice", () => {
    const outcome = weighted(OUTCOMES[task]());
    const rows = Array.from(outcome.truth.keys()).flatMap((row) => Array<number>(row % 4).fill(row));
    const { classes } = outcome;
    const repeated: Outcome = {
      ...outcome,
      weights: null,
      truth: Float64Array.from(rows, (row) => outcome.truth[row]),
      values: Float64Array.from(rows, (row) => outcome.values[row]),
      probabilities:
        outcome.probabilities &&
        Float64Array.from(
          rows.flatMap((row) => [...outcome.probabilities!.subarray(row * classes, (row + 1) * classes)]),
        ),
    };
    for (const name of metricNames(task)) {
      expect(METRICS[name].measure(outcome)).toBeCloseTo(METRICS[name].measure(repeated), 10);
    }
  });

  test("a figure's interval contains the figure", async () => {
    const outcome = OUTCOMES[task]();
    const intervals = await bootstrapIntervals(outcome, measureAll(outcome), {
      replicates: 200,
      random: seededRandom(3),
      checkpoint: () => {},
    });
    const measured = measureAll(outcome);
    for (const [name, [low, high]] of Object.entries(intervals)) {
      expect(low).toBeLessThanOrEqual(measured[name]);
      expect(high).toBeGreaterThanOrEqual(measured[name]);
      expect(high - low).toBeLessThan(2 + 2 * Math.abs(measured[name]));
    }
  });
});

test("with a single class the area under the curve is undefined, and left out", () => {
  const outcome = { ...binary(), truth: new Float64Array(60) };
  expect(measureAll(outcome).roc_auc).toBeUndefined();
});

test("a score that differs from a constant prediction's by chance only is written as about 0", () => {
  expect(scoreWords("r2", -2.33e-5, "-2.33e-5")).toBe("about 0");
  expect(scoreWords("explained_variance", 2.2e-16, "2.2e-16")).toBe("about 0");
  expect(scoreWords("f1_macro", 1.98e-4, "1.98e-4")).toBe("about 0");
  expect(scoreWords("r2", 0, "0")).toBe("0");
  expect(scoreWords("r2", 0.001, "0.001")).toBe("0.001");
  expect(scoreWords("log_loss", 1e-5, "1e-5")).toBe("1e-5");
});
