/** What was deleted is hidden at once and gone from SQLite's file and its log within ten seconds, predicted rows too. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

setDefaultTimeout(60_000);

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  for (const name of ["crew", "other"])
    await harness.ask(`/api/train/${name}.csv?target=Survived&budgetSeconds=1&budgetRounds=1`, {
      ...{ method: "PUT", body: passengersCsv(name === "crew" ? 90 : 120) },
      headers: { accept: "application/json" },
    });
});
afterAll(() => harness.close());

/** Which of SQLite's files hold the text. */
function heldBy(text: string): string[] {
  const folder = harness.signalbox.config.DATA_DIR;
  return ["", "-wal"]
    .map((end) => `signalbox.sqlite${end}`)
    .filter((name) => existsSync(join(folder, name)) && readFileSync(join(folder, name)).includes(text));
}

async function goneWithin(text: string, ms: number): Promise<string[]> {
  const deadline = performance.now() + ms;
  while (heldBy(text).length && performance.now() < deadline) await Bun.sleep(50);
  return heldBy(text);
}

async function predict(model: string, Sex: string, rows: number) {
  const answer = await harness.send("POST", `/api/models/${model}/predict?version=1`, {
    rows: Array.from({ length: rows }, (_, i) => ({ Sex: `${Sex}-${i}`, Class: 1 + (i % 3) })),
  });
  return (await answer.json()) as { predictions: { id?: string; logged?: false }[] };
}

test("a version's predicted rows are found among those of others, and only stored ones have IDs", async () => {
  for (let i = 0; i < 10; i++) {
    await predict("crew", "the-crew-secret", 200);
    await predict("other", "what-stays", 200);
  }
  await harness.signalbox.feedback.flush();
  expect(heldBy("the-crew-secret")).not.toEqual([]);
  // A file that is being predicted continues with the version that it started with.
  const version = await harness.signalbox.models.serving("crew", 1);
  const deleting = harness.ask("/api/models/crew/versions/1?now=1", { method: "DELETE" });
  const rows = [new Map([["Sex", "asked-meanwhile"]])];
  expect((await deleting).status).toBe(204);
  const { predictions } = await harness.signalbox.serving.predict(version, rows, { explain: false });
  expect(predictions).toMatchObject([{ logged: false }]);
  expect(predictions[0]).not.toHaveProperty("id");
  expect((await harness.ask("/api/models/crew/versions/1")).status).toBe(404);
  expect(await goneWithin("the-crew-secret", 10_000)).toEqual([]);
  expect(heldBy("asked-meanwhile")).toEqual([]);
  expect(heldBy("what-stays")).not.toEqual([]);
});

test("a version that is hidden but can be restored gives no IDs; once restored it does again", async () => {
  const rows = [new Map([["Sex", "asked-while-hidden"]])];
  for (const path of ["/api/models/other/versions/1", "/api/models/other"]) {
    const version = await harness.signalbox.models.serving("other", 1);
    const deleted = await harness.ask(path, { method: "DELETE" });
    expect(deleted.status).toBe(204);
    const { predictions } = await harness.signalbox.serving.predict(version, rows, { explain: false });
    expect([path, predictions]).toMatchObject([path, [{ logged: false }]]);
    const { items } = await harness.json<{ items: { id: string }[] }>("/api/undo");
    expect((await harness.ask(`/api/undo/${items[0]!.id}`, { method: "POST" })).status).toBeLessThan(300);
    const again = await predict("other", "asked-again", 1);
    expect([path, typeof again.predictions[0]!.id]).toEqual([path, "string"]);
  }
  await harness.signalbox.feedback.flush();
  expect(heldBy("asked-while-hidden")).toEqual([]);
});

test("a webhook's secret, a token's name and a dataset, once a long reader has ended", async () => {
  const { tokens } = harness.signalbox;
  const hook = await harness.send("POST", "/api/webhooks", {
    url: "http://127.0.0.1:9/hook-to-forget",
    secret: "a-webhook-secret-to-forget",
  });
  const { id } = (await hook.json()) as { id: string };
  const token = await tokens.create({ name: "name-to-forget", scopes: ["read"] }, "test");
  const { items } = await harness.json<{ items: { id: string }[] }>("/api/datasets");
  const reader = new Database(join(harness.signalbox.config.DATA_DIR, "signalbox.sqlite"), {
    readonly: true,
  });
  reader.exec("BEGIN");
  reader.query("SELECT count(*) FROM webhooks").get();
  expect((await harness.ask(`/api/webhooks/${id}`, { method: "DELETE" })).status).toBe(204);
  await tokens.revoke(token.id);
  for (const dataset of items)
    expect((await harness.ask(`/api/datasets/${dataset.id}?now=1`, { method: "DELETE" })).status).toBe(204);
  expect(heldBy("a-webhook-secret-to-forget")).not.toEqual([]);
  reader.close();
  for (const text of ["hook-to-forget", "a-webhook-secret-to-forget", "name-to-forget"])
    expect([text, await goneWithin(text, 10_000)]).toEqual([text, []]);
});
