/**
 * Checks that the page's form, its socket and the JSON API read the same number if the file writes 970.675 for 970,675.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { tryRow, typicalRow, WhatIfs } from "../../../../core/routes/pages/try-row.ts";
import { drawWhatIf } from "../../../../views/model/try.tsx";
import { type Harness, openHarness, seeded } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const random = seeded(7);
  const german = (n: number) => n.toLocaleString("de");
  const lines = Array.from({ length: 300 }, (_, i) => {
    const [distance, area] = [Math.round(random() * 2_000_000), Math.round(random() * 5000) / 100];
    const day = new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10);
    return `${german(distance)};${german(area)};${day};${german(Math.round(distance / 10 + area))}`;
  });
  const csv = ["distance;area;day;price", ...lines].join("\n");
  const { id } = (await (await harness.upload("german.csv", csv)).json()) as { id: string };
  const request = { datasetId: id, target: "price", name: "german", budgetSeconds: 2 };
  expect((await harness.send("POST", "/api/train?wait=1", request)).status).toBe(200);
}, 40_000);
afterAll(() => harness.close());

const ASKED = { distance: "970.675", area: "12.345", day: "2020-07-07" };
const askPage = (values: Record<string, string>) =>
  tryRow(harness.signalbox, "german", { fields: { version: 1, values, pinned: [] }, requestId: "" });
async function askApi(row: Record<string, unknown>) {
  const answer = await harness.send("POST", "/api/models/german/predict?version=1", { rows: [row] });
  return (await answer.json()) as {
    predictions: { prediction: number }[];
    warnings?: { code: string; message: string }[];
  };
}

test("a number field's decimal point is a decimal point", async () => {
  const { trial } = await askPage(ASKED);
  expect(Object.fromEntries(trial.read!)).toEqual({ distance: 970.675, area: 12.345 });
  const told = await askApi({ ...ASKED, distance: 970.675, area: 12.345 });
  expect(trial.answer!.prediction).toBe(told.predictions[0]!.prediction);
  expect(trial.warnings).toEqual([]);
});

test("over the socket too", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const trials = new WhatIfs({
    signalbox: harness.signalbox,
    draw: async ({ read }) => JSON.stringify(Object.fromEntries(read!)),
  });
  const form = "f.distance=970.675&f.area=.5&version=1";
  trials.hear({ send: resolve }, JSON.stringify({ trial: 1, model: "german", form }));
  expect(JSON.parse(JSON.parse(await promise).content)).toEqual({ distance: 970.675, area: 0.5 });
});

test("values are compared with the training data, however they are written", async () => {
  for (const distance of ["5000000", "5.000.000,5"]) {
    const { trial, asked } = await askPage({ ...ASKED, distance });
    expect(drawWhatIf(trial, asked)).toContain("is outside the training data");
  }
  const { trial, asked } = await askPage({ ...ASKED, distance: "970.675,5" });
  expect(drawWhatIf(trial, asked)).not.toContain("is outside the training data");
});

test("the form starts without a warning, with fields that take any number", async () => {
  const asked = await harness.signalbox.models.serving("german", 1);
  const start = await askPage(typicalRow(asked).values);
  expect(start.trial.warnings).toEqual([]);
  expect(drawWhatIf(start.trial, asked)).not.toContain('class="cautions"');
});

test("an exported page posts numbers as numbers", async () => {
  const page = await (await harness.ask("/api/models/german/versions/1/download?format=html")).text();
  expect(page).toMatch(/data-column="distance"[^>]*type="number"|type="number"[^>]*data-column="distance"/);
});

test("a misspelt column name gets a suggestion; a row without known names is refused", async () => {
  const { warnings } = await askApi({ distance: 1000, aera: 3 });
  expect(warnings).toMatchObject([
    { code: "unknown_column", message: "is not a column of this model and was ignored. Did you mean area?" },
  ]);
  for (const rows of [[{}], [{ distance: 1 }, {}]]) {
    const answer = await harness.send("POST", "/api/models/german/predict?version=1", { rows });
    expect(answer.status).toBe(422);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining("has no column of this model"),
    });
  }
});

test("a misspelt target gets a suggestion", async () => {
  const { items } = await harness.json<{ items: { id: string }[] }>("/api/datasets");
  const answer = await harness.send("POST", "/api/train", { datasetId: items[0]!.id, target: "prise" });
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ fix: 'Did you mean "price"?' });
});
