/**
 * Shares a model's traffic with a canary as a user does: through single rows, batches, files and forms, sticky by a key,
 * and back again by itself when the canary fails.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CanaryView } from "../../../../../../core/models/canary/canaries.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../../harness/app.ts";

let harness: Harness;
const train = (datasetId: string, exclude: string[]) =>
  harness.send("POST", "/api/train?wait=1", { datasetId, budgetRounds: 15, name: "crew", exclude });
beforeAll(async () => {
  harness = await openHarness();
  const dataset = (await (await harness.upload("crew.csv", passengersCsv(400))).json()) as { id: string };
  await train(dataset.id, ["Sex"]);
  await train(dataset.id, []);
  await train(dataset.id, ["Fare"]);
}, 60_000);
afterAll(() => harness.close());

const put = (body: Record<string, unknown>) => harness.send("PUT", "/api/models/crew/canary", body);
const canaryOf = async (name: string) =>
  (await harness.json<{ canary: CanaryView | null }>(`/api/models/${name}/canary`)).canary;
const view = async () => (await canaryOf("crew"))!;
const rowOf = (n: number) => ({
  ...{ Sex: n % 2 ? "male" : "female", Class: (n % 3) + 1, Age: n % 70, Fare: 20 + n },
});
interface Answer {
  version: number;
  predictions: { prediction: string; version?: number }[];
}
const ask = async (body: unknown, headers: Record<string, string> = {}, query = ""): Promise<Answer> => {
  const answer = await harness.ask(`/api/models/crew/predict${query}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Answer;
};
const htmlForm = (path: string, fields: Record<string, string>) => {
  const body = new URLSearchParams(fields).toString();
  const type = { "content-type": "application/x-www-form-urlencoded", "content-length": String(body.length) };
  return harness.ask(path, { method: "POST", headers: { ...type, accept: "text/html" }, body });
};

test("it needs a live version and another one, and a share in percent", async () => {
  expect((await put({ version: 2, share: 50 })).status).toBe(409);
  await harness.send("PUT", "/api/models/crew/live", { version: 1 });
  expect((await put({ version: 1, share: 50 })).status).toBe(409);
  expect((await put({ version: 9, share: 50 })).status).toBe(404);
  for (const share of [0.5, 101, -1]) {
    const refused = await put({ version: 2, share });
    expect(refused.status).toBe(400);
    expect(JSON.stringify(await refused.json())).toContain("percent");
  }
  expect((await put({ version: 2, column: "Sex", header: "x-client" })).status).toBe(400);
  expect(await canaryOf("crew")).toBeNull();
});

test("it answers its share of single rows and batches, and each answer says which version made it", async () => {
  expect(await (await put({ version: 2, share: 50 })).json()).toMatchObject({
    model: "crew",
    canary: { version: 2, liveVersion: 1, share: 50, column: null, header: null },
  });
  const rows = Array.from({ length: 200 }, (_, n) => rowOf(n));
  const batch = await ask({ rows });
  expect(batch.version).toBe(1);
  const versions = batch.predictions.map(({ version }) => version);
  const canaried = versions.filter((version) => version === 2).length;
  expect(canaried).toBeGreaterThan(60);
  expect(canaried).toBeLessThan(140);
  // One by one they go to the same versions, on the fast path too, and get those versions' predictions.
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const single = await ask(rowOf(n));
    expect(single.version).toBe(versions[n]!);
    expect(single.predictions[0]!.version).toBe(versions[n]!);
    const named = await ask(rowOf(n), {}, `?version=${versions[n]}`);
    expect(named.predictions[0]!.prediction).toBe(batch.predictions[n]!.prediction);
    expect(named.predictions[0]!.version).toBeUndefined();
  }
  const { versions: figures } = await view();
  expect(figures.map(({ version }) => version)).toEqual([2, 1]);
  expect(figures[0]!.predictions + figures[1]!.predictions).toBe(208);
  expect(figures[0]!.errors).toBe(0);
});

test("a file is split in the same way and has a column with the version", async () => {
  const rows = Array.from({ length: 60 }, (_, n) => rowOf(n));
  const batch = await ask({ rows });
  const csv = ["Sex,Class,Age,Fare", ...rows.map((row) => Object.values(row).join(","))].join("\n");
  const send = (path: string) =>
    harness.ask(path, {
      method: "POST",
      headers: { "content-type": "text/csv", accept: "text/csv" },
      body: csv,
    });
  const [header, ...lines] = (await (await send("/api/models/crew/predict")).text()).trim().split("\r\n");
  const columns = header!.split(",");
  const of = (line: string, name: string) => line.split(",")[columns.indexOf(name)];
  expect(columns.at(-1)).toBe("warnings");
  expect(lines.map((line) => Number(of(line, "version")))).toEqual(
    batch.predictions.map(({ version }) => version!),
  );
  expect(lines.map((line) => of(line, "prediction"))).toEqual(
    batch.predictions.map(({ prediction }) => prediction),
  );
  const named = await (await send("/api/models/crew/predict?version=1")).text();
  expect(named.split("\n")[0]).not.toContain("version");
});

test("by a header all rows of a client go to one version, and by a column all rows of a value", async () => {
  await put({ version: 2, share: 50, header: "x-client" });
  const versionsOf = async (client: string) => {
    const { predictions } = await ask(
      { rows: Array.from({ length: 30 }, (_, n) => rowOf(n)) },
      { "x-client": client },
    );
    return [...new Set(predictions.map(({ version }) => version))];
  };
  const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => versionsOf(`client-${n}`)));
  expect(clients.every((versions) => versions.length === 1)).toBe(true);
  expect(new Set(clients.flat()).size).toBe(2);
  expect(await versionsOf("client-3")).toEqual(clients[3]!);

  await put({ version: 2, share: 50, column: "customer" });
  const rows = Array.from({ length: 100 }, (_, n) => ({ ...rowOf(n), customer: n % 10 }));
  const { predictions } = await ask({ rows });
  const byCustomer = new Map<number, Set<number>>();
  for (const [n, { version }] of predictions.entries())
    byCustomer.set(n % 10, (byCustomer.get(n % 10) ?? new Set()).add(version!));
  expect([...byCustomer.values()].every(({ size }) => size === 1)).toBe(true);
  expect((await view()).column).toBe("customer");
});

test("the page begins, changes and ends it, and shows what each version did", async () => {
  expect(
    (await htmlForm("/models/crew/canary", { version: "2", share: "25", column: "", header: "" })).status,
  ).toBe(303);
  expect(await view()).toMatchObject({ share: 25, column: null });
  const page = async () => (await harness.ask("/models/crew", { headers: { accept: "text/html" } })).text();
  expect(await page()).toContain("Version 2 answers 25 % of the requests");
  expect((await htmlForm("/models/crew/canary", { version: "2", share: "0.1" })).status).toBe(400);
  expect((await htmlForm("/models/crew/canary", { version: "" })).status).toBe(303);
  expect(await canaryOf("crew")).toBeNull();
  expect(await page()).toContain("Start canary");
});

test("one that fails goes back by itself, is told, and no client met a failure", async () => {
  const before = harness.signalbox.log.lastSeq;
  await put({ version: 3, share: 100 });
  // Its file is damaged after it began; it has not been loaded yet.
  const folder = join(harness.folder, "models");
  const { runId } = await harness.json<{ runId: string }>("/api/models/crew/versions/3");
  const file = readdirSync(folder).find((name) => name.startsWith(runId) && name.endsWith(".bin"))!;
  writeFileSync(join(folder, file), "damaged");
  for (let n = 0; n < 6; n++) {
    const answer = await ask(rowOf(n));
    expect(answer.version).toBe(1);
    expect(answer.predictions[0]!.prediction).toBeDefined();
  }
  await harness.signalbox.canaries.flush();
  expect(await canaryOf("crew")).toBeNull();
  const events = await harness.eventsSince(before);
  expect(events.find(({ type }) => type === "canary.rolledback")?.data).toMatchObject({
    ...{ model: "crew", version: 3, liveVersion: 1 },
    reason: expect.stringContaining("failed"),
  });
  const { items } = await harness.json<{ items: { code: string; sentence: string }[] }>("/api/alerts");
  expect(items.find(({ code }) => code === "canary")?.sentence).toContain(
    "Version 1 answers all of it again",
  );
  expect((await ask(rowOf(1))).version).toBe(1);
});

test("deploying a version ends the canary and its alert; rows that nobody can read count against none", async () => {
  await put({ version: 2, share: 100 });
  const refused = await harness.send("POST", "/api/models/crew/predict", { nothing: "known" });
  expect(refused.status).toBe(422);
  expect((await view()).versions[0]).toMatchObject({ errors: 0 });
  await harness.send("PUT", "/api/models/crew/live", { version: 2 });
  expect(await canaryOf("crew")).toBeNull();
  expect((await ask(rowOf(1))).predictions[0]!.version).toBeUndefined();
  const { items } = await harness.json<{ items: { code: string }[] }>("/api/alerts");
  expect(items.filter(({ code }) => code === "canary")).toEqual([]);
});

test("it follows its model to a new name", async () => {
  await put({ version: 1, share: 40 });
  await harness.send("PATCH", "/api/models/crew", { name: "sailors" });
  expect(await canaryOf("sailors")).toMatchObject({ version: 1, share: 40 });
  expect((await harness.ask("/api/models/sailors/canary", { method: "DELETE" })).status).toBe(204);
  expect(await canaryOf("sailors")).toBeNull();
});

test("one that is slower beyond its line goes back by itself, is told, and not before it was timed", async () => {
  const { items: runs } = await harness.json<{ items: { datasetId: string }[] }>("/api/runs?limit=1");
  const { datasetId } = runs[0]!;
  const options = { datasetId, name: "pace", budgetRounds: 300, learners: ["linear"], refit: false };
  // A line of arithmetic for each row, and beside it a walk through hundreds of trees.
  await harness.send("POST", "/api/train?wait=1", options);
  await harness.send("POST", "/api/train?wait=1", {
    ...{ ...options, learners: ["boosting"] },
    parameters: { boosting: { max_iter: 300, learning_rate: 0.02, n_iter_no_change: 300 } },
  });
  await harness.send("PUT", "/api/models/pace/live", { version: 1 });
  const before = harness.signalbox.log.lastSeq;
  const canary = { version: 2, share: 50, header: "x-client", maxSlowdown: 1.2 };
  expect((await harness.send("PUT", "/api/models/pace/canary", canary)).status).toBe(200);
  const rows = Array.from({ length: 1000 }, (_, n) => rowOf(n));
  const request = async (client: number) => {
    const answer = await harness.ask("/api/models/pace/predict?log=0", {
      method: "POST",
      headers: { "content-type": "application/json", "x-client": `client-${client}` },
      body: JSON.stringify({ rows }),
    });
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  };
  for (let n = 0; n < 20; n++) await request(n);
  await harness.signalbox.canaries.flush();
  // Ten of each have not been timed thirty times.
  expect((await canaryOf("pace"))?.version).toBe(2);
  for (let n = 0; n < 100; n++) await request(n);
  await harness.signalbox.canaries.flush();
  expect(await canaryOf("pace")).toBeNull();
  const told = (await harness.eventsSince(before)).find(({ type }) => type === "canary.rolledback");
  expect(told?.data).toMatchObject({
    ...{ model: "pace", version: 2, liveVersion: 1 },
    reason: expect.stringMatching(
      /^a request takes .+ ms instead of .+ ms \(the limit is 1\.2 times as long\)$/,
    ),
  });
  const { items } = await harness.json<{ items: { code: string; subject: string }[] }>("/api/alerts");
  expect(items).toContainEqual(expect.objectContaining({ code: "canary", subject: "pace" }));
}, 60_000);

test("a key keeps its version when the server starts again, and when the share grows", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-canary-"));
  const versionsOf = async ({ send }: Harness) => {
    const rows = Array.from({ length: 40 }, (_, n) => ({ ...rowOf(n), customer: `c${n % 20}` }));
    const answer = (await (await send("POST", "/api/models/crew/predict", { rows })).json()) as Answer;
    return answer.predictions.map(({ version }) => version!);
  };
  const first = await openHarness({ DATABASE_URL: "", DATA_DIR: folder });
  const { id } = (await (await first.upload("crew.csv", passengersCsv(200))).json()) as { id: string };
  for (const exclude of [["Sex"], []])
    await first.send("POST", "/api/train?wait=1", { datasetId: id, name: "crew", budgetRounds: 3, exclude });
  await first.send("PUT", "/api/models/crew/live", { version: 1 });
  await first.send("PUT", "/api/models/crew/canary", { version: 2, share: 40, column: "customer" });
  const before = await versionsOf(first);
  expect(new Set(before)).toEqual(new Set([1, 2]));
  // A customer's second row goes where the first one went.
  expect(before.slice(20)).toEqual(before.slice(0, 20));
  await first.close();
  const second = await openHarness({ DATABASE_URL: "", DATA_DIR: folder });
  expect(await versionsOf(second)).toEqual(before);
  await second.send("PUT", "/api/models/crew/canary", { version: 2, share: 70, column: "customer" });
  const after = await versionsOf(second);
  expect(after.filter((version) => version === 2).length).toBeGreaterThan(
    before.filter((version) => version === 2).length,
  );
  for (const [row, version] of before.entries()) if (version === 2) expect(after[row]).toBe(2);
  await second.close();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);
