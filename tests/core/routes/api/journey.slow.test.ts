/** The main job through the API: upload, train, watch, deploy, predict, go back; and which events that fires. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { PanelData } from "../../../../core/routes/data/panel-data.ts";
import { STAGE_NAMES } from "../../../../core/trainer/contract.ts";
import type { RunView } from "../../../../core/training/run-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

interface Uploaded {
  id: string;
  version: number;
  status: string;
  rows: number;
  target: string;
  task: string;
  columns: { name: string; type: string }[];
}

test("a CSV becomes a deployed model that predicts", async () => {
  const before = harness.signalbox.log.lastSeq;
  const answer = await harness.upload("passengers.csv", passengersCsv(400));
  expect(answer.status).toBe(201);
  const dataset = (await answer.json()) as Uploaded;
  expect(dataset).toMatchObject({
    status: "ready",
    version: 1,
    rows: 400,
    target: "Survived",
    task: "binary",
  });
  expect(Object.fromEntries(dataset.columns.map(({ name, type }) => [name, type]))).toMatchObject({
    Id: "id",
    Sex: "category",
    Age: "number",
    Fare: "number",
  });

  const again = await harness.upload("copy.csv", passengersCsv(400));
  expect(again.status).toBe(200);
  expect(((await again.json()) as Uploaded).id).toBe(dataset.id);

  const trained = await harness.send("POST", "/api/train?wait=1", {
    datasetId: dataset.id,
    budgetSeconds: 10,
  });
  expect(trained.status).toBe(200);
  const run = (await trained.json()) as RunView;
  expect(run.error).toBeNull();
  expect(run.status).toBe("finished");
  expect(run.stages.map(({ name, status, progress }) => [name, status, progress])).toEqual(
    STAGE_NAMES.map((name) => [name, "finished", 1]),
  );
  expect(run.candidates.length).toBeGreaterThanOrEqual(3);
  expect(new Set(run.candidates.map(({ family }) => family))).toContain("baseline");
  expect(run.metrics!.roc_auc!).toBeGreaterThan(0.8);
  expect(run.beatsBaseline).toBe(true);
  expect(run).toMatchObject({ modelName: "passengers", version: 1 });

  const early = await harness.send("POST", "/api/models/passengers/predict", { Sex: "female" });
  expect(early.status).toBe(409);
  expect(await early.json()).toMatchObject({ status: 409, fix: expect.stringContaining("?version=") });

  const deployed = await harness.send("PUT", "/api/models/passengers/live", { version: 1 });
  expect(await deployed.json()).toMatchObject({ name: "passengers", liveVersion: 1 });

  const rows = [
    { Sex: "female", Class: 1, Age: 30, Fare: 90 },
    { Fare: "20", Age: null, Sex: "male", Class: "3" },
    { Sex: "a sex never seen", Age: "old", Ship: "unknown column" },
  ];
  const predicted = await harness.send("POST", "/api/models/passengers/predict?explain=1", { rows });
  expect(predicted.status).toBe(200);
  const { predictions, version, warnings } = (await predicted.json()) as {
    version: number;
    predictions: {
      id: string;
      prediction: string;
      probabilities: Record<string, number>;
      contributions: Record<string, number>;
    }[];
    warnings: { row: number; column: string }[];
  };
  expect(version).toBe(1);
  expect(predictions.map(({ prediction }) => prediction).slice(0, 2)).toEqual(["1", "0"]);
  for (const { probabilities, contributions } of predictions) {
    expect(Object.keys(probabilities).sort()).toEqual(["0", "1"]);
    expect(probabilities["0"]! + probabilities["1"]!).toBeCloseTo(1, 9);
    expect(Object.keys(contributions)).toContain("Sex");
  }
  expect(new Set(predictions.map(({ id }) => id)).size).toBe(3);
  expect(warnings.map(({ row, column }) => [row, column])).toEqual(
    expect.arrayContaining([
      [2, "Age"],
      [2, "Ship"],
    ]),
  );

  const events = await harness.eventsSince(before);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => before + 1 + i));
  const types = new Set(events.map(({ type }) => type));
  for (const type of [
    "dataset.uploaded",
    "run.queued",
    "run.started",
    "round.finished",
    "candidate.scored",
  ] as const) {
    expect(types).toContain(type);
  }
  expect(events.filter(({ type }) => type === "stage.finished")).toHaveLength(8);
  expect(events.filter(({ type }) => type === "model.deployed")).toHaveLength(1);
  expect(types).not.toContain("run.failed");

  const metrics = await harness.json<PanelData["run"]>(`/panels/run.json?of=${run.id}`);
  expect(metrics!.verdict).toBe(run.verdict);
}, 60_000);

test("a CSV of any dialect is predicted row by row, and the result is safe for spreadsheets", async () => {
  const csv = "Sex;Class;Age;Note\nfemale;1;30;=1+1\nmale;3;;plain\n";
  const answer = await harness.ask("/api/models/passengers/predict", { method: "PUT", body: csv });
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  const lines = (await answer.text()).trim().split("\r\n");
  expect(lines[0]).toMatch(
    /^Sex,Class,Age,Note,prediction,probability_0,probability_1,(threshold,)?prediction_id,warnings$/,
  );
  expect(lines[1]).toStartWith("female,1,30,'=1+1,1,0.");
  expect(lines[2]).toStartWith("male,3,,plain,0,0.");
  const refused = await harness.ask("/api/models/passengers/predict", {
    method: "PUT",
    body: "x,y\n1,2\n3,4\n",
  });
  expect(refused.status).toBe(422);
});

test("versions count up, rolling back is a deployment, a live version stays", async () => {
  const { items } = await harness.json<{ items: { id: string }[] }>("/api/datasets");
  const second = await harness.send("POST", "/api/train?wait=1", {
    datasetId: items[0]!.id,
    budgetSeconds: 3,
    seed: 5,
  });
  expect(((await second.json()) as RunView).version).toBe(2);
  await harness.send("PUT", "/api/models/passengers/live", { version: 2 });
  const before = harness.signalbox.log.lastSeq;
  const back = await harness.send("PUT", "/api/models/passengers/live", { version: 1 });
  expect(await back.json()).toMatchObject({ liveVersion: 1 });
  expect((await harness.eventsSince(before)).map(({ type, data }) => [type, data.version])).toEqual([
    ["model.rolledback", 1],
  ]);
  expect((await harness.ask("/api/models/passengers/versions/1", { method: "DELETE" })).status).toBe(409);
  expect((await harness.ask("/api/models/passengers/versions/2", { method: "DELETE" })).status).toBe(204);
  expect((await harness.ask("/api/models/passengers/versions/2")).status).toBe(404);
}, 60_000);

test("one curl command prints each step, the verdict, and a predict command that works", async () => {
  const body = passengersCsv(300, 2);
  const answer = await harness.ask("/api/train/crew.csv?target=Survived&budgetSeconds=3", {
    method: "PUT",
    headers: { accept: "*/*" },
    body,
  });
  expect(answer.status).toBe(200);
  const text = await answer.text();
  for (const name of STAGE_NAMES) expect(text).toContain(`${name} ✓`);
  expect(text).toContain("http://127.0.0.1:8000/models/crew");
  const command = /^Predict: (.*)$/m.exec(text)![1]!;
  const [, json, url] = /-d '(.*)' '(.*)'$/.exec(command)!;
  expect(url).toContain("?version=1");
  const predicted = await harness.ask(new URL(url!).pathname + new URL(url!).search, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: json!.replaceAll(`'\\''`, "'"),
  });
  expect(predicted.status).toBe(200);
  expect(((await predicted.json()) as { predictions: unknown[] }).predictions).toHaveLength(1);

  // The same bytes under another name: the model gets the name of this request.
  const renamed = await harness.ask("/api/train/sailors.csv?target=Survived&budgetRounds=1", {
    method: "PUT",
    headers: { accept: "application/json" },
    body,
  });
  expect(await renamed.json()).toMatchObject({ status: "finished", modelName: "sailors", version: 1 });
}, 60_000);

