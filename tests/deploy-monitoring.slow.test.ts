/**
 * Checks the Prometheus rules and the Grafana dashboard in deploy/: promtool accepts the rules, and a real Prometheus
 * that scrapes a real server has data for every query of the dashboard.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { passengersCsv } from "./harness/app.ts";
import { ServerProcess } from "./harness/process.ts";

const DEPLOY = resolve(import.meta.dir, "../deploy");
const RULES = join(DEPLOY, "prometheus-alerts.yml");
const PROMETHEUS = process.env.PROMETHEUS ?? "/usr/bin/prometheus";
const PROMTOOL = process.env.PROMTOOL ?? "/usr/bin/promtool";
const READY_MS = 60_000;

interface Dashboard {
  panels: { title: string; targets: { expr: string }[] }[];
}
const dashboard = JSON.parse(readFileSync(join(DEPLOY, "grafana-dashboard.json"), "utf8")) as Dashboard;
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
  await putJson("/api/models/crew/live", { version: 1 }, "PUT");
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

/** What Prometheus answers; null while it is not up. */
async function ask(
  query: string,
): Promise<{ status: string; data?: { result: unknown[] }; error?: string } | null> {
  const url = `${address}/api/v1/query?query=${encodeURIComponent(query)}`;
  return fetch(url).then(
    (answer) => answer.json() as Promise<{ status: string; data?: { result: unknown[] } }>,
    () => null,
  );
}

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
  const row = { Class: 1, Sex: "female", Age: 30, Fare: 50 };
  while (empty.size && Date.now() < deadline) {
    await putJson("/api/models/crew/predict", row, "POST");
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
