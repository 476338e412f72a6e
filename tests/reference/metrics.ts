/** The metrics again, as their definitions read: every pair counted, nothing sorted twice, no speed. */
import type { Outcome } from "../../core/trainer/metrics/outcome.ts";

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Every metric of the outcome's task by name; weights are not looked at. */
export function naiveMetrics(outcome: Outcome): Record<string, number> {
  return outcome.task === "regression" ? regression(outcome) : classification(outcome);
}

function regression({ truth, values }: Outcome): Record<string, number> {
  const y = [...truth];
  const errors = y.map((t, i) => t - values[i]);
  const squares = errors.map((e) => e * e);
  const spread = mean(y.map((t) => (t - mean(y)) ** 2));
  const sizes = errors.map(Math.abs).sort((a, b) => a - b);
  const half = sizes.length / 2;
  return {
    r2: 1 - mean(squares) / spread,
    rmse: Math.sqrt(mean(squares)),
    mse: mean(squares),
    mae: mean(sizes),
    mape: mean(errors.map((e, i) => Math.abs(e / y[i]))),
    median_absolute_error:
      sizes.length % 2 === 1 ? sizes[Math.floor(half)] : (sizes[half - 1] + sizes[half]) / 2,
    explained_variance: 1 - mean(errors.map((e) => (e - mean(errors)) ** 2)) / spread,
  };
}

function classification(outcome: Outcome): Record<string, number> {
  const { classes, task } = outcome;
  const truth = [...outcome.truth];
  const values = [...outcome.values];
  const p = (row: number, k: number) => outcome.probabilities![row * classes + k];
  const all = Array.from({ length: classes }, (_, k) => k);
  const sides = all.map((k) => sidesOf(truth, values, k));
  const ranked = all.map((k) => ranks(truth.map((t, row) => [p(row, k), t === k ? 1 : 0] as const)));
  const pick = <T>(values: T[], read: (value: T) => number) =>
    task === "binary" ? read(values[1]) : mean(values.map(read));
  return {
    roc_auc: pick(ranked, (r) => r.area),
    average_precision: pick(ranked, (r) => r.precision),
    log_loss: mean(truth.map((t, row) => -Math.log(p(row, t)))),
    brier: mean(
      truth.map((t, row) =>
        task === "binary"
          ? (p(row, 1) - t) ** 2
          : all.reduce((sum, k) => sum + (p(row, k) - (t === k ? 1 : 0)) ** 2, 0),
      ),
    ),
    accuracy: mean(truth.map((t, row) => (t === values[row] ? 1 : 0))),
    balanced_accuracy: mean(sides.map((s) => s.recall)),
    f1_macro: mean(sides.map((s) => s.f1)),
    f1: sides[1].f1,
    precision: pick(sides, (s) => s.precision),
    recall: pick(sides, (s) => s.recall),
    mcc: correlation(truth, values, all),
  };
}

function sidesOf(truth: number[], values: number[], k: number) {
  const hits = truth.filter((t, row) => t === k && values[row] === k).length;
  const precision = hits / values.filter((v) => v === k).length || 0;
  const recall = hits / truth.filter((t) => t === k).length || 0;
  return { precision, recall, f1: (2 * precision * recall) / (precision + recall) || 0 };
}

/** Area: pairs of a positive and a negative in the right order. Precision: at the threshold of each positive. */
function ranks(rows: (readonly [number, number])[]): { area: number; precision: number } {
  const positives = rows.filter(([, hit]) => hit === 1);
  const negatives = rows.filter(([, hit]) => hit === 0);
  const wins = positives.flatMap(([a]) => negatives.map(([b]) => (a > b ? 1 : a === b ? 0.5 : 0)));
  const precisions = positives.map(([score]) => mean(rows.filter(([s]) => s >= score).map(([, hit]) => hit)));
  return { area: mean(wins), precision: mean(precisions) };
}

/** Correlation of the one-hot matrices, summed over classes. */
function correlation(truth: number[], values: number[], all: number[]): number {
  const covariance = (a: number[], b: number[]) =>
    all.reduce((sum, k) => {
      const x = a.map((v) => (v === k ? 1 : 0));
      const y = b.map((v) => (v === k ? 1 : 0));
      return sum + mean(x.map((v, i) => (v - mean(x)) * (y[i] - mean(y))));
    }, 0);
  return covariance(truth, values) / Math.sqrt(covariance(truth, truth) * covariance(values, values));
}
