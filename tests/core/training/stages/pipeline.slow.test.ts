/** Checks that the eight stages turn a table into a model that predicts, for every task and kind of column. */
import { describe, expect, test } from "bun:test";
import type { Column, Table } from "../../../../core/csv/types.ts";
import { STAGE_NAMES } from "../../../../core/trainer/contract.ts";
import { explain } from "../../../../core/trainer/explain/explanation.ts";
import { predict } from "../../../../core/trainer/model/model.ts";
import { readModel } from "../../../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { STAGES } from "../../../../core/training/stages/index.ts";
import { category, draw, normal, numbers, runStages } from "./run.ts";

const ROWS = 300;

/** A number, a category and noise decide; some cells are missing. */
function mixed(task: "binary" | "multiclass" | "regression"): Table {
  const random = seededRandom(5);
  const x = draw(ROWS, () => normal(random));
  const colour = draw(ROWS, () => Math.floor(random() * 3));
  const score = draw(ROWS, (row) => 2 * x[row] + colour[row] + 0.3 * normal(random));
  const target = {
    binary: () =>
      category(
        "y",
        score.map((s) => (s > 1 ? "yes" : "no")),
      ),
    multiclass: () =>
      category(
        "y",
        score.map((s) => (s > 2 ? "high" : s > 0 ? "middle" : "low")),
      ),
    regression: () => numbers("y", score),
  };
  return {
    rows: ROWS,
    columns: [
      numbers(
        "x",
        x.map((value, row) => (row % 17 === 0 ? Number.NaN : value)),
      ),
      category(
        "colour",
        colour.map((code, row) => (row % 23 === 0 ? null : ["red", "green", "blue"][code])),
      ),
      numbers("noise", draw(ROWS, random)),
      numbers(
        "always",
        draw(ROWS, () => 7),
      ),
      target[task](),
    ],
  };
}

test("the stages are the eight, in order", () => {
  expect(STAGES.map((stage) => stage.name)).toEqual([...STAGE_NAMES]);
});

describe.each(["binary", "multiclass", "regression"] as const)("%s", (task) => {
  test("a model that beats the baseline, predicts and explains itself", async () => {
    const table = mixed(task);
    const { result, files, reports } = await runStages(table, "y");
    expect(result.task).toBe(task);
    expect(result.beatsBaseline).toBe(true);
    expect(result.rowsTrain + result.rowsTest).toBe(ROWS);
    expect(result.schema.features.map(({ name }) => name)).toEqual(["x", "colour", "noise"]);
    const key = task === "regression" ? "r2" : "roc_auc";
    expect(result.metrics[key]).toBeGreaterThan(0.85);
    const [low, high] = result.intervals[key];
    expect(low).toBeLessThanOrEqual(result.metrics[key]);
    expect(high).toBeGreaterThanOrEqual(result.metrics[key]);
    const model = readModel(files.get("model.bin")!);
    const { values, probabilities } = predict(model, table);
    expect(values.every(Number.isFinite)).toBe(true);
    if (probabilities) {
      for (let row = 0; row < ROWS; row++) {
        const width = result.schema.classes!.length;
        const sum = probabilities.subarray(row * width, (row + 1) * width).reduce((a, b) => a + b);
        expect(sum).toBeCloseTo(1, 10);
      }
    }
    const families = new Set(
      reports.flatMap(({ report }) => (report.type === "candidate" ? [report.candidate.family] : [])),
    );
    expect([...families]).toEqual(expect.arrayContaining(["baseline", "linear", "boosting"]));
    const importance = result.evaluation.importance as { column: string }[];
    expect(importance[0].column).toBe("x");
  });

  test("contributions and base sum to the margin of the prediction", async () => {
    const table = mixed(task);
    const { files } = await runStages(table, "y");
    const model = readModel(files.get("model.bin")!);
    const few = {
      rows: 5,
      columns: table.columns.map((c) =>
        "values" in c ? { ...c, values: c.values.slice(0, 5) } : { ...c, codes: c.codes.slice(0, 5) },
      ),
    };
    const { base, contributions, margins, columns, outputs } = explain(model, few);
    const { values, probabilities } = predict(model, few);
    for (let row = 0; row < 5; row++) {
      for (let k = 0; k < outputs; k++) {
        let sum = base[row * outputs + k];
        for (let c = 0; c < columns.length; c++)
          sum += contributions[(row * columns.length + c) * outputs + k];
        expect(sum).toBeCloseTo(margins[row * outputs + k], 8);
      }
      if (task === "regression") expect(margins[row]).toBeCloseTo(values[row], 8);
      if (task === "binary") {
        expect(margins[row]).toBeCloseTo(Math.log(probabilities![2 * row + 1] / probabilities![2 * row]), 6);
      }
    }
  });
});

