/** Numbers for people: the rules hold for every number, and for those that are shown together. */
import { describe, expect, test } from "bun:test";
import { scaleLinear } from "d3-scale";
import fc from "fast-check";
import {
  bytes,
  count,
  distinctFigures,
  duration,
  exact,
  figure,
  figures,
  percent,
  plain,
  plural,
  score,
  scorePercent,
  scorePercents,
  ticks,
  typeset,
} from "../../../core/platform/figures.ts";

const anyNumber = fc.oneof(
  fc.double({ min: -1e300, max: 1e300, noNaN: true }),
  fc.double({ min: -1000, max: 1000, noNaN: true }),
  fc.integer(),
);
const anyShare = fc.oneof(
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, 1e-9, 1 - 1e-9, 0.9995, 0.99949, 0.0005),
);
/** What a reader takes from the text. */
const readBack = (text: string) => Number(text.replaceAll(",", "").replace(/ .*| %/, ""));
const decimalsOf = (text: string) => (/\.(\d+)/.exec(text)?.[1] ?? "").length;

describe("for every number", () => {
  const WRITERS: Record<string, (n: number) => string> = { count, figure, score, plain };

  test.each(Object.entries(WRITERS))("%s: only zero is shown as zero, and never with a sign", (_, write) => {
    fc.assert(
      fc.property(
        anyNumber,
        (n) => (readBack(write(n)) === 0) === (n === 0) && !/^-0(\.0*)?$/.test(write(n)),
      ),
    );
  });

  test("a figure is within half a unit of its third digit", () => {
    fc.assert(
      fc.property(anyNumber, (n) => {
        expect(Math.abs(readBack(figure(n)) - n)).toBeLessThanOrEqual(
          Math.max(0.00501 * Math.abs(n), 1e-320),
        );
      }),
    );
  });

  test("thousands are grouped from 10,000, identifiers never", () => {
    fc.assert(fc.property(fc.integer(), (n) => count(n).includes(",") === Math.abs(n) >= 10_000));
    fc.assert(fc.property(fc.maxSafeInteger(), (n) => plain(n) === String(n)));
  });

  test.each([
    [970675, "970,675"],
    [970675.25, "970,675.25"],
    [-1234.5678, "-1234.5678"],
    [0.1 + 0.2, "0.3"],
    [-0, "0"],
    [0.00001234, "0.00001234"],
    [Number.NaN, "–"],
  ])("%p exactly is %s", (n, text) => {
    expect(exact(n)).toBe(text);
  });

  test("a page has one minus sign and no exponents such as 1e-7", () => {
    fc.assert(fc.property(anyNumber, (n) => !/-|\de[+-]?\d/.test(typeset(figure(n)))));
  });
});

describe("for every share", () => {
  test("only all is 100 %, and only nothing is 0 %", () => {
    fc.assert(
      fc.property(anyShare, (share) => {
        for (const text of [percent(share), scorePercent(share)]) {
          expect(/^100(\.0+)? %$/.test(text)).toBe(share === 1);
          expect(/^0(\.0+)? %$/.test(text)).toBe(share === 0);
        }
      }),
    );
  });

  test("scores that are shown together have the same decimals", () => {
    fc.assert(
      fc.property(fc.array(anyShare, { minLength: 1 }), (shares) => {
        const plainOnes = scorePercents(shares).filter((text) => !/[<>]/.test(text));
        expect(new Set(plainOnes.map(decimalsOf)).size).toBeLessThanOrEqual(1);
      }),
    );
    expect(scorePercents([0.7351, 0.7349])).toEqual(["73.51 %", "73.49 %"]);
    expect(scorePercents([0.7351, 0.6])).toEqual(["73.5 %", "60.0 %"]);
  });
});

test("figures of a column have the same decimals; none looks like zero that is not", () => {
  fc.assert(
    fc.property(fc.array(anyNumber, { minLength: 1 }), (values) => {
      const texts = figures(values);
      for (const [at, text] of texts.entries()) expect(readBack(text) === 0).toBe(values[at] === 0);
      const largest = Math.max(...values.map(Math.abs));
      if (largest < 0.001 || largest >= 1e9) return;
      const ofLargest = decimalsOf(texts[values.findIndex((value) => Math.abs(value) === largest)]!);
      // What would look like zero has its own digits.
      const aligned = texts.filter(
        (_, at) => values[at] === 0 || Number(values[at]!.toFixed(ofLargest)) !== 0,
      );
      expect(new Set(aligned.map(decimalsOf))).toEqual(new Set([ofLargest]));
    }),
  );
  expect(figures([0.839, 0.0231])).toEqual(["0.839", "0.023"]);
});

