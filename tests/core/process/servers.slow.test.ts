/** Two servers on one PostgreSQL: what one of them acknowledged the other one knows within a second. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Harness, openHarness, passengersCsv } from "../../harness/app.ts";
import { type OwnSchema, ownSchema } from "../../harness/postgres.ts";

const ADMIN = "an-admin-token-of-the-tests-0123456789";
let schema: OwnSchema;
let servers: [Harness, Harness];
beforeAll(async () => {
  schema = await ownSchema();
  const settings = { DATABASE_URL: schema.url, AUTH: "token", ADMIN_TOKEN: ADMIN };
  servers = [await openHarness(settings), await openHarness(settings)];
}, 30_000);
afterAll(async () => {
  for (const server of servers) await server.close();
  await schema.drop();
});

const bearer = (token = ADMIN) => ({ authorization: `Bearer ${token}` });
const ask = (
  server: Harness,
  method: string,
  path: string,
  body?: unknown,
  more: Record<string, string> = {},
) =>
  server.ask(path, {
    method,
    headers: { ...bearer(), "content-type": "application/json", ...more },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** Resolves once it is true; within a second after the other server's response it must be. */
async function within(milliseconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not hold within ${milliseconds} ms`);
    await Bun.sleep(20);
  }
}
/** On a machine that is busy with other tests; alone it takes less than a second (`bun run chaos cluster`). */
const SOON_MS = 5000;

test("each server delivers every number of the log once, whoever appended it", async () => {
  const heard = servers.map(() => [] as number[]);
  const ends = servers.map(({ signalbox }, i) => signalbox.log.subscribe((seq) => void heard[i]!.push(seq)));
  const from = Math.max(...servers.map(({ signalbox }) => signalbox.log.lastSeq));
  for (const { signalbox } of servers) await signalbox.log.catchUp(from);
  const ticks = (server: Harness) =>
    server.signalbox.log.record(async (tx) => {
      for (let i = 0; i < 3; i++) await tx.append("metrics.sampled", { values: { cpu: i } });
    });
  await Promise.all(Array.from({ length: 40 }, (_, i) => ticks(servers[i % 2]!)));
  await within(SOON_MS, async () => servers.every(({ signalbox }) => signalbox.log.lastSeq >= from + 120));
  for (const end of ends) end();
  for (const numbers of heard) {
    const ours = numbers.filter((seq) => seq > from && seq <= from + 120);
    expect(ours).toEqual(Array.from({ length: 120 }, (_, i) => from + 1 + i));
  }
});

test("a token that one revokes is refused by the other, and what it opened there ends", async () => {
  const made = await ask(servers[0], "POST", "/api/tokens", { name: "reader", scopes: ["read"] });
  const { id, token } = (await made.json()) as { id: string; token: string };
  const asReader = () => servers[1].ask("/api/runs", { headers: bearer(token) });
  expect((await asReader()).status).toBe(200);
  const stream = await servers[1].ask("/api/events?follow=1", { headers: bearer(token) });
  const ended = stream.text().catch(() => "cut");
  expect((await ask(servers[0], "DELETE", `/api/tokens/${id}`)).status).toBe(204);
  expect((await servers[0].ask("/api/runs", { headers: bearer(token) })).status).toBe(401);
  await within(SOON_MS, async () => (await asReader()).status === 401);
  await ended;
});

test("a setting that one changes is in force on the other", async () => {
  expect((await ask(servers[0], "PATCH", "/api/settings", { RETENTION_DAYS: 7 })).status).toBe(200);
  expect(servers[0].signalbox.config.RETENTION_DAYS).toBe(7);
  await within(SOON_MS, async () => servers[1].signalbox.config.RETENTION_DAYS === 7);
});

test("of two requests with one Idempotency-Key on two servers only one is executed", async () => {
  const key = { "idempotency-key": crypto.randomUUID() };
  const asked = servers.map((server) =>
    ask(server, "POST", "/api/tokens", { name: "once", scopes: ["read"] }, key),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status).sort();
  expect(statuses).toEqual([201, 409]);
  const { items } = (await (await ask(servers[1], "GET", "/api/tokens")).json()) as {
    items: { name: string }[];
  };
  expect(items.filter(({ name }) => name === "once")).toHaveLength(1);
});

test("a refused file and its reason, a run and its end, a deployment: the other server knows them", async () => {
  const [first, second] = servers;
  const headers = { ...bearer(), "content-type": "text/csv" };
  const upload = (name: string, body: string) =>
    first.ask(`/api/upload?name=${name}&wait=0`, { method: "POST", headers, body });
  const refused = (await (await upload("bad.csv", "one line")).json()) as { id: string };
  await within(SOON_MS, async () => {
    const known = (await (await ask(second, "GET", `/api/datasets/${refused.id}`)).json()) as {
      status: unknown;
    };
    return known.status === "rejected";
  });
  const { id } = (await (await upload("crew.csv", passengersCsv(200))).json()) as { id: string };
  await within(30_000, async () => {
    const known = (await (await ask(second, "GET", `/api/datasets/${id}`)).json()) as { status: string };
    return known.status === "ready";
  });
  // Requested from the one that has no file: the other one trains it.
  const trained = await ask(second, "POST", "/api/train?wait=1", {
    datasetId: id,
    name: "crew",
    budgetRounds: 5,
  });
  expect(await trained.json()).toMatchObject({ status: "finished", version: 1 });
  const runs = (await (await ask(first, "GET", "/api/runs")).json()) as { items: object[] };
  expect(runs.items).toHaveLength(1);
  expect((await ask(first, "PUT", "/api/models/crew/live", { version: 1 })).status).toBe(200);
  await within(SOON_MS, async () => {
    const model = (await (await ask(second, "GET", "/api/models/crew")).json()) as {
      liveVersion: number | null;
    };
    return model.liveVersion === 1;
  });
}, 60_000);
