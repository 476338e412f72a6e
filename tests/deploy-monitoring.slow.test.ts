/**
 * Checks the Prometheus rules and the Grafana dashboard in deploy/: promtool accepts the rules, and a real Prometheus
 * that scrapes a real server has data for every query of the dashboard.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as z from "zod";
import { passengersCsv } from "./harness/app.ts";
import { ServerProcess } from "./harness/process.ts";

const DEPLOY = resolve(import.meta.dir, "../deploy");
const RULES = join(DEPLOY, "prometheus-alerts.yml");
const PROMETHEUS = process.env.PROMETHEUS ?? "/usr/bin/prometheus";
const PROMTOOL = process.env.PROMTOOL ?? "/usr/bin/promtool";
const READY_MS = 60_000;

const SOURCE = z.strictObject({ type: z.literal("prometheus"), uid: z.literal("${datasource}") });
const VARIABLE = z.object({
  name: z.string().min(1),
  type: z.enum(["datasource", "query"]),
  label: z.string(),
  query: z.union([z.string(), z.strictObject({ query: z.string(), refId: z.string() })]),
});
const PANEL = z.strictObject({
  id: z.int().min(1),
  type: z.enum(["stat", "timeseries", "gauge", "table"]),
  title: z.string().min(1),
  description: z.string().min(1),
  datasource: SOURCE,
  gridPos: z.strictObject({
    x: z.int().min(0),
    y: z.int().min(0),
    w: z.int().min(1).max(24),
    h: z.int().min(1),
  }),
  fieldConfig: z.object({
    defaults: z.object({ unit: z.string().optional() }),
    overrides: z.array(z.unknown()),
  }),
  options: z.record(z.string(), z.unknown()),
  targets: z
    .array(
      z.strictObject({
        refId: z.string().regex(/^[A-Z]$/),
        expr: z.string().min(1),
        legendFormat: z.string(),
        datasource: SOURCE,
      }),
    )
    .min(1),
});
/** What Grafana's import reads of a dashboard (schemaVersion 39). */
const DASHBOARD = z.strictObject({
  uid: z.string().max(40),
  title: z.string().min(1),
  tags: z.array(z.string()),
  schemaVersion: z.literal(39),
  version: z.int(),
  editable: z.boolean(),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timezone: z.string(),
  templating: z.strictObject({ list: z.array(VARIABLE) }),
  annotations: z.strictObject({ list: z.array(z.unknown()) }),
  panels: z.array(PANEL),
});
const dashboard = DASHBOARD.parse(JSON.parse(readFileSync(join(DEPLOY, "grafana-dashboard.json"), "utf8")));
/** As Grafana fills its variables in. */
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({
    title,
    query: expr
      .replaceAll("$__rate_interval", "10s")
      .replaceAll("$instance", ".*")
      .replaceAll("$model", ".*"),
  })),
);

const folder = mkdtempSync(join(tmpdir(), "signalbox-prometheus-"));
const server = new ServerProcess({ METRICS_SECONDS: "1" });
let prometheus: Bun.Subprocess;
let address = "";
beforeAll(async () => {
  await server.start();
  await server
    .ask("/api/train/crew.csv?budgetRounds=5&target=Survived", {
      method: "PUT",
      body: passengersCsv(200),
    })
    .then((answer) => answer.text());
  await server
    .ask("/api/train/crew.csv?budgetRounds=5&target=Survived&seed=2", {
      method: "PUT",
      body: passengersCsv(200),
    })
    .then((answer) => answer.text());
  await putJson("/api/models/crew/live", { version: 1 }, "PUT");
  await putJson("/api/models/crew/canary", { version: 2, share: 50, column: "Fare" }, "PUT");
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const { host } = new URL(server.url);
  const config = join(folder, "prometheus.yml");
  writeFileSync(
    config,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }\nrule_files: [${JSON.stringify(RULES)}]\n` +
      `scrape_configs: [{ job_name: signalbox, static_configs: [{ targets: [${JSON.stringify(host)}] }] }]\n`,
  );
  prometheus = Bun.spawn(
    [
      PROMETHEUS,
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "ignore", "ignore"] },
  );
}, READY_MS);
afterAll(async () => {
  prometheus?.kill("SIGKILL");
  await prometheus?.exited;
  await server.remove();
  rmSync(folder, { recursive: true, force: true });
});

const putJson = (path: string, body: unknown, method: string) =>
  server.ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => done(port));
    });
  });
}

/** Prometheus' response; null while it is not up. */
async function ask(
  query: string,
): Promise<{ status: string; data?: { result: unknown[] }; error?: string } | null> {
  const url = `${address}/api/v1/query?query=${encodeURIComponent(query)}`;
  return fetch(url).then(
    (answer) =>
      answer.status === 503
        ? null
        : (answer.json() as Promise<{ status: string; data?: { result: unknown[] } }>),
    () => null,
  );
}

test("panels have ids of their own, lie within 24 columns and do not overlap", () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const [index, { title, gridPos: a }] of panels.entries()) {
    expect(a.x + a.w, title).toBeLessThanOrEqual(24);
    for (const { title: other, gridPos: b } of panels.slice(index + 1)) {
      const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
      expect(isApart, `${title} and ${other}`).toBe(true);
    }
  }
});

test("promtool accepts the alert rules", () => {
  const { exitCode, stdout, stderr } = Bun.spawnSync([PROMTOOL, "check", "rules", RULES]);
  expect(`${stdout}${stderr}`).toContain("SUCCESS");
  expect(exitCode).toBe(0);
});

test("a real Prometheus answers every query of the dashboard", async () => {
  const empty = new Set(queries.map(({ title }) => title));
  // Drift needs 200 predictions and a score 30 outcomes.
  for (const title of ["Drift by model", "Live score by model"]) empty.delete(title);
  const deadline = Date.now() + READY_MS;
  for (let fare = 0; empty.size && Date.now() < deadline; fare++) {
    await putJson("/api/models/crew/predict", { Class: 1, Sex: "female", Age: 30, Fare: fare }, "POST");
    for (const { title, query } of queries) {
      const answer = await ask(query);
      if (!answer) continue;
      expect(answer, `${title}: ${query}`).toMatchObject({ status: "success" });
      if (answer.data!.result.length) empty.delete(title);
    }
    await Bun.sleep(200);
  }
  expect([...empty]).toEqual([]);
}, 120_000);
