/** Revoking a token ends everything that it has open: each stream, each download, each upload, each wait. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";
import { inTime, LateError, until } from "../../harness/deadline.ts";
import { clusterSettings } from "../../harness/postgres.ts";

setDefaultTimeout(60_000);

const ADMIN = "an-admin-token-for-this-test";
const folder = mkdtempSync(join(tmpdir(), "signalbox-revocable-"));
let harness: Harness;
let dataset: string;
const as = (token: string) => ({ authorization: `Bearer ${token}` });

beforeAll(async () => {
  harness = await openHarness({ AUTH: "token", ADMIN_TOKEN: ADMIN, ...clusterSettings(folder) });
  const trained = await harness.ask("/api/train/crew.csv?target=Survived&budgetSeconds=2", {
    ...{ method: "PUT", headers: { ...as(ADMIN), accept: "application/json" }, body: passengersCsv(300) },
  });
  dataset = ((await trained.json()) as { datasetId: string }).datasetId;
});
afterAll(async () => {
  await harness.close();
  rmSync(folder, { recursive: true });
});

/** A token, and what revokes it. */
async function issue() {
  const { tokens } = harness.signalbox;
  const made = await tokens.create({ name: "mayfly", scopes: ["admin"] }, "test");
  return { headers: as(made.token), revoke: () => tokens.revoke(made.id) };
}

/** A body that begins and never ends; `sent` resolves when some of it was taken. */
function endless(start: string) {
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  const chunks = [start, "x,y\n".repeat(20_000)];
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk !== undefined) return controller.enqueue(new TextEncoder().encode(chunk));
      resolve();
      await new Promise(() => {});
    },
  });
  return { body, sent };
}

/** The rest of a response; "broken" if it breaks. */
async function rest(reader: { read: () => Promise<{ done: boolean }> }): Promise<"whole" | "broken"> {
  try {
    while (!(await inTime(reader.read(), "the end of the answer")).done);
    return "whole";
  } catch (error) {
    if (error instanceof LateError) throw error;
    return "broken";
  }
}

test.each([
  ["a backup", "/api/backup", { accept: "*/*" }],
  ["a model as a module", "/api/models/crew/versions/1/download?format=mjs", {}],
  ["a model as a page", "/api/models/crew/versions/1/download?format=html", {}],
  ["a model as data", "/api/models/crew/versions/1/download?format=json", {}],
  ["a model as ONNX", "/api/models/crew/versions/1/download?format=onnx", {}],
  ["the log as NDJSON", "/api/events?follow=1&since=0", { accept: "application/x-ndjson" }],
  ["the log as SSE", "/api/events?since=0", { accept: "text/event-stream" }],
])("%s in progress breaks", async (_, path, accept) => {
  const { headers, revoke } = await issue();
  const answer = await harness.ask(path, { headers: { ...headers, ...accept } });
  expect(answer.status).toBe(200);
  const reader = answer.body!.getReader();
  await reader.read();
  await revoke();
  expect(await rest(reader)).toBe("broken");
});

test("predictions as JSON, computed before they are sent", async () => {
  const { headers, revoke } = await issue();
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ Sex: "male", Age: i % 80 }));
  const answer = await harness.ask("/api/models/crew/predict?version=1", {
    ...{ method: "POST", body: JSON.stringify({ rows }) },
    headers: { ...headers, "content-type": "application/json" },
  });
  const reader = answer.body!.getReader();
  await reader.read();
  await revoke();
  expect(await rest(reader)).toBe("broken");
});

test("the steps of a training, whose run continues", async () => {
  const { headers, revoke } = await issue();
  const answer = await harness.ask("/api/train/other.csv?target=Survived&budgetSeconds=2", {
    ...{ method: "PUT", headers: { ...headers, accept: "text/plain" }, body: passengersCsv(200, 5) },
  });
  const reader = answer.body!.getReader();
  await reader.read();
  await revoke();
  expect(await rest(reader)).toBe("broken");
  const [run] = (await harness.json<{ items: { id: string }[] }>("/api/runs", { headers: as(ADMIN) })).items;
  expect((await harness.signalbox.runs.ended(run!.id)).status).toBe("finished");
});

test.each([
  ["an upload", "POST", "/api/upload?name=slow.csv"],
  ["an upload to train on", "PUT", "/api/train/slow.csv"],
  ["outcomes", "POST", "/api/predictions/actuals"],
])("%s in progress is refused", async (_, method, path) => {
  const { headers, revoke } = await issue();
  const { body, sent } = endless("a,b\n");
  const asked = harness.ask(path, { method, headers: { ...headers, "content-type": "text/csv" }, body });
  await sent;
  await revoke();
  const answer = await asked;
  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    401,
    "Your access was revoked",
  ]);
  // The received file is removed after the response.
  await until(() => harness.signalbox.datasets.inProgress().length === 0);
});

test("rows to predict that are still arriving", async () => {
  const { headers, revoke } = await issue();
  const { body, sent } = endless(passengersCsv(2000));
  const asked = harness.ask("/api/models/crew/predict?version=1", {
    ...{ method: "POST", headers: { ...headers, "content-type": "text/csv" }, body },
  });
  await sent;
  const answer = await asked;
  const reader = answer.body!.getReader();
  await revoke();
  expect(answer.status === 401 || (await rest(reader)) === "broken").toBe(true);
});

test("a pending response", async () => {
  const { headers, revoke } = await issue();
  const asked = harness.ask("/api/train?wait=1", {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ datasetId: dataset, target: "Survived", budgetSeconds: 30, name: "waited" }),
  });
  await until(() => harness.signalbox.holds.count > 0);
  await revoke();
  expect((await asked).status).toBe(401);
});

test("no lease remains after everything has ended", () => {
  expect(harness.signalbox.holds.count).toBe(0);
});
