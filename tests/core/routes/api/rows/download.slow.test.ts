/** Checks that a downloaded model predicts as the server does, in every format that can hold it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { exportModel } from "../../../../../core/models/exports/export.ts";
import { readModel, writeModel } from "../../../../../core/trainer/model/model-file.ts";
import { type Harness, openHarness, passengersCsv, seeded } from "../../../../harness/app.ts";
import { predictText, readLightgbm } from "../../../trainer/model/exports/lightgbm-text.ts";

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

test("the module predicts 200 rows to the bit as the server, and its own check passes", async () => {
  const answer = await take("mjs");
  expect(answer.headers.get("content-disposition")).toContain("crew-v1.mjs");
  const path = join(harness.signalbox.config.DATA_DIR, "model.mjs");
  await Bun.write(path, await answer.text());
  const module = (await import(path)) as {
    predict: (rows: unknown[]) => { prediction: string; probabilities: Record<string, number> }[];
    selfTest: () => { rows: number; right: number };
  };
  const served = await harness.send("POST", "/api/models/crew/predict?version=1", { rows: ROWS });
  const { predictions } = (await served.json()) as {
    predictions: { prediction: string; probabilities: object }[];
  };
  const own = module.predict(ROWS);
  expect(own.map(({ prediction, probabilities }) => ({ prediction, probabilities }))).toEqual(
    predictions.map(({ prediction, probabilities }) => ({ prediction, probabilities }) as never),
  );
  expect(module.selfTest()).toEqual({ rows: 100, right: 100 });
});

test("the exported page holds the module and a field per column, and makes no request", async () => {
  const html = await (await take("html")).text();
  for (const column of ["Sex", "Class", "Age", "Fare"]) expect(html).toContain(`data-column="${column}"`);
  expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
});

test("LightGBM's text has a test of the trees in its header", async () => {
  // Only trees can tell these two apart.
  const random = seeded(8);
  const lines = Array.from({ length: 600 }, () => {
    const [a, b] = [random(), random()];
    return `${a.toFixed(3)},${b.toFixed(3)},${["red", "blue"][Math.floor(3 * random())] ?? ""},${a > 0.5 !== b > 0.5}`;
  });
  const upload = await harness.upload("chess.csv", ["A,B,Colour,Same", ...lines].join("\n"));
  const { id } = (await upload.json()) as { id: string };
  await harness.send("POST", "/api/train?wait=1", { datasetId: id, target: "Same", budgetRounds: 60 });
  const { models } = harness.signalbox;
  const version = await models.findVersion("chess", 1);
  const model = readModel(await models.read(version));
  const part = model.parts.find(({ members }) => members.some(({ kind }) => kind === "boosting"))!;
  const member = part.members.find(({ kind }) => kind === "boosting")!;
  const alone = { ...model, calibration: null, parts: [{ ...part, weight: 1, members: [member] }] };
  const bytes = writeModel(alone);
  const { body: text } = exportModel(bytes, version, "lightgbm");
  const test = JSON.parse(/^self_test=(.*)$/m.exec(String(text))![1]!) as {
    rows: (number | null)[][];
    predictions: [number, number][];
  };
  expect(test.rows).toHaveLength(100);
  const trees = readLightgbm(String(text));
  for (const [i, row] of test.rows.entries()) {
    const [margin] = predictText(
      trees,
      row.map((value) => value ?? Number.NaN),
    );
    expect(1 / (1 + Math.exp(-margin!))).toBeCloseTo(test.predictions[i]![1], 12);
  }
}, 30_000);

test("an ONNX graph has one input per column and contains rows with their predictions", async () => {
  const onnx = new Uint8Array(await (await take("onnx")).arrayBuffer());
  const held = /\{"inputs":.*?\]\]\}/s.exec(Buffer.from(onnx).toString())![0];
  const test = JSON.parse(held) as {
    inputs: Record<string, (string | number | null)[]>;
    label: string[];
    probabilities: number[][];
  };
  expect(Object.keys(test.inputs).sort()).toEqual(["Age", "Class", "Fare", "Sex"]);
  const rows = test.label.map((_, i) =>
    Object.fromEntries(Object.entries(test.inputs).map(([name, cells]) => [name, cells[i]])),
  );
  const served = await harness.send("POST", "/api/models/crew/predict?version=1", { rows });
  const { predictions } = (await served.json()) as {
    predictions: { prediction: string; probabilities: Record<string, number> }[];
  };
  expect(predictions.map(({ prediction }) => prediction)).toEqual(test.label);
  expect(predictions.map(({ probabilities }) => Object.values(probabilities))).toEqual(test.probabilities);
});

const hasOnnxRuntime =
  Bun.which("python3") !== null &&
  Bun.spawnSync(["python3", "-c", "import onnxruntime, numpy"]).exitCode === 0;

// If it is not installed, the walk over the graph's trees in exports.slow.test.ts replaces it.
if (hasOnnxRuntime) {
  test("ONNX Runtime predicts the same as the server", async () => {
    const folder = harness.signalbox.config.DATA_DIR;
    const csv = await harness.ask("/api/models/crew/predict?version=1", {
      method: "POST",
      headers: { "content-type": "text/csv", accept: "*/*" },
      body: passengersCsv(500, 9),
    });
    await Bun.write(join(folder, "crew.csv"), await csv.text());
    await Bun.write(join(folder, "crew.onnx"), await (await take("onnx")).arrayBuffer());
    const peer = join(import.meta.dir, "../../../../bench/exports_peer.py");
    const child = Bun.spawn(["python3", peer, folder, "crew.onnx"], { stderr: "pipe" });
    const told = await new Response(child.stdout).text();
    expect(await child.exited, await new Response(child.stderr).text()).toBe(0);
    const { gap, labels, own } = JSON.parse(told) as Record<string, number>;
    expect({ labels, isClose: Math.max(gap!, own!) < 1e-6 }).toEqual({ labels: 500, isClose: true });
  }, 60_000);
}

test("JSON holds the whole model; what LightGBM or ONNX cannot hold is refused with the reason", async () => {
  const model = (await (await take("json")).json()) as {
    target: string;
    selfTest: { rows: object[]; answers: { prediction: string; probabilities: object }[] };
  };
  expect(model.target).toBe("Survived");
  expect(model.selfTest.rows).toHaveLength(100);
  const served = await harness.send("POST", "/api/models/crew/predict?version=1", {
    rows: model.selfTest.rows,
  });
  const { predictions } = (await served.json()) as {
    predictions: { prediction: string; probabilities: object }[];
  };
  const plain = ({ prediction, probabilities }: (typeof predictions)[number]) => ({
    prediction,
    probabilities,
  });
  expect(predictions.map(plain)).toEqual(model.selfTest.answers.map(plain));
  const answer = await take("lightgbm");
  if (answer.status === 200) expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(1000);
  else expect(await answer.json()).toMatchObject({ status: 422, detail: expect.stringContaining("because") });
  expect((await take("pmml")).status).toBe(400);
});
