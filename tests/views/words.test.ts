/** Checks that every term the trainer uses has an explanation. */
import { expect, test } from "bun:test";
import { portfolio } from "../../core/trainer/race/portfolio.ts";
import type { Task } from "../../core/trainer/samples.ts";
import { kindMeaning, kindOf } from "../../views/parts/words.ts";

const TARGETS: Record<Task, readonly string[]> = {
  binary: ["no", "yes"],
  multiclass: ["a", "b", "c"],
  regression: [],
};

for (const [task, classes] of Object.entries(TARGETS)) {
  test(`${task}: every candidate's kind is explained`, () => {
    const values = Float64Array.from({ length: 500 }, (_, row) =>
      classes.length ? row % classes.length : Math.exp(row / 50),
    );
    const target = { task: task as Task, classes: [...classes], values };
    const names = portfolio({ target, rows: 500, text: false, columns: 8, derives: true }).map(
      ({ name }) => name,
    );
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => kindMeaning(name) === "")).toEqual([]);
  });
}

test("the kind of an event is the part before the dot or the count", () => {
  expect(kindOf("Gradient boosting · 31 leaves")).toBe("Gradient boosting");
  expect(kindOf("Ensemble of 12")).toBe("Ensemble");
  expect(kindMeaning("Ensemble of 12")).not.toBe("");
  expect(kindMeaning("constructor")).toBe("");
});
