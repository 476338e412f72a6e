/** Checks that both scores are given if duplicate rows would flatter a random split, and only one otherwise. */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, normal, numbers, runStages } from "./run.ts";

/** Rows of noise with a random target; each occurs in the table this many times. */
function coins(rows: number, times: number): Table {
  const random = seededRandom(5);
  const columns = ["a", "b", "c"].map((name) => ({ name, values: draw(rows, () => normal(random)) }));
  const answers = draw(rows, () => random()).map((coin) => (coin > 0.5 ? "heads" : "tails"));
  const repeat = <Value>(values: Value[]) => Array.from({ length: times }, () => values).flat();
  return {
    rows: rows * times,
    columns: [
      ...columns.map(({ name, values }) => numbers(name, repeat(values))),
      category("coin", repeat(answers)),
    ],
  };
}

/** The same with some rows copied, once each. */
function withFewCopies(rows: number, copied: number): Table {
  const { columns } = coins(rows, 2);
  return {
    rows: rows + copied,
    columns: columns.map((column) =>
      "values" in column
        ? { ...column, values: column.values.subarray(0, rows + copied) }
        : { ...column, codes: column.codes.subarray(0, rows + copied) },
    ),
  };
}

async function copiesOf(table: Table) {
  const { reports } = await runStages(table, "coin", { options: { budgetRounds: 20 } });
  const told = reports.filter(({ stage }) => stage === "Feature engineering").map(({ report }) => report);
  const facts = told.find((report) => report.type === "facts")!.facts;
  const finding = told.flatMap((report) => (report.type === "finding" ? [report.finding] : []))[0];
  return { duplicates: facts.duplicates as { together: number; random: number } | undefined, finding };
}

test("copied noise is only predicted if copies are on both sides of the split", async () => {
  const { duplicates, finding } = await copiesOf(withFewCopies(300, 200));
  expect(duplicates!.random).toBeGreaterThan(duplicates!.together + 0.1);
  expect(Math.abs(duplicates!.together - 0.5)).toBeLessThan(0.15);
  expect(finding.code).toBe("duplicates_flatter");
  expect(finding.message).toContain(duplicates!.random.toFixed(3));
  expect(finding.message).toContain(duplicates!.together.toFixed(3));
});

test("few copies are not reported", async () => {
  const { duplicates, finding } = await copiesOf(withFewCopies(400, 2));
  expect(duplicates).toBeUndefined();
  expect(finding).toBeUndefined();
});

test("copies with opposite answers stay together in the test set and in every fold", async () => {
  const random = seededRandom(8);
  const [kinds, single] = [120, 240];
  const kindOf = Array.from({ length: 2 * kinds + single }, (_, row) =>
    row < 2 * kinds ? row % kinds : row,
  );
  const values = new Map(kindOf.map((kind) => [kind, [normal(random), normal(random)] as const]));
  // The second of two copies says the opposite of the first.
  const answerOf = (row: number) => (row < 2 * kinds ? row < kinds : random() > 0.5);
  const ids = category(
    "visit",
    kindOf.map((_, row) => `v${row}`),
  );
  const table: Table = {
    rows: kindOf.length,
    columns: [
      { ...ids, type: "id" } as Table["columns"][number],
      numbers(
        "a",
        kindOf.map((kind) => values.get(kind)![0]),
      ),
      category(
        "b",
        kindOf.map((kind) => `w${Math.round(2 * values.get(kind)![1])}`),
      ),
      category(
        "y",
        kindOf.map((_, row) => (answerOf(row) ? "yes" : "no")),
      ),
    ],
  };
  const { work } = await runStages(table, "y", { options: { budgetRounds: 60, refit: false } });
  const { train, test: held } = work.parts!;
  expect(train.length + held.length).toBe(table.rows);
  const kindsOf = (rows: Iterable<number>) => new Set(Array.from(rows, (row) => kindOf[row]!));
  const learned = kindsOf(train);
  expect([...kindsOf(held)].filter((kind) => learned.has(kind))).toEqual([]);
  const { folds } = work.data!;
  expect(folds.length).toBeGreaterThan(1);
  for (const fold of folds) {
    const inFold = kindsOf(Array.from(fold.train, (at) => train[at]!));
    expect(
      [...kindsOf(Array.from(fold.valid, (at) => train[at]!))].filter((kind) => inFold.has(kind)),
    ).toEqual([]);
  }
});
