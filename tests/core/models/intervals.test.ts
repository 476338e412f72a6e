/** Bounds when requested: JSON, CSV, the page, the exported module; and none otherwise. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv, seeded } from "../../harness/app.ts";

setDefaultTimeout(120_000);

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const random = seeded(3);
  const lines = ["size,district,price"];
  for (let row = 0; row < 400; row++) {
    const size = 20 + 100 * random();
    const isCentral = random() < 0.5;
    const noise = (random() + random() + random() - 1.5) * (isCentral ? 60 : 6);
    lines.push(`${size.toFixed(1)},${isCentral ? "centre" : "suburb"},${(3 * size + noise).toFixed(1)}`);
  }
  for (const [name, target, csv] of [
    ["flats", "price", `${lines.join("\n")}\n`],
    ["crew", "Survived", passengersCsv(300)],
  ]) {
    await harness.ask(`/api/train/${name}.csv?target=${target}&budgetSeconds=30&budgetRounds=20`, {
      ...{ method: "PUT", body: csv!, headers: { accept: "application/json" } },
    });
    await harness.send("PUT", `/api/models/${name}/live`, { version: 1 });
  }
});
afterAll(() => harness.close());

interface Predicted {
  predictions: {
    prediction: number | string;
    probabilities?: Record<string, number>;
    interval?: { low: number; high: number; level: number };
    set?: string[];
  }[];
}
const flat = (district: string) => ({ size: 60, district });
const ask = async (path: string, body: unknown) =>
  (await (await harness.send("POST", path, body)).json()) as Predicted;

test("a number's interval contains it, is wider for a higher level, and wider where errors were larger", async () => {
  const rows = { rows: [flat("centre"), flat("suburb")] };
  const [centre, suburb] = (await ask("/api/models/flats/predict?interval=0.9", rows)).predictions;
  for (const { prediction, interval } of [centre!, suburb!]) {
    expect(interval!.level).toBe(0.9);
    expect(interval!.low < (prediction as number) && interval!.high > (prediction as number)).toBe(true);
  }
  const width = ({ interval }: Predicted["predictions"][number]) => interval!.high - interval!.low;
  expect(width(centre!)).toBeGreaterThan(2 * width(suburb!));
  const [half] = (await ask("/api/models/flats/predict?interval=0.5", rows)).predictions;
  expect(width(half!)).toBeLessThan(width(centre!));
});

test("a class's set holds classes of the file; an invalid level is refused with the reason", async () => {
  const row = { Class: 1, Sex: "female", Age: 30, Fare: 80 };
  const [answer] = (await ask("/api/models/crew/predict?interval=0.9", row)).predictions;
  const { set, probabilities } = answer!;
  expect(set!.every((label) => Object.hasOwn(probabilities!, label))).toBe(true);
  expect(answer).not.toHaveProperty("interval");
  expect((await harness.send("POST", "/api/models/crew/predict?interval=2", row)).status).toBe(400);
  const refused = await harness.send("POST", "/api/models/crew/predict?interval=0.999", row);
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain("held-out rows are too few for interval=0.999");
});

test("without interval= a response has no bounds, and the same bytes whatever was requested before", async () => {
  const body = { rows: [flat("centre")] };
  const plain = await ask("/api/models/flats/predict?log=off", body);
  expect(plain.predictions[0]).not.toHaveProperty("interval");
  await ask("/api/models/flats/predict?interval=0.9", body);
  expect(JSON.stringify(await ask("/api/models/flats/predict?log=off", body))).toBe(JSON.stringify(plain));
});

test("a CSV has their columns, with the figures of the JSON", async () => {
  const predict = async (model: string, csv: string, query: string) =>
    (
      await harness.ask(`/api/models/${model}/predict?log=off${query}`, {
        ...{ method: "POST", body: csv, headers: { "content-type": "text/csv" } },
      })
    ).text();
  const told = await predict("flats", "size,district\n60,centre\n60,suburb\n", "&interval=0.9");
  const [header, first] = told.split(/\r?\n/);
  expect(header).toBe("size,district,prediction,interval_low,interval_high,prediction_id,warnings");
  const [json] = (await ask("/api/models/flats/predict?interval=0.9&log=off", flat("centre"))).predictions;
  expect(first!.split(",").slice(3, 5).map(Number)).toEqual([json!.interval!.low, json!.interval!.high]);
  expect(await predict("flats", "size,district\n60,centre\n", "")).not.toContain("interval");
  const sets = await predict("crew", "Class,Sex\n1,female\n", "&interval=0.9");
  expect(sets.split(/\r?\n/)[0]).toContain(",set,prediction_id");
});

test("the exported module gives the server's bounds; the page shows bounds and their coverage", async () => {
  const module = await (await harness.ask("/api/models/flats/versions/1/download?format=mjs")).text();
  const path = join(harness.folder, "flats.mjs");
  writeFileSync(path, module);
  const { predict, bounds } = (await import(path)) as {
    predict: (rows: unknown[], options?: { interval?: number }) => Predicted["predictions"];
    bounds: { rows: number } | null;
  };
  expect(bounds!.rows).toBeGreaterThan(200);
  const [theirs] = predict([flat("centre")], { interval: 0.9 });
  const [ours] = (await ask("/api/models/flats/predict?interval=0.9", flat("centre"))).predictions;
  expect(theirs!.interval).toEqual(ours!.interval!);
  expect(predict([flat("centre")])[0]).not.toHaveProperty("interval");
  const page = await (await harness.ask("/models/flats", { headers: { accept: "text/html" } })).text();
  expect(page).toContain("90 % interval: ");
  expect(page).toContain("Prediction intervals");
  const { evaluation } = await harness.json<{
    evaluation: { bounds: { level: number; coverage: number; rows: number }[] };
  }>("/api/models/flats/versions/1");
  const asked = evaluation.bounds.find(({ level }) => level === 0.9)!;
  expect(Math.abs(asked.coverage - 0.9)).toBeLessThan(0.1);
  const html = await (await harness.ask("/api/models/flats/versions/1/download?format=html")).text();
  expect(html).toContain('id="bounds"');
});
