/** Intervals hold the figure of further rows as often as they say: also of a part without a mistake, with copies, with heavy tails. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { bootstrapIntervals } from "../../../../core/trainer/metrics/bootstrap.ts";
import { measureAll } from "../../../../core/trainer/metrics/index.ts";
import type { Outcome } from "../../../../core/trainer/metrics/outcome.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";

setDefaultTimeout(120_000);

type Draw = (random: () => number) => { truth: number; value: number; likelihood?: number };

function drawn(rows: number, draw: Draw, random: () => number): Outcome {
  const all = Array.from({ length: rows }, () => draw(random));
  const isNumber = all[0]!.likelihood === undefined;
  return {
    task: isNumber ? "regression" : "binary",
    classes: isNumber ? 0 : 2,
    truth: Float64Array.from(all, ({ truth }) => truth),
    values: Float64Array.from(all, ({ value }) => value),
    probabilities: isNumber
      ? null
      : Float64Array.from(all.flatMap(({ likelihood }) => [1 - likelihood!, likelihood!])),
    weights: null,
  };
}

const intervalsOf = (outcome: Outcome, seed: number, groups: Int32Array | null = null) =>
  bootstrapIntervals(outcome, measureAll(outcome), {
    ...{ replicates: 200, random: seededRandom(seed), checkpoint: () => {}, groups },
  });

const classOf = (share: number): Draw => {
  return (random) => {
    const truth = Number(random() < 0.4);
    const isRight = random() < share;
    const value = isRight ? truth : 1 - truth;
    return { truth, value, likelihood: value ? 0.6 + 0.4 * random() : 0.4 * random() };
  };
};

/** Student's t with three degrees of freedom: a variance, but outliers. */
const heavyTailed: Draw = (random) => {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const spread = Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3);
  const truth = 4 * normal();
  return { truth, value: truth + normal() / spread };
};

const SAMPLES = 150;

test.each([
  ["three of four right", "accuracy", classOf(0.75), 80],
  ["99.7 % right", "accuracy", classOf(0.997), 200],
  ["99.7 % right, ranked", "roc_auc", classOf(0.997), 200],
  ["heavy tails", "rmse", heavyTailed, 100],
  ["heavy tails, explained", "r2", heavyTailed, 100],
] as const)("%s: %s of further rows is within", async (_, metric, draw, rows) => {
  const further = measureAll(drawn(40_000, draw, seededRandom(99)))[metric]!;
  let inside = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const intervals = await intervalsOf(drawn(rows, draw, seededRandom(1000 + sample)), sample);
    const [low, high] = intervals[metric]!;
    inside += Number(low <= further && further <= high);
  }
  expect(inside / SAMPLES).toBeGreaterThan(0.89);
});

test("no mistake among 300 rows: the interval goes down to about three of 300, and up to 1", async () => {
  const { accuracy, roc_auc, log_loss } = await intervalsOf(drawn(300, classOf(1), seededRandom(5)), 5);
  expect(accuracy![1]).toBe(1);
  expect(accuracy![0]).toBeGreaterThan(1 - 5 / 300);
  expect(accuracy![0]).toBeLessThan(1 - 1.5 / 300);
  expect(roc_auc![0]).toBeLessThan(1);
  expect(log_loss![1]).toBeGreaterThan(log_loss![0]);
});

test("copies of a row are drawn together: four copies of the same rows are no more certain than one", async () => {
  const once = drawn(100, classOf(0.8), seededRandom(7));
  const four = (values: Float64Array, width = 1) =>
    Float64Array.from(
      { length: values.length * 4 },
      (_, at) => values[width * (Math.floor(at / width) % 100) + (at % width)]!,
    );
  const times: Outcome = {
    ...once,
    truth: four(once.truth),
    values: four(once.values),
    probabilities: four(once.probabilities!, 2),
  };
  const width = ([low, high]: [number, number] | undefined = [0, 0]) => high - low;
  const single = width((await intervalsOf(once, 7)).accuracy);
  const together = width(
    (
      await intervalsOf(
        times,
        7,
        Int32Array.from({ length: 400 }, (_, row) => row % 100),
      )
    ).accuracy,
  );
  const apart = width((await intervalsOf(times, 7)).accuracy);
  expect(apart).toBeLessThan(0.6 * single);
  expect(together).toBeGreaterThan(0.85 * single);
  expect(together).toBeLessThan(1.15 * single);
});
