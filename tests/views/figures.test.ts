/** Compares the figures that a page's scripts write (static/figures.js) with the server's, on generated numbers. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import text from "../../static/figures.js" with { type: "text" };
import { count, duration, figure, percent, thresholdPercent, timeLeft } from "../../views/parts/format.ts";

type Writer = (n: number) => string;
const SERVER = { count, figure, percent, thresholdPercent, duration, timeLeft };
const NAMES = Object.keys(SERVER) as (keyof typeof SERVER)[];
const script = new Function(`${text}; return { ${NAMES.join()} }`)() as Record<
  (typeof NAMES)[number],
  Writer
>;

const EDGES = [
  0, -0, 0.0005, 0.0995, 0.09949, 0.9995, 0.99949, 0.999, 1, 9.95, 99.95, 999.5, 9950, 59_500, 3_599_500,
];
const NUMBERS = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.double({ min: 0, max: 1e8, noNaN: true }),
  fc.nat(),
);
const SIGNED = fc.oneof(
  NUMBERS,
  NUMBERS.map((n) => -n),
  fc.double(),
);

test.each(NAMES)("%s", (name) => {
  const values = name === "count" || name === "figure" ? SIGNED : NUMBERS;
  fc.assert(
    fc.property(values, (n) => void expect(script[name](n)).toBe(SERVER[name](n))),
    { numRuns: 5000 },
  );
});
