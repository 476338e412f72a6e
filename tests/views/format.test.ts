/** Figures as people read them. */
import { expect, test } from "bun:test";
import {
  bytes,
  duration,
  figure,
  figures,
  percent,
  plural,
  score,
  scorePercent,
  shortName,
  unbroken,
} from "../../views/parts/format.ts";

test("figures keep three significant digits without trailing zeros", () => {
  const cases: [number, string][] = [
    [0, "0"],
    [0.8412345, "0.841"],
    [1, "1"],
    [12.3456, "12.3"],
    [1440, "1440"],
    [53940, "53,940"],
    [-0.5, "−0.5"],
    [-0.00008, "−8\u00a0×\u00a010⁻⁵"],
    [1.2e-7, "1.2\u00a0×\u00a010⁻⁷"],
    [1.234e12, "1.23\u00a0×\u00a010¹²"],
    [Number.NaN, "–"],
  ];
  for (const [value, text] of cases) expect(figure(value)).toBe(text);
});

test("bytes, times and shares carry their units", () => {
  expect([0, 999, 1000, 60_302, 123_456_789].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "60.3 kB",
    "123 MB",
  ]);
  expect([0, 850, 1200, 12_300, 200_000, 7_500_000].map(duration)).toEqual([
    "0 ms",
    "850 ms",
    "1.2 s",
    "12 s",
    "3 min 20 s",
    "2 h 5 min",
  ]);
  expect([0, 0.0123, 0.5, 1].map(percent)).toEqual(["0 %", "1.2 %", "50 %", "100 %"]);
  expect([plural(1, "row"), plural(2000, "row"), plural(20_000, "row")]).toEqual([
    ...["1 row", "2000 rows", "20,000 rows"],
  ]);
});

test("no part is shown as all or nothing", () => {
  expect([0.9996, 0.995, 0.0001, 0.0996, 1].map(percent)).toEqual([
    ...[">99.9 %", "99.5 %", "<0.1 %", "10 %", "100 %"],
  ]);
  expect([0.8534, 0.5, 1, 0.99999, 0.00001, 0].map(scorePercent)).toEqual([
    ...["85.3 %", "50.0 %", "100.0 %", ">99.9 %", "<0.1 %", "0.0 %"],
  ]);
});

test("figures of a column have the same decimals", () => {
  expect(figures([0.9066, 0.89, 0.5])).toEqual(["0.907", "0.890", "0.500"]);
  expect(figures([1234.5, 2.25])).toEqual(["1235", "2"]);
  expect(figures([0.5, 0.0000012])).toEqual(["0.500", "1.2\u00a0×\u00a010⁻⁶"]);
  expect(figures([1.33, 0.0046])).toEqual(["1.33", "0.0046"]);
  expect(score(0.89)).toBe("0.890");
});

test("a minute never shows sixty seconds", () => {
  expect(duration(119_700)).toBe("2 min");
  expect(duration(7_200_000)).toBe("2 h");
  expect(duration(59_700)).toBe("1 min");
});

test("long names are cut, in a sentence between its quotes", () => {
  const long = "x".repeat(200);
  const cut = `${"x".repeat(59)}…`;
  expect([shortName(long), shortName("age"), shortName("نعم")]).toEqual([cut, "age", "\u2068نعم\u2069"]);
  expect(unbroken(`“${long}” alone gives “age” away (ROC AUC 0.9).`)).toBe(
    `“${cut}” alone gives “age” away (ROC AUC 0.9).`,
  );
});
