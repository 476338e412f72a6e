/** Checks that each command in the docs works when pasted, and that OpenAPI names every route. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SETTINGS } from "../../../../core/operations/config.ts";
import { API } from "../../../../core/routes/api/index.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { clusterSettings } from "../../../harness/postgres.ts";

const files = mkdtempSync(join(tmpdir(), "signalbox-docs-"));
let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({ SOURCE_HOSTS: "127.0.0.1", ...clusterSettings(files) });
  const { sources, schedules } = harness.signalbox;
  const source = await sources.create({ name: "crew", url: "http://127.0.0.1:9/crew.csv" }, "tests");
  await schedules.create(
    { name: "crew", action: "refresh", sourceId: source.id, cron: "0 3 * * *" },
    "tests",
  );
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as { id: string };
  await harness.send("POST", "/api/train?wait=1", { datasetId: dataset.id, budgetSeconds: 2 });
}, 30_000);
afterAll(async () => {
  await harness.close();
  rmSync(files, { recursive: true });
});

test("every example that only reads responds without a problem", async () => {
  const page = await (await harness.ask("/docs", { headers: { accept: "text/html" } })).text();
  const decoded = page.replaceAll("&#39;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&");
  let asked = 0;
  for (const route of API.filter(({ method, path }) => method === "GET" && path !== "/api/events")) {
    const pattern = route.path.replace(/:(\w+)/g, "[\\w.-]+").replaceAll("/", "\\/");
    const match = new RegExp(`'http://127\\.0\\.0\\.1:8000(${pattern}(?:\\?[^']*)?)'`).exec(decoded);
    expect([route.path, match !== null]).toEqual([route.path, true]);
    // Only a scoring that has run has a result.
    const wanted = route.path.endsWith("/result") ? 404 : 200;
    const answer = await harness.ask(match![1]!, { headers: { accept: "*/*" } });
    expect([route.path, answer.status]).toEqual([route.path, wanted]);
    // A backup reads the database until its end.
    await answer.arrayBuffer();
    asked += 1;
  }
  expect(asked).toBeGreaterThan(10);
  const predict = /-d '([^']*)' 'http:\/\/127\.0\.0\.1:8000(\/api\/models\/crew\/predict\?version=1)'/.exec(
    decoded,
  )!;
  const headers = { "content-type": "application/json" };
  const answer = await harness.ask(predict[2]!, { method: "POST", headers, body: predict[1]! });
  expect(answer.status).toBe(200);
});

test("every setting is listed on the page, and endless parameters are not in the document", async () => {
  const page = await (await harness.ask("/docs", { headers: { accept: "text/html" } })).text();
  const settings = page.slice(page.indexOf('id="settings"'));
  for (const name of Object.keys(SETTINGS)) expect(settings).toContain(`<code>${name}</code>`);
  const { paths } = await harness.json<{
    paths: Record<string, { get?: { parameters: { name: string }[] } }>;
  }>("/openapi.json");
  const names = paths["/api/events"]!.get!.parameters.map(({ name }) => name);
  expect(names).toContain("since");
  expect(names).not.toContain("follow");
});

test("/openapi.json is 3.1 and has each route with its body", async () => {
  const document = await harness.json<{
    openapi: string;
    paths: Record<string, Record<string, { requestBody?: unknown }>>;
  }>("/openapi.json");
  expect(document.openapi).toBe("3.1.0");
  for (const { method, path, body, file } of API) {
    const operation = document.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    expect(operation).toBeDefined();
    expect(operation!.requestBody !== undefined).toBe(body !== undefined || file !== undefined);
  }
});
