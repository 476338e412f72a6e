/** Does a model that was taken along answer as the server does, in every format that can hold it? */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "./harness.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(300))).json()) as { id: string };
  await harness.send("POST", "/api/train?wait=1", { datasetId: dataset.id, budgetSeconds: 3 });
}, 30_000);
afterAll(() => harness.close());

const take = (format: string) => harness.ask(`/api/models/crew/versions/1/download?format=${format}`);
const ROWS = Array.from({ length: 200 }, (_, i) => ({
  Sex: ["female", "male", null, "unknown"][i % 4]!,
  Class: (i % 3) + 1,
  Age: i % 7 ? i % 80 : null,
  Fare: (i * 13) % 97,
}));

test("the module answers 200 rows to the bit as the server, and its own check passes", async () => {
  const answer = await take("mjs");
  expect(answer.headers.get("content-disposition")).toContain("crew-v1.mjs");
  const path = join(harness.box.config.DATA_DIR, "model.mjs");
  await Bun.write(path, await answer.text());
  const module = (await import(path)) as {
    predict: (rows: unknown[]) => { prediction: string; probabilities: Record<string, number> }[];
    check: () => number;
  };
  const served = await harness.send("POST", "/api/models/crew/predict?version=1", { rows: ROWS });
  const { predictions } = (await served.json()) as {
    predictions: { prediction: string; probabilities: object }[];
  };
  const own = module.predict(ROWS);
  expect(own.map(({ prediction, probabilities }) => ({ prediction, probabilities }))).toEqual(
    predictions.map(({ prediction, probabilities }) => ({ prediction, probabilities }) as never),
  );
  expect(module.check()).toBe(100);
});

test("the page carries the module and a field for each column, and asks nobody for anything", async () => {
  const html = await (await take("html")).text();
  for (const column of ["Sex", "Class", "Age", "Fare"]) expect(html).toContain(`data-column="${column}"`);
  expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
});

test("JSON holds the whole model; what LightGBM or ONNX cannot hold is refused with the reason", async () => {
  const model = (await (await take("json")).json()) as { parts: unknown[]; target: string };
  expect(model.target).toBe("Survived");
  for (const format of ["lightgbm", "onnx"]) {
    const answer = await take(format);
    if (answer.status === 200) expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1000);
    else
      expect(await answer.json()).toMatchObject({ status: 422, detail: expect.stringContaining("because") });
  }
  expect((await take("pmml")).status).toBe(422);
});
