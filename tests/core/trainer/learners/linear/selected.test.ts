/** Checks that a linear model finds the few columns that matter among many, for numbers and classes. */
import { expect, test } from "bun:test";
import { fitLinear, predictLinear } from "../../../../../core/trainer/learners/linear/linear.ts";
import { fitSelected, lassoPath } from "../../../../../core/trainer/learners/linear/selected.ts";
import { seededRandom } from "../../../../../core/trainer/random.ts";
import type { SparseRows, Task } from "../../../../../core/trainer/samples.ts";
import { normal } from "../../../training/stages/run.ts";

const [ROWS, TESTED, COLUMNS] = [160, 400, 300];
const checkpoint = () => {};

function drawn(task: Task) {
  const random = seededRandom(9);
  const rows = ROWS + TESTED;
  const cells = Float32Array.from({ length: rows * COLUMNS }, () => normal(random));
  const at = (row: number, column: number) => cells[row * COLUMNS + column];
  const truth = Float64Array.from({ length: rows }, (_, row) => {
    const score = 3 * at(row, 4) - 3 * at(row, 17) + 3 * at(row, 205);
    if (task === "regression") return 7 + score + normal(random);
    return task === "binary" ? +(score > 0) : score < -2 ? 0 : score < 2 ? 1 : 2;
  });
  const part = (from: number, to: number) => ({
    design: dense(cells.slice(from * COLUMNS, to * COLUMNS)),
    truth: truth.slice(from, to),
  });
  return { learned: part(0, ROWS), tested: part(ROWS, rows) };
}

function dense(values: Float32Array): SparseRows {
  const rows = values.length / COLUMNS;
  return {
    columns: COLUMNS,
    starts: Int32Array.from({ length: rows + 1 }, (_, row) => row * COLUMNS),
    indices: Int32Array.from(values, (_, at) => at % COLUMNS),
    values,
  };
}

/** Wrong classes, or the mean squared error. */
function errorOf(task: Task, margins: Float64Array, truth: Float64Array): number {
  const outputs = margins.length / truth.length;
  const wrong = (row: number) => {
    if (task === "regression") return (margins[row] - truth[row]) ** 2;
    if (task === "binary") return +(margins[row] > 0 !== truth[row] > 0);
    const of = margins.subarray(row * outputs, (row + 1) * outputs);
    return +(of.indexOf(Math.max(...of)) !== truth[row]);
  };
  return truth.reduce((sum, _, row) => sum + wrong(row), 0) / truth.length;
}

test.each(["regression", "binary", "multiclass"] as const)(
  "%s: three of 300 columns are found",
  async (task) => {
    const { learned, tested } = drawn(task);
    const options = {
      task,
      classes: task === "regression" ? 0 : task === "binary" ? 2 : 3,
      l2: 1,
      checkpoint,
    };
    const model = await fitSelected(learned.design, learned.truth, { ...options, random: seededRandom(1) });
    const all = await fitLinear(learned.design, learned.truth, options);
    const used = [...Array(COLUMNS).keys()].filter((column) =>
      model.weights
        .subarray(column * model.outputs, (column + 1) * model.outputs)
        .some((weight) => weight !== 0),
    );
    for (const column of [4, 17, 205]) expect(used).toContain(column);
    expect(used.length).toBeLessThan(60);
    const [own, whole] = [model, all].map((of) =>
      errorOf(task, predictLinear(of, tested.design), tested.truth),
    );
    expect(own).toBeLessThan(0.75 * whole);
    if (task === "regression") expect(own).toBeLessThan(1.25);
    const again = await fitSelected(learned.design, learned.truth, { ...options, random: seededRandom(1) });
    expect(again).toEqual(model);
  },
);

test("columns come in by their strength, and one that never changes stays out", async () => {
  const { learned } = drawn("regression");
  learned.design.values.forEach((_, at) => {
    if (at % COLUMNS === 0) learned.design.values[at] = 3;
  });
  const path = await lassoPath(learned.design, [learned.truth], { checkpoint });
  expect([4, 17, 205]).toContain(path[0][0]);
  expect(path[0].length).toBeLessThan(4);
  path.forEach((columns) => {
    expect([...columns]).not.toContain(0);
  });
  expect(path.at(-1)!.length).toBeLessThanOrEqual(ROWS / 2);
});

test("a target that never changes selects nothing and predicts itself", async () => {
  const { learned } = drawn("regression");
  const options = { task: "regression" as const, classes: 0, l2: 1, checkpoint, random: seededRandom(1) };
  const model = await fitSelected(learned.design, new Float64Array(ROWS).fill(5), options);
  expect(model.intercept[0]).toBeCloseTo(5, 9);
  expect(model.weights.every((weight) => weight === 0)).toBe(true);
});
