/**
 * Checks that progress and time left come from one estimate, that time left falls, and that nothing is guessed too
 * early.
 */
import { expect, test } from "bun:test";
import { Forecast, stillLeft } from "../../../core/training/forecast.ts";

test("before the race nothing is told; in it what it says, and what follows", () => {
  const forecast = new Forecast();
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
