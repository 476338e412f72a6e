/** Two servers and workers on one PostgreSQL and one bucket: files are everywhere, and a worker may die. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStorage } from "../../../core/store/files/open-storage.ts";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";
import { type S3Server, startS3 } from "../../harness/object-store.ts";
import { type OwnSchema, ownSchema } from "../../harness/postgres.ts";

const root = mkdtempSync(join(tmpdir(), "signalbox-cluster-"));
let s3: S3Server;
let schema: OwnSchema;
let settings: Record<string, string>;
let servers: [Harness, Harness];
beforeAll(async () => {
  s3 = await startS3();
  schema = await ownSchema();
  settings = { DATABASE_URL: schema.url, ...s3.settings() };
  servers = [
    await openHarness({ ...settings, TRAIN_CONCURRENCY: "0" }),
    await openHarness({ ...settings, TRAIN_CONCURRENCY: "0" }),
  ];
}, 300_000);
afterAll(async () => {
  for (const server of servers) await server.close();
  await schema.drop();
  await s3.stop();
  rmSync(root, { recursive: true });
});

const workers = new Set<Bun.Subprocess>();
afterEach(async () => {
  for (const worker of workers) {
    worker.kill("SIGCONT");
    worker.kill("SIGTERM");
    await worker.exited;
  }
  workers.clear();
});

/** `signalbox worker` in a process of its own. */
async function startWorker(): Promise<Bun.Subprocess> {
  const worker = Bun.spawn([process.execPath, "server.ts", "worker"], {
    cwd: join(import.meta.dir, "../../.."),
    env: { ...process.env, ...settings, DATA_DIR: mkdtempSync(join(root, "worker-")), PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  workers.add(worker);
  const reader = worker.stdout.getReader();
  const decoder = new TextDecoder();
  for (let said = ""; !said.includes('"role":"worker"}'); ) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the worker did not start");
    said += decoder.decode(value);
  }
  return worker;
}

async function within(milliseconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not hold within ${milliseconds} ms`);
    await Bun.sleep(50);
  }
}

type Run = {
  id: string;
  status: string;
  version: number;
  attempt?: number;
  error: { message: string } | null;
};
const train = async (server: Harness, body: object) =>
  (await (await server.send("POST", "/api/train", body)).json()) as Run;
const runAt = (server: Harness, id: string) => server.json<Run>(`/api/runs/${id}`);

test("what one server receives a worker reads and trains, and the other server predicts with it", async () => {
  await startWorker();
  const [first, second] = servers;
  const uploaded = await first.upload("crew.csv", passengersCsv(300));
  expect(uploaded.status).toBe(201);
  const { id, rows } = (await uploaded.json()) as { id: string; rows: number };
  expect(rows).toBe(300);
  const preview = await second.json<{ items: unknown[] }>(`/api/datasets/${id}/rows?limit=5`);
  expect(preview.items).toHaveLength(5);
  const trained = await second.send("POST", "/api/train?wait=1", {
    datasetId: id,
    name: "crew",
    budgetRounds: 5,
  });
  expect(await trained.json()).toMatchObject({ status: "finished", version: 1 });
  const row = { Class: 1, Sex: "female", Age: 30, Fare: 80 };
  const answers = [];
  for (const server of servers) {
    const answer = await server.send("POST", "/api/models/crew/predict?version=1", row);
    expect(answer.status).toBe(200);
    answers.push(
      ((await answer.json()) as { predictions: { probabilities: object }[] }).predictions[0]!.probabilities,
    );
  }
  expect(answers[0]).toEqual(answers[1]!);
  // The run's checkpoints are gone; the file, the model and its predictions by row exist.
  const storage = await openStorage(first.signalbox.config, root);
  expect((await storage.list("")).map(({ key }) => key.split("/")[0]).sort()).toEqual([
    "datasets",
    "models",
    "models",
  ]);
}, 120_000);

test("a file that cannot be read is refused by the worker, and the server that received it says why", async () => {
  await startWorker();
  const refused = await servers[0].upload("bad.csv", "one line");
  expect(refused.status).toBe(422);
  await expect(refused.json()).resolves.toMatchObject({ detail: expect.any(String) });
}, 60_000);

test("a killed worker's run goes on elsewhere from its last checkpoint, and says what happened", async () => {
  const [first, second] = servers;
  const victim = await startWorker();
  const { id: datasetId } = (await (await first.upload("long.csv", passengersCsv(4000, 7))).json()) as {
    id: string;
  };
  const { id } = await train(first, { datasetId, name: "long", budgetSeconds: 25 });
  const storage = await openStorage(first.signalbox.config, root);
  const hasCheckpoint = async () =>
    (await storage.list(`runs/${id}/1/`)).some(({ key }) => key.endsWith("/candidates.json"));
  await within(60_000, hasCheckpoint);
  const heir = await startWorker();
  victim.kill("SIGKILL");
  await within(60_000, async () => (await second.signalbox.runs.find(id)).attempt === 2);
  const interrupted = (await second.eventsSince(0)).find(
    ({ type, data }) => type === "run.interrupted" && data.runId === id,
  );
  expect(interrupted?.data.reason).toContain("stopped answering");
  const { items } = await first.json<{ items: { role: string; status: string }[] }>("/api/hosts");
  expect(items.map(({ role, status }) => `${role} ${status}`).sort()).toEqual([
    "server alive",
    "server alive",
    "worker alive",
    "worker vanished",
  ]);
  const left = (await second.eventsSince(0)).filter(
    ({ type, data }) => type === "host.left" && data.cause === "vanished",
  );
  expect(left).toHaveLength(1);
  await within(60_000, async () => (await runAt(second, id)).status === "finished");
  const finished = (await first.eventsSince(0)).filter(
    ({ type, data }) => type === "run.finished" && data.runId === id,
  );
  expect(finished).toHaveLength(1);
  expect(heir.exitCode).toBeNull();
  await within(10_000, async () => (await storage.list(`runs/${id}/`)).length === 0);
}, 240_000);

test("a run is cancelled at a server while a worker trains it", async () => {
  await startWorker();
  const [first, second] = servers;
  const { id: datasetId } = (await (await first.upload("cancel.csv", passengersCsv(2000, 3))).json()) as {
    id: string;
  };
  const { id } = await train(second, { datasetId, name: "cancelled", budgetSeconds: 60 });
  await within(30_000, async () => (await runAt(first, id)).status === "running");
  expect((await first.ask(`/api/runs/${id}`, { method: "DELETE" })).status).toBe(202);
  await within(5000, async () => (await runAt(second, id)).status === "cancelled");
  // The worker is free: it takes the next one.
  const next = await second.send("POST", "/api/train?wait=1", { datasetId, name: "next", budgetRounds: 3 });
  expect(await next.json()).toMatchObject({ status: "finished" });
}, 120_000);

test("a deleted dataset leaves the bucket", async () => {
  const [first] = servers;
  await startWorker();
  const { id } = (await (await first.upload("gone.csv", passengersCsv(50, 9))).json()) as { id: string };
  const storage = await openStorage(first.signalbox.config, root);
  expect(await storage.list(`datasets/${id}`)).toHaveLength(1);
  await first.signalbox.datasets.erase(id);
  expect(await storage.list(`datasets/${id}`)).toEqual([]);
  expect(readdirSync(join(first.folder, "datasets")).filter((name) => name.startsWith(id))).toEqual([]);
}, 60_000);

test("while the bucket is down an upload is refused with the reason, and everything works again when it is back", async () => {
  await startWorker();
  const [first] = servers;
  await s3.kill();
  const refused = await first.upload("later.csv", passengersCsv(60, 11));
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ detail: expect.stringContaining("file storage") });
  await s3.start();
  expect((await first.upload("later.csv", passengersCsv(60, 11))).status).toBe(201);
}, 60_000);
