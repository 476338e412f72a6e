/** Checks that training again under the same name on a changed file says what changed and which version is better. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { RunView } from "../../../../core/training/run-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
const runs: RunView[] = [];
beforeAll(async () => {
  harness = await openHarness();
  const whole = passengersCsv(300).trim().split("\n");
  // The second file has a column more.
  const wider = whole.map((line, row) => `${line},${row === 0 ? "deck" : "ABC"[row % 3]}`);
  for (const lines of [whole, wider]) {
    const uploaded = await harness.upload("crew.csv", lines.join("\n"));
    const { id: datasetId } = (await uploaded.json()) as { id: string };
    const trained = await harness.send("POST", "/api/train?wait=1", {
      datasetId,
      name: "crew",
      budgetSeconds: 2,
    });
    runs.push((await trained.json()) as RunView);
  }
}, 60_000);
afterAll(() => harness.close());

test("the run, the version and the event name the previous version", async () => {
  const [first, second] = runs;
  expect(first.comparison).toBeNull();
  expect(second.comparison).toMatchObject({ version: 1, columns: { came: ["deck"], went: [], changed: [] } });
  expect(second.comparison!.rows).toBeGreaterThan(0);
  expect(Object.keys(second.comparison!.metrics)).toContain(second.metric!);
  const version = await harness.json<{ result: { comparison: unknown } }>("/api/models/crew/versions/2");
  expect(version.result.comparison).toEqual(second.comparison);
  const finished = (await harness.signalbox.log.read(0, 100_000)).filter(
    ({ type }) => type === "run.finished",
  );
  expect(finished.map(({ data }) => (data as { comparison?: string }).comparison)).toEqual([
    undefined,
    second.comparison!.sentence,
  ]);
});

test("the pages of the run and of the model show it", async () => {
  for (const path of [`/runs/${runs[1].id}`, "/models/crew?version=2"]) {
    const page = await (await harness.ask(path, { headers: { accept: "text/html" } })).text();
    expect(page).toContain("Compared with version 1");
    expect(page).toContain("“deck” came");
  }
});
