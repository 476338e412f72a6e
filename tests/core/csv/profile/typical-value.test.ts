/** Checks the value that a form starts with: usual, in the column's own digits, and one that the model can read. */
import { describe, expect, test } from "bun:test";
import { typicalValue } from "../../../../core/csv/profile/typical-value.ts";
import type { ColumnPlan, ColumnProfile } from "../../../../core/csv/types.ts";

const DAY = 86_400_000;

function typical(
  plan: Partial<ColumnPlan>,
  range: { min: number; max: number; median: number },
  rest: Partial<ColumnProfile> = {},
) {
  const { min, max, median } = range;
  const quantiles = { p05: min, p25: min, p50: median, p75: max, p95: max };
  const profile = { top: [{ value: "first", count: 9 }], examples: ["first"], min, max, quantiles, ...rest };
  return typicalValue({ name: "x", type: "number", missingWords: [], ...plan }, profile as ColumnProfile);
}

describe("a number has enough digits to distinguish its column's values", () => {
  const seen = { top: [{ value: "5.2000000001", count: 1 }], examples: ["5.2000000001"] };
  test.each([
    ["a long tail", { min: 0, max: 40, median: 5.20044580456 }, 5.2],
    ["far from zero", { min: 1000.1234, max: 1000.9876, median: 1000.55512 }, 1000.555],
    ["tiny", { min: 0, max: 1e-7, median: 5.20044580456e-8 }, 5.2e-8],
    ["huge", { min: 0.5, max: 1e12, median: 512345678901.25 }, 512345678901],
    ["negative", { min: -1, max: 0.5, median: -0.123456 }, -0.12],
    ["constant", { min: 0.1234567, max: 0.1234567, median: 0.1234567 }, 0.1234567],
  ])("%s", (_, range, value) => expect(typical({}, range, seen)).toBe(value));

  test("is whole for whole numbers", () => {
    const whole = { top: [{ value: "3", count: 2 }], examples: ["3", "4"] };
    expect(typical({}, { min: 1, max: 9, median: 3.5 }, whole)).toBe(4);
  });

  test("it stays within the range", () => {
    expect(typical({}, { min: 0.996, max: 1.9, median: 0.996 }, seen)).toBeGreaterThanOrEqual(0.996);
  });
});

describe("a date is the median, not the first of the file", () => {
  const [min, max] = [Date.UTC(2022, 0, 1), Date.UTC(2025, 0, 1)];
  test("a day", () => {
    const median = Date.UTC(2023, 5, 17) + DAY / 2;
    expect(typical({ type: "date", dateFormat: "d.M.yyyy" }, { min, max, median })).toBe("2023-06-17");
  });
  test("with a time", () => {
    const median = Date.UTC(2023, 5, 17, 9, 41, 7);
    expect(typical({ type: "date", dateFormat: "yyyy-M-d" }, { min, max: max + 1000, median })).toBe(
      "2023-06-17 09:41",
    );
  });
  test("a month", () => {
    const median = Date.UTC(2023, 5, 17);
    expect(typical({ type: "date", dateFormat: "MMM yyyy" }, { min, max, median })).toBe("2023-06-01");
  });
  test("a time of day", () => {
    expect(
      typical({ type: "date", dateFormat: "H:mm" }, { min: 0, max: DAY - 60_000, median: 8.5 * 3_600_000 }),
    ).toBe("08:30");
  });
});

test("for labels it is the commonest; a column without values has none", () => {
  expect(typical({ type: "category" }, { min: 0, max: 1, median: 0 })).toBe("first");
  expect(typicalValue({ name: "x", type: "text", missingWords: [] }, undefined)).toBeNull();
});
