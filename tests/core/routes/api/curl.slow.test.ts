/** Checks that each command in the README and the docs works when pasted, with a real curl against a real server. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { ApiDocs } from "../../../../core/routes/api/docs.ts";
import { passengersCsv } from "../../../harness/app.ts";
import { clusterSettings } from "../../../harness/postgres.ts";
import { ServerProcess } from "../../../harness/process.ts";

const folder = mkdtempSync(join(tmpdir(), "signalbox-curl-"));
const files = mkdtempSync(join(tmpdir(), "signalbox-curl-files-"));
const server = new ServerProcess({ TRAIN_BUDGET_SECONDS: "2", ...clusterSettings(files) });
const CSV = passengersCsv(200);

beforeAll(async () => {
  await server.start();
  await Bun.write(join(folder, "data.csv"), CSV);
  await Bun.write(join(folder, "rows.csv"), CSV);
  await Bun.write(join(folder, "titanic.csv"), CSV.replace("Id,", "Passenger,"));
  await Bun.write(join(folder, "actuals.csv"), "id,actual\nnobody,1\n");
  await paste("curl --fail-with-body -T data.csv 'URLapi/train/data.csv?budgetSeconds=2'");
  await Bun.write(join(folder, "sales.csv"), CSV.replace(",Survived", ",returned"));
  const workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
  await paste(
    `curl -f -T sales.csv -H 'accept: ${workbook}' -o sales.xlsx 'URLapi/models/data/predict?version=1'`,
  );
  await paste(
    "curl -f -T data.csv -H 'accept: application/vnd.apache.parquet' -o rows.parquet 'URLapi/models/data/predict?version=1'",
  );
}, 60_000);
afterAll(async () => {
  await server.remove();
  for (const made of [folder, files]) rmSync(made, { recursive: true, force: true });
});

/** As a person pastes it, at this server's address. */
async function paste(line: string, input?: string): Promise<{ code: number; out: string }> {
  const command = line.replaceAll("URL", server.url).replaceAll("http://127.0.0.1:8000/", server.url);
  const child = Bun.spawn(["bash", "-o", "pipefail", "-c", command], {
    cwd: folder,
    stdin: input === undefined ? "ignore" : new Blob([input]),
    stdout: "pipe",
    stderr: "ignore",
  });
  return { out: await new Response(child.stdout).text(), code: await child.exited };
}

test("the README's command trains, and the commands that it prints predict and deploy", async () => {
  const readme = await Bun.file(resolve(import.meta.dir, "../../../../README.md")).text();
  const lines = [...readme.matchAll(/^curl .*$/gm)].map(([line]) => line);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const { code, out } = await paste(line);
    // Understood, and refused: nothing has that placeholder's name, and no host may be reached yet.
    const status = line.includes("/ID'") ? 404 : line.includes("/api/sources'") ? 403 : null;
    expect([line, code]).toEqual([line, status ? 22 : 0]);
    if (status) expect(out).toContain(`"status":${status}`);
    for (const [, command] of out.matchAll(/^(?:Predict|Deploy): +(.*)$/gm))
      expect([command, (await paste(command!)).code]).toEqual([command, 0]);
  }
  // The examples of the docs make their own.
  const { items } = await server.json<{ items: { id: string }[] }>("/api/schedules");
  for (const { id } of items) await server.ask(`/api/schedules/${id}`, { method: "DELETE" });
}, 60_000);

/**
 * Requests that cannot succeed as they are: a placeholder for something missing, a run that has ended, an unknown row.
 */