test("two trainings queue in order, one is cancelled, one is stopped and kept", async () => {
  const dataset = (await (await harness.upload("big.csv", passengersCsv(4000, 3))).json()) as Uploaded;
  const start = async (budgetSeconds: number) =>
    (await (
      await harness.send("POST", "/api/train", { datasetId: dataset.id, budgetSeconds })
    ).json()) as RunView;
  const first = await start(60);
  const second = await start(60);
  const third = await start(5);
  expect([first.status, second.status, third.status].slice(1)).toEqual(["queued", "queued"]);
  const scored = Promise.withResolvers<void>();
  const unsubscribe = harness.signalbox.log.observe((type, data) => {
    if (type === "candidate.scored" && (data as { runId: string }).runId === first.id) scored.resolve();
  });
  await scored.promise;
  unsubscribe();
  expect((await harness.ask(`/api/runs/${second.id}`, { method: "DELETE" })).status).toBe(202);
  expect((await harness.ask(`/api/runs/${first.id}/stop`, { method: "POST" })).status).toBe(202);
  expect((await harness.signalbox.runs.ended(first.id)).status).toBe("finished");
  expect((await harness.signalbox.runs.ended(second.id)).status).toBe("cancelled");
  expect((await harness.signalbox.runs.ended(third.id)).status).toBe("finished");
}, 120_000);

test("the model page's form takes a CSV and saves it with the predictions; a foreign one gets a page with the reason", async () => {
  const send = (csv: string, complete = "0") => {
    const body = new FormData();
    body.append("file", new File([csv], "rows.csv", { type: "text/csv" }));
    return harness.ask(`/models/passengers/predict-csv?version=1&complete=${complete}`, {
      method: "POST",
      body,
      headers: { accept: "text/html" },
    });
  };
  const saved = await send("Sex,Age\nfemale,30\nmale,40\n");
  expect(saved.headers.get("content-disposition")).toBe('attachment; filename="passengers-predictions.csv"');
  const lines = (await saved.text()).trim().split("\n");
  expect(lines[0]).toStartWith("Sex,Age,prediction");
  expect(lines).toHaveLength(3);
  const refused = await send("a,b\n1,2\n");
  expect(refused.status).toBe(422);
  expect(await refused.text()).toContain("The header has no column of this model: a, b");
  const lacking = await send("Sex,Age\nfemale,30\n", "1");
  expect(lacking.status).toBe(409);
  const page = await lacking.text();
  expect(page).toContain("The file has no columns “Class”, “Fare”");
  expect(page).toContain('<form id="batch"');
  expect(page).toContain("complete=0");
});
