/** Checks that samples arrive like any file, with the promised target and type of prediction, the same each time. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { SAMPLE_LIST, sampleFile } from "../../../../../core/datasets/sample-files/index.ts";
import { type Harness, openHarness } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

interface Read {
  id: string;
  rows: number;
  target: string;
  task: string;
  columns: { name: string; type: string; missing: number }[];
  findings: { severity: string; message: string }[];
}

const TASKS: Record<string, string> = { customers: "binary", tickets: "multiclass", flats: "regression" };

test("each sample has its documented columns and gaps, and is the same dataset the second time", async () => {
  for (const { name, target, rows } of SAMPLE_LIST) {
    const first = await harness.ask(`/api/samples/${name}`, { method: "POST" });
    expect(first.status).toBe(201);
    const read = (await first.json()) as Read;
    expect(read).toMatchObject({ rows, target, task: TASKS[name]! });
    expect(read.columns.some(({ missing }) => missing > 0)).toBe(true);
    expect(read.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const again = await harness.ask(`/api/samples/${name}`, { method: "POST" });
    expect(again.status).toBe(200);
    expect(((await again.json()) as Read).id).toBe(read.id);
  }
  expect(new Set(SAMPLE_LIST.map(({ name }) => TASKS[name])).size).toBe(3);
});

test("the tickets' words are free text", async () => {
  const read = await harness.json<Read>("/api/samples/tickets", { method: "POST" });
  expect(read.columns.find(({ name }) => name === "message")?.type).toBe("text");
});

test("the form on the dashboard opens it", async () => {
  const landed = await harness.ask("/samples/flats", { method: "POST" });
  expect(landed.status).toBe(303);
  const page = await harness.ask(landed.headers.get("location")!, { headers: { accept: "text/html" } });
  expect(await page.text()).toContain("flats.csv");
});

test("an unknown name is refused with the list of known names", async () => {
  const answer = await harness.ask("/api/samples/__proto__", { method: "POST" });
  expect(answer.status).toBe(404);
  expect(((await answer.json()) as { fix: string }).fix).toContain("customers, tickets, flats");
});

test("the bytes never change", () => {
  for (const { name } of SAMPLE_LIST) expect(sampleFile(name).csv).toBe(sampleFile(name).csv);
});
