/** Checks figures over time on both engines: spans add up whoever writes, and old ones of each length are dropped. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { addPoints, measuredOnce, POINT_STEPS, pointsOf, trimPoints } from "../../../core/store/points.ts";
import { DRIVERS, type OpenedStore } from "./drivers.ts";

const DAY_MS = 86_400_000;
const AT = Date.parse("2026-03-01T12:34:56Z");

describe.each(DRIVERS)("$name", ({ open }) => {
  let opened: OpenedStore;
  let series = 0;
  const fresh = () => `model-${++series}`;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.remove());
  const all = (subject: string, stepMs: number) =>
    pointsOf(opened.store, { kind: "latency", subject, stepMs, from: 0, to: Number.MAX_SAFE_INTEGER });

  test("values of one span add up at every step, with their bounds, in whatever order they come", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 }),
        async (values) => {
          const subject = fresh();
          await Promise.all(
            values.map((value) => addPoints(opened.store, AT, [measuredOnce("latency", subject, value)])),
          );
          for (const { stepMs } of POINT_STEPS) {
            const [point, ...more] = await all(subject, stepMs);
            expect(more).toEqual([]);
            expect(point!.at).toBe(Math.floor(AT / stepMs) * stepMs);
            expect(point!.n).toBe(values.length);
            expect(point!.total).toBeCloseTo(
              values.reduce((a, b) => a + b, 0),
              3,
            );
            expect(point!.low).toBeCloseTo(Math.min(...values), 9);
            expect(point!.high).toBeCloseTo(Math.max(...values), 9);
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  test("one call may name a figure twice, and many figures", async () => {
    const subject = fresh();
    const many = Array.from({ length: 120 }, (_, n) => measuredOnce("latency", `${subject}-${n % 60}`, n));
    await addPoints(opened.store, AT, many);
    expect(await all(`${subject}-59`, 60_000)).toMatchObject([{ n: 2, total: 59 + 119, low: 59, high: 119 }]);
  });

  test("each length of span is kept for its time and not longer, and others stay", async () => {
    const subject = fresh();
    for (let day = 0; day <= 410; day += 1)
      await addPoints(opened.store, AT + day * DAY_MS, [measuredOnce("latency", subject, day)]);
    const now = AT + 410 * DAY_MS;
    while ((await trimPoints(opened.store, { now, limit: 50 })) > 0);
    for (const { stepMs, days } of POINT_STEPS) {
      const points = await all(subject, stepMs);
      expect(points[0]!.at).toBeGreaterThanOrEqual(now - days * DAY_MS);
      const spans = Math.min(days, (days * DAY_MS) / stepMs);
      expect(points.length).toBeGreaterThanOrEqual(spans - 1);
      expect(points.length).toBeLessThanOrEqual(days + 1);
    }
  }, 60_000);
});
