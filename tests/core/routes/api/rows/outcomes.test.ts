/** Checks that outcomes, sent one by one or as a CSV, become live accuracy, and are kept as the settings say. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { trimOutcomes } from "../../../../../core/store/outcomes.ts";
import { trimPredictions } from "../../../../../core/store/predictions.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

interface Made {
  predictions: { id: string; prediction: string; logged?: boolean }[];
}
interface ModelAnswer {
  predictions: { total: number };
  versions: {
    version: number;
    live: { outcomes: number; figures: { metric: string; value: number; interval: [number, number] }[] };
  }[];
}

let harness: Harness;
let datasetId: string;
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(300))).json()) as { id: string };
  datasetId = dataset.id;
  await harness.send("POST", "/api/train?wait=1", { datasetId, budgetSeconds: 2 });
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
}, 30_000);
afterAll(() => harness.close());

const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    Sex: i % 2 ? "male" : "female",
    Class: (i % 3) + 1,
    Age: i % 80,
  }));
const predict = async (count: number) =>
  (await (await harness.send("POST", "/api/models/crew/predict", { rows: rowsOf(count) })).json()) as Made;
const tell = (id: string, actual: unknown) =>
  harness.send("POST", `/api/predictions/${id}/actual`, { actual });
const reportCsv = (csv: string | Buffer<ArrayBuffer>) =>
  harness.ask("/api/predictions/actuals", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: csv,
  });
const live = async () => (await harness.json<ModelAnswer>("/api/models/crew")).versions[0]!.live;

test("IDs rise in the order of the rows, and no two end alike", async () => {
  const ids = (await predict(50)).predictions.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(50);
});

test("an outcome is recorded, repeated without harm, changed and reported as changed", async () => {
  const [{ id, prediction }] = (await predict(1)).predictions as [Made["predictions"][number]];
  const first = await tell(id, 1);
  expect(first.status).toBe(200);
  expect(await first.json()).toEqual({
    ...{ id, model: "crew", version: 1, prediction, actual: "1", status: "recorded" },
  });
  expect(await (await tell(id, "1.0")).json()).toMatchObject({ actual: "1", status: "unchanged" });
  expect(await (await tell(id, "0")).json()).toMatchObject({ status: "changed", previous: "1" });
  expect((await live()).outcomes).toBe(1);
});

test("an outcome that is not a class is refused with the classes; an ID that is not stored gets the reason", async () => {
  const [{ id }] = (await predict(1)).predictions as [Made["predictions"][number]];
  const wrong = await tell(id, "drowned");
  expect(wrong.status).toBe(422);
  expect(await wrong.json()).toMatchObject({ fix: expect.stringContaining('"0", "1"') });
  expect((await tell(id, null)).status).toBe(400);
  for (const unknown of ["x", `${id.slice(0, 25)}${id.endsWith("0") ? "1" : "0"}`, "%00"]) {
    const missing = await tell(unknown, "1");
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ fix: expect.stringContaining("30 days") });
  }
});

test("a CSV of outcomes counts valid rows and names invalid ones; live accuracy has Wilson's interval", async () => {
  const { predictions } = await predict(60);
  const before = (await live()).outcomes;
  const lines = predictions.map(({ id, prediction }, i) =>
    i < 45 ? `${prediction},${id}` : `${prediction === "1" ? "0" : "1"},${id}`,
  );
  const answer = await reportCsv(["actual,prediction_id", ...lines, "1,nobody", "maybe,"].join("\n"));
  expect(answer.status).toBe(200);
  const told = (await answer.json()) as { errors: { row: number; message: string }[] };
  expect(told).toMatchObject({ accepted: 60, unchanged: 0, changed: 0, rejected: 2 });
  expect(told.errors.map(({ row }) => row)).toEqual([62, 63]);
  expect(await (await reportCsv(["actual,prediction_id", ...lines].join("\n"))).json()).toMatchObject({
    ...{ accepted: 60, unchanged: 60, rejected: 0 },
  });
  const { outcomes, figures } = await live();
  expect(outcomes).toBe(before + 60);
  const accuracy = figures.find(({ metric }) => metric === "accuracy")!;
  const right = Math.round(accuracy.value * outcomes);
  expect(right).toBeGreaterThanOrEqual(45);
  // Wilson (1927), by its own formula: the share p with |p - right/n| = 1.96 sqrt(p (1 - p) / n).
  for (const p of accuracy.interval) {
    expect(Math.abs(p - accuracy.value)).toBeCloseTo(1.96 * Math.sqrt((p * (1 - p)) / outcomes), 6);
  }
});

test("outcomes are read in their own encoding, delimiter and quoting", async () => {
  const { predictions } = await predict(3);
  const [a, b, c] = predictions.map(({ id }) => id);
  const text = `Outcomes of May\r\n\r\nActual;note;"Prediction_ID"\r\n1;"said ""yes""; later\r\nagain";${a}\r\n\r\n0;5" pipe;"${b}"\r\n1;;${c};extra\r\n`;
  const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
  for (const body of [text, marked])
    expect(await (await reportCsv(body)).json()).toMatchObject({ accepted: 3, rejected: 0 });
});

test("a quote that stays open is reported with its row", async () => {
  const answer = await reportCsv('id,actual\nx,1\ny,"1\nz,0\n');
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({ detail: expect.any(String), row: expect.any(Number) });
});

test("a CSV without the columns, without rows or without a valid row is refused with a fix", async () => {
  for (const [csv, says] of [
    ["id,truth\nx,1\n", "no column actual"],
    ["id,actual\n", "no row"],
    ["id,actual\nx,1\n", "None of 1 rows"],
  ] as const) {
    const answer = await reportCsv(csv);
    expect([says, answer.status]).toEqual([says, 422]);
    expect(await answer.json()).toMatchObject({
      detail: expect.stringContaining(says),
      fix: expect.any(String),
    });
  }
});

test("a field that cannot be read is reported beside the prediction", async () => {
  const body = String(new URLSearchParams({ version: "1", "f.Sex": "male", "f.Age": "about forty" }));
  const type = "application/x-www-form-urlencoded";
  const headers = { accept: "text/html", "content-type": type, "content-length": String(body.length) };
  const page = await harness.ask("/models/crew/predict", { method: "POST", headers, body });
  expect(await page.text()).toMatch(/&quot;about forty&quot; is not a number and was read as missing/);
});

test('many outcomes make one event per version, and "Try it" does not count as traffic', async () => {
  await harness.signalbox.feedback.stop();
  const before = harness.signalbox.log.lastSeq;
  const { predictions } = await predict(20);
  for (const { id, prediction } of predictions) await tell(id, prediction);
  const { total } = (await harness.json<ModelAnswer>("/api/models/crew")).predictions;
  const form = new URLSearchParams({ version: "1", "f.Sex": "male" });
  const page = await harness.ask("/models/crew/predict", {
    ...{ method: "POST", body: String(form) },
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "content-length": String(String(form).length),
      accept: "text/html",
    },
  });
  expect(page.status).toBe(200);
  await harness.signalbox.feedback.stop();
  await harness.signalbox.serving.stop();
  const events = (await harness.eventsSince(before)).filter(({ type }) => type === "outcome.counted");
  expect(events.length).toBeLessThan(10);
  expect(events.reduce((sum, { data }) => sum + Number(data.outcomes), 0)).toBe(20);
  expect((await harness.json<ModelAnswer>("/api/models/crew")).predictions.total).toBe(total);
});

test("drift is reported by column once there are enough rows", async () => {
  interface Drift {
    predictions: number;
    needed: number;
    columns: {
      column: string;
      verdict: string;
      missing: { isMore: boolean };
      unseen: object;
      sentence: string;
    }[];
  }
  const drift = async () => {
    await harness.signalbox.serving.stop();
    return harness.json<Drift>("/api/models/crew/drift");
  };
  const early = await drift();
  expect(early).toMatchObject({ needed: 200, columns: [] });
  expect(early.predictions).toBeGreaterThan(50);
  const rows = Array.from({ length: 2000 }, (_, i) => ({
    ...{ Sex: i % 100 ? "female" : "unknown", Class: (i % 3) + 1 },
    ...(i % 2 && { Age: 60 + (i % 30) }),
    Fare: 30 + (i % 50),
  }));
  await harness.send("POST", "/api/models/crew/predict", { rows });
  const late = await drift();
  expect(late.predictions).toBe(early.predictions + 2000);
  const by = Object.fromEntries(late.columns.map((column) => [column.column, column]));
  expect(by.Age).toMatchObject({ verdict: "major", missing: { isMore: true } });
  expect(by.Sex).toMatchObject({ unseen: { rows: 20, examples: ["unknown"], isMore: true } });
  expect(by.Sex!.sentence).toContain(
    "20 rows have a value that did not occur in training, such as “unknown”.",
  );
});

test("a predicted CSV contains IDs, and can be sent back with outcomes unchanged", async () => {
  const csv = `Sex,Class,actual\n${Array.from({ length: 150 }, (_, i) => `${i % 2 ? "male" : "female"},${1 + (i % 3)},${i % 2}`).join("\n")}\n`;
  const answer = await harness.ask("/api/models/crew/predict", { method: "PUT", body: csv });
  const text = await answer.text();
  const [header, ...lines] = text.trim().split("\r\n");
  expect(header).toEndWith(",prediction_id,warnings");
  const place = header!.split(",").indexOf("prediction_id");
  expect(new Set(lines.map((line) => line.split(",")[place])).size).toBe(150);
  expect(await (await reportCsv(text)).json()).toMatchObject({ accepted: 150, rejected: 0 });
});

test("the list shows row, prediction and outcome, newest first, page by page", async () => {
  const { predictions } = await predict(3);
  await tell(predictions[2]!.id, "1");
  interface Page {
    items: { id: string; row: object; actual?: string }[];
    next: number;
  }
  const first = await harness.json<Page>("/api/models/crew/predictions?limit=2");
  const second = await harness.json<Page>(`/api/models/crew/predictions?limit=2&cursor=${first.next}`);
  const listed = [...first.items, ...second.items].slice(0, 3);
  expect(listed.map(({ id }) => id)).toEqual(predictions.map(({ id }) => id).reverse());
  expect(listed[0]).toMatchObject({ row: rowsOf(3)[2]!, actual: "1" });
  expect(listed[1]!.actual).toBeUndefined();
});

test("the oldest are deleted first, by age and by size; outcomes by age", async () => {
  const { store } = harness.signalbox;
  const count = async () => (await store.get<{ n: number }>("SELECT count(*) AS n FROM predictions"))!.n;
  const all = await count();
  expect(await trimPredictions(store, { before: 0, keepBytes: 1e9, limit: 1000 })).toBe(0);
  expect(await trimPredictions(store, { before: 0, keepBytes: 5000, limit: 10_000 })).toBeGreaterThan(
    all - 30,
  );
  expect(await count()).toBeGreaterThan(10);
  expect(await trimPredictions(store, { before: Date.now() + 1, keepBytes: 1e9, limit: 5 })).toBe(5);
  expect(await trimOutcomes(store, { before: "0", limit: 1000 })).toBe(0);
  expect(await trimOutcomes(store, { before: "z", limit: 1000 })).toBeGreaterThan(60);
});

test("deleting a dataset deletes the logged rows of its models", async () => {
  const secret = "Ahasver-of-Nowhere";
  const row = { Sex: secret, Class: 1 };
  const [{ id }] = ((await (await harness.send("POST", "/api/models/crew/predict", row)).json()) as Made)
    .predictions as [Made["predictions"][number]];
  expect((await tell(id, "1")).status).toBe(200);
  const { DATA_DIR, DATABASE_URL } = harness.signalbox.config;
  const rows = () =>
    harness.signalbox.store.all("SELECT 1 FROM predictions WHERE cells LIKE $part", { part: `%${secret}%` });
  const isStored = async () =>
    DATABASE_URL
      ? (await rows()).length > 0
      : readdirSync(DATA_DIR)
          .filter((file) => file.startsWith("signalbox.sqlite"))
          .some((file) => readFileSync(join(DATA_DIR, file)).includes(secret));
  expect(await isStored()).toBe(true);
  expect((await harness.ask(`/api/datasets/${datasetId}?now=1`, { method: "DELETE" })).status).toBe(204);
  expect(await isStored()).toBe(false);
  expect((await tell(id, "1")).status).toBe(404);
  expect((await live()).outcomes).toBe(0);
});

test("with logging off nothing is stored and the refusal names the setting; a sample says which rows it left out", async () => {
  const config = harness.signalbox.config;
  config.PREDICTION_LOG = "off";
  const [{ id, logged }] = (await predict(1)).predictions as [Made["predictions"][number]];
  expect(logged).toBe(false);
  expect(await (await tell(id, "1")).json()).toMatchObject({
    status: 404,
    fix: expect.stringContaining("PREDICTION_LOG is off"),
  });
  config.PREDICTION_LOG = "sampled";
  config.PREDICTION_SAMPLE = 0.5;
  const { predictions } = await predict(400);
  const kept = predictions.filter((prediction) => prediction.logged !== false);
  expect(kept.length).toBeGreaterThan(120);
  expect(kept.length).toBeLessThan(280);
  const answers = await Promise.all(predictions.slice(0, 20).map(({ id }) => tell(id, "1")));
  expect(answers.map(({ status }) => status === 200)).toEqual(
    predictions.slice(0, 20).map(({ logged }) => logged !== false),
  );
});
