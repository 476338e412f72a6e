/** A version is deleted by the button on its page; the live one of several has none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as { id: string };
  for (const seed of [1, 2])
    await harness.send("POST", "/api/train?wait=1", {
      datasetId: dataset.id,
      budgetRounds: 5,
      name: "crew",
      seed,
    });
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
}, 60_000);
afterAll(() => harness.close());

const page = async (version: number) =>
  (await harness.ask(`/models/crew?version=${version}`, { headers: { accept: "text/html" } })).text();

test("the live version has no such button", async () => {
  expect(await page(1)).not.toContain("/versions/1/delete");
});

test("another version is deleted with one click, and can be restored", async () => {
  expect(await page(2)).toContain('action="/models/crew/versions/2/delete"');
  const headers = { origin: "http://127.0.0.1:8000", accept: "text/html" };
  const answer = await harness.ask("/models/crew/versions/2/delete", { method: "POST", headers });
  expect(answer.status).toBe(303);
  const { versions } = await harness.json<{ versions: { version: number }[] }>("/api/models/crew");
  expect(versions.map(({ version }) => version)).toEqual([1]);
  const list = await (await harness.ask("/models", { headers })).text();
  expect(list).toContain("/undo/");
});
