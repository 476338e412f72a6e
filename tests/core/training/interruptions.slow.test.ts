/** A training that the server's end cut off goes on by itself, says why it stopped, and is not restarted for ever. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { runEvents } from "../../../core/store/run-events.ts";
import { updateRun } from "../../../core/store/runs.ts";
import { interruptRun, resumableRuns } from "../../../core/training/queue/interruptions.ts";
import type { RunView } from "../../../core/training/run-view.ts";
import { openHarness, passengersCsv } from "../../harness/app.ts";
import { inTime } from "../../harness/deadline.ts";
import { ServerProcess, waitForEvent } from "../../harness/process.ts";

const server = new ServerProcess();
beforeAll(() => server.start());
afterAll(() => server.remove());

test("after SIGTERM and after kill -9 it goes on, and the stream names the command that shows it", async () => {
  const trained = await server.ask("/api/train/crew.csv?target=Survived&budgetSeconds=8", {
    method: "PUT",
    body: passengersCsv(3000),
  });
  const scored = await waitForEvent(server, "candidate.scored", 0);
  const told = trained.text().catch((error: Error) => error.message);
  const { items } = await server.json<{ items: RunView[] }>("/api/runs");
  expect(await server.end("SIGTERM")).toBe(0);
  await told;
  await server.start();
  const resumed = await waitForEvent(server, "run.resumed", scored.seq);
  await waitForEvent(server, "candidate.scored", resumed.seq);
  await server.end("SIGKILL");
  await server.start();
  const again = await waitForEvent(server, "run.resumed", resumed.seq);
  await waitForEvent(server, "run.finished", again.seq);
  const run = await server.json<RunView>(`/api/runs/${items[0]!.id}`);
  expect(run).toMatchObject({ status: "finished", error: null, version: 1 });
}, 120_000);

test("the stream of a run that is interrupted says why, and how to go on", async () => {
  const harness = await openHarness();
  const trained = await harness.ask("/api/train/crew.csv?target=Survived&budgetSeconds=60", {
    method: "PUT",
    body: passengersCsv(500),
    headers: { accept: "text/plain" },
  });
  const reader = trained.body!.getReader();
  const opening = new TextDecoder().decode((await reader.read()).value);
  expect(opening).toContain("Ctrl-C stops this output, not the training.");
  expect(opening).toMatch(/Cancel: .*-X DELETE 'http:\/\/127\.0\.0\.1:8000\/api\/runs\/\w+'/);
  expect(opening).toContain("is an ID column");
  const rest = (async () => {
    let text = "";
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return text;
        text += new TextDecoder().decode(value);
      }
    } catch {
      return text;
    }
  })();
  await harness.signalbox.runs.stop();
  expect(await inTime(rest, "the end of the stream")).toMatch(
    /Failed \(503\): The server was stopped during this run\. The run resumes when .*\nTry: curl .*-H 'accept: text\/plain' '.*\/resume'\n$/s,
  );
  await harness.close();
}, 60_000);

test("a run is not restarted after three crashes, nor any with RESUME=0", async () => {
  const harness = await openHarness();
  const { signalbox } = harness;
  const { id: datasetId } = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as {
    id: string;
  };
  const { id } = await signalbox.runs.train({ datasetId, target: "Survived", budgetSeconds: 60 });
  await signalbox.runs.stop();
  const options = { ...signalbox, resumes: "1" as const };
  expect((await resumableRuns(options)).map((run) => run.id)).toEqual([id]);
  expect(await resumableRuns({ ...options, resumes: "0" })).toEqual([]);
  for (const crash of [1, 2, 3]) {
    expect([crash, (await resumableRuns(options)).length]).toEqual([crash, 1]);
    await updateRun(signalbox.store, id, { status: "running" });
    await interruptRun(await signalbox.runs.find(id), "crash", options);
  }
  expect(await resumableRuns(options)).toEqual([]);
  expect((await signalbox.runs.find(id)).error?.fix).toContain("crashed 3 times");
  const told = (await runEvents(signalbox.store, id)).filter(({ type }) => type === "run.interrupted");
  expect(told.map(({ data }) => (JSON.parse(data) as { cause: string }).cause)).toEqual([
    "shutdown",
    ...["crash", "crash", "crash"],
  ]);
  await harness.close();
});
