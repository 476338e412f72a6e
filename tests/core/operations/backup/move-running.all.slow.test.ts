/** A training that is under way moves with the data: it goes on from its scored candidates, on either side. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunView } from "../../../../core/training/run-view.ts";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { type EmptyClusters, openEmptyClusters } from "../../../harness/empty-clusters.ts";
import { ServerProcess } from "../../../harness/process.ts";

const ROUNDS = 500;
/** How many candidates have been scored before it is interrupted. */
const SCORED = 2;
const END_MS = 240_000;
const root = mkdtempSync(join(tmpdir(), "signalbox-move-running-"));
let clusters: EmptyClusters;
/** The model of the same training without an interruption. */
let whole: string;

beforeAll(async () => {
  clusters = await openEmptyClusters();
  const alone = await openHarness({ DATABASE_URL: "" });
  const { id } = await train(alone);
  whole = await modelOf(alone, id);
  await alone.close();
}, 300_000);
afterAll(async () => {
  await clusters.close();
  rmSync(root, { recursive: true });
});

type Asks = Pick<Harness, "ask">;

async function train(on: Asks): Promise<{ id: string }> {
  const uploaded = await on.ask("/api/upload?name=crew.csv", { method: "POST", body: passengersCsv(2500) });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  const body = JSON.stringify({ datasetId, name: "crew", target: "Survived", budgetRounds: ROUNDS });
  const headers = { "content-type": "application/json" };
  return (await (await on.ask("/api/train", { method: "POST", headers, body })).json()) as { id: string };
}

async function runOf(on: Asks, id: string): Promise<RunView> {
  return (await (
    await on.ask(`/api/runs/${id}`, { headers: { accept: "application/json" } })
  ).json()) as RunView;
}

/** Of the finished run: the hash of the model's file. */
async function modelOf(on: Harness, id: string): Promise<string> {
  await within(async () => (await runOf(on, id)).status === "finished", `the end of run ${id}`);
  return (await on.signalbox.models.findVersion("crew", 1)).sha256;
}

/** The candidates that were scored, with how long that took: what is not scored again keeps its time. */
const scoredOf = ({ candidates }: RunView) =>
  Object.fromEntries(
    candidates.filter(({ family }) => family !== "baseline").map((row) => [row.name, row.durationMs]),
  );

async function within(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + END_MS; !(await holds()); await Bun.sleep(20))
    if (performance.now() > end) throw new Error(`waited for ${what}`);
}

async function command(words: string[], settings: Record<string, string>): Promise<void> {
  const child = Bun.spawn([process.execPath, "server.ts", ...words], {
    cwd: join(import.meta.dir, "../../../.."),
    env: { ...process.env, LOG_LEVEL: "silent", ...settings },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said = await new Response(child.stderr).text();
  expect([await child.exited, said]).toEqual([0, expect.any(String)]);
}

test("from a machine that was killed into a cluster, and from there to a machine again", async () => {
  const machine = new ServerProcess({ DATABASE_URL: "" });
  await machine.start();
  const { id } = await train(machine);
  const list = join(machine.folder, "runs", id, "candidates.json");
  const saved = () =>
    existsSync(list) ? Object.keys((JSON.parse(readFileSync(list, "utf8")) as { files: object }).files) : [];
  // A candidate is told before it is saved.
  const scoredAndSaved = async () => {
    const names = saved();
    const scored = Object.entries(scoredOf(await runOf(machine, id)));
    return Object.fromEntries(scored.filter(([name]) => names.includes(name)));
  };
  await within(async () => Object.keys(await scoredAndSaved()).length >= SCORED, "candidates");
  const before = await scoredAndSaved();
  expect((await runOf(machine, id)).status).toBe("running");
  await machine.end("SIGKILL");
  const cluster = await clusters.next();
  await command(["move"], { ...cluster, DATA_DIR: machine.folder });

  // Its worker is gone for good: after 20 seconds somebody else takes the run over.
  const shared = await openHarness(cluster);
  await within(async () => (await runOf(shared, id)).status === "running", "the run to go on in the cluster");
  const more = async () => Object.keys(scoredOf(await runOf(shared, id))).length > Object.keys(before).length;
  await within(more, "one more candidate");
  const later = scoredOf(await runOf(shared, id));
  expect(later).toMatchObject(before);
  await within(
    async () => (await shared.signalbox.files.list(`runs/${id}/`)).some(({ key }) => key.endsWith(".json")),
    "a checkpoint in the bucket",
  );
  await shared.close();

  const back = join(root, "back");
  await command(["move", "--back"], { ...cluster, DATA_DIR: back });
  const alone = await openHarness({ DATABASE_URL: "", DATA_DIR: back });
  expect(await modelOf(alone, id)).toBe(whole);
  expect(scoredOf(await runOf(alone, id))).toMatchObject(before);
  const finished = (await alone.eventsSince(0)).filter(({ type }) => type === "run.finished");
  expect(finished).toHaveLength(1);
  await alone.close();
  await machine.remove();
}, 900_000);

test("a backup that was made during a training starts it again, on one machine and in another cluster", async () => {
  const cluster = await clusters.next();
  const shared = await openHarness(cluster);
  const { id } = await train(shared);
  await within(
    async () => Object.keys(scoredOf(await runOf(shared, id))).length >= SCORED,
    "candidates of the cluster",
  );
  const archive = join(root, "running.tar");
  await command(["backup", archive], { ...cluster, DATA_DIR: join(root, "admin") });
  expect((await runOf(shared, id)).status).toBe("running");
  expect(await modelOf(shared, id)).toBe(whole);
  await shared.close();

  for (const home of [{ DATABASE_URL: "", DATA_DIR: join(root, "restored") }, await clusters.next()]) {
    await command(["restore", archive], { DATA_DIR: join(root, "other"), ...home });
    const restored = await openHarness(home);
    expect(await modelOf(restored, id)).toBe(whole);
    await restored.close();
  }
}, 900_000);

test("a machine's backup during a training goes into a cluster, where the training starts again", async () => {
  const machine = new ServerProcess({ DATABASE_URL: "" });
  await machine.start();
  const { id } = await train(machine);
  await within(
    async () => Object.keys(scoredOf(await runOf(machine, id))).length >= SCORED,
    "candidates of the machine",
  );
  const archive = join(root, "machine.tar");
  await command(["backup", archive], { DATA_DIR: machine.folder });
  expect((await runOf(machine, id)).status).toBe("running");
  await machine.remove();
  const cluster = await clusters.next();
  await command(["restore", archive], { ...cluster, DATA_DIR: join(root, "admin-2") });
  const shared = await openHarness(cluster);
  expect(await modelOf(shared, id)).toBe(whole);
  await shared.close();
}, 900_000);
