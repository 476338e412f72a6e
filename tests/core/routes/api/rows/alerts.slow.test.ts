/** Checks that a person, a script and a webhook see what needs attention, and can acknowledge it. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness } from "../../../../harness/app.ts";

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

test("a run that fails is one activity row, one alert with its action, until it is dismissed", async () => {
  const { ask, signalbox, eventsSince, json, send, upload } = harness;
  const { id } = (await (await upload("flat.csv", `a,b\n${"1,x\n2,x\n".repeat(50)}`)).json()) as {
    id: string;
  };
  const { lastSeq } = signalbox.log;
  const answer = await send("POST", "/api/train", { datasetId: id, target: "b", budgetSeconds: 2 });
  const run = (await answer.json()) as { id: string };
  expect((await signalbox.runs.ended(run.id)).status).toBe("failed");
  const raised = (await eventsSince(lastSeq)).filter(({ type }) => type === "alert.raised");
  expect(raised).toMatchObject([{ data: { code: "run.failed", subject: run.id, severity: "error" } }]);
  const { items } = await json<{ items: { id: string; action: { path: string } }[] }>("/api/alerts");
  expect(items).toMatchObject([{ sentence: raised[0]!.data.sentence, action: { path: `/runs/${run.id}` } }]);
  const rows = await json<{ items: { sentence: string }[] }>("/api/activity?limit=100");
  expect(rows.items.filter(({ sentence }) => sentence.includes("failed"))).toHaveLength(1);

  const attention = async () => (await ask("/panels/attention", { headers: { accept: "text/html" } })).text();
  expect(await attention()).toContain(`/alerts/${items[0]!.id}/dismiss`);
  const own = { headers: { accept: "text/html", "content-type": "application/x-www-form-urlencoded" } };
  expect((await ask(`/alerts/${items[0]!.id}/dismiss`, { method: "POST", ...own })).status).toBe(303);
  expect(await attention()).toContain("Nothing needs attention");
  expect((await ask(`/api/alerts/${items[0]!.id}`, { method: "DELETE" })).status).toBe(404);
});
