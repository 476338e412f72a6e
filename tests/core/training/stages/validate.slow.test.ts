/**
 * Checks that a table that cannot be learned from is refused with place and fix, and that what may mislead is
 * named.
 */
import { describe, expect, test } from "bun:test";
import type { Column, Finding, Table } from "../../../../core/csv/types.ts";
import { AppError } from "../../../../core/platform/errors.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { inspect } from "../../../../core/training/stages/work/findings.ts";
import { type Control, category, draw, normal, numbers, runStages } from "./run.ts";

const ROWS = 200;
const random = seededRandom(8);
const x = draw(ROWS, () => normal(random));
const z = draw(ROWS, () => normal(random));
const noise = draw(ROWS, () => normal(random));
const amount = x.map((value, row) => 10 + value + noise[row]);
const answer = x.map((value, row) => (value + noise[row] > 0 ? "yes" : "no"));

const table = (...columns: Column[]): Table => ({
  rows: columns[0].type === "number" ? columns[0].values.length : ROWS,
  columns,
});

async function refusal(given: Table, target: string, control: Control = {}): Promise<AppError> {
  try {
    await runStages(given, target, control);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Findings of the run, without the work of its later stages. */
async function findings(given: Table, target: string): Promise<Finding[]> {
  const { reports } = await runStages(given, target, { options: { budgetRounds: 20 } });
  return reports.flatMap(({ report }) => (report.type === "finding" ? [report.finding] : []));
}

describe("refused", () => {
  const feature = numbers("x", x);
  const cases: [string, Table, RegExp][] = [
    ["a target that is not there", table(feature), /column “y” does not exist/],
    ["one class", table(feature, category("y", Array(ROWS).fill("a"))), /only one class, “a”/],
    [
      "words that never repeat",
      table(
        feature,
        category(
          "y",
          draw(ROWS, (row) => row).map((row) => `w${row}`),
        ),
      ),
      /No value appears twice/,
    ],
    [
      "more classes than a model can tell apart, each of them often",
      table(
        numbers(
          "x",
          draw(9000, (row) => row),
        ),
        category(
          "y",
          draw(9000, (row) => row % 900).map((row) => `w${row}`),
        ),
      ),
      /900 different values in 9000 rows. A model can predict at most 200/,
    ],
    [
      "many classes with few rows each",
      table(
        feature,
        category(
          "y",
          draw(ROWS, (row) => row % 80).map((row) => `w${row}`),
        ),
      ),
      /On average a value appears in 2.5 rows; more than 20/,
    ],
    ["the same number throughout", table(feature, numbers("y", Array(ROWS).fill(4))), /only one class, “4”/],
    [
      "too few rows with a target",
      table(
        feature,
        numbers(
          "y",
          x.map((v, row) => (row < 9 ? v : Number.NaN)),
        ),
      ),
      /Only 9 rows/,
    ],
    ["no column to learn from", table(numbers("y", x)), /No column is left/],
    [
      "only constant columns",
      table(numbers("c", Array(ROWS).fill(1)), category("y", answer)),
      /the same value in every row/,
    ],
  ];
  test.each(cases)("%s", async (_, given, message) => {
    const error = await refusal(given, "y");
    expect(error.code).toBe("invalid");
    expect(error.message).toMatch(message);
    expect(error.place.column).toBe("y");
    expect(error.place.fix).toBeTruthy();
  });

  test("regression on words, binary on three classes, a metric of another task", async () => {
    const three = category("y", draw(ROWS, (row) => row % 3).map(String));
    const given = table(feature, three);
    expect((await refusal(given, "y", { options: { task: "regression" } })).message).toMatch(/holds words/);
    expect((await refusal(given, "y", { options: { task: "binary" } })).message).toMatch(/3 classes/);
    const metric = await refusal(given, "y", { options: { metric: "r2" } });
    expect(metric.place.example).toBe("log_loss");
  });
});

describe("named", () => {
  test("a copy of the target with other labels is not used for training", async () => {
    const copy = category(
      "code",
      answer.map((value) => (value === "yes" ? "1" : "0")),
    );
    const { reports, result } = await runStages(table(numbers("x", x), copy, category("y", answer)), "y", {
      options: { budgetRounds: 20 },
    });
    const found = reports.flatMap(({ report }) => (report.type === "finding" ? [report.finding] : []));
    expect(found).toContainEqual(expect.objectContaining({ code: "target_copy", column: "code" }));
    expect(result.schema.features.map(({ name }) => name)).toEqual(["x"]);
  });

  test("a column that gives the target away alone, which stays until it is excluded", async () => {
    const leak = numbers(
      "leak",
      amount.map((value, row) => value + noise[row] / 100),
    );
    const found = await findings(table(numbers("x", x), leak, numbers("y", amount)), "y");
    const finding = found.find(({ code }) => code === "target_leak");
    expect(finding).toMatchObject({ severity: "error", column: "leak", fix: { exclude: ["leak"] } });
  });

  test("columns that sum to the target", async () => {
    const parts = [numbers("a", x), numbers("b", z), numbers("c", noise)];
    const sum = numbers(
      "y",
      x.map((value, row) => value + z[row] + noise[row]),
    );
    const found = await findings(table(...parts, sum), "y");
    const finding = found.find(({ code }) => code === "target_sum");
    expect(finding).toMatchObject({ severity: "error", fix: { exclude: ["a", "b", "c"] } });
    expect(finding!.message).toContain("a + b + c");
  });

  test("many categories of names do not count as a leak", async () => {
    const names = category(
      "name",
      draw(ROWS, (row) => row).map((row) => `n${row}`),
    );
    const found = await findings(table(numbers("x", x), names, category("y", answer)), "y");
    expect(found.map(({ code }) => code)).not.toContain("target_leak");
  });

  test("rare classes, constant and near-constant columns, row numbers, missing targets, duplicates", async () => {
    const y = answer.map((value, row) => (row < 3 ? "odd" : row === 5 ? null : value));
    const found = await findings(
      table(
        numbers(
          "x",
          x.map((value, row) => (row === 11 ? x[10] : value)),
        ),
        numbers("constant", Array(ROWS).fill(2)),
        numbers(
          "nearly",
          draw(ROWS, (row) => (row === 7 ? 1 : 0)),
        ),
        numbers(
          "row",
          draw(ROWS, (row) => row + 1),
        ),
        category("y", y),
      ),
      "y",
    );
    const codes = found.map(({ code }) => code);
    expect(codes).toEqual(
      expect.arrayContaining(["rare_class", "constant", "near_constant", "target_missing"]),
    );
    for (const finding of found) expect(finding.message).toEndWith(".");
  });

  test("the logarithm of the target, numbers assigned to rows, and a rare class", async () => {
    const log = x.map((value) => 4 * value);
    const dealt = draw(ROWS, (row) => 5000 + ((row * 37) % ROWS));
    const steep = await findings(
      table(numbers("log", log), numbers("z", z), numbers("y", log.map(Math.exp))),
      "y",
    );
    expect(steep).toEqual([
      expect.objectContaining({ code: "target_leak", severity: "error", fix: { exclude: ["log"] } }),
    ]);
    const found = await findings(table(numbers("dealt", dealt), numbers("x", x), category("y", answer)), "y");
    expect(found).toContainEqual(expect.objectContaining({ code: "id_like", fix: { exclude: ["dealt"] } }));
    const values = Float64Array.from({ length: 2000 }, (_, row) => (row % 100 === 7 ? 1 : 0));
    const target = { task: "binary" as const, values, classes: ["no", "yes"] };
    const looked = {
      groupColumns: new Set<string>(),
      checkpoint: async () => {},
      isOver: () => false,
      onColumn: () => {},
    };
    const rare = await inspect({ table: { rows: 2000, columns: [] }, target }, "y", looked);
    expect(rare.findings.map(({ message }) => message).join()).toStartWith(
      "Only 1.0 % of the rows (20) are “yes”",
    );
  });

  test("drift between the first and the last rows", async () => {
    const drifting = numbers(
      "d",
      draw(ROWS, (row) => (row > 100 ? 5 : 0) + random()),
    );
    const found = await findings(table(drifting, numbers("x", x), category("y", answer)), "y");
    expect(found).toContainEqual(
      expect.objectContaining({ code: "drift", column: "d", fix: { exclude: ["d"] } }),
    );
  });

  test("few rows", async () => {
    const few = (rows: number) => {
      const places = Array.from({ length: rows }, (_, row) => row);
      const columns = [
        numbers(
          "x",
          places.map((row) => (row * 7) % 11),
        ),
        category(
          "y",
          places.map((row) => "ab"[row % 2]),
        ),
      ];
      return findings({ rows, columns }, "y");
    };
    const codes = async (rows: number) => (await few(rows)).map(({ code }) => code);
    expect(await codes(60)).toContain("few_rows");
    expect(await codes(200)).not.toContain("few_rows");
  });
});

describe("split", () => {
  test("by time: the test set is later than everything that was learned from", async () => {
    const when = {
      name: "when",
      type: "date" as const,
      values: Float64Array.from(x, (_, row) => 1e12 + ((row * 37) % ROWS) * 1e8),
    };
    const { work } = await runStages(table(numbers("x", x), when, category("y", answer)), "y", {
      options: { split: "time", splitColumn: "when", budgetRounds: 50 },
    });
    const { train, test: held } = work.parts!;
    const latest = Math.max(...Array.from(train, (row) => when.values[row]));
    expect(Math.min(...Array.from(held, (row) => when.values[row]))).toBeGreaterThan(latest);
    expect(held.length).toBe(ROWS / 5);
  });

  test("by group: no group is on both sides, nor in two folds", async () => {
    const group = category(
      "household",
      draw(ROWS, (row) => row % 40).map((code) => `h${code}`),
    );
    const { work } = await runStages(table(numbers("x", x), group, category("y", answer)), "y", {
      options: { split: "group", splitColumn: "household", budgetRounds: 50, refit: false },
    });
    const groupOf = (row: number) => row % 40;
    const { train, test: held } = work.parts!;
    const learned = new Set(Array.from(train, groupOf));
    expect(Array.from(held, groupOf).some((code) => learned.has(code))).toBe(false);
    for (const fold of work.data!.folds) {
      const inTrain = new Set(Array.from(fold.train, (at) => groupOf(train[at])));
      expect(Array.from(fold.valid, (at) => groupOf(train[at])).some((code) => inTrain.has(code))).toBe(
        false,
      );
    }
  });

  test("by how IDs begin, if each row has its own", async () => {
    const ids = category(
      "sample",
      draw(ROWS, (row) => row).map((row) => `P${row % 40}-V${Math.floor(row / 40) + 1}`),
    );
    const given = table({ ...ids, type: "id" } as Column, numbers("x", x), category("y", answer));
    const { work } = await runStages(given, "y", {
      options: { split: "group", splitColumn: "sample", budgetRounds: 50, refit: false },
    });
    const { train, test: held } = work.parts!;
    const learned = new Set(Array.from(train, (row) => row % 40));
    expect(held.length).toBeGreaterThan(0);
    expect(Array.from(held, (row) => row % 40).some((group) => learned.has(group))).toBe(false);
  });

  test("with too few groups, or no dates, there is nothing for a test set", async () => {
    const one = category("g", Array(ROWS).fill("only"));
    const when = numbers("t", Array(ROWS).fill(Number.NaN));
    for (const [split, column] of [
      ["group", one],
      ["time", when],
    ] as const) {
      const given = table(numbers("x", x), column, category("y", answer));
      const error = await refusal(given, "y", { options: { split, splitColumn: column.name } });
      expect(error.place.column).toBe(column.name);
    }
  });

  test("three groups, and a class that most folds lack, still make a model", async () => {
    const group = category(
      "g",
      draw(ROWS, (row) => row % 3).map((code) => `g${code}`),
    );
    const rare = category(
      "y",
      answer.map((_, row) => (row % 50 === 7 ? "rare" : "common")),
    );
    const grouped = await runStages(table(numbers("x", x), group, category("y", answer)), "y", {
      options: { split: "group", splitColumn: "g", budgetRounds: 50, refit: false },
    });
    expect(grouped.work.data!.folds.length).toBe(2);
    const lopsided = await runStages(table(numbers("x", x), rare), "y", { options: { budgetRounds: 50 } });
    expect(Number.isFinite(lopsided.work.blend!.foldScores[0])).toBe(true);
  });

  test("at random: copies of a row stay on one side", async () => {
    const doubled = (values: number[]) => values.map((_, row) => values[row - (row % 2)]);
    const { work } = await runStages(
      table(
        numbers("x", doubled(x)),
        numbers("z", doubled(z)),
        category(
          "y",
          answer.map((_, row) => answer[row - (row % 2)]),
        ),
      ),
      "y",
      { options: { budgetRounds: 20 } },
    );
    const side = new Set(work.parts!.train);
    for (let row = 0; row < ROWS; row += 2) expect(side.has(row)).toBe(side.has(row + 1));
  });

  test("costs move the threshold to the cheaper side", async () => {
    const given = table(numbers("x", x), category("y", answer));
    const dear = await runStages(given, "y", { options: { costs: { falsePositive: 1, falseNegative: 20 } } });
    const cheap = await runStages(given, "y", {
      options: { costs: { falsePositive: 20, falseNegative: 1 } },
    });
    expect(dear.work.model!.threshold!).toBeLessThan(cheap.work.model!.threshold!);
  });
});
