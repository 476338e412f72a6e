/** Checks that rows are grouped exactly if all their cells are equal, as with a map of their cells. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Table } from "../../../../core/csv/types.ts";
import { runThrough } from "../../../../core/trainer/cancellation.ts";
import { rowGroups } from "../../../../core/training/stages/work/rows/table.ts";

const NUMBERS = [0, -0, Number.NaN, 1, -1, 0.1, 0.1 + 0.2, 0.3, 1e300, 2 ** 53, Number.MIN_VALUE];

/** By row the number of its group, in the order of first rows. */
function naiveGroups(numbers: readonly number[], codes: readonly number[]): number[] {
  const known = new Map<string, number>();
  return numbers.map((number, row) => {
    // Text keeps every number apart, except the two zeros.
    const key = `${number + 0} ${codes[row]}`;
    if (!known.has(key)) known.set(key, known.size);
    return known.get(key)!;
  });
}

test("rows are in one group where all cells are equal", () => {
  const row = fc.tuple(fc.constantFrom(...NUMBERS), fc.integer({ min: -1, max: 3 }));
  fc.assert(
    fc.property(fc.array(row, { maxLength: 200 }), (rows) => {
      const [numbers, codes] = [rows.map(([number]) => number), rows.map(([, code]) => code)];
      const table = {
        rows: rows.length,
        columns: [
          { name: "number", type: "number", values: Float64Array.from(numbers) },
          { name: "word", type: "category", codes: Int32Array.from(codes), labels: ["a", "b", "c", "d"] },
        ],
      } as Table;
      expect([...runThrough(rowGroups(table))]).toEqual(naiveGroups(numbers, codes));
    }),
  );
});
