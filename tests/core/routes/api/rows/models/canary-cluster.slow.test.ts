/** A canary on two servers of one database: both share the traffic alike, add up what it did, and go back together. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CanaryView } from "../../../../../../core/models/canary/canaries.ts";
import { type Harness, openHarness, passengersCsv } from "../../../../../harness/app.ts";
import { until } from "../../../../../harness/deadline.ts";
import { ownSchema } from "../../../../../harness/postgres.ts";

const storage = mkdtempSync(join(tmpdir(), "signalbox-shared-"));
let schema: Awaited<ReturnType<typeof ownSchema>>;
let servers: [Harness, Harness];
beforeAll(async () => {
  schema = await ownSchema();
  const settings = { DATABASE_URL: schema.url, STORAGE_URL: `file://${storage}` };
  servers = [await openHarness(settings), await openHarness(settings)];
  const [first] = servers;
  const { id } = (await (await first.upload("crew.csv", passengersCsv(300))).json()) as { id: string };
  for (const exclude of [["Sex"], []])
    await first.send("POST", "/api/train?wait=1", { datasetId: id, name: "crew", budgetRounds: 5, exclude });
  await first.send("PUT", "/api/models/crew/live", { version: 1 });
}, 120_000);
afterAll(async () => {
  for (const server of servers ?? []) await server.close();
  await schema?.drop();
  rmSync(storage, { recursive: true, force: true });
});

const rows = Array.from({ length: 60 }, (_, n) => ({
  ...{ Sex: n % 2 ? "male" : "female", Class: (n % 3) + 1, Age: n % 70, Fare: 20 + n },
}));
const versionsOn = async (server: Harness) => {
  const versions: number[] = [];
  for (const row of rows) {
    const answer = await server.send("POST", "/api/models/crew/predict", row);
    versions.push(((await answer.json()) as { version: number }).version);
  }
  return versions;
};
const viewOn = async (server: Harness) =>
  (await server.json<{ canary: CanaryView | null }>("/api/models/crew/canary")).canary;
const knownBy = ({ signalbox }: Harness) => signalbox.canaries.peek("crew");

test("both servers send the same rows to it, and its figures are those of both", async () => {
  const [first, second] = servers;
  await versionsOn(second);
  await first.send("PUT", "/api/models/crew/canary", { version: 2, share: 40 });
  await until(() => second.signalbox.log.lastSeq >= first.signalbox.log.lastSeq);
  const versions = await versionsOn(first);
  expect(new Set(versions)).toEqual(new Set([1, 2]));
  expect(await versionsOn(second)).toEqual(versions);
  await second.signalbox.canaries.flush();
  const view = (await viewOn(first))!;
  const canaried = versions.filter((version) => version === 2).length;
  expect(view.versions).toMatchObject([
    { version: 2, predictions: 2 * canaried, errors: 0 },
    { version: 1, predictions: 2 * (rows.length - canaried), errors: 0 },
  ]);
}, 60_000);

test("a key goes to one version, whichever server is asked and whatever else is in the row", async () => {
  const [first, second] = servers;
  await second.send("PUT", "/api/models/crew/canary", { version: 2, share: 50, header: "x-client" });
  await until(() => first.signalbox.log.lastSeq >= second.signalbox.log.lastSeq);
  const versionFor = async (server: Harness, client: number, row: (typeof rows)[number]) => {
    const answer = await server.ask("/api/models/crew/predict", {
      method: "POST",
      headers: { "content-type": "application/json", "x-client": `client-${client}` },
      body: JSON.stringify(row),
    });
    return ((await answer.json()) as { version: number }).version;
  };
  const seen = new Set<number>();
  for (let client = 0; client < 20; client++) {
    const version = await versionFor(first, client, rows[client]!);
    seen.add(version);
    expect([client, await versionFor(second, client, rows[59 - client]!)]).toEqual([client, version]);
  }
  expect(seen).toEqual(new Set([1, 2]));
}, 60_000);

test("failures on one server end it on both", async () => {
  const [first, second] = servers;
  await first.send("PUT", "/api/models/crew/canary", { version: null });
  // Neither server has it in memory, nor can it be read any more once the canary has started.
  const { id } = (await (await first.upload("more.csv", passengersCsv(300, 2))).json()) as { id: string };
  await first.send("POST", "/api/train?wait=1", { datasetId: id, name: "crew", budgetRounds: 5 });
  await first.send("PUT", "/api/models/crew/canary", { version: 3, share: 100 });
  const { runId } = await first.json<{ runId: string }>("/api/models/crew/versions/3");
  for (const folder of [join(storage, "models"), join(first.folder, "models"), join(second.folder, "models")])
    for (const name of readdirSync(folder).filter((file) => file.startsWith(runId)))
      writeFileSync(join(folder, name), "damaged");
  await until(() => second.signalbox.log.lastSeq >= first.signalbox.log.lastSeq);
  expect(new Set((await versionsOn(second)).slice(0, 10))).toEqual(new Set([1]));
  await second.signalbox.canaries.flush();
  await until(() => first.signalbox.log.lastSeq >= second.signalbox.log.lastSeq);
  expect(await viewOn(first)).toBeNull();
  expect(new Set(await versionsOn(first))).toEqual(new Set([1]));
  expect(knownBy(first)).toBeNull();
  const { items } = await first.json<{ items: { code: string }[] }>("/api/alerts");
  expect(items.map(({ code }) => code)).toContain("canary");
}, 90_000);
