/** Checks that what an expert sets is what happens: weights weigh, constraints hold, own test rows are tested, limits hold. */
import { describe, expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import type { RunOptions } from "../../../../core/trainer/contract.ts";
import { predict } from "../../../../core/trainer/model/model.ts";
import { readModel, readTestedModel } from "../../../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, normal, numbers, type Ran, runStages } from "./run.ts";

const ROWS = 400;
const random = seededRandom(11);
const x = draw(ROWS, () => normal(random));
const z = draw(ROWS, () => normal(random));
const noise = draw(ROWS, () => normal(random) / 4);

const tableOf = (...columns: Table["columns"]): Table => ({ rows: ROWS, columns });
const served = ({ files }: Ran) => readModel(files.get("model.bin")!);
const tested = ({ files }: Ran) => readTestedModel(files.get("model.bin")!);
const families = ({ work }: Ran) => [
  ...new Set(work.entries!.map(({ candidateConfig }) => candidateConfig.family)),
];
const codes = ({ result }: Ran) => result.findings.map(({ code }) => code);

describe("row weights", () => {
  // Even rows say that y rises with x, odd rows the opposite.
  const y = x.map((value, row) => (row % 2 ? -1 : 1) * value + noise[row]!);
  const table = (weights: number[]) =>
    tableOf(numbers("x", x), numbers("z", z), numbers("w", weights), numbers("y", y));
  const slope = (ran: Ran) => {
    const [low, high] = predict(served(ran), {
      rows: 2,
      columns: [numbers("x", [-1, 1]), numbers("z", [0, 0])],
    }).values;
    return (high! - low!) / 2;
  };

  test("rows with more weight decide, and the weight column is not a feature", async () => {
    const even = await runStages(table(y.map((_, row) => (row % 2 ? 1 : 9))), "y", {
      options: { weights: "w" },
    });
    const odd = await runStages(table(y.map((_, row) => (row % 2 ? 9 : 1))), "y", {
      options: { weights: "w" },
    });
    expect(slope(even)).toBeGreaterThan(0.6);
    expect(slope(odd)).toBeLessThan(-0.6);
    expect(even.result.schema.features.map(({ name }) => name)).not.toContain("w");
    expect(codes(even)).toContain("weighted");
  });

  test("metrics of the test set count rows by their weight", async () => {
    const weights = y.map((_, row) => (row % 2 ? 1 : 9));
    const ran = await runStages(table(weights), "y", { options: { weights: "w" } });
    const { work, result } = ran;
    const { tested: rows, table: used } = work.parts!;
    const { values } = predict(tested(ran), used);
    let [sum, total] = [0, 0];
    for (const row of rows) {
      sum += weights[row]! * Math.abs(values[row]! - y[row]!);
      total += weights[row]!;
    }
    expect(result.metrics.mae).toBeCloseTo(sum / total, 8);
    const [low, high] = result.intervals.mae!;
    expect(low).toBeLessThan(result.metrics.mae!);
    expect(high).toBeGreaterThan(result.metrics.mae!);
  });

  test("rows without a weight are left out and reported; a negative weight is refused with its row", async () => {
    const weights = y.map((_, row) => (row < 20 ? 0 : row < 25 ? Number.NaN : 1));
    const { work, result } = await runStages(table(weights), "y", { options: { weights: "w" } });
    expect(work.parts!.train.length + work.parts!.test.length).toBe(ROWS - 25);
    expect(result.findings.find(({ code }) => code === "weight_missing")?.message).toStartWith(
      "25 rows have no weight",
    );
    const negative = y.map((_, row) => (row === 7 ? -1 : 1));
    const refused = runStages(table(negative), "y", { options: { weights: "w" } });
    await expect(refused).rejects.toMatchObject({ code: "invalid", place: { column: "w", row: 8 } });
  });

  test("weights of 4 and 1 give about the model of rows repeated four times and once", async () => {
    const times = y.map((_, row) => (row % 2 ? 1 : 4));
    const rows = times.flatMap((n, row) => Array.from({ length: n }, () => row));
    const twice: Table = {
      rows: rows.length,
      columns: [
        numbers(
          "x",
          rows.map((row) => x[row]!),
        ),
        numbers(
          "z",
          rows.map((row) => z[row]!),
        ),
        numbers(
          "y",
          rows.map((row) => y[row]!),
        ),
      ],
    };
    const options: Partial<RunOptions> = { learners: ["linear"] };
    const weighted = await runStages(table(times), "y", { options: { ...options, weights: "w" } });
    const copied = await runStages(twice, "y", { options });
    expect(slope(weighted)).toBeCloseTo(slope(copied), 1);
    expect(slope(weighted)).toBeGreaterThan(0.4);
  });
});

test("class weights: the rare class is found more often, and metrics count rows unweighted", async () => {
  const label = x.map((value, row) => (value + 2 * noise[row]! > 1.4 ? "yes" : "no"));
  const table = tableOf(numbers("x", x), numbers("z", z), category("y", label));
  const plain = await runStages(table, "y", {
    options: { metric: "log_loss", costs: { falsePositive: 1, falseNegative: 1 } },
  });
  const balanced = await runStages(table, "y", {
    options: { metric: "log_loss", classWeights: "balanced", costs: { falsePositive: 1, falseNegative: 1 } },
  });
  const mean = (ran: Ran) => {
    const { probabilities } = predict(tested(ran), table);
    return probabilities!.reduce((sum, p, at) => sum + (at % 2 ? p : 0), 0) / ROWS;
  };
  expect(mean(balanced)).toBeGreaterThan(mean(plain) + 0.05);
  expect(balanced.result.metrics.recall!).toBeGreaterThanOrEqual(plain.result.metrics.recall!);
  expect(codes(balanced)).toContain("class_weighted");
  const { test: rows } = balanced.work.parts!;
  const { values } = predict(tested(balanced), table);
  const right = rows.filter((row) => ["no", "yes"][values[row]!] === label[row]).length;
  expect(balanced.result.metrics.accuracy).toBeCloseTo(right / rows.length, 8);
});

describe("monotone constraints hold on the served model over a grid", () => {
  // Falls and rises again: without a constraint a model follows it.
  const bent = x.map((value, row) => Math.sin(2 * value) + z[row]! / 2 + noise[row]!);
  const grid = draw(41, (i) => -3 + (6 * i) / 40);
  const along = (ran: Ran, at: number) => {
    const model = served(ran);
    const { values, probabilities } = predict(model, {
      rows: grid.length,
      columns: [
        numbers("x", grid),
        numbers(
          "z",
          grid.map(() => at),
        ),
      ],
    });
    return probabilities ? probabilities.filter((_, i) => i % 2 === 1) : values;
  };
  const rises = (values: Float64Array) =>
    values.every((value, i) => i === 0 || value >= values[i - 1]! - 1e-12);

  test.each(["number", "class"])("target: a %s", async (kind) => {
    const y =
      kind === "number"
        ? numbers("y", bent)
        : category(
            "y",
            bent.map((value) => (value > 0 ? "yes" : "no")),
          );
    const table = tableOf(numbers("x", x), numbers("z", z), y);
    const free = await runStages(table, "y");
    expect([-1, 0, 1].every((at) => rises(along(free, at)))).toBe(false);
    const up = await runStages(table, "y", { options: { monotone: { x: 1 } } });
    expect(families(up)).toEqual(["baseline", "boosting"]);
    for (const at of [-1, 0, 1]) expect(rises(along(up, at))).toBe(true);
    expect(Math.abs(along(up, 0).at(-1)! - along(up, 0)[0]!)).toBeGreaterThan(0.05);
    const down = await runStages(table, "y", { options: { monotone: { x: -1 } } });
    for (const at of [-1, 0, 1]) expect(rises(along(down, at).map((value) => -value))).toBe(true);
  });
});

describe("a separate test set", () => {
  const label = x.map((value, row) => (value + noise[row]! > 0 ? "yes" : "no"));
  const part = draw(ROWS, (row) => Number(row % 3 === 0)).map((mark) => (mark ? "Test" : "train"));

  test("the marked rows are tested, exactly, and the mark is not a feature", async () => {
    const table = tableOf(numbers("x", x), numbers("z", z), category("part", part), category("y", label));
    const { work, result } = await runStages(table, "y", { options: { testColumn: "part" } });
    const marked = part.flatMap((mark, row) => (mark === "Test" ? [row] : []));
    expect([...work.parts!.test]).toEqual(marked);
    expect([...work.parts!.tested]).toEqual(marked);
    expect(result.rowsTest).toBe(marked.length);
    expect(result.schema.features.map(({ name }) => name)).toEqual(["x", "z"]);
  });

  test("a class that only test rows have is refused", async () => {
    const rare = label.map((word, row) => (row === 0 ? "maybe" : word));
    const table = tableOf(numbers("x", x), numbers("z", z), category("part", part), category("y", rare));
    const refused = runStages(table, "y", { options: { testColumn: "part" } });
    await expect(refused).rejects.toThrow("Test rows have the class “maybe”");
  });

  test("a column that marks nothing is refused with the accepted values", async () => {
    const table = tableOf(
      numbers("x", x),
      category(
        "part",
        part.map(() => "train"),
      ),
      category("y", label),
    );
    const refused = runStages(table, "y", { options: { testColumn: "part" } });
    await expect(refused).rejects.toMatchObject({ code: "invalid", place: { column: "part" } });
  });
});

describe("learners and parameters", () => {
  const y = x.map((value, row) => Math.sin(value) + z[row]! + noise[row]!);
  const table = tableOf(numbers("x", x), numbers("z", z), numbers("y", y));

  test.each([
    [["linear"], ["linear"]],
    [["random_forest"], ["forest"]],
    [
      ["extra_trees", "kernel"],
      ["forest", "smooth"],
    ],
    [["network"], ["network"]],
    [["boosting"], ["boosting"]],
  ])("only %p are tried", async (learners, expected) => {
    const ran = await runStages(table, "y", { options: { learners } });
    expect(families(ran).sort()).toEqual([...expected, "baseline"].sort() as ReturnType<typeof families>);
    expect(served(ran).parts.every(({ family }) => expected.includes(family))).toBe(true);
    expect(ran.result.metrics.r2!).toBeGreaterThan(0.5);
  });

  test("parameters apply to the one candidate", async () => {
    const parameters = { boosting: { learning_rate: 0.3, num_leaves: 4, n_estimators: 7 } };
    const { work } = await runStages(table, "y", { options: { learners: ["boosting"], parameters } });
    const [candidate, ...others] = work.entries!.filter(
      ({ candidateConfig }) => candidateConfig.family !== "baseline",
    );
    expect(others).toEqual([]);
    expect(candidate!.candidateConfig.params).toEqual(parameters.boosting);
    for (const { member } of candidate!.folds) {
      if (member.kind !== "boosting") throw new Error("no boosting");
      expect(member.model.params).toMatchObject({ learningRate: 0.3, maxLeafNodes: 4 });
      expect(member.model.rounds).toBeLessThanOrEqual(7);
    }
  });

  test("the requested number of folds, each row in one", async () => {
    const { work } = await runStages(table, "y", {
      options: { folds: 3, learners: ["linear"], refit: false },
    });
    expect(work.data!.folds.length).toBe(3);
    expect(work.data!.once).toBe(3);
  });
});

test("dates and texts become the requested features", async () => {
  const label = x.map((value) => (value > 0 ? "yes" : "no"));
  const day = {
    name: "day",
    type: "date" as const,
    values: Float64Array.from(x, (_, row) => Date.UTC(2024, 0, 1 + row)),
  };
  const words = x.map((value, row) => `${value > 0 ? "good" : "bad"} thing number ${row}`);
  const table = tableOf(numbers("x", x), day, category("said", words, "text"), category("y", label));
  const kinds = async (options: Partial<RunOptions>) => {
    const { work } = await runStages(table, "y", { options: { learners: ["linear"], ...options } });
    return work.encoder!.columns.map((column) =>
      column.kind === "date"
        ? `${column.column}: ${column.parts.length > 1 ? "parts" : column.parts[0]}`
        : column.column,
    );
  };
  expect(await kinds({})).toEqual(["x", "day: parts", "said"]);
  expect(await kinds({ dates: "elapsed" })).toEqual(["x", "day: elapsed", "said"]);
  expect(await kinds({ dates: "exclude", text: "exclude" })).toEqual(["x"]);
  expect(await kinds({ deriveFeatures: false })).toEqual(["x", "day: elapsed"]);
});

describe("a limit on the cost of a prediction", () => {
  const y = x.map((value, row) => Math.sin(2 * value) * z[row]! + noise[row]!);
  const table = tableOf(numbers("x", x), numbers("z", z), numbers("y", y));
  const elapsedMs = () => performance.now();

  test("the served model keeps it, as measured", async () => {
    const began = performance.now();
    const clock = () => elapsedMs() - began;
    const free = await runStages(table, "y", {
      options: { budgetRounds: null, budgetSeconds: 8 },
      elapsedMs: clock,
    });
    const again = performance.now();
    const limited = await runStages(table, "y", {
      options: { budgetRounds: null, budgetSeconds: 8, maxMicroseconds: 25 },
      elapsedMs: () => elapsedMs() - again,
    });
    expect(limited.result.cost!).toBeLessThanOrEqual(25);
    expect(free.result.cost!).toBeGreaterThan(limited.result.cost!);
    expect(limited.result.metrics.r2!).toBeGreaterThan(0);
  });

  test("a limit that no candidate meets is refused with the cost of the cheapest", async () => {
    const refused = runStages(table, "y", { options: { maxMicroseconds: 1 } });
    await expect(refused).rejects.toMatchObject({ code: "invalid", place: { column: "maxMicroseconds" } });
  });
});
