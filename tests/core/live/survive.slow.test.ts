/** Checks that everything acknowledged exists after kill -9, and that an interrupted run says so and resumes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunView } from "../../../core/training/run-view.ts";
import { passengersCsv } from "../../harness/app.ts";
import { ServerProcess, waitForEvent } from "../../harness/process.ts";

/** Here a person resumes; what happens without one is in tests/core/training/interruptions.slow.test.ts. */
const server = new ServerProcess({ RESUME: "0" });
beforeAll(() => server.start());
afterAll(() => server.remove());

const post = (path: string, body: unknown, method = "POST") =>
  server.ask(path, { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("kill -9 in the middle of a training loses nothing, and resuming finishes it", async () => {
  const upload = await server.ask("/api/upload?name=crew.csv", { method: "POST", body: passengersCsv(3000) });
  const { id: datasetId } = (await upload.json()) as { id: string };
  const queued = (await (await post("/api/train", { datasetId, budgetSeconds: 8 })).json()) as RunView;
  const waiting = (await (
    await post("/api/train", { datasetId, budgetSeconds: 1, name: "second" })
  ).json()) as RunView;
  const scored = await waitForEvent(server, "candidate.scored", 0);
  const { epoch } = await server.json<{ epoch: string }>("/api/status");
  await server.end("SIGKILL");
  await server.start();

  const run = await server.json<RunView>(`/api/runs/${queued.id}`);
  expect(run.status).toBe("interrupted");
  expect(run.error?.message).toContain("without shutting down");
  expect(run.error?.fix).toContain("RESUME=0");
  expect(run.candidates.length).toBeGreaterThan(0);
  const status = await server.json<{ epoch: string; seq: number }>("/api/status");
  expect(status.epoch).toBe(epoch);
  expect(status.seq).toBeGreaterThan(scored.seq);
  const attention = await (await server.ask("/panels/attention")).text();
  expect(attention).toContain(`/runs/${queued.id}/resume`);

  await waitForEvent(server, "run.finished", scored.seq);
  expect((await server.json<RunView>(`/api/runs/${waiting.id}`)).status).toBe("finished");
  const before = (await server.json<{ seq: number }>("/api/status")).seq;
  expect((await server.ask(`/api/runs/${queued.id}/resume`, { method: "POST" })).status).toBe(202);
  await waitForEvent(server, "run.finished", before);
  const finished = await server.json<RunView>(`/api/runs/${queued.id}`);
  expect(finished).toMatchObject({ status: "finished", modelName: "crew", version: 1 });

  await post("/api/models/crew/live", { version: 1 }, "PUT");
  await server.end("SIGKILL");
  await server.start();
  const predicted = await post("/api/models/crew/predict", { Sex: "female", Class: 1 });
  expect(predicted.status).toBe(200);
}, 120_000);

test("half a file of a killed upload is removed, and its bytes can be sent again", async () => {
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode("a,b,c\n1,2,3\n"));
      await Bun.sleep(20);
    },
  });
  const before = (await server.json<{ seq: number }>("/api/status")).seq;
  const sending = server.ask("/api/upload?name=half.csv", { method: "POST", body }).catch(() => "cut");
  await waitForEvent(server, "dataset.progressed", before);
  await server.end("SIGKILL");
  expect(await sending).toBe("cut");
  await server.start();
  const files = readdirSync(join(server.folder, "datasets"));
  expect(files.filter((name) => name.endsWith(".part"))).toEqual([]);
}, 30_000);

test("a second process on the same folder says which process uses it", async () => {
  const second = Bun.spawnSync([process.execPath, join(import.meta.dir, "../../../server.ts")], {
    env: { ...process.env, DATA_DIR: server.folder, PORT: "0" },
  });
  expect(second.exitCode).toBe(2);
  expect(second.stderr.toString()).toMatch(/Process \d+ has been using .*Stop that process/s);
});

test("SIGTERM ends with 0 and leaves nothing to repair", async () => {
  expect(await server.end("SIGTERM")).toBe(0);
  await server.start();
  expect((await server.ask("/healthz")).status).toBe(200);
}, 15_000);

test("a training that outgrows its memory fails alone, and curl gets the reason before the stream breaks", async () => {
  // More than reading the file takes (some 80 MB), less than training on it.
  const small = new ServerProcess({ TRAIN_MEMORY_MB: "100" });
  await small.start();
  const answer = await small.ask("/api/train/crew.csv?target=Survived&budgetSeconds=20", {
    method: "PUT",
    body: passengersCsv(150_000),
  });
  let text = "";
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>)
      text += decoder.decode(chunk);
  })();
  expect(await reading.catch(() => "broken")).toBe("broken");
  expect(text).toContain("Failed (422): The work needed more than 100 MB of memory");
  expect((await small.ask("/healthz")).status).toBe(200);
  await small.remove();
}, 60_000);
