/** Checks that a column that leaks the target is found, and one that only seems to is not. */
import { expect, test } from "bun:test";
import { findCombination } from "../../../../core/trainer/checks/combination.ts";
import { findIdentities } from "../../../../core/trainer/checks/identities.ts";
import {
  filledOnlyIn,
  orderScore,
  repeatsTarget,
  scoreAlone,
} from "../../../../core/trainer/checks/leakage.ts";
import { driftOf } from "../../../../core/trainer/checks/order-drift.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";
import { naiveIdentities } from "../../../reference/leakage.ts";
import { category, draw, normal, numbers } from "../../training/stages/run.ts";

const ROWS = 600;
const random = seededRandom(12);
const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
const x = draw(ROWS, () => normal(random));
const noise = draw(ROWS, () => normal(random));
const amount: Target = { task: "regression", values: Float64Array.from(x), classes: [] };
const three: Target = {
  task: "multiclass",
  values: Float64Array.from(x, (value) => (value < -0.5 ? 0 : value < 0.5 ? 1 : 2)),
  classes: ["low", "middle", "high"],
};
const two: Target = {
  task: "binary",
  values: Float64Array.from(x, (value) => (value > 0 ? 1 : 0)),
  classes: ["a", "b"],
};

test("the target under another name scores one, noise scores nothing", () => {
  for (const target of [amount, three, two]) {
    expect(scoreAlone(numbers("leak", x), target, rows)).toBeGreaterThan(0.97);
    const chance = target.task === "regression" ? 0 : 0.5;
    expect(Math.abs(scoreAlone(numbers("noise", noise), target, rows) - chance)).toBeLessThan(0.15);
  }
});

test("a number that falls when the target rises is seen as well", () => {
  expect(
    scoreAlone(
      numbers(
        "leak",
        x.map((value) => -value),
      ),
      two,
      rows,
    ),
  ).toBeGreaterThan(0.97);
});

test("a leak in labels is seen, a label for each row is not a leak", () => {
  const told = category(
    "told",
    Array.from(three.values, (value) => `says ${value}`),
  );
  expect(scoreAlone(told, three, rows)).toBeGreaterThan(0.97);
  const names = category(
    "name",
    x.map((_, row) => `n${row}`),
  );
  expect(scoreAlone(names, three, rows)).toBeCloseTo(0.5, 1);
});

test("a column that is filled in later is recognised by its gaps", () => {
  const gaps = numbers(
    "closed on",
    x.map((value) => (value > 0 ? 7 : Number.NaN)),
  );
  expect(scoreAlone(gaps, two, rows)).toBeGreaterThan(0.97);
});

test("sums and differences are found as an exhaustive search finds them", () => {
  const columns: Record<string, number[]> = { a: x, b: noise, c: draw(ROWS, random), d: draw(ROWS, random) };
  const truths = [
    x.map((value, row) => value + noise[row]),
    x.map((value, row) => value - noise[row]),
    x.map((value, row) => value + columns.c[row] + columns.d[row]),
    x.map((value, row) => value + noise[row] + (row === 300 ? 0.01 : 0)),
  ];
  const given = Object.entries(columns).map(([name, values]) => numbers(name, values));
  for (const truth of truths) {
    const found = findIdentities(given, Float64Array.from(truth)).map((identity) => identity.columns);
    expect(found).toEqual(naiveIdentities(columns, truth));
  }
});

test("a copy of the target with other labels is found, but not if one label means two classes", () => {
  expect(
    repeatsTarget(
      category(
        "copy",
        Array.from(three.values, (value) => `k${value}`),
      ),
      three,
    ),
  ).toBe(true);
  expect(
    repeatsTarget(
      category(
        "half",
        Array.from(three.values, (value) => `k${value > 0}`),
      ),
      three,
    ),
  ).toBe(false);
  expect(
    repeatsTarget(
      numbers(
        "double",
        x.map((value) => 2 * value),
      ),
      amount,
    ),
  ).toBe(false);
});

