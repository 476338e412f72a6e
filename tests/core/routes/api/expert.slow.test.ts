/** What an expert sets, as a user's story: by API, by curl's upload and by the page's form; carried on, compared, refused. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { EXPERT_NAMES, EXPERT_SETTINGS } from "../../../../core/training/options/expert.ts";
import type { RunView } from "../../../../core/training/run-view.ts";
import { type Harness, openHarness, seeded } from "../../../harness/app.ts";

const ROWS = 360;
let harness: Harness;
let [learned, tested] = ["", ""];

/** Who leaves: rises with the price, falls with the years; weights, groups and marks beside it. */
function customersCsv(rows: number, seed: number): string {
  const random = seeded(seed);
  const lines = ["price,years,region,firm,weight,part,left"];
  for (let row = 0; row < rows; row++) {
    const [price, years] = [Math.round(10 + 90 * random()), Math.round(10 * random())];
    const left = price / 50 - years / 5 + random() - 0.5 > 0 ? "yes" : "no";
    const region = ["north", "south", "east"][row % 3];
    const part = random() < 0.25 ? "test" : "train";
    lines.push(`${price},${years},${region},firm ${row % 40},${1 + (row % 4)},${part},${left}`);
  }
  return `${lines.join("\n")}\n`;
}

beforeAll(async () => {
  harness = await openHarness();
  const upload = async (name: string, csv: string) =>
    ((await (await harness.upload(name, csv)).json()) as { id: string }).id;
  learned = await upload("customers.csv", customersCsv(ROWS, 1));
  tested = await upload("later.csv", customersCsv(90, 2));
}, 60_000);
afterAll(() => harness.close());

async function train(asked: Record<string, unknown>): Promise<RunView> {
  const answer = await harness.send("POST", "/api/train?wait=1", {
    ...{ datasetId: learned, target: "left", budgetRounds: 30, name: "leavers" },
    ...asked,
  });
  expect(answer.status).toBe(200);
  const run = (await answer.json()) as RunView;
  expect(run.error).toBeNull();
  return run;
}

/** The run that is queued next after an event of the log. */
async function queuedAfter(seq: number): Promise<string> {
  const endsAt = Date.now() + 30_000;
  for (;;) {
    const queued = (await harness.eventsSince(seq)).find(({ type }) => type === "run.queued");
    if (queued) return String(queued.data.runId);
    if (Date.now() > endsAt) throw new Error("No run was queued in time.");
    await Bun.sleep(50);
  }
}

const families = ({ candidates }: RunView) => [...new Set(candidates.map(({ family }) => family))].sort();
const rowsOf = async (run: RunView, part: string) => {
  const path = `/api/models/${run.modelName}/versions/${run.version}/predictions?format=ndjson&part=${part}`;
  const text = await (await harness.ask(path)).text();
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { row: number });
};