test("progress rises to one in every stage, and no report is out of range", async () => {
  const { reports } = await runStages(mixed("binary"), "y");
  for (const name of STAGE_NAMES) {
    const steps = reports.flatMap(({ stage, report }) =>
      stage === name && report.type === "progress" ? [report.progress] : [],
    );
    expect(steps.every((progress) => progress >= 0 && progress <= 1)).toBe(true);
    expect(steps[steps.length - 1]).toBe(1);
  }
});

test("a row alone is predicted as among all others", async () => {
  const table = mixed("multiclass");
  const { files } = await runStages(table, "y");
  const model = readModel(files.get("model.bin")!);
  const all = predict(model, table).probabilities!;
  for (const row of [0, 17, 23, 299]) {
    const alone = predict(model, { rows: 1, columns: table.columns.map((column) => oneRow(column, row)) });
    expect(Array.from(alone.probabilities!)).toEqual(Array.from(all.subarray(3 * row, 3 * row + 3)));
  }
});

const oneRow = (column: Column, row: number): Column =>
  "values" in column
    ? { ...column, values: column.values.slice(row, row + 1) }
    : { ...column, codes: column.codes.slice(row, row + 1) };

test("unseen labels and absent columns count as missing, not as an error", async () => {
  const { files } = await runStages(mixed("binary"), "y");
  const model = readModel(files.get("model.bin")!);
  const { probabilities } = predict(model, { rows: 2, columns: [category("colour", ["mauve", null])] });
  expect(probabilities![0]).toBeCloseTo(probabilities![2], 12);
});

test("noise does not beat the baseline, and the verdict says so first", async () => {
  const random = seededRandom(9);
  const table = {
    rows: 200,
    columns: [
      numbers("a", draw(200, random)),
      numbers("b", draw(200, random)),
      category(
        "y",
        draw(200, random).map((u) => (u < 0.5 ? "heads" : "tails")),
      ),
    ],
  };
  const { result } = await runStages(table, "y");
  expect(result.beatsBaseline).toBe(false);
  expect(result.verdict).toMatch(/^(Weak signal: |This model does not beat the baseline)/);
});

test("free text and dates become features", async () => {
  const random = seededRandom(4);
  const spam = draw(240, () => (random() < 0.4 ? 1 : 0));
  const words = [
    ["see you at lunch", "the report is ready", "call me later please"],
    ["win a free prize now", "claim your free cash", "urgent winner offer"],
  ];
  const text = spam.map((s) => `${words[s][Math.floor(random() * 3)]} ${Math.floor(random() * 1e6)}`);
  const table: Table = {
    rows: 240,
    columns: [
      category("message", text, "text"),
      { name: "sent", type: "date", values: Float64Array.from(spam, () => 1.6e12 + random() * 1e11) },
      category(
        "label",
        spam.map((s) => (s ? "spam" : "ham")),
      ),
    ],
  };
  const { result, work } = await runStages(table, "label");
  expect(result.metrics.f1_macro).toBeGreaterThan(0.95);
  const kinds = work.encoder!.columns.map(({ kind }) => kind);
  expect(kinds).toEqual(["text", "date"]);
});
