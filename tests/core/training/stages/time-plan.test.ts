/** Checks that the race's end, the time of each piece after it and the time left are one account of a run's time. */
import { expect, test } from "bun:test";
import { TimePlan } from "../../../../core/training/stages/work/time-plan.ts";

function planned(endMs: number) {
  const clock = { now: 0 };
  const plan = new TimePlan({ elapsedMs: () => clock.now, endMs: () => endMs });
  // Each test reports the others.
  plan.expect("summary", { usualMs: 0, leastMs: 0 });
  return { clock, plan };
}

const PIECES = [
  "Training",
  "Model validation",
  "answers",
  "intervals",
  "importance",
  "effects",
  "saving",
] as const;

test("before the race knows its end nothing is reported; then the race and what follows it", () => {
  const { clock, plan } = planned(Number.POSITIVE_INFINITY);
  plan.beginRace();
  expect(plan.leftMs()).toBeNull();
  plan.raceEndsAt(10_000);
  const first = plan.leftMs()!;
  expect(first).toBeGreaterThan(10_000);
  expect(first).toBeLessThan(13_000);
  clock.now = 5000;
  expect(plan.leftMs()).toBeCloseTo(first - 5000, 6);
});

test("the race leaves what the later steps need, and no more than its share of a short run", () => {
  const { plan } = planned(10_000);
  for (const piece of PIECES) plan.expect(piece, { usualMs: 200, leastMs: 20 });
  plan.beginRace();
  expect(plan.raceDeadlineMs()).toBe(10_000 - 7 * 200);
  plan.expect("importance", { usualMs: 60_000, leastMs: 20 });
  expect(plan.raceDeadlineMs()).toBe(7400);
  plan.expect("refit", { usualMs: 1000, leastMs: 0 });
  expect(plan.raceDeadlineMs()).toBe(6400);
});

test("with enough time a step gets all that later ones do not need, otherwise its share", () => {
  const { clock, plan } = planned(10_000);
  for (const piece of PIECES) plan.expect(piece, { usualMs: 1000, leastMs: 100 });
  plan.begin("answers");
  expect(plan.deadlineMs("answers")).toBe(6000);
  clock.now = 7500;
  plan.begin("intervals");
  // 2.5 s for four pieces of at least 0.1 and usually 1 s.
  expect(plan.deadlineMs("intervals")).toBeCloseTo(7500 + 100 + 2100 / 4, 6);
  clock.now = 9900;
  expect(plan.deadlineMs("intervals")).toBeCloseTo(7500 + 100 + 2100 / 4, 6);
  plan.begin("effects");
  expect(plan.deadlineMs("effects")).toBe(10_000);
});

test("no step exceeds its time, and a late step still gets a little", () => {
  const { clock, plan } = planned(10_000);
  plan.beginRace();
  plan.raceEndsAt(9800);
  expect(plan.leftMs()).toBe(10_000);
  plan.expect("effects", { usualMs: 1000, leastMs: 100 });
  plan.expect("saving", { usualMs: 100, leastMs: 100 });
  clock.now = 6000;
  plan.begin("effects");
  clock.now = 6500;
  expect(plan.leftMs()).toBe(600);
  plan.advance(0.25);
  // By its own pace 1500, by what was expected 500: a quarter is seen.
  expect(plan.leftMs()).toBeCloseTo(0.25 * 1500 + 0.75 * 500 + 100, 6);
  plan.advance(0);
  clock.now = 9000;
  expect(plan.leftMs()).toBe(200);
});

test("a later phase ends the phases before it, and the race", () => {
  const { clock, plan } = planned(Number.POSITIVE_INFINITY);
  for (const piece of PIECES) plan.expect(piece, { usualMs: 100, leastMs: 0 });
  plan.raceEndsAt(10_000);
  clock.now = 4000;
  plan.begin("importance");
  expect(plan.leftMs()).toBe(300);
});

test("a piece's expected duration, at the end of the race and at its start, is listed beside the actual one", () => {
  const { clock, plan } = planned(10_000);
  for (const piece of PIECES) plan.expect(piece, { usualMs: 100, leastMs: 10 });
  plan.beginRace();
  clock.now = 5000;
  expect(plan.roomMs("Training")).toBe(10_000 - 5000 - 600);
  plan.begin("Training");
  clock.now = 5300;
  plan.expect("answers", { usualMs: 400, leastMs: 10 });
  expect(plan.spareMs("answers")).toBe(10_000 - 5300 - 500);
  plan.begin("answers");
  clock.now = 5450;
  expect(plan.account()).toEqual([
    { piece: "Training", afterRaceMs: 100, expectedMs: 100, tookMs: 300 },
    { piece: "answers", afterRaceMs: 100, expectedMs: 400, tookMs: 150 },
  ]);
});

test("explanations fill the time that the pieces before them left of the forecast, within bounds", () => {
  const { clock, plan } = planned(10_000);
  for (const piece of PIECES) plan.expect(piece, { usualMs: 500, leastMs: 0 });
  plan.expect("explanations", { usualMs: 600, leastMs: 0 });
  plan.beginRace();
  plan.begin("Training");
  const forecastMs = 7 * 500 + 600;
  expect(plan.leftMs()).toBeCloseTo(forecastMs, 6);
  clock.now = 2400;
  plan.begin("effects");
  expect(clock.now + plan.leftMs()!).toBeCloseTo(forecastMs, 6);
  clock.now = 3000;
  plan.begin("explanations");
  expect(plan.fillUntilMs()).toBeCloseTo(forecastMs - 500, 6);
  clock.now = 1000;
  expect(plan.fillUntilMs()).toBe(1000 + 2 * 600);
  clock.now = 9000;
  expect(plan.fillUntilMs()).toBe(9000 + 0.3 * 600);
});