const REFUSED: Record<string, number> = {
  "DELETE /api/sessions/:id": 404,
  "DELETE /api/alerts/:id": 404,
  "DELETE /api/webhooks/:id": 404,
  "POST /api/undo/:id": 404,
  "DELETE /api/filters/:id": 404,
  "DELETE /api/tokens/:id": 404,
  "POST /api/sources": 403,
  "GET /api/sources/:id": 404,
  "PATCH /api/sources/:id": 404,
  "DELETE /api/sources/:id": 404,
  "POST /api/sources/:id/refresh": 404,
  "PATCH /api/alert-routes/:id": 404,
  "DELETE /api/alert-routes/:id": 404,
  "POST /api/alert-routes/:id/test": 404,
  "POST /api/sources/:id/stop": 404,
  "GET /api/schedules/:id": 404,
  "PATCH /api/schedules/:id": 404,
  "DELETE /api/schedules/:id": 404,
  "POST /api/schedules/:id/run": 404,
  "GET /api/schedules/:id/runs": 404,
  "GET /api/schedule-runs/:id/result": 404,
  "POST /api/schedule-runs/:id/stop": 404,
  "POST /api/predictions/:id/actual": 404,
  "POST /api/predictions/actuals": 422,
  "POST /api/runs/:id/stop": 409,
  "POST /api/runs/:id/resume": 409,
  "DELETE /api/runs/:id": 409,
  "DELETE /api/models/:name/canary": 404,
};

test("each example of the docs works, those that delete last", async () => {
  await server.ask("/api/models/data/live", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: '{"version":1}',
  });
  const { routes } = await server.json<ApiDocs>("/docs");
  const isDeleting = ({ method }: { method: string }) => Number(method === "DELETE");
  for (const { method, path, example } of routes.toSorted((a, b) => isDeleting(a) - isDeleting(b))) {
    const isEndless = example.includes("follow=1");
    const line = example.replace(/(budgetSeconds\W+)\d+/, "$11");
    const { code, out } = await paste(isEndless ? `timeout 2 ${line}` : line);
    const place = `${method} ${path}: ${example}\n${out.slice(0, 300)}`;
    const refused = REFUSED[`${method} ${path}`];
    expect([place, code]).toEqual([place, isEndless ? 124 : refused ? 22 : 0]);
    if (refused) expect(out).toContain(`"status":${refused}`);
  }
}, 120_000);

test("every way that curl sends a file is understood, and the exit code is right", async () => {
  expect((await paste("curl -f -T data.csv 'URLapi/train/plain.csv?budgetSeconds=2&name=plain'")).code).toBe(
    0,
  );
  for (const line of [
    "curl -f -T data.csv 'URLapi/upload'",
    "cat data.csv | curl -f -T - 'URLapi/upload?name=piped.csv'",
    "curl -f -T data.csv 'URLapi/train/?budgetSeconds=2'",
    "curl -f -T data.csv 'URLapi/train?budgetSeconds=2'",
    "curl -f -F file=@data.csv 'URLapi/upload'",
    "curl -f --data-binary @data.csv 'URLapi/upload?name=binary.csv'",
    "gzip -kf data.csv && curl -f -T data.csv.gz -H 'content-encoding: gzip' 'URLapi/upload?name=packed.csv'",
    "curl -f -T data.csv 'URLapi/models/plain/predict?version=1'",
    "curl -f --data-binary @data.csv 'URLapi/models/plain/predict?version=1'",
    "curl -f -F file=@data.csv 'URLapi/models/plain/predict?version=1'",
    "curl -f -T data.csv.gz -H 'content-encoding: gzip' 'URLapi/models/plain/predict?version=1'",
  ])
    expect([line, (await paste(line)).code]).toEqual([line, 0]);
  const untyped = await paste(
    `curl --fail-with-body -d '{"age":30}' 'URLapi/models/plain/predict?version=1'`,
  );
  expect(untyped.code).toBe(0);
  expect(untyped.out).toContain('"prediction"');
  const flat = "printf 'a,b\\n%s' \"$(yes '1,x' | head -60)\" | curl --fail-with-body -T -";
  const broken = await paste(`${flat} 'URLapi/train/flat.csv?target=b&budgetSeconds=2'`);
  expect([0, 22]).not.toContain(broken.code);
  expect(broken.out).toContain("Failed (422)");
  expect((await paste("curl --fail-with-body -T data.csv 'URLapi/train/x.csv?target=nothing'")).code).toBe(
    22,
  );
}, 90_000);
