/** Checks that a canary gets its share, that a key always goes to the same version, and that a larger share keeps it. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { assigner, isAssigned } from "../../../../core/models/canary/assignment.ts";
import type { Canary } from "../../../../core/store/canaries.ts";

const canary = (change: Partial<Canary> = {}): Canary => ({
  ...{ name: "crew", version: 2, share: 10, key: null, maxErrors: 5, maxSlowdown: 3, startedAt: 0 },
  ...change,
});
const headers = (value?: string) => new Headers(value === undefined ? {} : { "x-client": value });

test.each([1, 10, 25, 50, 99])("a share of %d %% gets about so many of 20,000 rows", (share) => {
  const assigned = assigner(canary({ share }), null);
  const rows = Array.from({ length: 20_000 }, (_, n) => new Map<string, unknown>([["n", n]]));
  const got = (100 * rows.filter(assigned).length) / rows.length;
  // Five standard errors.
  expect(Math.abs(got - share)).toBeLessThan(500 * Math.sqrt(((share / 100) * (1 - share / 100)) / 20_000));
});

test("all and nearly nothing", () => {
  const rows = Array.from({ length: 500 }, (_, n) => new Map<string, unknown>([["n", n]]));
  expect(rows.every(assigner(canary({ share: 100 }), null))).toBe(true);
  expect(rows.filter(assigner(canary({ share: 1 }), null)).length).toBeLessThan(25);
});

test("who has the canary at a share has it at every larger one", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.double({ min: 1, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 99, noNaN: true }),
      (key, share, more) => {
        if (isAssigned(canary({ share }), key))
          expect(isAssigned(canary({ share: Math.min(100, share + more) }), key)).toBe(true);
      },
    ),
  );
});

test("a column decides whatever else is in the row, as a number or as text", () => {
  const assigned = assigner(canary({ share: 50, key: { kind: "column", name: "customer" } }), null);
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.string(), (customer, a, b) => {
      const one = assigned(
        new Map<string, unknown>([
          ["customer", customer],
          ["x", a],
        ]),
      );
      expect(
        assigned(
          new Map<string, unknown>([
            ["x", b],
            ["customer", String(customer)],
          ]),
        ),
      ).toBe(one);
    }),
  );
});

test("a header decides for all rows of its request; without it, and without the column, the row does", () => {
  const of = canary({ share: 50, key: { kind: "header", name: "x-client" } });
  const rows = Array.from({ length: 200 }, (_, n) => new Map<string, unknown>([["n", n]]));
  for (const client of ["a", "b", "c", "d"]) {
    const assigned = rows.map(assigner(of, headers(client)));
    expect(new Set(assigned).size).toBe(1);
  }
  expect(new Set(rows.map(assigner(of, headers()))).size).toBe(2);
  const byColumn = canary({ share: 50, key: { kind: "column", name: "absent" } });
  expect(rows.map(assigner(byColumn, null))).toEqual(rows.map(assigner(canary({ share: 50 }), null)));
});

test("the order of a row's columns changes nothing", () => {
  const assigned = assigner(canary({ share: 50 }), null);
  for (let n = 0; n < 100; n++) {
    const cells: [string, unknown][] = [
      ["a", n],
      ["b", "x"],
      ["c", null],
    ];
    expect(assigned(new Map(cells.toReversed()))).toBe(assigned(new Map(cells)));
  }
});
