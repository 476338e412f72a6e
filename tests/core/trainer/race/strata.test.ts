/** Checks that folds keep the shares of classes if whole groups are dealt, and of a second column if one is named. */
import { expect, test } from "bun:test";
import { stratifiedFolds } from "../../../../core/trainer/race/folds.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";

const ROWS = 1200;
const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
const share = (held: Int32Array, is: (row: number) => boolean) => held.filter(is).length / held.length;

test("groups that hold rows of several classes are dealt so that every fold has about the shares of all", () => {
  const random = seededRandom(1);
  // Sixty groups of twenty rows; in the later ones the rare class is ever more common.
  const groups = rows.map((row) => Math.floor(row / 20));
  const values = Float64Array.from(groups, (group) => Number(random() < group / 150));
  const target: Target = { task: "binary", values, classes: ["no", "yes"] };
  const folds = stratifiedFolds(rows, target, { folds: 5, random: seededRandom(2), groups });
  const all = share(rows, (row) => values[row] === 1);
  for (const { valid } of folds) {
    expect(valid.length).toBe(ROWS / 5);
    expect(Math.abs(share(valid, (row) => values[row] === 1) - all)).toBeLessThan(0.03);
  }
  const foldOf = new Map<number, number>();
  folds.forEach(({ valid }, fold) => {
    for (const row of valid) {
      expect(foldOf.get(groups[row]!) ?? fold).toBe(fold);
      foldOf.set(groups[row]!, fold);
    }
  });
});

test("a second column is spread as evenly as the target", () => {
  const random = seededRandom(3);
  const values = Float64Array.from(rows, () => Number(random() < 0.3));
  // A region of one row in forty.
  const strata = rows.map(() => Number(random() < 0.025));
  const target: Target = { task: "binary", values, classes: ["no", "yes"] };
  const folds = stratifiedFolds(rows, target, { folds: 6, random: seededRandom(4), groups: null, strata });
  const counts = folds.map(({ valid }) => valid.filter((row) => strata[row] === 1).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2);
});
