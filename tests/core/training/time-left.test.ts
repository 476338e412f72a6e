/** Checks that progress and time left are drawn from one estimate: time left falls, the bar never does. */
import { expect, test } from "bun:test";
import { progressAfterReport, progressAt, stillLeft } from "../../../core/training/time-left.ts";

test("between two reports the time left counts down, but never to zero", () => {
  expect(stillLeft(null, 5)).toBeNull();
  expect(stillLeft({ leftMs: null, at: 0 }, 5)).toBeNull();
  expect(stillLeft({ leftMs: 1000, at: 0 }, 400)).toBe(600);
  expect(stillLeft({ leftMs: 1000, at: 0 }, 5000)).toBe(100);
});

test("if an estimate was too short the bar continues, slower, and never back", () => {
  const early = { progress: 0.5, leftMs: 1000, at: 1000 };
  expect(progressAt(early, 1000)).toBe(0.5);
  expect(progressAt(early, 1500)).toBeCloseTo(0.75, 9);
  const progress = progressAfterReport(early, { share: 0.1, at: 1500 });
  expect(progress).toBeCloseTo(0.75, 9);
  const shown = [1500, 5000, 9000].map((now) => progressAt({ progress, leftMs: 10_000, at: 1500 }, now));
  expect(shown[0]!).toBeLessThan(shown[1]!);
  expect(shown[1]!).toBeLessThan(shown[2]!);
  expect(shown[2]!).toBeLessThan(1);
  expect(progressAfterReport(early, { share: 0.9, at: 1500 })).toBe(0.9);
});
