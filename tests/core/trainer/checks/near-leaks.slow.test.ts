/**
 * Checks that totals with a remainder, near copies and columns known only afterwards are found, and fair columns
 * are not.
 */
import { describe, expect, test } from "bun:test";
import { isNamedAfterwards } from "../../../../core/csv/profile/advice/leaks.ts";
import type { Column, Table } from "../../../../core/csv/types.ts";
import { findCombination } from "../../../../core/trainer/checks/combination.ts";
import { nearCopy } from "../../../../core/trainer/checks/near-copy.ts";
import { sumFindings } from "../../../../core/trainer/checks/sums.ts";
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

  test("is not a sum of effects with noise", () => {
    const [a, b] = [draw(ROWS, () => normal(random)), draw(ROWS, () => normal(random))];
    const y = a.map((value, row) => value - b[row] + 0.3 * normal(random));
    expect(findCombination([numbers("a", a), numbers("b", b)], Float64Array.from(y))).toBeNull();
    const effect = fare.map((value, row) => 10 + value + noise[row] + 2 * normal(random));
    expect(findCombination([numbers("a", fare), numbers("b", noise)], Float64Array.from(effect))).toBeNull();
  });

  test("with refunds, with gaps, and with gaps that are zeros", () => {
    const others = [numbers("noise", noise), numbers("fare", fare)];
    const refunded = fare.map((value, row) => (row % 100 === 0 ? -value : value));
    const parts = (given: number[]) => [numbers("noise", noise), numbers("fare", given), numbers("tip", tip)];
    const due = refunded.map((value, row) => value + tip[row] + fee[row]);
    expect(findCombination(parts(refunded), Float64Array.from(due))).toMatchObject({
      formula: "fare + tip",
      isPlain: true,
    });
    const gappy = tip.map((value, row) => (row % 30 === 0 ? Number.NaN : value));
    const found = findCombination([...others, numbers("tip", gappy)], Float64Array.from(total));
    expect(found).toMatchObject({ formula: "fare + tip", isPlain: true });
    const seldom = tip.map((value, row) => (row % 3 === 0 ? Number.NaN : value));
    const paid = fare.map((value, row) => value + (row % 3 === 0 ? 0 : tip[row]) + fee[row]);
    expect(findCombination([...others, numbers("tip", seldom)], Float64Array.from(paid))).toMatchObject({
      formula: "fare + tip",
      isPlain: true,
    });
  });

  test("among more columns than a fit takes", () => {
    const values = Array.from({ length: 90 }, () => draw(ROWS, () => 100 * random()));
    const many = values.map((given, k) => numbers(`p${k}`, given));
    const truth = values[3]!.map((value, row) => value + values[70]![row]! + random());
    const found = findCombination(many, Float64Array.from(truth))!;
    expect(found.columns.toSorted()).toEqual(["p3", "p70"]);
  });

  test("a mean that is rounded", () => {
    const marks = [0, 1, 2].map(() => draw(ROWS, () => 20 + Math.floor(80 * random())));
    const mean = marks[0]!.map((value, row) => Math.round((value + marks[1]![row]! + marks[2]![row]!) / 3));
    const found = findCombination(
      marks.map((values, k) => numbers(`m${k}`, values)),
      Float64Array.from(mean),
    )!;
    expect(found.columns).toEqual(["m0", "m1", "m2"]);
    expect(found.isPlain).toBe(true);
  });

  test("products and ratios: rounded, with a tax, with a discount", () => {
    const [quantity, price] = [draw(ROWS, () => 1 + Math.floor(20 * random())), amount(50).map((v) => v + 1)];
    const columns = [numbers("quantity", quantity), numbers("price", price), numbers("noise", noise)];
    const cents = (value: number) => Math.round(100 * value) / 100;
    for (const factor of [() => 1, () => 1.19, () => (random() < 0.6 ? 1 : 0.8)]) {
      const truth = quantity.map((value, row) => cents(value * price[row] * factor()));
      const found = findCombination(columns, Float64Array.from(truth));
      expect(found).toMatchObject({ formula: "quantity × price", isPlain: true });
    }
    const height = draw(ROWS, () => 150 + Math.floor(50 * random()));
    const bmi = price.map((value, row) => Math.round((1e5 * (value + 40)) / height[row] ** 2) / 10);
    const weights = numbers(
      "weight",
      price.map((value) => value + 40),
    );
    const ratio = findCombination([numbers("height", height), weights], Float64Array.from(bmi));
    expect(ratio).toMatchObject({ formula: "weight / height²", isPlain: true });
  });

  test("the time between two dates", () => {
    const start = draw(ROWS, (row) => 1.7e12 + 7_200_000 * row);
    const minutes = draw(ROWS, () => 1 + Math.floor(90 * random()));
    const dates: Column[] = [
      { name: "begin", type: "date", values: Float64Array.from(start) },
      {
        name: "end",
        type: "date",
        values: Float64Array.from(start, (at, row) => at + 60_000 * minutes[row]!),
      },
    ];
    const given = { columns: dates, targetName: "minutes", isGivenAway: false };
    expect(sumFindings({ ...given, truth: Float64Array.from(minutes) })).toEqual([
      expect.objectContaining({ severity: "error", column: "end", fix: { exclude: ["end"] } }),
    ]);
    expect(sumFindings({ ...given, truth: Float64Array.from(noise) })).toEqual([]);
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
    "Gesprächsdauer",
    "kuendigungsgrund",
    "Austrittsdatum",
    "durée_appel",
    "motif",
    "motivo_baja",
    "data_chiusura",
    "reden",
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
    "Grundstück",
    "geplante Dauer",
    "durée prévue",
    "Bauerngut",
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
  // If known beforehand, as a loan's duration is, it is informative too: a name alone is no reason to doubt the model.
  const agreed = answer.map((k) => 60 + 200 * random() + 60 * k);
  const loan = {
    ...table("duration"),
    columns: table("duration").columns.with(0, numbers("duration", agreed)),
  };
  expect(await severity("duration", loan)).toBe("warning");
});
