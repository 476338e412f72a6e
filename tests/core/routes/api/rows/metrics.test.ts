/** Checks that Prometheus can read the metrics, that their names are valid, and that no client can add new ones. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ BASE_PATH: "/box" });
});
afterAll(() => harness.close());

const LINE = /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)*)\})? (-?\d\S*|\+Inf)$/;
const PROMETHEUS = {
  accept: "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
};
const ask = (path = "/box/metrics") => harness.ask(path, { headers: PROMETHEUS });
const scrape = async () => (await ask()).text();

/** As promtool checks it: HELP, then TYPE, then samples of that name; each series once. */
function parse(text: string): { types: Map<string, string>; series: Map<string, number> } {
  const types = new Map<string, string>();
  const series = new Map<string, number>();
  let current = "";
  for (const line of text.trimEnd().split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") {
      expect(types.has(name!), name!).toBe(false);
      current = name!;
    } else if (kind === "TYPE") {
      expect(name!).toBe(current);
      types.set(name!, rest!);
    } else {
      const [, sample, labels = "", value] = LINE.exec(line) ?? [];
      expect(sample, line).toBeDefined();
      const family = ["histogram", "summary"].includes(types.get(current)!)
        ? sample!.replace(/_(bucket|sum|count)$/, "")
        : sample;
      expect(family).toBe(current);
      const key = `${sample}{${labels}}`;
      expect(series.has(key), key).toBe(false);
      series.set(key, Number(value));
    }
  }
  return { types, series };
}

test("it has Prometheus' text format, inside the base path and outside", async () => {
  const answer = await ask();
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const { types, series } = parse(await answer.text());
  expect((await ask("/metrics")).status).toBe(200);
  for (const [name, type] of types) {
    expect(name).toMatch(/^(signalbox|process)_/);
    expect(name.endsWith("_total")).toBe(type === "counter");
  }
  expect(series.get(`signalbox_build_info{version="0.1.0"}`)).toBe(1);
  expect(series.get(`signalbox_runs{status="running"}`)).toBe(0);
  expect(series.get("process_resident_memory_bytes{}")).toBeGreaterThan(1e7);
});

test("requests are counted by their route, up to each bound", async () => {
  const before = parse(await scrape()).series;
  for (let i = 0; i < 3; i++) await harness.ask(`/box/runs/nobody${i}`);
  await harness.ask("/box/healthz");
  const { series } = parse(await scrape());
  const rise = (key: string) => (series.get(key) ?? 0) - (before.get(key) ?? 0);
  const labels = `method="GET",route="/runs/:id",status="4xx"`;
  expect(rise(`signalbox_http_request_duration_seconds_count{${labels}}`)).toBe(3);
  expect(rise(`signalbox_http_request_duration_seconds_bucket{${labels},le="+Inf"}`)).toBe(3);
  const bounds = [...series].filter(([key]) => key.includes(`_bucket{${labels}`)).map(([, n]) => n);
  expect(bounds).toEqual([...bounds].sort((a, b) => a - b));
  expect(series.get(`signalbox_events_total{}`)).toBe(harness.signalbox.log.lastSeq);
});

test("unknown paths add no metric series", async () => {
  await harness.ask("/box/nowhere");
  const before = parse(await scrape()).series.size;
  for (let i = 0; i < 50; i++) await harness.ask(`/box/nowhere${i}`, { method: `M${i}` });
  expect(parse(await scrape()).series.size).toBe(before);
});
