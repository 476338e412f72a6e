/** Checks that a gauge does not flicker between states. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { GaugeHistory, HISTORY_POINTS } from "../../../core/operations/gauge-history.ts";
import { type GaugeMemory, nextState } from "../../../core/operations/health.ts";

const LIMITS = { warning: 80, critical: 95 };
const START: GaugeMemory = { state: "healthy", streak: 0, lastChangeAt: Number.NEGATIVE_INFINITY };

/** States after each value, one every five seconds. */
function states(values: number[]): string[] {
  let memory = START;
  return values.map((value, index) => {
    memory = nextState(memory, value, { ...LIMITS, at: index * 5000 });
    return memory.state;
  });
}

describe("hysteresis", () => {
  test("one spike does not change the state, two samples in a row do", () => {
    expect(states([10, 99, 10, 10])).toEqual(["healthy", "healthy", "healthy", "healthy"]);
    expect(states([10, 85, 85])).toEqual(["healthy", "healthy", "warning"]);
    expect(states([97, 97])).toEqual(["healthy", "critical"]);
  });

  test("a value that moves around the threshold raises no repeated alerts", () => {
    const dance = Array.from({ length: 200 }, (_, i) => (i % 2 ? 81 : 79));
    const changes = states(dance).filter((state, i, all) => i > 0 && state !== all[i - 1]);
    expect(changes.length).toBeLessThanOrEqual(1);
  });

  test("getting better takes a value well below and a minute since the last change", () => {
    const calm = Array.from({ length: 20 }, () => 50);
    const seen = states([85, 85, ...calm]);
    expect(seen[1]).toBe("warning");
    expect(seen.indexOf("healthy", 1)).toBe(13);
    expect(states([85, 85, ...Array.from({ length: 40 }, () => 78)]).at(-1)).toBe("warning");
  });

  test("whatever the values, there is at most one change a minute", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 300 }), (values) => {
        const seen = states(values);
        const at = seen.flatMap((state, i) => (i > 0 && state !== seen[i - 1] ? [i * 5000] : []));
        for (let i = 1; i < at.length; i++) expect(at[i]! - at[i - 1]!).toBeGreaterThanOrEqual(60_000);
      }),
    );
  });
});

describe("history", () => {
  const MINUTE = 60_000;

  test("half an hour is shown by the minute, each the mean of its samples", () => {
    const history = new GaugeHistory();
    for (let second = 0; second < 1800; second += 5) history.add(second * 1000, second % 60 < 30 ? 10 : 20);
    const points = history.points();
    expect(points.map(({ at }) => at)).toEqual(Array.from({ length: 30 }, (_, i) => i * MINUTE));
    expect(new Set(points.map(({ value }) => value))).toEqual(new Set([15]));
  });

  test("keeps a day and no more, in at most 144 points, without spans that have no samples", () => {
    const history = new GaugeHistory();
    for (let minute = 0; minute < 3000; minute++) {
      if (minute < 2000 || minute >= 2600) history.add(minute * MINUTE, minute);
    }
    const points = history.points();
    expect(points.length).toBeLessThanOrEqual(HISTORY_POINTS);
    expect(points[0]!.at).toBe(1560 * MINUTE);
    expect(points.at(-1)!.value).toBeCloseTo(2994.5);
    expect(points.filter(({ at }) => at > 2000 * MINUTE && at < 2590 * MINUTE)).toEqual([]);
  });
});
