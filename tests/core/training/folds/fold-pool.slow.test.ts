/** Checks that several threads find what one thread finds, and stop on request. */
import { expect, test } from "bun:test";
import type { Table } from "../../../../core/csv/types.ts";
import { seededRandom } from "../../../../core/trainer/random.ts";
import { share, threadsUpTo } from "../../../../core/training/folds/fold-pool.ts";
import { category, draw, normal, numbers, runStages } from "../stages/run.ts";

function table(rows = 400): Table {
  const random = seededRandom(4);
  const x = draw(rows, () => normal(random));
  const z = draw(rows, () => normal(random));
  const fine = draw(rows, random).map((u) => `label ${Math.floor(u * 80)}`);
  const y = x.map((value, row) => (value + z[row] ** 2 + normal(random) / 2 > 0.8 ? "b" : "a"));
  return { rows, columns: [numbers("x", x), numbers("z", z), category("fine", fine), category("y", y)] };
}

test("threads give the model of one thread, to the byte", async () => {
  const alone = await runStages(table(), "y", { options: { budgetRounds: 60 } });
  const together = await runStages(table(), "y", { options: { budgetRounds: 60 }, openPool: threadsUpTo(3) });
  expect(together.work.pool!.size).toBe(3);
  expect(
    Buffer.from(together.files.get("model.bin")!).equals(Buffer.from(alone.files.get("model.bin")!)),
  ).toBe(true);
  expect(together.result).toEqual(alone.result);
}, 30_000);

test("a stop reaches fits in other threads", async () => {
  const stop = new AbortController();
  const began = performance.now();
  const { reports, result } = await runStages(table(2000), "y", {
    openPool: threadsUpTo(2),
    options: { budgetRounds: null },
    elapsedMs: () => performance.now() - began,
    stop: stop.signal,
    onReport: (_, report) => {
      if (report.type === "round") stop.abort();
    },
  });
  const facts = reports.findLast(
    ({ stage, report }) => stage === "Model selection" && report.type === "facts",
  );
  expect(facts?.report).toMatchObject({ facts: { ended: "stopped" } });
  expect(result.beatsBaseline).toBe(true);
});

test("sharing keeps values and kinds, and moves typed arrays into shared memory", () => {
  const given = {
    values: Float64Array.of(1, Number.NaN),
    nested: [{ codes: Int32Array.of(3) }],
    labels: ["a"],
    parts: new Map([[2, Uint8Array.of(7)]]),
    none: null,
  };
  const shared = share(given);
  expect([...shared.values]).toEqual([1, Number.NaN]);
  expect([...shared.parts.get(2)!]).toEqual([7]);
  expect(shared).toMatchObject({ labels: ["a"], none: null });
  expect(shared.values.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(shared.nested[0].codes.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(share(shared).values).toBe(shared.values);
});
