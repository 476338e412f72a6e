/** Checks that a run can be replayed at any moment from its own record, when the log no longer has its events. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { trimEvents } from "../../../../core/store/log.ts";
import type { Replay } from "../../../../core/training/replay.ts";
import type { RunView } from "../../../../core/training/run-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";

let harness: Harness;
let run: RunView;
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(400))).json()) as { id: string };
  const trained = await harness.send("POST", "/api/train?wait=1", {
    datasetId: dataset.id,
    budgetRounds: 80,
  });
  run = (await trained.json()) as RunView;
  await trimEvents(harness.signalbox.store, { before: Number.MAX_SAFE_INTEGER, keep: 0, limit: 1_000_000 });
}, 60_000);
afterAll(() => harness.close());

const replayAt = (at: number) => harness.json<Replay>(`/runs/${run.id}/replay?at=${at}`);

const curve = async () => {
  const { rounds } = await harness.json<Replay>(`/panels/curve.json?of=${run.id}`);
  return { rounds };
};

test("the log is empty, the record is not", async () => {
  expect(await harness.signalbox.log.read(0, 1)).toEqual([]);
  const { totalSeconds, marks } = await replayAt(0);
  expect(totalSeconds).toBeGreaterThan(0.2);
  expect(marks.map(({ label }) => label)).toEqual([...run.stages.map(({ name }) => name), "The end"]);
});

test("the replay's end equals the run, and its start shows nothing that came later", async () => {
  const { run: end, rounds: shown } = await replayAt(1e9);
  expect(end).toEqual(await harness.json(`/runs/${run.id}`));
  expect(shown.length).toBeGreaterThan(0);
  expect({ rounds: shown }).toEqual(await curve());
  const { run: start, rounds } = await replayAt(0);
  expect(start).toMatchObject({
    status: "running",
    candidates: [],
    best: null,
    metrics: null,
    verdict: null,
  });
  expect(start.stages.slice(1).every(({ status }) => status === "pending")).toBe(true);
  expect(rounds).toEqual([]);
});

test("on the way progress, candidates and finished stages only grow; findings come with their stage's end", async () => {
  const { totalSeconds } = await replayAt(0);
  let before = { progress: 0, candidates: 0, finished: 0 };
  for (let step = 0; step <= 40; step++) {
    const { run: then } = await replayAt((totalSeconds * step) / 40);
    const finished = then.stages.filter(({ status }) => status === "finished").length;
    const now = { progress: then.progress, candidates: then.candidates.length, finished };
    expect(now.progress).toBeGreaterThanOrEqual(before.progress);
    expect(now.candidates).toBeGreaterThanOrEqual(before.candidates);
    expect(now.finished).toBeGreaterThanOrEqual(before.finished);
    for (const { status, findings, facts } of then.stages) {
      if (status !== "finished") expect([findings, facts]).toEqual([[], {}]);
    }
    before = now;
  }
  expect(before).toEqual({ progress: 1, candidates: run.candidates.length, finished: 8 });
});

test("a link to a moment shows it without a script, and the run's page leads there", async () => {
  const html = { headers: { accept: "text/html" } };
  const { marks } = await replayAt(0);
  const race = marks.find(({ label }) => label === "Model selection")!;
  const page = await (await harness.ask(`/runs/${run.id}/replay?at=${race.seconds + 0.001}`, html)).text();
  expect(page.includes('<h2 id="replay-run">Model selection</h2>')).toBe(true);
  expect(page.includes(`action="/runs/${run.id}/replay"`)).toBe(true);
  const own = await (await harness.ask(`/runs/${run.id}`, html)).text();
  expect(own.includes(`href="/runs/${run.id}/replay?at=0"`)).toBe(true);
  expect((await harness.ask("/runs/nobody/replay")).status).toBe(404);
});

test("the page's former address opens the same moment", async () => {
  const former = await harness.ask(`/runs/${run.id}/rewind?at=0.5`, { redirect: "manual" });
  expect([former.status, former.headers.get("location")]).toEqual([308, `/runs/${run.id}/replay?at=0.5`]);
  const whole = await harness.ask(`/runs/${run.id}/rewind`, { redirect: "manual" });
  expect([whole.status, whole.headers.get("location")]).toEqual([308, `/runs/${run.id}/replay`]);
});