test("drift is zero between equal samples and one between disjoint ones", () => {
  expect(
    driftOf(
      numbers(
        "same",
        draw(ROWS, (row) => row % 7),
      ),
    ),
  ).toBeLessThan(0.1);
  expect(
    driftOf(
      numbers(
        "moved",
        draw(ROWS, (row) => (row < 300 ? 0 : 9) + random()),
      ),
    ),
  ).toBe(1);
  const words = draw(ROWS, (row) => (row < 300 ? 0 : 1)).map((k) => ["old", "new"][k]);
  expect(driftOf(category("words", words))).toBe(1);
});

test("products and ratios that are the target are found", () => {
  const columns = [
    numbers(
      "price",
      x.map((v) => v + 5),
    ),
    numbers(
      "quantity",
      draw(ROWS, (row) => 1 + (row % 9)),
    ),
  ];
  const [price, quantity] = columns.map((column) =>
    "values" in column ? column.values : new Float64Array(0),
  );
  const formulas = (truth: Float64Array) => findIdentities(columns, truth).map(({ formula }) => formula);
  expect(formulas(price.map((value, row) => value * quantity[row]))).toEqual(["price × quantity"]);
  expect(formulas(price.map((value, row) => quantity[row] / value))).toEqual(["quantity / price"]);
});

test("a total of many columns is found, rounded or weighted, and one with noise is reported as such", () => {
  const quarters = [1, 2, 3, 4].map((k) => draw(ROWS, () => Math.round(100 * (k + random())) / 100));
  const columns = [...quarters.map((values, k) => numbers(`q${k + 1}`, values)), numbers("noise", noise)];
  const total = (row: number) => quarters.reduce((sum, values) => sum + values[row], 0);
  const found = findCombination(
    columns,
    Float64Array.from(x, (_, row) => total(row)),
  );
  expect(found).toMatchObject({
    columns: ["q1", "q2", "q3", "q4"],
    formula: "q1 + q2 + q3 + q4",
    isPlain: true,
  });
  const weighted = findCombination(
    columns,
    Float64Array.from(x, (_, row) => 2.5 * quarters[0][row] - quarters[1][row]),
  );
  expect(weighted).toMatchObject({ formula: "2.5 × q1 - q2", isPlain: false });
  const noisy = (scale: number) =>
    findCombination(
      columns,
      Float64Array.from(x, (value, row) => total(row) + scale * value),
    );
  expect(noisy(0.01)!.left).toBeGreaterThan(0);
  expect(noisy(0.3)).toBeNull();
});

test("a column that is filled for one class only is known after the fact; one with gaps everywhere is not", () => {
  const refund = x.map((value, row) => (value > 0 && row % 3 > 0 ? row : Number.NaN));
  expect(filledOnlyIn(numbers("refund", refund), two)).toBe(1);
  expect(
    filledOnlyIn(
      numbers(
        "gaps",
        draw(ROWS, (row) => (row % 3 ? 1 : Number.NaN)),
      ),
      two,
    ),
  ).toBeNull();
  expect(filledOnlyIn(numbers("full", x), two)).toBeNull();
  const rare: Target = { ...two, values: two.values.map((_, row) => (row === 5 ? 1 : 0)) };
  expect(filledOnlyIn(numbers("full", x), rare)).toBeNull();
});

test("a power of the target, which no straight line fits, gives the same order", () => {
  const steep: Target = { ...amount, values: amount.values.map((value) => Math.exp(4 * value)) };
  expect(scoreAlone(numbers("log", x), steep, rows)).toBeLessThan(0.95);
  expect(orderScore(numbers("log", x), steep, rows)).toBeCloseTo(1, 9);
  expect(orderScore(numbers("noise", noise), steep, rows)).toBeLessThan(0.05);
  const tied: Target = { ...amount, values: amount.values.map((value) => Math.round(value)) };
  expect(orderScore(numbers("tied", [...tied.values]), tied, rows)).toBeCloseTo(1, 9);
});
