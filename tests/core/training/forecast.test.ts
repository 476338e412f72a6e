/**
 * Checks that progress and time left come from one estimate, that time left falls, and that nothing is guessed too
 * early.
 */
import { expect, test } from "bun:test";
import { Forecast, progressAt, progressOnceTold, stillLeft } from "../../../core/training/forecast.ts";

test("before the race nothing is told; in it what it says, and what follows", () => {
  const forecast = new Forecast(Number.POSITIVE_INFINITY);
  expect(forecast.leftMs({ position: 0, progress: 0.5 }, 100)).toBeNull();
  expect(forecast.leftMs({ position: 3, progress: 0 }, 200)).toBeNull();
  const first = forecast.leftMs({ position: 3, progress: 0.1, leftMs: 9800 }, 200)!;
  expect(first).toBeGreaterThan(9800);
  expect(first).toBeLessThan(1.3 * 9800);
  const later = forecast.leftMs({ position: 3, progress: 0.5 }, 5200)!;
  expect(later).toBeCloseTo(first - 5000, 3);
  const after = forecast.leftMs({ position: 6, progress: 0.5 }, 10_100)!;
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(later);
});

test("between two reports time goes on, and never to nothing", () => {
  expect(stillLeft(null, 5)).toBeNull();
  expect(stillLeft({ leftMs: null, at: 0 }, 5)).toBeNull();
  expect(stillLeft({ leftMs: 1000, at: 0 }, 400)).toBe(600);
  expect(stillLeft({ leftMs: 1000, at: 0 }, 5000)).toBe(100);
});

test("no run takes longer than it may", () => {
  const forecast = new Forecast(10_000);
  expect(forecast.leftMs({ position: 3, progress: 0.1, leftMs: 9800 }, 200)).toBe(9800);
  expect(forecast.leftMs({ position: 3, progress: 0.5, leftMs: 4900 }, 5200)).toBe(4800);
});

test("a race that never knew how long it takes is measured once it is over", () => {
  const forecast = new Forecast(Number.POSITIVE_INFINITY);
  expect(forecast.leftMs({ position: 3, progress: 0.2 }, 100)).toBeNull();
  const left = forecast.leftMs({ position: 4, progress: 0 }, 10_100)!;
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(5000);
});

test("after an estimate that was too short the bar goes on, slower, and never back", () => {
  const early = { progress: 0.5, leftMs: 1000, at: 1000 };
  expect(progressAt(early, 1000)).toBe(0.5);
  expect(progressAt(early, 1500)).toBeCloseTo(0.75, 9);
  const progress = progressOnceTold(early, { share: 0.1, at: 1500 });
  expect(progress).toBeCloseTo(0.75, 9);
  const shown = [1500, 5000, 9000].map((now) => progressAt({ progress, leftMs: 10_000, at: 1500 }, now));
  expect(shown[0]!).toBeLessThan(shown[1]!);
  expect(shown[1]!).toBeLessThan(shown[2]!);
  expect(shown[2]!).toBeLessThan(1);
  expect(progressOnceTold(early, { share: 0.9, at: 1500 })).toBe(0.9);
});
