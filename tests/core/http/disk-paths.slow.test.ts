/** The data's location on disk is in no response, whatever is missing or unreadable. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { API } from "../../../core/routes/api/index.ts";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

setDefaultTimeout(120_000);

let harness: Harness;
let names: Record<string, string>;
beforeAll(async () => {
  // In a cluster a training waits for a host that has its file.
  harness = await openHarness({ DATABASE_URL: "" });
  const trained = await harness.ask("/api/train/crew.csv?target=Survived&budgetSeconds=1&budgetRounds=1", {
    ...{ method: "PUT", body: passengersCsv(120), headers: { accept: "application/json" } },
  });
  const run = (await trained.json()) as { id: string; datasetId: string };
  names = { dataset: run.datasetId, run: run.id, name: "crew", v: "1", file: "crew.csv" };
  const { folder } = harness;
  for (const kind of ["datasets", "models"])
    for (const file of readdirSync(join(folder, kind))) rmSync(join(folder, kind, file), { recursive: true });
});
afterAll(() => harness.close());

const BODIES: Record<string, unknown> = {
  "POST /api/train": () => ({ datasetId: names.dataset, target: "Survived", budgetSeconds: 1 }),
  "PUT /api/models/:name/live": () => ({ version: 1 }),
  "PUT /api/models/:name/challenger": () => ({ version: 1 }),
};

test("with the files gone, no response reveals a path on disk", async () => {
  const { folder } = harness;
  for (const row of API.filter(({ method }) => method !== "DELETE")) {
    const id = row.path.includes("/runs/") ? names.run! : names.dataset!;
    const path = row.path.replace(/:(\w+)/g, (_, name: string) =>
      name === "id" ? id : (names[name] ?? "x"),
    );
    const body = BODIES[`${row.method} ${row.path}`] as (() => unknown) | undefined;
    const json = body?.() ?? (row.path.includes("predict") ? { Sex: "male" } : {});
    const answer = await harness.ask(`${path}${row.path.endsWith("predict") ? "?version=1" : ""}`, {
      method: row.method,
      headers: { accept: "*/*", "content-type": "application/json" },
      ...(row.method !== "GET" && { body: JSON.stringify(json) }),
    });
    const text = await answer.text().catch(() => "broken");
    expect([row.path, answer.status === 500, text.includes(folder)]).toEqual([row.path, false, false]);
  }
  const { status, detail } = await harness.json<{ status: number; detail: string }>(
    "/api/models/crew/versions/1/download",
  );
  expect([status, detail]).toEqual([409, "The file of crew version 1 is damaged: it is missing"]);
  const rows = await harness.ask(`/api/datasets/${names.dataset}/rows`);
  expect(rows.status).toBe(503);
});

test("a training whose file is gone fails with a plain message", async () => {
  const run = await harness.signalbox.runs.train({
    datasetId: names.dataset!,
    target: "Survived",
    budgetSeconds: 1,
  });
  const { error } = await harness.signalbox.runs.ended(run.id);
  expect(error).toMatchObject({ code: "unavailable", message: expect.stringContaining("missing") });
  expect(JSON.stringify(await harness.eventsSince(0))).not.toContain(harness.folder);
});
