/**
 * Walks every kind of thing that can be deleted, changed or refused: ten seconds after that is final, no file of the
 * data folder holds the words that were in it, SQLite's log included.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";

setDefaultTimeout(60_000);

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness({
    SOURCE_HOSTS: "127.0.0.1",
    SECRET_KEY: "a-key-of-this-test-with-thirty-two-letters",
  });
});
afterAll(() => harness.close());

/** Files below the data folder that hold the text. */
function heldBy(text: string): string[] {
  const { folder } = harness;
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => {
    const path = join(folder, name);
    // A file may vanish while the folder is listed.
    const info = statSync(path, { throwIfNoEntry: false });
    return info?.isFile() === true && readFileSync(path).includes(text);
  });
}

async function expectGone(text: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (heldBy(text).length > 0 && performance.now() < deadline) await Bun.sleep(50);
  expect([text, heldBy(text)]).toEqual([text, []]);
}

async function made(method: string, path: string, body: unknown): Promise<{ id: string }> {
  const answer = await harness.send(method, path, body);
  expect([path, answer.status < 300 || (await answer.text())]).toEqual([path, true]);
  return (await answer.json()) as { id: string };
}

async function deleted(path: string): Promise<void> {
  const { status } = await harness.ask(path, { method: "DELETE" });
  expect([path, status]).toEqual([path, 204]);
}

/** Words that are in cells only. */
const withWord = (word: string, rows = 90) =>
  passengersCsv(rows)
    .replaceAll("female", `${word}-f`)
    .replaceAll(/\bmale\b/g, `${word}-m`);

async function trained(name: string, csv: string) {
  const answer = await harness.ask(`/api/train/${name}.csv?target=Survived&budgetSeconds=1&budgetRounds=1`, {
    ...{ method: "PUT", body: csv },
    headers: { accept: "application/json" },
  });
  return (await answer.json()) as { datasetId: string; id: string };
}

test("a dataset's cells, name of its column, note and tags", async () => {
  const csv = withWord("cell-to-forget").replace("Sex", "column-to-forget");
  const { id } = (await (await harness.upload("a.csv", csv)).json()) as { id: string };
  await harness.send("PATCH", `/api/datasets/${id}`, { note: "note-to-forget", tags: ["tag-to-forget"] });
  expect(heldBy("cell-to-forget").length).toBeGreaterThan(0);
  await deleted(`/api/datasets/${id}?now=1`);
  for (const word of ["cell-to-forget", "column-to-forget", "note-to-forget", "tag-to-forget"])
    await expectGone(word);
});

test("a dataset with its run and its model, predicted rows too", async () => {
  const { datasetId, id } = await trained("whole", withWord("trained-to-forget"));
  const rows = [{ Sex: "asked-to-forget", Class: 1 }];
  await made("POST", "/api/models/whole/predict?version=1", { rows });
  await harness.signalbox.feedback.flush();
  expect(heldBy("asked-to-forget").length).toBeGreaterThan(0);
  await harness.send("PATCH", `/api/runs/${id}`, { note: "run-note-to-forget" });
  await deleted("/api/models/whole?now=1");
  await deleted(`/api/runs/${id}?delete=1&now=1`);
  await deleted(`/api/datasets/${datasetId}?now=1`);
  for (const word of ["trained-to-forget", "asked-to-forget", "run-note-to-forget"]) await expectGone(word);
});

test("what a change replaced: a note, a tag, a name", async () => {
  const { id } = (await (await harness.upload("b.csv", passengersCsv(70))).json()) as { id: string };
  const path = `/api/datasets/${id}`;
  await harness.send("PATCH", path, { note: "first-note", tags: ["first-tag"] });
  await harness.send("PATCH", path, { note: "", tags: [] });
  for (const word of ["first-note", "first-tag"]) await expectGone(word);
});

test("a source's credentials, whether it is changed or deleted", async () => {
  const source = await made("POST", "/api/sources", {
    name: "far",
    url: "http://127.0.0.1:9/table.csv?key=url-to-forget",
    headers: { authorization: "Bearer header-to-forget" },
  });
  const changed = await harness.send("PATCH", `/api/sources/${source.id}`, {
    url: "http://127.0.0.1:9/table.csv?key=other-url-to-forget",
  });
  expect(changed.status).toBe(200);
  await expectGone("?key=url-to-forget");
  await deleted(`/api/sources/${source.id}`);
  for (const word of ["url-to-forget", "header-to-forget"]) await expectGone(word);
});

test("an alert route, a webhook, a token and a saved filter", async () => {
  const { tokens } = harness.signalbox;
  const token = await tokens.create({ name: "token-to-forget", scopes: ["read"] }, "test");
  const things = [
    await made("POST", "/api/webhooks", {
      url: "http://127.0.0.1:9/hook-to-forget",
      secret: "a-secret-of-the-hook-to-forget",
    }),
    await made("POST", "/api/alert-routes", {
      name: "route-to-forget",
      channel: "webhook",
      to: "http://127.0.0.1:9/route-url-to-forget",
      severities: ["error"],
    }),
  ];
  await deleted(`/api/webhooks/${things[0]!.id}`);
  await deleted(`/api/alert-routes/${things[1]!.id}`);
  await tokens.revoke(token.id);
  for (const word of ["hook-to-forget", "a-secret-of-the-hook-to-forget", "route-url-to-forget"])
    await expectGone(word);
});

test("a refused file, and an upload that was cut", async () => {
  const files = () => readdirSync(join(harness.folder, "datasets"), { recursive: true }).sort();
  const before = files();
  const refused = await harness.upload("c.csv", "column\nrefused\nalso\n");
  expect(refused.status).toBe(422);
  expect(files()).toEqual(before);
  const cut = new ReadableStream<Uint8Array>({
    start: (controller) =>
      controller.enqueue(new TextEncoder().encode("a,b\nupload-to-forget,1\n".repeat(5000))),
    pull: (controller) => controller.error(new Error("the client is gone")),
  });
  const init = { method: "POST", body: cut, duplex: "half" } as RequestInit;
  await harness.ask("/api/upload?name=d.csv", init).catch(() => null);
  await expectGone("upload-to-forget");
});
