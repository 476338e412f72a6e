/** Checks that a better version is called better, equal ones equal, and that a changed column is named. */

import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { columnChanges, compareModels } from "../../../../core/trainer/explain/comparison.ts";
import { hasLearned, learnedRows, rowHashes } from "../../../../core/trainer/model/learned-rows.ts";
import { rowRange } from "../../../../core/trainer/model/model.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, normal, numbers, runStages } from "../../training/stages/run.ts";

const ROWS = 300;
const random = seededRandom(31);
const x = draw(ROWS, () => normal(random));
const z = draw(ROWS, () => normal(random));
const answer = x.map((value, row) => (value + z[row] > 0 ? "yes" : "no"));
const columns = { x: numbers("x", x), z: numbers("z", z), y: category("y", answer) };
const whole: Table = { rows: ROWS, columns: [columns.x, columns.z, columns.y] };

const train = async (...names: (keyof typeof columns)[]) =>
  (
    await runStages({ rows: ROWS, columns: names.map((name) => columns[name]) }, "y", {
      options: { budgetRounds: 60 },
    })
  ).work.model!;
const options = () => ({ replicates: 60, random: seededRandom(1), checkpoint: () => {} });

test("a version that knows more is better by more than chance", async () => {
  const [before, after] = [await train("x", "y"), await train("x", "z", "y")];
  const compared = await compareModels({ before, after }, { table: whole, truth: answer }, options());
  expect(compared.roc_auc.after).toBeGreaterThan(compared.roc_auc.before);
  expect(compared.roc_auc.interval[0]).toBeGreaterThan(0);
  expect(compared.log_loss.interval[1]).toBeLessThan(0);
  expect(columnChanges(before, after)).toEqual({ came: ["z"], went: [], changed: [] });
  expect(columnChanges(after, before)).toEqual({ came: [], went: ["z"], changed: [] });
});

test("a version equals itself", async () => {
  const model = await train("x", "y");
  const compared = await compareModels(
    { before: model, after: model },
    { table: whole, truth: answer },
    options(),
  );
  for (const { before, after, interval } of Object.values(compared)) {
    expect(after).toBe(before);
    expect(interval).toEqual([0, 0]);
  }
});

test("a column of another type is named", async () => {
  const model = await train("x", "y");
  const other = { ...model, plans: model.plans.map((plan) => ({ ...plan, type: "category" as const })) };
  expect(columnChanges(model, other).changed).toEqual([{ column: "x", from: "number", to: "category" }]);
});

test("a run under a known name reports added and removed columns, and both versions' scores on the same rows", async () => {
  const previous = { version: 3, model: await train("x", "y") };
  const control = { options: { budgetRounds: 60 }, previous };
  const { result, reports } = await runStages(whole, "y", control);
  const { comparison } = result;
  expect(comparison).toMatchObject({ version: 3, columns: { came: ["z"], went: [], changed: [] } });
  expect(comparison!.rows).toBe(result.rowsTest);
  expect(comparison!.metrics.roc_auc.after).toBeCloseTo(result.metrics.roc_auc, 9);
  expect(comparison!.sentence).toContain("better than version 3 by more than chance");
  expect(comparison!.sentence).toContain("Since version 3: “z” came.");
  const findings = reports.flatMap(({ report }) => (report.type === "finding" ? [report.finding.code] : []));
  expect(findings).toContain("columns_changed");
});

test("a column that is excluded now is still read by the previous version", async () => {
  const previous = { version: 1, model: await train("x", "z", "y") };
  const { result } = await runStages(whole, "y", { options: { budgetRounds: 60, exclude: ["z"] }, previous });
  expect(result.schema.features.map(({ name }) => name)).toEqual(["x"]);
  expect(result.comparison!.columns.went).toEqual(["z"]);
  expect(result.comparison!.metrics.roc_auc.before).toBeGreaterThan(result.metrics.roc_auc);
});

test("models with different targets are not compared, and the result says so", async () => {
  const previous = { version: 1, model: { ...(await train("x", "y")), target: "other" } };
  const { result } = await runStages(whole, "y", { options: { budgetRounds: 60 }, previous });
  expect(result.comparison).toMatchObject({ rows: 0, metrics: {} });
  expect(result.comparison!.sentence).toContain("Cannot be compared");
});

test("a version is never scored on rows that it learned from", async () => {
  const previous = { version: 1, model: await train("x", "y") };
  // The same table split by another seed: most of its test rows taught the previous version.
  const other = { options: { budgetRounds: 60, seed: 7 }, previous };
  const { result, work } = await runStages(whole, "y", other);
  const learned = previous.model.learned!;
  const names = previous.model.plans.map(({ name }) => name);
  const hashes = rowHashes(whole, names)!;
  const unseen = work.parts!.test.filter((row) => !hasLearned(learned, hashes[row]));
  expect(unseen.length).toBeLessThan(0.5 * work.parts!.test.length);
  expect(result.comparison!.rows).toBe(unseen.length < 20 ? 0 : unseen.length);
  const all = {
    ...previous,
    model: { ...previous.model, learned: learnedRows(hashes, rowRange(0, whole.rows)) },
  };
  const none = await runStages(whole, "y", { options: { budgetRounds: 60 }, previous: all });
  expect(none.result.comparison).toMatchObject({ rows: 0, metrics: {} });
  expect(none.result.comparison!.sentence).toStartWith("Cannot be compared with version 1: it learned from");
});

test("the same row has the same hash in another file, read as a number or as a word", () => {
  const labels = {
    name: "x",
    type: "category" as const,
    codes: Int32Array.of(0, 1, -1),
    labels: ["1.0", "b"],
  };
  const numbers = { name: "x", type: "number" as const, values: Float64Array.of(1, 2, Number.NaN) };
  const [words, values] = [labels, numbers].map(
    (column) => rowHashes({ rows: 3, columns: [column] }, ["x"])!,
  );
  expect([words[0] === values[0], words[1] === values[1], words[2] === values[2]]).toEqual([
    true,
    false,
    true,
  ]);
  expect(rowHashes({ rows: 3, columns: [numbers] }, ["x", "gone"])).toBeNull();
});
