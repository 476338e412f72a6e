/**
 * A training that the server's end interrupted resumes automatically, says why it stopped, and is not restarted
 * forever.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { runEvents } from "../../../core/store/run-events.ts";
import { updateRun } from "../../../core/store/runs.ts";
import { interruptRun, resumableRuns } from "../../../core/training/queue/interruptions.ts";
import { runOf } from "../../../core/training/run-recorder.ts";
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

test("the stream of an interrupted run says why, and how to resume", async () => {
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
    /Failed \(503\): The server was stopped during this run\. (?:The run resumes when|Another server resumes it) .*\nTry: curl .*-H 'accept: text\/plain' '.*\/resume'\n$/s,
  );
  await harness.close();
}, 60_000);

test("a run fails after three crashes without a new result, and goes on once more when a person resumes it", async () => {
  const harness = await openHarness();
  const { signalbox } = harness;
  const { store, log } = signalbox;
  const { id: datasetId } = (await (await harness.upload("crew.csv", passengersCsv(200))).json()) as {
    id: string;
  };
  const { id } = await signalbox.runs.train({ datasetId, target: "Survived", budgetSeconds: 60 });
  await signalbox.runs.stop();
  const options = { ...signalbox, resumes: "1" as const };
  const resumable = async () => (await resumableRuns(options)).map((run) => run.id);
  expect(await resumable()).toEqual([id]);
  expect(await resumableRuns({ ...options, resumes: "0" })).toEqual([]);
  const crash = async () => {
    await updateRun(store, id, { status: "running" });
    await interruptRun(await signalbox.runs.find(id), "crash", options);
    return (await signalbox.runs.find(id)).status;
  };
  const scored = async (candidate: string) =>
    log.append("candidate.scored", {
      ...runOf(await signalbox.runs.find(id)),
      ...{ candidate, family: "boosting", score: 1, std: 0, foldScores: [1], durationMs: 1 },
      metric: "accuracy",
    });
  await scored("First");
  expect([await crash(), await crash()]).toEqual(["interrupted", "interrupted"]);
  await scored("Second");
  expect([await crash(), await crash()]).toEqual(["interrupted", "interrupted"]);
  // A repetition is what a resumed run already has.
  await scored("First");
  expect(await crash()).toBe("failed");
  expect(await resumable()).toEqual([]);
  const { error } = await signalbox.runs.find(id);
  expect(error?.message).toContain("died 3 times");
  const { items } = await harness.json<{ items: { code: string; sentence: string }[] }>("/api/alerts");
  expect(items.find(({ code }) => code === "run.failed")?.sentence).toContain("died 3 times");
  const told = (await runEvents(store, id)).filter(({ type }) => /^run\.(interrupted|failed)$/.test(type));
  expect(told.map(({ type }) => type).slice(-2)).toEqual(["run.interrupted", "run.failed"]);
  expect([await crash(), await crash(), await crash()]).toEqual(["interrupted", "interrupted", "failed"]);
  await harness.close();
});