describe("a run with expert settings", () => {
  test("stores each of them, and another run starts from them with one changed", async () => {
    const asked = {
      weights: "weight",
      classWeights: { yes: 3, no: 1 },
      monotone: { price: 1, years: -1 },
      testColumn: "part",
      groups: "firm",
      stratify: "region",
      folds: 3,
      learners: ["boosting"],
      parameters: { boosting: { learning_rate: 0.2, num_leaves: 5 } },
      text: "exclude",
      dates: "elapsed",
      maxMicroseconds: 5000,
    };
    const first = await train(asked);
    expect(first.options).toMatchObject({ ...asked, split: "group", splitColumn: "firm" });
    expect(families(first)).toEqual(["baseline", "boosting"]);
    const again = await harness.send("POST", "/api/train?wait=1", { fromRun: first.id, folds: 4 });
    const second = (await again.json()) as RunView;
    expect(second.error).toBeNull();
    expect(second.options).toEqual({ ...first.options, folds: 4 });
    const { settings } = await harness.json<{
      settings: { name: string; values: string[]; differs: boolean }[];
    }>(`/api/compare?runs=${first.id},${second.id}`);
    expect(settings.filter(({ differs }) => differs).map(({ name }) => name)).toEqual(["folds"]);
    expect(settings.find(({ name }) => name === "weights")?.values).toEqual(["weight", "weight"]);
    const html = async (path: string) =>
      (await harness.ask(path, { headers: { accept: "text/html" } })).text();
    const page = await html(`/runs/${first.id}`);
    expect(page).toContain(EXPERT_SETTINGS.classWeights.label);
    expect(page).toContain("yes = 3, no = 1");
    expect(page).toContain("rows that part marks");
    expect(await html(`/compare?runs=${first.id},${second.id}`)).toContain(EXPERT_SETTINGS.folds.label);
  }, 60_000);

  test("a run on another target starts without the first one's class settings", async () => {
    const first = await train({ classWeights: "balanced", monotone: { years: -1 }, folds: 3 });
    const again = await harness.send("POST", "/api/train?wait=1", { fromRun: first.id, target: "price" });
    const { options, error } = (await again.json()) as RunView;
    expect(error).toBeNull();
    expect(options).toMatchObject({ target: "price", folds: 3 });
    expect(options.classWeights ?? options.monotone).toBeUndefined();
  }, 60_000);

  test("is retrained by a schedule with the same settings", async () => {
    const first = await train({
      ...{ name: "nightly", weights: "weight", classWeights: { yes: 2 }, testDatasetId: tested },
      ...{ groups: "firm", learners: ["linear"], parameters: { linear: { alpha: 3 } }, exclude: ["part"] },
    });
    const made = await harness.send("POST", "/api/schedules", {
      ...{ name: "nightly", action: "retrain", model: "nightly", cron: "0 0 1 1 *" },
    });
    expect(made.status).toBe(201);
    const { id } = (await made.json()) as { id: string };
    const { lastSeq } = harness.signalbox.log;
    expect((await harness.send("POST", `/api/schedules/${id}/run`, {})).ok).toBe(true);
    const queued = await queuedAfter(lastSeq);
    const again = await harness.signalbox.runs.ended(queued);
    expect(again.error).toBeNull();
    expect(again.id).not.toBe(first.id);
    const { options } = await harness.json<RunView>(`/api/runs/${queued}`);
    expect(options).toEqual(first.options);
  }, 60_000);

  test("shows the cost of a prediction, and so does its version", async () => {
    const run = await train({ learners: ["linear"] });
    expect(run.cost!).toBeGreaterThan(0);
    const { result } = await harness.json<{ result: { cost: number } }>(
      `/api/models/${run.modelName}/versions/${run.version}`,
    );
    expect(result.cost).toBe(run.cost!);
  }, 60_000);
});

describe("a separate test set", () => {
  test("tests exactly the marked rows", async () => {
    const run = await train({ testColumn: "part", learners: ["linear"] });
    const marked = customersCsv(ROWS, 1)
      .trim()
      .split("\n")
      .slice(1)
      .flatMap((line, row) => (line.split(",")[5] === "test" ? [row + 1] : []));
    expect((await rowsOf(run, "test")).map(({ row }) => row)).toEqual(marked);
    expect(run.options.testColumn).toBe("part");
  }, 60_000);

  test("tests another dataset as a whole, and nothing of the first", async () => {
    const run = await train({ testDatasetId: tested, learners: ["linear"], exclude: ["part"] });
    const rows = await rowsOf(run, "test");
    expect(rows.map(({ row }) => row)).toEqual(Array.from({ length: 90 }, (_, row) => ROWS + row + 1));
    expect((await rowsOf(run, "train")).map(({ row }) => row)).toEqual(
      Array.from({ length: ROWS }, (_, row) => row + 1),
    );
    const path = `/api/models/${run.modelName}/versions/${run.version}/predictions?format=ndjson&part=test&values=1`;
    const [line] = (await (await harness.ask(path)).text()).split("\n");
    const [price, years] = customersCsv(90, 2).split("\n")[1]!.split(",").map(Number);
    expect(JSON.parse(line!)).toMatchObject({ price, years });
  }, 60_000);

  test("without a needed column is refused with its name; a dataset cannot be its own test set", async () => {
    const other = (await (await harness.upload("few.csv", "price,left\n1,yes\n2,no\n3,yes\n")).json()) as {
      id: string;
    };
    const lacking = await harness.send("POST", "/api/train", {
      ...{ datasetId: learned, target: "left", testDatasetId: other.id },
    });
    expect(lacking.status).toBe(422);
    expect(await lacking.json()).toMatchObject({
      column: "years",
      fix: expect.stringContaining("same columns"),
    });
    const itself = await harness.send("POST", "/api/train", {
      ...{ datasetId: learned, target: "left", testDatasetId: learned },
    });
    expect(itself.status).toBe(400);
  });
});

