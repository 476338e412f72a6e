/** Checks that the served model learns from all rows after the test, and that the tested one is kept beside it. */
import { describe, expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { type Model, predict } from "../../../../core/trainer/model/model.ts";
import { readModel, readTestedModel } from "../../../../core/trainer/model/model-file.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { category, draw, normal, numbers, type Ran, runStages } from "./run.ts";

const ROWS = 300;
const random = seededRandom(5);
const x = draw(ROWS, () => normal(random));
const kind = draw(ROWS, (row) => row % 4).map((code) => `kind ${code}`);
const answer = x.map((value, row) => (value + (row % 4) / 2 + normal(random) / 3 > 0.7 ? "yes" : "no"));
const table: Table = {
  rows: ROWS,
  columns: [numbers("x", x), category("kind", kind), category("y", answer)],
};

const served = ({ files }: Ran) => readModel(files.get("model.bin")!);
const tested = ({ files }: Ran) => readTestedModel(files.get("model.bin")!);
const makeup = ({ parts }: Model) =>
  parts.map(({ name, weight, members }) => ({ name, weight, members: members.length }));

/** The rows that a model predicts correctly. */
function rightly(model: Model): number {
  const { values } = predict(model, table);
  return [...values].filter((code, row) => model.classes[code] === answer[row]).length / ROWS;
}

describe("refit", () => {
  test("the served model predicts as well as the tested one", async () => {
    const ran = await runStages(table, "y");
    expect(ran.result.refit).toMatchObject({ rows: ROWS });
    expect(rightly(tested(ran))).toBeGreaterThan(0.85);
    expect(rightly(served(ran))).toBeGreaterThan(rightly(tested(ran)) - 0.03);
  });

  test("the served model learned from all rows, with the same settings; the tested one only from its own", async () => {
    const ran = await runStages(table, "y");
    expect(ran.result.refit).toMatchObject({ rows: ROWS });
    expect(ran.result.verdict).toEndWith(
      "These figures are of the model before it was retrained on all 300 rows, test rows included.",
    );
    const { train } = ran.work.parts!;
    expect(served(ran).learned!.length).toBe(ROWS);
    expect(tested(ran).learned!.length).toBe(train.length);
    expect(makeup(served(ran))).toEqual(makeup(tested(ran)));
    const rounds = (model: Model) =>
      model.parts.flatMap(({ members }) =>
        members.map((member) => (member.kind === "boosting" ? member.model.rounds : null)),
      );
    expect(rounds(served(ran))).toEqual(rounds(tested(ran)));
    const { calibration, threshold } = tested(ran);
    expect(served(ran)).toMatchObject({ calibration, threshold });
  });

  test("rows in order of time end with the test rows, and one model learns from all", async () => {
    const when = numbers(
      "t",
      draw(ROWS, (row) => row),
    );
    const ran = await runStages({ ...table, columns: [...table.columns, when] }, "y", {
      options: { split: "time", splitColumn: "t" },
    });
    expect(served(ran).learned!.length).toBe(ROWS);
    expect(served(ran).parts.every(({ members }) => members.length === 1)).toBe(true);
  });

  test("a label that only test rows have is known to the served model", async () => {
    const first = await runStages(table, "y", { options: { refit: false } });
    const held = new Set(first.work.parts!.test);
    const rare = kind.map((label, row) => (held.has(row) && row % 2 === 0 ? "rare" : label));
    const ran = await runStages(
      { ...table, columns: [numbers("x", x), category("kind", rare), category("y", answer)] },
      "y",
    );
    const labels = (model: Model) =>
      model.encoder.columns.flatMap((column) => (column.kind === "category" ? column.labels : []));
    expect(labels(tested(ran))).not.toContain("rare");
    expect(labels(served(ran))).toContain("rare");
  });

  test("without a refit (turned off, finished early or out of time) the tested model is served, with the reason", async () => {
    const off = await runStages(table, "y", { options: { refit: false } });
    expect(off.result.refit).toEqual({ reason: "You turned it off (refit is false)." });
    expect(off.result.verdict).not.toContain("once more");
    expect(served(off)).toEqual(tested(off));
    const stop = new AbortController();
    const stopped = await runStages(table, "y", {
      stop: stop.signal,
      onReport: (stage) => stage === "Performance evaluation" && stop.abort(),
    });
    expect(stopped.result.refit).toEqual({ reason: "You asked to finish now." });
    let late = 0;
    const busy = await runStages(table, "y", {
      options: { budgetRounds: null, budgetSeconds: 4 },
      elapsedMs: () => (late += 1),
      onReport: (stage) => {
        if (stage === "Performance evaluation") late = Math.max(late, 3990);
      },
    });
    expect((busy.result.refit as { reason: string }).reason).toContain("the time limit leaves 0");
    expect(served(busy).learned!.length).toBe(busy.work.parts!.train.length);
  });
});
