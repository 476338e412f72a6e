/** Checks that the page and the API ask before a version with an unreliable score goes live. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, seeded } from "../../../harness/app.ts";

let harness: Harness;

/** A second copy of the target is in the file, with errors. */
function leaky(rows: number): string {
  const random = seeded(3);
  const lines = ["x,checked,churn"];
  for (let i = 0; i < rows; i++) {
    const x = random();
    const churn = x + random() > 1.2;
    const checked = random() < 0.02 ? !churn : churn;
    lines.push(`${x.toFixed(4)},${checked ? "gone" : "here"},${churn ? "yes" : "no"}`);
  }
  return `${lines.join("\n")}\n`;
}

function form(fields: Record<string, string>): RequestInit {
  const body = new URLSearchParams(fields).toString();
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "content-length": String(body.length),
    accept: "text/html",
  };
  return { method: "POST", headers, body };
}

beforeAll(async () => {
  harness = await openHarness();
  const { id: datasetId } = (await (await harness.upload("leaky.csv", leaky(400))).json()) as { id: string };
  const asked = { datasetId, target: "churn", name: "leaky", budgetRounds: 30, positiveClass: "yes" };
  await harness.send("POST", "/api/train?wait=1", asked);
});
afterAll(() => harness.close());

interface Problem {
  fix: string;
  example: string;
  confirm: { field: string; code: string; reasons: { code: string; column: string }[] };
}

interface Version {
  result: { verdict: string; findings: { code: string; severity: string }[]; positiveClass: string };
}

test("the model's JSON includes the error, and the verdict begins with it", async () => {
  const { result } = await harness.json<Version>("/api/models/leaky/versions/1");
  expect(result.findings[0]).toMatchObject({ code: "target_leak", severity: "error" });
  expect(result.verdict).toStartWith("Do not trust this score before you have checked: “checked”");
  expect(result.positiveClass).toBe("yes");
});

test("the page's form asks for confirmation", async () => {
  const page = await (await harness.ask("/models/leaky", { headers: { accept: "text/html" } })).text();
  expect(page).toContain("Deploy version 1 anyway");
  const refused = await harness.ask("/models/leaky/live", form({ version: "1" }));
  expect(refused.status).toBe(409);
  expect((await harness.json<{ liveVersion: number | null }>("/api/models/leaky")).liveVersion).toBeNull();
  const deployed = await harness.ask("/models/leaky/live", form({ version: "1", confirm: "1" }));
  expect(deployed.status).toBeLessThan(400);
  expect((await harness.json<{ liveVersion: number | null }>("/api/models/leaky")).liveVersion).toBe(1);
});

test("the API asks once more too, and says how", async () => {
  await harness.send("DELETE", "/api/models/leaky/live", undefined);
  const live = async () =>
    (await harness.json<{ liveVersion: number | null }>("/api/models/leaky")).liveVersion;
  const refused = await harness.send("PUT", "/api/models/leaky/live", { version: 1 });
  expect(refused.status).toBe(409);
  const said = (await refused.json()) as Problem;
  expect(said.confirm).toMatchObject({ field: "confirm", code: "error_findings" });
  expect(said.confirm.reasons).toContainEqual(
    expect.objectContaining({ code: "target_leak", column: "checked" }),
  );
  expect(said.fix).toContain('"confirm": true');
  expect(await live()).toBeNull();
  expect((await harness.send("PUT", "/api/models/leaky/live", { version: 1, confirm: false })).status).toBe(
    409,
  );
  const deployed = await harness.send("PUT", "/api/models/leaky/live", JSON.parse(said.example));
  expect(deployed.status).toBe(200);
  expect(await live()).toBe(1);
  // A version that is already live is not asked about again.
  expect((await harness.send("PUT", "/api/models/leaky/live", { version: 1 })).status).toBe(200);
});

test("a canary asks as well", async () => {
  const { id: datasetId } = (await (await harness.upload("leaky.csv", leaky(400))).json()) as { id: string };
  const asked = { datasetId, target: "churn", name: "leaky", budgetRounds: 30, positiveClass: "yes" };
  await harness.send("POST", "/api/train?wait=1", asked);
  const share = (more: object) =>
    harness.send("PUT", "/api/models/leaky/canary", { version: 2, share: 20, ...more });
  const refused = await share({});
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as Problem).confirm.code).toBe("error_findings");
  expect((await share({ confirm: true })).status).toBe(200);
  // What has been confirmed may be changed.
  expect((await share({ share: 30 })).status).toBe(200);
});

test("the refusal's fields are in the API's description", async () => {
  const { components } = await harness.json<{
    components: { schemas: { Problem: { properties: Record<string, unknown> } } };
  }>("/openapi.json");
  expect(components.schemas.Problem.properties).toHaveProperty("confirm.properties.reasons");
});

test("an unknown class is refused with the list of known classes", async () => {
  const { id: datasetId } = (await (await harness.upload("leaky.csv", leaky(400))).json()) as { id: string };
  const refused = await harness.send("POST", "/api/train", {
    datasetId,
    target: "churn",
    positiveClass: "maybe",
  });
  expect(refused.status).toBe(422);
  expect(await refused.json()).toMatchObject({ column: "churn", fix: expect.stringContaining("yes") });
});

test("explained predictions name the class that they refer to", async () => {
  const answer = await harness.send("POST", "/api/models/leaky/predict?version=1&explain=1", {
    rows: [
      { x: 0.1, checked: "here" },
      { x: 0.9, checked: "gone" },
    ],
  });
  const { predictions } = (await answer.json()) as {
    predictions: {
      prediction: string;
      base: number;
      contributions: Record<string, number>;
      contributionsOf: string;
      probabilities: Record<string, number>;
    }[];
  };
  expect(predictions.map(({ prediction }) => prediction)).toEqual(["no", "yes"]);
  for (const { base, contributions, contributionsOf, probabilities } of predictions) {
    expect(contributionsOf).toBe("yes");
    const sum = Object.values(contributions).reduce((a, b) => a + b, base);
    expect(sum).toBeCloseTo(Math.log(probabilities.yes! / probabilities.no!), 6);
  }
});
