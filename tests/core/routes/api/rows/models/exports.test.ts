/** What an expert takes away of a version over HTTP: predictions, folds, charts, the archive, MLflow and a notebook. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { parquetReadObjects } from "hyparquet";
import { unpackTar } from "modern-tar";
import { findEvaluation } from "../../../../../../core/store/models.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../../harness/app.ts";

const ROWS = 400;
const PATH = "/api/models/crew/versions/1";
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(ROWS))).json()) as { id: string };
  await harness.send("POST", "/api/train?wait=1", { datasetId: dataset.id, budgetRounds: 40, name: "crew" });
}, 60_000);
afterAll(() => harness.close());

/** As a browser or curl requests it. */
const take = (path: string, headers: Record<string, string> = {}) =>
  harness.ask(path, { headers: { accept: "*/*", ...headers } });

type Row = Record<string, string | number | null>;

async function ndjson(path: string): Promise<Row[]> {
  const answer = await take(path);
  expect(answer.status).toBe(200);
  return (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
}

test("every row has a prediction by a model that had not seen it, and the metrics follow from them", async () => {
  const rows = await ndjson(`${PATH}/predictions?format=ndjson`);
  expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: ROWS }, (_, row) => row + 1));
  const tested = rows.filter(({ part }) => part === "test");
  expect(tested).toHaveLength(80);
  expect(tested.every(({ fold }) => fold === null)).toBe(true);
  const { result } = await harness.json<{ result: { metrics: Record<string, number> } }>(PATH);
  const right = tested.filter(({ actual, prediction }) => actual === prediction).length;
  expect(right / tested.length).toBeCloseTo(result.metrics.accuracy!, 12);
  const loss = tested.reduce((sum, row) => sum - Math.log(Number(row[`probability_${row.actual}`])), 0);
  expect(loss / tested.length).toBeCloseTo(result.metrics.log_loss!, 12);
});

test("values=1 adds what training read, row by row", async () => {
  const [header, ...lines] = passengersCsv(ROWS).trim().split("\n");
  const names = header!.split(",");
  const rows = await ndjson(`${PATH}/predictions?part=test&values=1&format=ndjson`);
  for (const row of rows) {
    const cells = lines[Number(row.row) - 1]!.split(",");
    expect(String(row.Sex ?? "")).toBe(cells[names.indexOf("Sex")]!);
    expect(Number(row.Fare)).toBe(Number(cells[names.indexOf("Fare")]));
  }
});

test("the folds hold each training row out once", async () => {
  const text = await (await take(`${PATH}/folds`)).text();
  const rows = text.trim().split("\r\n").slice(1);
  expect(rows).toHaveLength(ROWS);
  const folds = rows.filter((line) => line.includes("train")).map((line) => Number(line.split(",")[2]));
  expect(folds).toHaveLength(320);
  expect(Math.min(...folds)).toBe(1);
  const largest = Math.max(...folds);
  for (let fold = 1; fold <= largest; fold++)
    expect(Math.abs(folds.filter((own) => own === fold).length - 320 / largest)).toBeLessThan(25);
});

test("predictions come as Parquet too", async () => {
  const file = await (await take(`${PATH}/predictions?format=parquet&part=test`)).arrayBuffer();
  const rows = await parquetReadObjects({ file });
  expect(rows).toHaveLength(80);
  expect(Object.keys(rows[0]!)).toContain("prediction");
});

