/** A run from another one's settings: copied unless the request or the question differs. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

setDefaultTimeout(60_000);

let harness: Harness;
let first = "";
beforeAll(async () => {
  harness = await openHarness();
  const { id: datasetId } = (await (await harness.upload("crew.csv", passengersCsv(120))).json()) as {
    id: string;
  };
  const answer = await harness.send("POST", "/api/train?wait=1", {
    ...{ datasetId, target: "Survived", name: "sailors", budgetRounds: 1, seed: 7, exclude: ["Fare"] },
    metric: "log_loss",
  });
  first = ((await answer.json()) as { id: string }).id;
});
afterAll(() => harness.close());

const started = async (body: object) => {
  const answer = await harness.send("POST", "/api/train", body);
  return { status: answer.status, run: (await answer.json()) as Record<string, unknown> };
};

test("settings that are left out are copied; named ones replace them", async () => {
  const { status, run } = await started({ fromRun: first, seed: 8 });
  expect(status).toBe(202);
  expect(run).toMatchObject({
    modelName: "sailors",
    options: { target: "Survived", exclude: ["Fare"], seed: 8, budgetRounds: 1, metric: "log_loss" },
  });
});

test("another target drops the metric of the old one", async () => {
  const { run } = await started({ fromRun: first, target: "Age" });
  expect(run).toMatchObject({ options: { target: "Age", metric: null, exclude: ["Fare"] } });
});

test("neither a dataset nor a run, or one that does not exist, is refused", async () => {
  expect((await started({ target: "Survived" })).status).toBe(400);
  expect((await started({ fromRun: "none" })).status).toBe(404);
});

test("the run's page starts it too", async () => {
  const answer = await harness.ask(`/runs/${first}/again`, {
    method: "POST",
    headers: { accept: "text/html" },
  });
  expect(answer.status).toBe(303);
  const path = answer.headers.get("location")!;
  expect(await harness.json(`/api${path}`)).toMatchObject({ options: { seed: 7 } });
});
