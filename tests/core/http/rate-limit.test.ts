/** Checks that a bucket allows exactly its limit, and that memory stays small whoever calls. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { RateLimit } from "../../../core/http/rate-limit.ts";

test("allows a minute's number at once, then one per share of a minute", () => {
  let now = 0;
  const limit = new RateLimit(6, () => now);
  const taken = () => limit.take("a").isAllowed;
  expect(Array.from({ length: 7 }, taken)).toEqual([true, true, true, true, true, true, false]);
  expect(limit.peek("a").resetSeconds).toBe(10);
  now = 9_999;
  expect(taken()).toBe(false);
  now = 10_000;
  expect([taken(), taken()]).toEqual([true, false]);
  expect(limit.take("b").isAllowed).toBe(true);
});

test("no client exceeds its limit over any window", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(20_000), { maxLength: 200 }),
      (perMinute, waits) => {
        let now = 0;
        const limit = new RateLimit(perMinute, () => now);
        let allowed = 0;
        for (const wait of waits) {
          now += wait;
          if (limit.take("a").isAllowed) allowed += 1;
        }
        expect(allowed).toBeLessThanOrEqual(perMinute + (now * perMinute) / 60_000 + 1e-6);
      },
    ),
  );
});

test("memory is bounded: the client that was away longest is forgotten first", () => {
  const limit = new RateLimit(1, () => 0);
  limit.take("first");
  for (let client = 0; client < 4_998; client += 1) limit.take(`client ${client}`);
  expect(limit.take("first").isAllowed).toBe(false);
  for (let client = 0; client < 20_000; client += 1) {
    limit.take(`later ${client}`);
    if (client % 4_000 === 0) expect(limit.take("busy").isAllowed).toBe(client === 0);
  }
  expect(limit.size).toBeLessThanOrEqual(10_000);
  expect(limit.take("first").isAllowed).toBe(true);
});
