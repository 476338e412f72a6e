/** One machine's data moves into a cluster and back, and a cluster's backup into either; nothing is lost on the way. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Harness, openHarness, passengersCsv } from "../../../harness/app.ts";
import { type EmptyClusters, openEmptyClusters } from "../../../harness/empty-clusters.ts";

const ROW = { Class: 1, Sex: "female", Age: 30, Fare: 80 };
const root = mkdtempSync(join(tmpdir(), "signalbox-move-test-"));
const machine = join(root, "machine");
const archive = join(root, "cluster.tar");
let clusters: EmptyClusters;
let cluster: Record<string, string>;
/** What the machine answered before it moved. */
let before: Awaited<ReturnType<typeof answersOf>>;

beforeAll(async () => {
  clusters = await openEmptyClusters();
  cluster = await clusters.next();
  mkdirSync(machine);
  const harness = await openHarness({ DATABASE_URL: "", DATA_DIR: machine });
  await fill(harness);
  before = await answersOf(harness);
  await harness.close();
}, 300_000);
afterAll(async () => {
  await clusters.close();
  rmSync(root, { recursive: true });
});

async function fill(harness: Harness): Promise<void> {
  const upload = async (name: string, seed: number) =>
    ((await (await harness.upload(name, passengersCsv(300, seed))).json()) as { id: string }).id;
  const datasetId = await upload("crew.csv", 1);
  await upload("other.csv", 2);
  for (let i = 0; i < 2; i++)
    await harness.send("POST", "/api/train?wait=1", { datasetId, name: "crew", budgetRounds: 5 });
  await harness.send("PUT", "/api/models/crew/live", { version: 2 });
  const predicted = await harness.send("POST", "/api/models/crew/predict", ROW);
  const { predictions } = (await predicted.json()) as { predictions: { id: string }[] };
  await harness.send("POST", `/api/predictions/${predictions[0]!.id}/actual`, { actual: "1" });
  await harness.send("PATCH", "/api/settings", { RETENTION_DAYS: 17 });
  await harness.send("POST", "/api/webhooks", { url: "http://127.0.0.1:9/", types: ["run.finished"] });
  await harness.signalbox.feedback.flush();
}

/** What users see of the data, without effects of the requests themselves, and of the process. */
const OWN_EVENTS = /^(host|metrics|health)\.|^(prediction|outcome)\.counted$/;
async function answersOf(harness: Harness) {
  const { epoch } = await harness.json<{ epoch: string }>("/api/status");
  const { items: webhooks } = await harness.json<{ items: object[] }>("/api/webhooks");
  const answer = await harness.send("POST", "/api/models/crew/predict?log=off", ROW);
  const told = await answer.text();
  if (!answer.ok) throw new Error(told);
  const { predictions } = JSON.parse(told) as { predictions: { probabilities: object }[] };
  return {
    epoch,
    webhooks: webhooks.length,
    probabilities: predictions[0]!.probabilities,
    datasets: await harness.json("/api/datasets"),
    runs: await harness.json("/api/runs"),
    model: { ...(await harness.json("/api/models/crew")), predictions: null },
    settings: (await harness.json<{ RETENTION_DAYS?: unknown }>("/api/settings")) as object,
    events: (await harness.eventsSince(0)).filter(({ type }) => !OWN_EVENTS.test(type)),
  };
}

async function command(words: string[], settings: Record<string, string>) {
  const child = Bun.spawn([process.execPath, "server.ts", ...words], {
    cwd: join(import.meta.dir, "../../../.."),
    env: { ...process.env, LOG_LEVEL: "silent", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, error, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, error, code };
}

const move = (settings: Record<string, string>, folder: string, ...words: string[]) => {
  const { DATABASE_URL = "", STORAGE_URL = "", ...keys } = settings;
  return command(["move", "--database", DATABASE_URL, "--storage", STORAGE_URL, ...words], {
    ...keys,
    DATA_DIR: folder,
  });
};

/** Every file of a folder with its size, time and bytes. */
function contentsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const hash = new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
      return `${path} ${statSync(path).size} ${statSync(path).mtimeMs} ${hash}`;
    })
    .sort();
}

test("into a cluster: everything is there, the log goes on with its numbers, and the folder is as it was", async () => {
  const folder = contentsOf(machine);
  const moved = await move(cluster, machine);
  expect(moved).toMatchObject({ code: 0 });
  expect(moved.out).toContain("Moved and compared");
  expect(moved.error).toMatch(/files: \d+ of \d+ files/);
  expect(contentsOf(machine)).toEqual(folder);
  const harness = await openHarness(cluster);
  expect(await answersOf(harness)).toEqual(before);
  const { items } = await harness.json<{ items: { id: string }[] }>("/api/datasets");
  const more = { datasetId: items.at(-1)!.id, name: "crew", budgetRounds: 3 };
  const trained = await harness.send("POST", "/api/train?wait=1", more);
  expect(await trained.json()).toMatchObject({ status: "finished", version: 3 });
  await harness.close();
  expect(await command(["check"], { ...cluster, DATA_DIR: join(root, "none") })).toMatchObject({
    code: 0,
    out: "ok\n",
  });
}, 120_000);

