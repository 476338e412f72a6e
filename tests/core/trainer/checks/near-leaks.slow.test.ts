/**
 * Checks that totals with a remainder, near copies and columns known only afterwards are found, and fair columns
 * are not.
 */
import { describe, expect, test } from "bun:test";
import { isNamedAfterwards } from "../../../../core/csv/profile/advice/leaks.ts";
import type { Table } from "../../../../core/csv/types.ts";
import { findCombination } from "../../../../core/trainer/checks/combination.ts";
import { nearCopy } from "../../../../core/trainer/checks/near-copy.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";
import { category, draw, normal, numbers, runStages } from "../../training/stages/run.ts";

const ROWS = 500;
const random = seededRandom(21);
const amount = (scale: number) => draw(ROWS, () => -scale * Math.log(1 - random()));
const [fare, tip, noise] = [amount(20), amount(4), amount(5)];
const fee = draw(ROWS, () => (random() < 0.3 ? 1 + random() : 0));
const total = fare.map((value, row) => value + tip[row] + fee[row]);

describe("a total of which the target is a part", () => {
  test("with a small remainder that no column holds", () => {
    const found = findCombination(
      [numbers("noise", noise), numbers("fare", fare), numbers("total", total)],
      Float64Array.from(tip),
    )!;
    expect(found.columns.toSorted()).toEqual(["fare", "total"]);
    expect(found.formula).toBe("- fare + total");
    expect(found.isPlain).toBe(true);
    expect(found.left).toBeGreaterThan(0);
    expect(found.left).toBeLessThan(0.1);
  });

  test("is no sum of effects with noise", () => {
    const [a, b] = [draw(ROWS, () => normal(random)), draw(ROWS, () => normal(random))];
    const y = a.map((value, row) => value - b[row] + 0.3 * normal(random));
    expect(findCombination([numbers("a", a), numbers("b", b)], Float64Array.from(y))).toBeNull();
    const effect = fare.map((value, row) => 10 + value + noise[row] + 2 * normal(random));
    expect(findCombination([numbers("a", fare), numbers("b", noise)], Float64Array.from(effect))).toBeNull();
  });

  test("comes before the score in the verdict", async () => {
    const table = {
      rows: ROWS,
      columns: [numbers("fare", fare), numbers("total", total), numbers("noise", noise), numbers("tip", tip)],
    };
    const { result } = await runStages(table, "tip");
    expect(result.findings[0]).toMatchObject({ code: "target_sum", severity: "error" });
    expect(result.verdict).toStartWith("Do not trust this score before you have checked: “tip” is nearly");
  });
});

describe("near copies", () => {
  const yes = draw(ROWS, () => (random() < 0.4 ? 1 : 0));
  const two: Target = { task: "binary", values: Float64Array.from(yes), classes: ["no", "yes"] };
  const quantity: Target = { task: "regression", values: Float64Array.from(fare), classes: [] };

  test("of a class, in other words and with slips", () => {
    const slipped = yes.map((k, row) => (row % 40 === 0 ? 1 - k : k)).map((k) => (k ? "paid" : "open"));
    expect(nearCopy(category("state", slipped), two)).toBeCloseTo(0.975, 2);
    expect(nearCopy(numbers("flag", yes), two)).toBe(1);
  });

  test("of a number, corrected in some rows", () => {
    const corrected = fare.map((value, row) => (row % 10 === 0 ? value * 1.1 : value));
    expect(nearCopy(numbers("second", corrected), quantity)).toBeCloseTo(0.9, 2);
  });

  test("not a good column, nor zeros beside zeros", () => {
    const good = yes.map((k) => (random() < 0.85 ? k : 1 - k)).map(String);
    expect(nearCopy(category("good", good), two)).toBeNull();
    expect(
      nearCopy(
        numbers(
          "close",
          fare.map((value) => value + 0.01),
        ),
        quantity,
      ),
    ).toBeNull();
    const sparse = {
      ...quantity,
      values: Float64Array.from(fare, (value, row) => (row % 10 < 8 ? 0 : value)),
    };
    expect(
      nearCopy(
        numbers(
          "zeros",
          draw(ROWS, (row) => (row % 10 < 8 ? 0 : row)),
        ),
        sparse,
      ),
    ).toBeNull();
  });
});

test("names of what is known only afterwards", () => {
  for (const name of [
    "duration",
    "call_duration",
    "closedAt",
    "Cancel reason",
    "result code",
    "time_to_resolution",
  ])
    expect([name, isNamedAfterwards(name)]).toEqual([name, true]);
  for (const name of [
    "age",
    "previous_outcome",
    "poutcome",
    "planned duration",
    "income",
    "leftover",
    "price",
  ])
    expect([name, isNamedAfterwards(name)]).toEqual([name, false]);
});

test("a duration that predicts the target well is doubted because of its name", async () => {
  const answer = draw(ROWS, () => (random() < 0.3 ? 1 : 0));
  const lasted = answer.map((k) => 60 + 200 * random() + 150 * k);
  const table = (name: string) => ({
    rows: ROWS,
    columns: [
      numbers(name, lasted),
      numbers("age", noise),
      category(
        "deposit",
        answer.map((k) => (k ? "yes" : "no")),
      ),
    ],
  });
  const severity = async (name: string, given: Table) =>
    (await runStages(given, "deposit", { options: { budgetRounds: 20 } })).result.findings.find(
      ({ code, column }) => code === "after_the_fact" && column === name,
    )?.severity;
  expect(await severity("duration", table("duration"))).toBe("error");
  expect(await severity("balance", table("balance"))).toBeUndefined();
  // Known before, as a loan's is, it says something too: a name alone is no reason to doubt the model.
  const agreed = answer.map((k) => 60 + 200 * random() + 60 * k);
  const loan = {
    ...table("duration"),
    columns: table("duration").columns.with(0, numbers("duration", agreed)),
  };
  expect(await severity("duration", loan)).toBe("warning");
});