test("bytes and times move to the next unit where rounding reaches it", () => {
  expect([0, 999, 999_600, 999_949, 60_302, 5.2e13].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 MB",
    "1.0 MB",
    "60.3 kB",
    "52.0 TB",
  ]);
  expect([0, 0.4, 850, 999.7, 59_700, 3_599_900].map(duration)).toEqual([
    "0 ms",
    "0.4 ms",
    "850 ms",
    "1.0 s",
    "1 min",
    "1 h",
  ]);
});

test("nouns and typing", () => {
  expect([plural(1, "row"), plural(0, "row"), plural(20_000, "row")]).toEqual([
    "1 row",
    "0 rows",
    "20,000 rows",
  ]);
  expect(["class", "box", "match", "entry", "day"].map((noun) => plural(3, noun))).toEqual([
    "3 classes",
    "3 boxes",
    "3 matches",
    "3 entries",
    "3 days",
  ]);
  expect(plural(1, "class")).toBe("1 class");
  expect([plain(0.1 + 0.2), plain(12.345678), plain(-0.25)]).toEqual(["0.3", "12.35", "-0.25"]);
  expect(typeset("R² -0.02 (-0.1 to 1.2e-7), see pre-2 and “-5”, 2026-11-22")).toBe(
    "R² −0.02 (−0.1 to 1.2\u00a0×\u00a010⁻⁷), see pre-2 and “-5”, 2026-11-22",
  );
});

test("figures that differ look different where two more digits can tell them apart", () => {
  expect(distinctFigures([0.839, 0.75])).toEqual(["0.839", "0.750"]);
  expect(distinctFigures([0.84123, 0.84098])).toEqual(["0.8412", "0.8410"]);
  expect(distinctFigures([0.841234, 0.841239])).toEqual(["0.84123", "0.84124"]);
  expect(distinctFigures([0.8, 0.8])).toEqual(["0.800", "0.800"]);
  expect(distinctFigures([123.4, 123.3])).toEqual(["123.4", "123.3"]);
});

test("what is less than 1 is never shown as 1", () => {
  const near = [0.9994, 0.99979, 0.999999, -0.99979, -0.999999, 1, 1.0001, 1 - 1e-12];
  expect(near.map(figure)).toEqual([...["0.999", "0.9998", ">0.9999", "-0.9998", "<-0.9999", "1", "1", "1"]]);
  expect(near.map(score)).toEqual([
    ...["0.999", "0.9998", ">0.9999", "-0.9998", "<-0.9999", "1.00", "1.00", "1.00"],
  ]);
  expect(figures([0.99979, 0.9])).toEqual(["0.9998", "0.9000"]);
  expect(figures([0.999999, 0.9])).toEqual([">0.9999", "0.9000"]);
  expect(figures([0.9, 0.8])).toEqual(["0.900", "0.800"]);
  expect(figures([53.2, 0.97])).toEqual(["53.20", "0.97"]);
  expect(figures([1530, 0.97])).toEqual(["1530", "1"]);
  expect(distinctFigures([0.99979, 0.99981])).toEqual(["0.99979", "0.99981"]);
  expect(typeset(figure(-0.999999))).toBe("<−0.9999");
  fc.assert(
    fc.property(fc.double({ min: 0.9, max: 1 - 2e-9, noNaN: true }), (n) => {
      for (const text of [figure(n), score(n), figures([n, 0.5])[0]!]) expect(text).not.toMatch(/^1/);
    }),
  );
});

describe("axis labels", () => {
  test.each([
    [
      [0.85, 0.9, 0.95],
      ["0.85", "0.90", "0.95"],
    ],
    [
      [1000.2, 1000.4],
      ["1000.2", "1000.4"],
    ],
    [
      [0, 20_000, 40_000],
      ["0", "20,000", "40,000"],
    ],
    [
      [-0.0004, 0, 0.0004],
      ["-4e-4", "0", "4e-4"],
    ],
  ])("%p", (values, texts) => expect(ticks(values)).toEqual(texts));

  test("no two are equal, and all have the same decimals", () => {
    const end = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(end, fc.double({ min: 0.01, max: 1e6, noNaN: true }), (low, width) => {
        const values = scaleLinear()
          .domain([low, low + width])
          .ticks(4);
        const texts = ticks(values);
        expect(new Set(texts).size).toBe(values.length);
        expect(new Set(texts.map(decimalsOf)).size).toBeLessThanOrEqual(1);
      }),
    );
  });
});