test("a second move into it, one while a server runs, and one from nowhere are refused in one line", async () => {
  const again = await move(cluster, machine);
  expect(again.code).toBe(2);
  expect(again.error).toContain("holds data already");
  const nowhere = await move(cluster, join(root, "nowhere"));
  expect([nowhere.code, nowhere.error]).toEqual([2, expect.stringContaining("has no database")]);
  const unnamed = await command(["move"], { DATA_DIR: machine });
  expect([unnamed.code, unnamed.error]).toEqual([2, expect.stringContaining("--database")]);
  const odd = await command(["move", "--databse", "x"], { DATA_DIR: machine });
  expect(odd.code).toBe(2);
  const server = await openHarness(cluster);
  const used = await move(cluster, join(root, "used"), "--back");
  expect([used.code, used.error]).toEqual([2, expect.stringContaining("Stop all servers")]);
  await server.close();
  const held = await openHarness({ DATABASE_URL: "", DATA_DIR: machine });
  const busy = await move(await clusters.next(), machine);
  expect([busy.code, busy.error]).toEqual([2, expect.stringContaining("has been using")]);
  await held.close();
}, 60_000);

test("one that is killed on the way goes on, and no server starts on half of it", async () => {
  const target = await clusters.next();
  const { DATABASE_URL = "", STORAGE_URL = "", ...keys } = target;
  const child = Bun.spawn(
    [process.execPath, "server.ts", "move", "--database", DATABASE_URL, "--storage", STORAGE_URL],
    {
      cwd: join(import.meta.dir, "../../../.."),
      env: { ...process.env, ...keys, DATA_DIR: machine },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  for await (const _ of child.stderr as unknown as AsyncIterable<Uint8Array>) break;
  child.kill("SIGKILL");
  await child.exited;
  await expect(openHarness(target)).rejects.toThrow("has not ended");
  const second = await move(target, machine);
  expect(second.code).toBe(0);
  expect(second.error).toContain("Continuing");
  const harness = await openHarness(target);
  expect(await answersOf(harness)).toEqual(before);
  await harness.close();
}, 120_000);

test("a damaged file ends the move with its name", async () => {
  const folder = join(root, "damaged");
  Bun.spawnSync(["cp", "-a", machine, folder]);
  const [name] = readdirSync(join(folder, "models")).filter((file) => file.endsWith(".bin"));
  writeFileSync(join(folder, "models", name!), "not a model");
  const moved = await move(await clusters.next(), folder);
  expect(moved.code).toBe(2);
  expect(moved.error).toContain(`models/${name}`);
}, 60_000);

test("and back: one machine goes on with what the cluster had", async () => {
  const server = await openHarness(cluster);
  const now = await answersOf(server);
  await server.close();
  const folder = join(root, "back");
  const moved = await move(cluster, folder, "--back");
  expect(moved).toMatchObject({ code: 0 });
  const harness = await openHarness({ DATABASE_URL: "", DATA_DIR: folder });
  expect(await answersOf(harness)).toEqual(now);
  await harness.close();
  expect(await command(["check"], { DATA_DIR: folder })).toMatchObject({ code: 0 });
}, 60_000);

test("a cluster's backup, made while its servers run, is restored on one machine and in another cluster", async () => {
  const server = await openHarness(cluster);
  const now = await answersOf(server);
  const made = await command(["backup", archive], { ...cluster, DATA_DIR: join(root, "admin") });
  expect(made).toMatchObject({ code: 0 });
  const streamed = await server.ask("/api/backup", { headers: { accept: "*/*" } });
  expect(streamed.status).toBe(200);
  const fromServer = join(root, "server.tar");
  writeFileSync(fromServer, await streamed.bytes());
  await server.close();
  const { epoch, ...data } = now;
  for (const file of [archive, fromServer]) {
    const folder = mkdtempSync(join(root, "restored-"));
    expect(await command(["restore", file], { DATA_DIR: folder })).toMatchObject({ code: 0 });
    const alone = await openHarness({ DATABASE_URL: "", DATA_DIR: folder });
    const { epoch: next, ...restored } = await answersOf(alone);
    expect(restored).toEqual(data);
    expect(next).not.toBe(epoch);
    await alone.close();
  }
  const other = await clusters.next();
  const restore = (...words: string[]) =>
    command(["restore", archive, ...words], { ...other, DATA_DIR: join(root, "admin") });
  expect(await restore()).toMatchObject({ code: 0 });
  const shared = await openHarness(other);
  const { epoch: _, ...restored } = await answersOf(shared);
  expect(restored).toEqual(data);
  expect((await restore("--replace")).error).toContain("Stop all servers");
  await shared.close();
  const refused = await restore();
  expect([refused.code, refused.error]).toEqual([2, expect.stringContaining("holds data already")]);
  const replaced = await restore("--replace");
  expect(replaced).toMatchObject({ code: 0, error: expect.stringContaining("replaced-") });
  expect(readdirSync(join(root, "admin")).filter((name) => name.startsWith("replaced-"))).toHaveLength(1);
}, 180_000);

test("check names a file of the cluster that is gone", async () => {
  const [bucket] = readdirSync(clusters.s3.folder).filter((name) => cluster.STORAGE_URL!.includes(name));
  const models = join(clusters.s3.folder, bucket!, "files/models");
  const [name] = readdirSync(models).filter((file) => file.endsWith(".bin"));
  rmSync(join(models, name!));
  const checked = await command(["check"], { ...cluster, DATA_DIR: join(root, "none") });
  expect([checked.code, checked.error]).toEqual([2, expect.stringContaining(`${name} is missing`)]);
}, 30_000);
