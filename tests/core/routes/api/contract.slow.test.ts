/** Checks every route's response against its schema, in the order in which a script uses the API. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { expectContract, rowAt } from "./contract.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

async function ask(method: string, path: string, body?: unknown, accept = "application/json") {
  const row = rowAt(method, path.split("?")[0]!);
  const isFile = typeof body === "string";
  const answer = await harness.ask(path, {
    method,
    headers: { accept, ...(body !== undefined && !isFile && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: isFile ? body : JSON.stringify(body) }),
  });
  await expectContract(row, answer.clone());
  return answer;
}

test("each response has the status, the type and exactly the fields that its row promises", async () => {
  const csv = passengersCsv(240);
  const { id } = (await (await ask("POST", "/api/upload?name=crew.csv", csv)).json()) as { id: string };
  expect((await ask("POST", "/api/upload?name=crew.csv", csv)).status).toBe(200);
  await ask("POST", "/api/upload?wait=0&name=later.csv", passengersCsv(90, 5));
  await ask("GET", "/api/datasets");
  await ask("GET", `/api/datasets/${id}`);
  await ask("GET", `/api/datasets/${id}/rows?limit=5&cursor=3`);
  await ask("PATCH", `/api/datasets/${id}`, { target: "Survived" });
  await ask("POST", `/api/datasets/${id}/preview`, { delimiter: ";" });
  await ask("GET", "/api/samples");
  await ask("POST", "/api/samples/customers");

  const training = { datasetId: id, budgetSeconds: 2, exclude: ["Id"] };
  const queued = await ask("POST", "/api/train", training);
  expect(queued.status).toBe(202);
  const run = ((await queued.json()) as { id: string }).id;
  await ask("POST", `/api/runs/${run}/stop`);
  await harness.signalbox.runs.ended(run);
  expect((await ask("POST", "/api/train?wait=1", training)).status).toBe(200);
  await ask("GET", "/api/runs?limit=1");
  await ask("GET", `/api/runs/${run}`);
  expect((await ask("POST", `/api/runs/${run}/resume`)).status).toBe(409);
  expect((await ask("DELETE", `/api/runs/${run}`)).status).toBe(409);
  const stream = "/api/train/crew.csv?target=Survived&budgetSeconds=2";
  for (const [method, path, accept] of [
    ["PUT", stream, "*/*"],
    ["POST", stream.replace("crew.csv", ""), "application/x-ndjson"],
  ] as const)
    await (await ask(method, path, csv, accept)).text();

  await ask("GET", "/api/models");
  await ask("GET", "/api/models/crew");
  await ask("GET", "/api/models/crew/versions/1");
  expect((await ask("GET", "/api/models/crew/versions/99")).status).toBe(404);
  expect((await ask("GET", "/api/models/crew/versions/x")).status).toBe(400);
  const row = { Class: 1, Sex: "female", Age: 30 };
  expect((await ask("POST", "/api/models/crew/predict", row)).status).toBe(409);
  await ask("PUT", "/api/models/crew/live", { version: 1 });
  await ask("POST", "/api/models/crew/predict?explain=1", { rows: [row, { ...row, Age: "old" }] });
  const kept = await ask("POST", "/api/models/crew/predict", { rows: [row] });
  const [{ id: predicted }] = ((await kept.json()) as { predictions: [{ id: string }] }).predictions;
  await ask("POST", `/api/predictions/${predicted}/actual`, { actual: "1" });
  await ask("POST", "/api/predictions/actuals", `id,actual\n${predicted},0\nnobody,1\n`);
  await ask("GET", "/api/models/crew/predictions");
  await (await ask("PUT", "/api/models/crew/predict", csv, "*/*")).text();
  for (const format of ["json", "mjs", "html", "lightgbm", "onnx"])
    await ask("GET", `/api/models/crew/versions/1/download?format=${format}`, undefined, "*/*");
  await ask("DELETE", "/api/models/crew/versions/2");

  for (const accept of ["application/json", "application/x-ndjson"])
    await ask("GET", "/api/events?since=3&limit=50", undefined, accept);
  for (const path of ["activity?limit=3", "status", "metrics", "health", "alerts", "webhooks", "settings"])
    await ask("GET", `/api/${path}`);
  for (const path of ["/healthz", "/readyz", "/version", "/metrics"])
    await ask("GET", path, undefined, "*/*");
  await ask("PATCH", "/api/settings", { RETENTION_DAYS: 20 });
  await ask("POST", "/api/embeds", { panel: "metrics", expiresInSeconds: 60 });
  const token = await ask("POST", "/api/tokens", { name: "night", scopes: ["read"] });
  await ask("GET", "/api/tokens");
  await ask("DELETE", `/api/tokens/${((await token.json()) as { id: string }).id}`);
  await ask("GET", "/api/audit");
  await ask("GET", "/api/models/crew/drift?version=1");
  const hook = await ask("POST", "/api/webhooks", { url: "http://127.0.0.1:9/hook" });
  await ask("DELETE", `/api/webhooks/${((await hook.json()) as { id: string }).id}`);
  await ask("DELETE", `/api/datasets/${id}`);
}, 120_000);

test("a route refuses query parameters that it does not list", async () => {
  for (const path of [
    "/api/runs?limit=0",
    "/api/runs?limit=x",
    "/api/activity?cursor=-1",
    "/api/runs?limt=5",
  ])
    expect((await ask("GET", path)).status).toBe(400);
  expect((await ask("GET", "/api/runs", undefined, "application/xml")).status).toBe(406);
  expect((await ask("GET", "/api/runs", undefined, "text/html;q=0.2, application/*;q=0.1")).status).toBe(200);
});
