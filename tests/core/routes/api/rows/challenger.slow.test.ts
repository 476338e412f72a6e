/**
 * Checks that a challenger predicts the same rows unseen, is compared on outcomes, and that alerts reach activity
 * and page.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { MonitoringView } from "../../../../../core/routes/data/monitoring-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../harness/app.ts";

let harness: Harness;
const train = (datasetId: string, exclude: string[]) =>
  harness.send("POST", "/api/train?wait=1", { datasetId, budgetRounds: 20, name: "crew", exclude });
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(400))).json()) as { id: string };
  // The first knows little, the second all that there is.
  await train(dataset.id, ["Sex", "Class"]);
  await train(dataset.id, []);
}, 30_000);
afterAll(() => harness.close());

const put = (version: number | null) => harness.send("PUT", "/api/models/crew/challenger", { version });
const rows = Array.from({ length: 300 }, (_, i) => ({
  ...{ Sex: i % 2 ? "male" : "female", Class: (i % 3) + 1, Age: (i * 7) % 70, Fare: 20 + (i % 60) },
}));
const truth = ({ Sex, Class }: (typeof rows)[number]) => (Sex === "female" && Class < 3 ? "1" : "0");
const watch = () => harness.json<MonitoringView>("/panels/watch.json?of=crew");

test("a challenger needs a live version, another one, and stored predictions", async () => {
  expect((await put(2)).status).toBe(409);
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
  expect((await put(1)).status).toBe(409);
  expect((await put(9)).status).toBe(404);
  harness.signalbox.config.PREDICTION_LOG = "off";
  expect(await (await put(2)).json()).toMatchObject({
    status: 409,
    fix: expect.stringContaining("PREDICTION_LOG"),
  });
  harness.signalbox.config.PREDICTION_LOG = "full";
});

test("its predictions are stored, never returned, compared on outcomes, and the better one is reported", async () => {
  const before = harness.signalbox.log.lastSeq;
  expect(await (await put(2)).json()).toMatchObject({
    challenge: { version: 2, liveVersion: 1, compared: 0 },
  });
  const answer = await harness.send("POST", "/api/models/crew/predict", { rows });
  const made = (await answer.json()) as { version: number; predictions: { id: string }[] };
  expect(made.version).toBe(1);
  expect(Object.keys(made.predictions[0]!)).toEqual(
    expect.arrayContaining(["id", "prediction", "probabilities"]),
  );
  await harness.send("POST", "/api/models/crew/predict?version=2", { rows: rows.slice(0, 5) });
  await harness.signalbox.challenger.settled();
  const lines = made.predictions.map(({ id }, i) => `${id},${truth(rows[i]!)}`);
  await harness.ask("/api/predictions/actuals", {
    ...{ method: "POST", headers: { "content-type": "text/csv" }, body: ["id,actual", ...lines].join("\n") },
  });
  const { challenge, live } = await watch();
  expect(challenge).toMatchObject({ answered: 300, skipped: 0, compared: 300, verdict: "better" });
  expect(challenge!.sentence).toContain("Version 2 is better than version 1, by more than chance");
  expect(challenge!.msPerRow).toBeGreaterThan(0);
  expect(live.figures[0]).toMatchObject({ metric: "accuracy" });

  await harness.signalbox.feedback.stop();
  const events = (await harness.eventsSince(before)).filter(({ type }) => /^(challenger|alert)\./.test(type));
  expect(events.map(({ type, data }) => [type, data.code ?? data.version])).toEqual(
    expect.arrayContaining([
      ["challenger.started", 2],
      ["alert.raised", "challenger"],
      ["alert.raised", "drift"],
    ]),
  );
  const html = await (await harness.ask("/models/crew", { headers: { accept: "text/html" } })).text();
  for (const words of ["Live accuracy", "Deploy version 2", "End comparison", "silhouette-live"])
    expect(html).toContain(words);
});

test("deploying the challenger ends the comparison and its alert, and so does stopping it", async () => {
  const before = harness.signalbox.log.lastSeq;
  await harness.send("PUT", "/api/models/crew/live", { version: 2 });
  expect((await watch()).challenge).toBeNull();
  expect((await watch()).candidates).toEqual([1]);
  await put(1);
  expect((await put(null)).status).toBe(200);
  const types: string[] = (await harness.eventsSince(before)).map(({ type }) => type);
  expect(types).toEqual([
    ...[
      "model.deployed",
      "challenger.ended",
      "alert.resolved",
      "alert.resolved",
      "challenger.started",
      "challenger.ended",
    ],
  ]);
});

test("metrics that fall clearly below training raise one alert, which is resolved when they recover", async () => {
  const tell = async (wrong: boolean) => {
    const { predictions } = (await (
      await harness.send("POST", "/api/models/crew/predict", { rows: rows.slice(0, 100) })
    ).json()) as { predictions: { id: string; prediction: string }[] };
    const lines = predictions.map(
      ({ id, prediction }) => `${id},${wrong ? 1 - Number(prediction) : prediction}`,
    );
    await harness.ask("/api/predictions/actuals", {
      ...{
        method: "POST",
        headers: { "content-type": "text/csv" },
        body: ["id,actual", ...lines].join("\n"),
      },
    });
    await harness.signalbox.feedback.stop();
  };
  const alerts = async () =>
    (await harness.json<{ items: { code: string }[] }>("/api/alerts")).items.map(({ code }) => code);
  await tell(true);
  expect(await alerts()).toContain("live-figures");
  for (let time = 0; time < 20; time++) await tell(false);
  expect(await alerts()).not.toContain("live-figures");
}, 20_000);