test("each chart is an SVG, a PNG and the table that it draws", async () => {
  const { items } = await harness.json<{ items: { name: string; svg: string; csv: string }[] }>(
    `${PATH}/charts`,
  );
  const names = items.map(({ name }) => name);
  const wanted = ["confusion", "roc", "calibration", "importance", "shap-summary", "ale-Age", "data-curve"];
  for (const name of [...wanted, "shap-Age", "dependence-Sex", "leaderboard"]) expect(names).toContain(name);
  for (const name of names) {
    const at = `${PATH}/charts/${encodeURIComponent(name)}`;
    const svg = await (await take(`${at}?format=svg&theme=dark`)).text();
    expect(svg).toStartWith("<svg xmlns=");
    expect(svg).not.toContain("NaN");
    const lines = (await (await take(`${at}?format=csv`)).text()).trim().split("\r\n");
    expect(lines.length).toBeGreaterThan(1);
  }
  const png = await take(`${PATH}/charts/importance?format=png`);
  expect(png.headers.get("content-type")).toBe("image/png");
  expect(
    Buffer.from(await png.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe("PNG");
  expect((await take(`${PATH}/charts/none`)).status).toBe(404);
});

test("a version whose run had no time for SHAP is explained when its charts are first requested", async () => {
  const { store } = harness.signalbox;
  const evaluation = await findEvaluation(store, "crew", 1);
  const during = await harness.json<{ labels: string[] }>(`${PATH}/charts/shap-summary?format=json`);
  const { contributions: _, ...without } = evaluation;
  const put = (json: unknown) =>
    store.run("UPDATE model_versions SET evaluation = $json WHERE name = 'crew' AND version = 1", {
      json: JSON.stringify(json),
    });
  await put(without);
  const { items } = await harness.json<{ items: { name: string }[] }>(`${PATH}/charts`);
  expect(items.map(({ name }) => name)).toContain("shap-Age");
  const late = await harness.json<{ labels: string[]; sentence: string }>(
    `${PATH}/charts/shap-summary?format=json`,
  );
  expect(late.sentence).toContain("80 test rows");
  expect([...late.labels].sort()).toEqual([...during.labels].sort());
  const page = await (await take("/models/crew", { accept: "text/html" })).text();
  expect(page).toContain("The run had no time left for it.");
  await put(evaluation);
});

test("the leaderboard has a line for each candidate", async () => {
  const { items } = await harness.json<{ items: { id: string; candidates: unknown[] }[] }>("/api/runs");
  const { id, candidates } = items[0]!;
  const text = await (await take(`/api/runs/${id}/leaderboard?format=csv`)).text();
  expect(text.trim().split("\r\n")).toHaveLength(candidates.length + 1);
  const { items: same } = await harness.json<{ items: unknown[] }>(`/api/runs/${id}/leaderboard`);
  expect(same).toEqual(candidates);
});

const unpacked = async (path: string) => {
  const entries = await unpackTar(new Uint8Array(await (await take(path)).arrayBuffer()));
  return new Map(entries.map(({ header, data }) => [header.name, data ?? new Uint8Array(0)]));
};

test("the archive holds the run as a folder that tar opens", async () => {
  const files = await unpacked(`${PATH}/archive`);
  for (const name of ["settings.json", "metrics.json", "predictions.csv", "folds.csv", "model/model.mjs"])
    expect(files.get(`crew-v1/${name}`)!.length).toBeGreaterThan(0);
  const predictions = await (await take(`${PATH}/predictions`)).text();
  expect(new TextDecoder().decode(files.get("crew-v1/predictions.csv"))).toBe(predictions);
  expect([...files.keys()]).toContain("crew-v1/charts/roc.svg");
});

test("the MLflow folder names its flavour, its loader and its columns", async () => {
  const files = await unpacked(`${PATH}/download?format=mlflow`);
  const record = new TextDecoder().decode(files.get("crew-v1/MLmodel"));
  expect(record).toContain("  onnx:\n");
  expect(record).toContain("loader_module: signalbox_onnx");
  const inputs = JSON.parse(JSON.parse(/inputs: (".*")/.exec(record)![1]!) as string) as { name: string }[];
  expect(inputs.map(({ name }) => name).sort()).toEqual(["Age", "Class", "Fare", "Sex"]);
});

test("the notebook is one that Jupyter reads, about this version", async () => {
  const notebook = await harness.json<{ nbformat: number; cells: { source: string }[] }>(
    `${PATH}/download?format=ipynb`,
  );
  expect(notebook.nbformat).toBe(4);
  expect(notebook.cells[1]!.source).toContain(`${PATH}`);
});

test("a version trained before predictions were stored says so", async () => {
  const { runId } = await harness.signalbox.models.findVersion("crew", 1);
  const file = `${harness.folder}/models/${runId}.rows`;
  const bytes = await Bun.file(file).bytes();
  await Bun.file(file).delete();
  const answer = await take(`${PATH}/predictions`);
  expect(answer.status).toBe(409);
  expect(((await answer.json()) as { fix: string }).fix).toContain("Train again");
  expect([...(await unpacked(`${PATH}/archive`)).keys()]).not.toContain("crew-v1/predictions.csv");
  await Bun.write(file, bytes);
});

test("the page links every export", async () => {
  const html = await (await take("/models/crew", { accept: "text/html" })).text();
  for (const path of ["/archive", "/predictions", "/folds", "/download?format=ipynb", "/charts/shap-summary"])
    expect(html).toContain(`${PATH}${path}`);
  expect(html).toContain("Would more data help?");
});

interface Lead {
  name: string;
  metrics: Record<string, number>;
  schema: { features: unknown[] };
  card: string;
}

test("list, model and version lead with metrics, schema and card", async () => {
  const version = await harness.json<Record<string, unknown>>("/api/models/crew/versions/1");
  expect(version).toMatchObject({ positiveClass: "1", findings: expect.any(Array) });
  expect(version.readings).toBeDefined();
  expect(version.cost).toBeGreaterThan(0);
  const answers = ["/api/models/crew", "/api/models/crew/versions/1"].map((path) => harness.json<Lead>(path));
  const listed = (await harness.json<{ items: Lead[] }>("/api/models")).items;
  for (const lead of [...(await Promise.all(answers)), listed.find(({ name }) => name === "crew")!]) {
    expect(Object.keys(lead.metrics)).toContain("roc_auc");
    expect(lead.schema.features.length).toBeGreaterThan(0);
    expect(lead.card).toStartWith("# crew version 1");
  }
});
