/** A form's response shows no more than its own scope may see, and so do the examples of refusals. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { accessTable } from "../../../../core/http/identity/access-table.ts";
import type { Scope } from "../../../../core/http/identity/scopes.ts";
import { API } from "../../../../core/routes/api/index.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

setDefaultTimeout(60_000);

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: "an-admin-token-for-this-test" });
  for (const name of ["crew", "others"])
    await harness.ask(`/api/train/${name}.csv?target=Survived&budgetSeconds=1&budgetRounds=1`, {
      ...{ method: "PUT", body: passengersCsv(name === "crew" ? 200 : 90), headers: await as("admin") },
    });
});
afterAll(() => harness.close());

async function as(scope: Scope, accept = "application/json") {
  if (scope === "admin") return { authorization: "Bearer an-admin-token-for-this-test", accept };
  const { token } = await harness.signalbox.tokens.create({ name: scope, scopes: [scope] }, "test");
  return { authorization: `Bearer ${token}`, accept };
}

test("the forms for users without read access are exactly those tested here", () => {
  const posts = [...accessTable(API)].filter(([key]) => key.startsWith("POST /") && !key.includes("/api/"));
  const blind = posts.filter(([, { scope }]) => scope === "predict" || scope === "embed");
  expect(blind.map(([key]) => key).sort()).toEqual([
    "POST /models/:name/outcomes",
    "POST /models/:name/outcomes-csv",
    "POST /models/:name/predict",
    "POST /models/:name/predict-csv",
  ]);
});

test("a token with the scope predict gets the prediction, not the model's page", async () => {
  const body = "version=1&f.Sex=female";
  const form = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  const asked = async (accept: string, scope: Scope) =>
    harness.ask("/models/crew/predict", {
      method: "POST",
      headers: { ...(await as(scope, accept)), ...form },
      body,
    });
  const page = await (await asked("text/html", "predict")).text();
  expect(page).toContain('id="answer"');
  expect(Object.keys((await (await asked("application/json", "predict")).json()) as object).sort()).toEqual([
    ...["answer", "pinned", "read", "values", "version", "warnings"],
  ]);
  const whole = await (await asked("text/html", "train")).text();
  for (const part of ["ROC AUC", "Deploy", "Export"]) {
    expect(page).not.toContain(part);
    if (part !== "Deploy") expect([part, whole.includes(part)]).toEqual([part, true]);
  }
  expect(await (await asked("application/json", "predict")).text()).not.toContain("metrics");
});

test("a refusal's example names what was requested, and contains values only for readers", async () => {
  const refused = async (scope: Scope, path: string, body: string) => {
    const headers = { ...(await as(scope)), "content-type": "application/json" };
    const answer = await harness.ask(path, { method: "POST", headers, body });
    return (await answer.json()) as { status: number; example: string };
  };
  const read = await refused("admin", "/api/models/crew/predict?version=1", '{"Colour":"red"}');
  expect(read.status).toBe(422);
  expect(read.example).toContain("/api/models/crew/predict?version=1");
  expect(read.example).toMatch(/"Sex":"(fe)?male"/);
  const blind = await refused("predict", "/api/models/crew/predict?version=1", '{"Colour":"red"}');
  expect(blind.example).toContain('"Sex":null');
  const malformed = await refused("predict", "/api/models/crew/predict?version=1", "{");
  expect(malformed.status).toBe(400);
  expect(malformed.example).toContain("/api/models/crew/predict?version=1");
  const training = await refused("train", "/api/train", '{"datasetId":"abc123","budgetSeconds":"x"}');
  expect([training.status, training.example.includes('"datasetId":"abc123"')]).toEqual([400, true]);
  const unnamed = await refused("train", "/api/train", "[");
  expect(unnamed.example).toContain('"datasetId":"ID"');
});
