/**
 * Watches a model for a year with a moved clock: figures are kept at falling resolution, bounded, and shown in the ranges
 * that the page offers.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { GAUGE_NAMES } from "../../../../../core/operations/gauges.ts";
import type { HistoryView, NewestFigures } from "../../../../../core/routes/data/history-data.ts";
import { POINT_STEPS, POINTS_A_SERIES, trimPoints } from "../../../../../core/store/points.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

const DAY_MS = 86_400_000;
const START = Date.parse("2026-01-05T00:00:00Z");
let now = START;
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({}, () => now);
  await harness
    .ask("/api/train/crew.csv?budgetRounds=5&target=Survived", {
      method: "PUT",
      body: passengersCsv(200),
    })
    .then((answer) => answer.text());
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
}, 60_000);
afterAll(() => harness.close());

const row = { Class: 1, Sex: "female", Age: 30, Fare: 50 };
const predict = async (times: number) => {
  await harness.send("POST", "/api/models/crew/predict", { rows: Array.from({ length: times }, () => row) });
  await harness.signalbox.feedback.flush();
};
const history = (query: string) => harness.json<HistoryView>(`/api/history?${query}`);
const series = ({ series: all }: HistoryView, name: string) => all.find((entry) => entry.name === name)!;
const sum = (view: HistoryView, name = "predictions") =>
  series(view, name).points.reduce((total, { value }) => total + value, 0);

test("an hour is shown by the minute, a week by the hour, a year by two days, and nothing is lost", async () => {
  for (let day = 0; day < 365; day += 1) {
    now = START + day * DAY_MS;
    await predict(day % 7 === 0 ? 20 : 5);
    await harness.signalbox.health.sample();
    await trimPoints(harness.signalbox.store, { now, limit: 100_000 });
  }
  now += 60_000;
  const expected = Array.from({ length: 365 }, (_, day) => (day % 7 === 0 ? 20 : 5));
  const all = expected.reduce((a, b) => a + b, 0);
  const year = await history("range=year&model=crew");
  expect(year).toMatchObject({ range: "year", model: "crew", stepSeconds: 172_800 });
  expect(sum(year)).toBe(all);
  expect(series(year, "predictions").points.length).toBeLessThanOrEqual(200);
  const week = await history("range=week&model=crew");
  expect(week.stepSeconds).toBe(3600);
  // The span that the week begins in belongs to it.
  expect(sum(week)).toBe(expected.slice(-8).reduce((a, b) => a + b, 0));
  const hour = await history("range=hour&model=crew");
  expect(hour.stepSeconds).toBe(60);
  expect(sum(hour)).toBe(expected.at(-1)!);
  expect(series(hour, "latency")).toMatchObject({ unit: "ms", figure: "mean" });
  const machine = await history("range=month");
  expect(machine.series.map(({ name }) => name)).toEqual(GAUGE_NAMES);
  expect(series(machine, "memory").points.length).toBeGreaterThan(20);
}, 120_000);

test("what a figure takes is bounded: a step is kept as long as it says and no longer", async () => {
  const { store } = harness.signalbox;
  const rows = await store.all<{ step: number; first: number; n: number }>(
    "SELECT step, min(at) AS first, count(*) AS n FROM points WHERE kind = 'predictions' GROUP BY step ORDER BY step",
  );
  expect(rows.map(({ step }) => step)).toEqual(POINT_STEPS.map(({ stepMs }) => stepMs));
  for (const [index, { first }] of rows.entries())
    expect(first).toBeGreaterThanOrEqual(
      now - POINT_STEPS[index]!.days * DAY_MS - POINT_STEPS[index]!.stepMs - 60_000,
    );
  expect(rows.reduce((total, { n }) => total + n, 0)).toBeLessThan(POINTS_A_SERIES);
  expect(POINTS_A_SERIES).toBe(2880 + 2016 + 2160 + 1600 + 200);
});

test("a day of half a year ago is there by six hours, and a link to it keeps the state in the address", async () => {
  const from = new Date(START + 180 * DAY_MS).toISOString();
  const to = new Date(START + 181 * DAY_MS).toISOString();
  const day = await history(`from=${from}&to=${to}&model=crew`);
  expect(day).toMatchObject({ range: null, from, to, stepSeconds: 21_600 });
  expect(sum(day)).toBe(5);
  const html = await (
    await harness.ask(`/history?from=${from}&to=${to}&model=crew`, { headers: { accept: "text/html" } })
  ).text();
  for (const words of [
    "History of",
    "Predictions",
    "Zoom in",
    "Earlier",
    "Later",
    "range=week&amp;model=crew",
  ])
    expect(html).toContain(words);
});

test("the figures stand as tables below the charts where the address asks for it", async () => {
  const page = async (query: string) =>
    (
      await harness.ask(`/history?range=year&model=crew${query}`, { headers: { accept: "text/html" } })
    ).text();
  expect(await page("")).not.toContain("<table");
  expect(await page("&table=1")).toContain("<table");
});

test("the page is live while its range ends now: each new minute changes what its panel tells", async () => {
  const html = async (query: string) =>
    (await harness.ask(`/history?${query}`, { headers: { accept: "text/html" } })).text();
  const revision = (text: string) => /data-panel="history"[^>]* data-revision="([^"]*)"/.exec(text)?.[1];
  const before = revision(await html("range=year&model=crew"));
  expect(before).toBe(new Date(Math.floor((now - 60_000) / 60_000) * 60_000).toISOString());
  const watched = async (query: string) => /\/ws\?panels=([^"]+)"/.exec(await html(query))?.[1];
  expect(await watched("range=year&model=crew")).toBe("history%3Acrew,health");
  expect(await watched("range=hour")).toBe("history,health");
  const past = `from=${new Date(now - 40 * DAY_MS).toISOString()}&to=${new Date(now - 20 * DAY_MS).toISOString()}`;
  expect(await watched(`${past}&model=crew`)).toBeUndefined();
  now += 5 * 60_000;
  await predict(7);
  expect(revision(await html("range=year&model=crew"))).toBe(
    new Date(Math.floor(now / 60_000) * 60_000).toISOString(),
  );
  const newest = await harness.json<NewestFigures>("/panels/history.json?of=crew");
  expect(newest.figures.find(({ name }) => name === "predictions")).toMatchObject({ value: 7 });
  const machine = await harness.json<NewestFigures>("/panels/history.json");
  expect(machine.figures.map(({ name }) => name)).toEqual(GAUGE_NAMES);
  expect((await harness.ask("/panels/history.json?of=nobody")).status).toBe(404);
});

test("a range that is empty, too long or of nobody is refused with the fix", async () => {
  const status = async (query: string) => (await harness.ask(`/api/history?${query}`)).status;
  expect(await status("range=decade")).toBe(400);
  expect(await status("from=yesterday")).toBe(400);
  expect(await status("model=nobody")).toBe(404);
  expect(await status("from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toBe(422);
  expect(await status("from=2020-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toBe(422);
});

test("the total outlives the minutes, and the history follows its model to a new name", async () => {
  const { predictions } = await harness.json<{ predictions: { total: number } }>("/api/models/crew");
  expect(predictions.total).toBe(sum(await history("range=year&model=crew")));
  await harness.send("PATCH", "/api/models/crew", { name: "sailors" });
  expect(sum(await history("range=year&model=sailors"))).toBe(predictions.total);
  await harness.ask("/api/models/sailors?now=1", { method: "DELETE" });
  const { store } = harness.signalbox;
  expect(await store.get("SELECT 1 FROM points WHERE subject IN ('crew', 'sailors')")).toBeNull();
});
