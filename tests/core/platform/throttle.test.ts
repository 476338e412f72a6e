/** Checks that thousands of upgrades at once all pass, a few in each turn of the loop, in order of arrival. */
import { expect, test } from "bun:test";
import { Throttle } from "../../../core/platform/concurrency.ts";

test("many upgrades pass in order, ten per turn; a later one does not wait when the queue is empty", async () => {
  const upgradeThrottle = new Throttle();
  let turn = 0;
  let isCounting = true;
  const count = () => {
    turn += 1;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  const passed: { who: number; turn: number }[] = [];
  const crowd = Array.from({ length: 1000 }, (_, who) =>
    upgradeThrottle.pass().then(() => passed.push({ who, turn })),
  );
  await Promise.all(crowd);
  isCounting = false;
  expect(passed.map(({ who }) => who)).toEqual(Array.from({ length: 1000 }, (_, who) => who));
  const perTurn = Map.groupBy(passed, (entry) => entry.turn);
  expect(Math.max(...[...perTurn.values()].map((group) => group.length))).toBeLessThanOrEqual(10);
  await new Promise((resolve) => setImmediate(resolve));
  let isThrough = false;
  void upgradeThrottle.pass().then(() => {
    isThrough = true;
  });
  await Promise.resolve();
  await Promise.resolve();
  expect(isThrough).toBe(true);
});
