/** Checks what is combined of two columns, that the pair that matters is found, and that no row reads its own target. */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { canDerive, fitDerived } from "../../../../core/trainer/encoding/choose-derived.ts";
import { combine, derivedFeatures, pairCode, pairCodes } from "../../../../core/trainer/encoding/derived.ts";
import { type EncodedTable, encodeTable, fitEncoder } from "../../../../core/trainer/encoding/encoder.ts";
import { treeOrigins, treeSamples, treeSources } from "../../../../core/trainer/encoding/supervised.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import type { Target } from "../../../../core/trainer/samples.ts";
import { category, numbers } from "../../training/stages/run.ts";

const ROWS = 1200;
const rows = Int32Array.from({ length: ROWS }, (_, row) => row);
const checkpoint = () => {};
const drawn = (draw: () => number) => Array.from({ length: ROWS }, draw);

async function encodedOf(table: Table): Promise<EncodedTable> {
  return encodeTable(await fitEncoder(table, rows, checkpoint), table, checkpoint);
}

function derive(encoded: EncodedTable, target: Target, seed = 1) {
  const samples = treeSamples(encoded, []);
  const sources = Int32Array.from(treeSources(encoded, null), ([source = -1]) => source);
  return fitDerived(encoded, target, {
    rows,
    random: seededRandom(seed),
    checkpoint,
    base: { samples, sources },
  });
}

const regression = (values: number[]): Target => ({
  task: "regression",
  values: Float64Array.from(values),
  classes: [],
});

test("a result that is missing, infinite or undefined is missing", () => {
  expect(combine("plus", 2, 3)).toBe(5);
  expect(combine("minus", 2, 3)).toBe(-1);
  expect(combine("times", 2, 3)).toBe(6);
  expect(combine("divided by", 3, 2)).toBe(1.5);
  for (const [left, right] of [
    [1, 0],
    [0, 0],
    [Number.NaN, 2],
    [1e300, 1e-300],
  ] as const)
    expect(combine("divided by", left, right)).toBeNaN();
  expect(combine("times", 1e200, 1e200)).toBeNaN();
});

test("each pair of labels has a code of its own, missing ones too", () => {
  const codes = new Set<number>();
  for (let left = -1; left < 3; left++)
    for (let right = -1; right < 5; right++) codes.add(pairCode(left, right, 5));
  expect([...codes].sort((a, b) => a - b)).toEqual(
    Array.from({ length: pairCodes(3, 5) }, (_, code) => code),
  );
});

test("the ratio that the target follows is found among other numbers", async () => {
  const random = seededRandom(3);
  const columns = [0, 1, 2, 3].map(() => drawn(() => 1 + 9 * random()));
  const table: Table = { rows: ROWS, columns: columns.map((values, k) => numbers(`n${k}`, values)) };
  const encoded = await encodedOf(table);
  const { derived } = await derive(
    encoded,
    regression(columns[1].map((value, row) => value / columns[2][row])),
  );
  expect(derived[0]).toEqual({ kind: "arithmetic", operator: "divided by", left: 1, right: 2 });
});

test("a pair of categories that only together tell the target is found", async () => {
  const random = seededRandom(4);
  const letters = (count: number) =>
    Array.from({ length: ROWS }, () => "abcdef"[Math.floor(random() * count)]);
  const columns = [letters(4), letters(4), letters(6)];
  const table: Table = { rows: ROWS, columns: columns.map((labels, k) => category(`c${k}`, labels)) };
  const effects = new Map<string, number>();
  const values = Array.from(rows, (row) => {
    const pair = `${columns[0][row]}${columns[1][row]}`;
    return effects.getOrInsertComputed(pair, () => 5 * random()) + random();
  });
  const { derived, features } = await derive(await encodedOf(table), regression(values));
  expect(derived[0]).toMatchObject({ kind: "cross", left: 0, right: 1 });
  expect(features[0].name).toBe("c0 › with c1, target mean");
});

test("a training row's pair mean is of other rows; rows to predict get that of all", async () => {
  const random = seededRandom(5);
  const single = Array.from({ length: ROWS }, (_, row) => (row === 0 ? "once" : "ab"[row % 2]));
  const other = Array.from({ length: ROWS }, () => "xy"[Math.floor(2 * random())]);
  const table: Table = { rows: ROWS, columns: [category("single", single), category("other", other)] };
  const values = Array.from({ length: ROWS }, (_, row) => (row === 0 ? 1000 : row % 2) + random());
  const encoded = await encodedOf(table);
  const { derived, features } = await derive(encoded, regression(values));
  const cross = features[0] as { values: Float64Array };
  expect(cross.values[0]).toBeLessThan(10);
  const [applied] = derivedFeatures(derived, encoded.samples) as { values: Float64Array }[];
  expect(applied.values[0]).toBeGreaterThan(50);
});

test("the same rows and seed choose the same", async () => {
  const random = seededRandom(6);
  const table: Table = {
    rows: ROWS,
    columns: [
      ...[0, 1, 2].map((k) => numbers(`n${k}`, drawn(random))),
      category(
        "c",
        drawn(random).map((value) => "pqr"[Math.floor(3 * value)]),
      ),
      category(
        "d",
        drawn(random).map((value) => "st"[Math.floor(2 * value)]),
      ),
    ],
  };
  const encoded = await encodedOf(table);
  const target = regression(drawn(random));
  expect(await derive(encoded, target)).toEqual(await derive(encoded, target));
});

test("a derived feature comes from both of its columns", async () => {
  const random = seededRandom(7);
  const table: Table = { rows: ROWS, columns: [0, 1].map((k) => numbers(`n${k}`, drawn(random))) };
  const encoded = await encodedOf(table);
  const derived = [{ kind: "arithmetic" as const, operator: "times" as const, left: 0, right: 1 }];
  expect(treeOrigins(encoded, { targets: [], texts: [], derived })).toEqual([[0], [1], [0, 1]]);
});

test("a single column has nothing to be combined with, nor do parts of one date", async () => {
  const days = {
    ...numbers(
      "day",
      drawn(() => 0).map((_, row) => row * 86_400_000),
    ),
    type: "date" as const,
  };
  const table = { rows: ROWS, columns: [days as Table["columns"][number]] };
  expect(canDerive(await encodedOf(table))).toBe(false);
});
