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