test("an impossible combination is a 400 with the setting and the fix; impossible data a 422", async () => {
  const ask = (asked: Record<string, unknown>) =>
    harness.send("POST", "/api/train", { datasetId: learned, target: "left", ...asked });
  const contradiction = await ask({ monotone: { price: 1 }, learners: ["linear"] });
  expect(contradiction.status).toBe(400);
  expect(await contradiction.json()).toMatchObject({
    column: "monotone",
    fix: expect.stringContaining("boosting"),
  });
  expect((await ask({ weights: "region" })).status).toBe(422);
  expect((await ask({ folds: 1 })).status).toBe(400);
  expect((await ask({ learners: ["magic"] })).status).toBe(400);
});

test("curl's upload takes them in the address", async () => {
  const query = "target=left&budgetRounds=20&folds=3&learners=linear&classWeights=balanced&weights=weight";
  const answer = await harness.ask(`/api/train/sent.csv?${query}`, {
    method: "PUT",
    body: customersCsv(ROWS, 3),
  });
  expect(answer.status).toBe(200);
  const run = (await answer.json()) as RunView;
  expect(run.options).toMatchObject({
    folds: 3,
    learners: ["linear"],
    classWeights: "balanced",
    weights: "weight",
  });
  expect(families(run)).toEqual(["baseline", "linear"]);
}, 60_000);

test("the page has a field for each, and its form starts the same run", async () => {
  const page = await (await harness.ask(`/datasets/${learned}`, { headers: { accept: "text/html" } })).text();
  expect(page).toContain("Settings for experts");
  for (const name of EXPERT_NAMES.filter((expert) => expert !== "groups")) {
    expect(page).toContain(`name="${name}"`);
    expect(page).toContain(EXPERT_SETTINGS[name].label);
  }
  const fields = new URLSearchParams([
    ["target", "left"],
    ["weights", "weight"],
    ["classWeights", "yes=2"],
    ["monotone", "price=1"],
    ["learners", "boosting"],
    ["parameters", "num_leaves=6"],
    ["folds", "3"],
    ["deriveFeatures", ""],
    ["text", ""],
    ["budgetSeconds", "3"],
  ]);
  const answer = await harness.ask(`/datasets/${learned}/train`, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      accept: "text/html",
      "content-length": String(fields.toString().length),
    },
    body: fields.toString(),
    redirect: "manual",
  });
  expect(answer.status).toBe(303);
  const id = answer.headers.get("location")!.split("/").at(-1)!;
  const run = await harness.json<RunView>(`/api/runs/${id}`);
  expect(run.options).toMatchObject({
    weights: "weight",
    classWeights: { yes: 2 },
    monotone: { price: 1 },
    learners: ["boosting"],
    parameters: { boosting: { num_leaves: 6 } },
    folds: 3,
  });
  await harness.signalbox.runs.ended(id);
}, 60_000);

test("the API's description lists each with its sentence", async () => {
  const text = await (await harness.ask("/openapi.json")).text();
  for (const name of EXPERT_NAMES)
    expect(text).toContain(JSON.stringify(EXPERT_SETTINGS[name].says).slice(1, -1));
});

test("a dataset is not deleted while a run tests on it", async () => {
  const queued = await harness.send("POST", "/api/train", {
    ...{ datasetId: learned, target: "left", testDatasetId: tested, budgetSeconds: 20 },
  });
  const { id } = (await queued.json()) as RunView;
  const refused = await harness.ask(`/api/datasets/${tested}`, { method: "DELETE" });
  expect(refused.status).toBe(409);
  await harness.ask(`/api/runs/${id}`, { method: "DELETE" });
  await harness.signalbox.runs.ended(id);
}, 60_000);
