/** Checks that a saved threshold applies to every prediction, is recorded as an event, and can be reset. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

interface Told {
  predictions: { prediction: string; probabilities: Record<string, number> }[];
}

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const { id } = (await (await harness.upload("crew.csv", passengersCsv(400))).json()) as { id: string };
  const train = { datasetId: id, budgetRounds: 20, name: "crew" };
  await harness.send("POST", "/api/train?wait=1", train);
  await harness.send("POST", "/api/train?wait=1", { ...train, name: "fares", target: "Fare" });
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
}, 60_000);
afterAll(() => harness.close());

const set = (threshold: number | null) =>
  harness.send("PUT", "/api/models/crew/threshold", { version: 1, threshold });
const rows = Array.from({ length: 40 }, (_, i) => ({
  ...{ Sex: i % 2 ? "male" : "female", Class: (i % 3) + 1, Age: (i * 7) % 70, Fare: 20 + i },
}));
const ask = async (body: unknown) =>
  (await (await harness.send("POST", "/api/models/crew/predict", body)).json()) as Told;

test("one row, many rows, a CSV and the exported module use it at once", async () => {
  for (const threshold of [0.97, 0.02]) {
    expect((await set(threshold)).status).toBe(200);
    const { predictions } = await ask({ rows });
    for (const { prediction, probabilities } of predictions)
      expect(prediction).toBe(probabilities["1"]! >= threshold ? "1" : "0");
    const [single] = (await ask(rows[0])).predictions;
    expect(single!.prediction).toBe(predictions[0]!.prediction);
    const csv = ["Sex,Class,Age,Fare", ...rows.map((row) => Object.values(row).join(","))].join("\n");
    const answer = await harness.ask("/api/models/crew/predict", {
      ...{ method: "POST", headers: { "content-type": "text/csv" }, body: csv },
    });
    const lines = (await answer.text()).trim().split("\n");
    const at = lines[0]!.split(",").indexOf("prediction");
    expect(lines.slice(1).map((line) => line.split(",")[at])).toEqual(
      predictions.map(({ prediction }) => prediction),
    );
    const json = await harness.json<{ model: { threshold: number } }>(
      "/api/models/crew/versions/1/download?format=json",
    );
    expect(JSON.stringify(json)).toContain(`"threshold":${threshold}`);
  }
});

test("it is recorded as an event, shown on the model, and can be reset", async () => {
  await set(null);
  const before = harness.signalbox.log.lastSeq;
  await set(0.6);
  const { versions } = (await (await set(0.6)).json()) as {
    versions: { threshold: number; previousThreshold: number | null }[];
  };
  expect(versions[0]).toMatchObject({ threshold: 0.6, previousThreshold: null });
  const events = (await harness.eventsSince(before)).filter(({ type }) => type === "model.thresholdchanged");
  expect(events).toHaveLength(1);
  expect(events[0]!.data).toMatchObject({ model: "crew", version: 1, threshold: 0.6, previous: null });
  const body = "version=1&threshold=";
  const headers = {
    ...{ "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) },
  };
  const answer = await harness.ask("/models/crew/threshold", { method: "POST", headers, body });
  expect(answer.status).toBe(303);
  const model = await harness.json<{ versions: { threshold: number | null }[] }>("/api/models/crew");
  expect(model.versions[0]!.threshold).toBeNull();
});

test("an invalid threshold, an unknown version and a model without two classes are refused", async () => {
  for (const threshold of [1.2, -0.2, "0.5"])
    expect((await set(threshold as number)).status).toBeGreaterThanOrEqual(400);
  const missing = await harness.send("PUT", "/api/models/crew/threshold", { version: 9, threshold: 0.5 });
  expect(missing.status).toBe(404);
  const number = await harness.send("PUT", "/api/models/fares/threshold", { version: 1, threshold: 0.5 });
  expect(number.status).toBe(422);
});

test("after a version is taken offline, nothing predicts until one is deployed", async () => {
  expect((await harness.send("DELETE", "/api/models/crew/live", undefined)).status).toBe(200);
  expect((await harness.send("POST", "/api/models/crew/predict", rows[0])).status).toBe(409);
  expect((await harness.send("DELETE", "/api/models/crew/live", undefined)).status).toBe(409);
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
  expect((await harness.send("POST", "/api/models/crew/predict", rows[0])).status).toBe(200);
});

test("?threshold= is for one request, rows and files alike", async () => {
  await set(null);
  const before = (await ask({ rows })).predictions;
  const path = "/api/models/crew/predict?threshold=0.97";
  const asked = (await (await harness.send("POST", path, { rows })).json()) as Told & { threshold: number };
  expect(asked.threshold).toBe(0.97);
  for (const { prediction, probabilities } of asked.predictions)
    expect(prediction).toBe(probabilities["1"]! >= 0.97 ? "1" : "0");
  const csv = ["Sex,Class,Age,Fare", ...rows.map((row) => Object.values(row).join(","))].join("\n");
  const answer = await harness.ask(path, {
    ...{ method: "POST", headers: { "content-type": "text/csv" }, body: csv },
  });
  const [header, ...lines] = (await answer.text()).trim().split("\n");
  const at = header!.split(",").indexOf("prediction");
  expect(lines.map((line) => line.split(",")[at])).toEqual(asked.predictions.map((one) => one.prediction));
  expect((await ask({ rows })).predictions.map((one) => one.prediction)).toEqual(
    before.map((one) => one.prediction),
  );
  await harness.send("PUT", "/api/models/fares/live", { version: 1 });
  const refused = await harness.send("POST", "/api/models/fares/predict?threshold=0.5", { rows });
  expect(refused.status).toBe(422);
});

test("?log=0 and ?log=1 are off and full", async () => {
  const logged = async (log: string) => {
    const answer = await harness.send("POST", `/api/models/crew/predict?log=${log}`, { rows });
    const { predictions } = (await answer.json()) as { predictions: { id?: string; logged?: boolean }[] };
    return predictions.map(({ id }) => id !== undefined);
  };
  expect(await logged("0")).toEqual(rows.map(() => false));
  expect(await logged("1")).toEqual(rows.map(() => true));
  expect((await harness.send("POST", "/api/models/crew/predict?log=2", { rows })).status).toBe(400);
});
