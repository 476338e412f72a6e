import { expect, test } from "bun:test";
import { Semaphore } from "../../../core/platform/concurrency.ts";

test("this many at a time, in order, and a failure frees its place", async () => {
  const turns = new Semaphore(2);
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<number>());
  const begun: number[] = [];
  const results = gates.map(({ promise }, k) =>
    turns.take(() => {
      begun.push(k);
      return promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  gates[1].reject(new Error("no"));
  expect(results[1]).rejects.toThrow("no");
  await results[1].catch(() => {});
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  gates[0].resolve(0);
  gates[2].resolve(2);
  expect(await results[0]).toBe(0);
  gates[3].resolve(3);
  expect(await Promise.all([results[2], results[3]])).toEqual([2, 3]);
});
