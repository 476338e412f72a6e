/** While the database is away a server says so, refuses writes for now, predicts on, and continues when it is back. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { passengersCsv } from "../../harness/app.ts";
import { inTime } from "../../harness/deadline.ts";
import { type PostgresServer, startPostgres } from "../../harness/postgres.ts";
import { ServerProcess } from "../../harness/process.ts";

const ROW = JSON.stringify({ Class: 1, Sex: "female", Age: 30, Fare: 80 });
const JSON_TYPE = { "content-type": "application/json" };
let postgres: PostgresServer;
let server: ServerProcess;
beforeAll(async () => {
  postgres = await startPostgres();
  server = new ServerProcess({ DATABASE_URL: postgres.url, LOG_LEVEL: "silent" });
  await server.start();
  const uploaded = await server.ask("/api/upload?name=crew.csv", {
    method: "POST",
    body: passengersCsv(200),
  });
  const { id: datasetId } = (await uploaded.json()) as { id: string };
  const train = { datasetId, name: "crew", budgetRounds: 3 };
  await send("POST", "/api/train?wait=1", JSON.stringify(train));
  await send("PUT", "/api/models/crew/live", JSON.stringify({ version: 1 }));
  expect((await predict()).status).toBe(200);
}, 120_000);
afterAll(async () => {
  await server.remove();
  postgres.stop();
});

const send = (method: string, path: string, body: string) =>
  server.ask(path, { method, headers: JSON_TYPE, body });
const predict = () => send("POST", "/api/models/crew/predict", ROW);
const upload = (name: string) =>
  server.ask(`/api/upload?name=${name}`, { method: "POST", body: `a,b\n1,${name}\n2,x\n` });

async function within(milliseconds: number, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`it did not hold within ${milliseconds} ms`);
    await Bun.sleep(100);
  }
}

test("writes are refused with when to come back, pages and viewers are told, predictions go on", async () => {
  expect((await upload("before.csv")).status).toBe(201);
  const viewer = server.socket("panels=datasets");
  const closed = new Promise<number>((resolve) => {
    viewer.onclose = ({ code }) => resolve(code);
  });
  await inTime(new Promise((resolve) => (viewer.onmessage = resolve)), "the greeting");
  postgres.kill();
  const refused = await upload("meanwhile.csv");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await refused.json()).toMatchObject({
    detail: expect.stringContaining("database"),
    fix: expect.any(String),
  });
  const page = await server.ask("/", { headers: { accept: "text/html" } });
  expect([page.status, page.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await page.text()).toContain("database");
  expect((await server.ask("/readyz")).status).toBe(503);
  expect((await server.ask("/healthz")).status).toBe(200);
  expect((await predict()).status).toBe(200);
  expect(await inTime(closed, "the viewer's end")).toBe(1013);
  expect((await server.ask("/ws", { headers: { upgrade: "websocket" } })).status).toBe(503);
  await postgres.start();
  await within(20_000, async () => (await upload("after.csv")).status === 201);
  await within(20_000, async () => (await server.ask("/readyz")).status === 200);
  const { items } = await server.json<{ items: { name: string }[] }>("/api/datasets");
  expect(items.map(({ name }) => name)).toEqual(["after.csv", "before.csv", "crew.csv"]);
  const { items: events } = await server.json<{ items: { seq: number }[] }>("/api/events?limit=1000");
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => i + 1));
}, 120_000);

test("a start that finds no database says so every five seconds, and serves once it answers", async () => {
  postgres.kill();
  const child = Bun.spawn([process.execPath, "server.ts"], {
    cwd: new URL("../../..", import.meta.url).pathname,
    env: { ...process.env, DATABASE_URL: postgres.url, DATA_DIR: `${server.folder}-second`, PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const reader = child.stderr.getReader();
  const decoder = new TextDecoder();
  let said = "";
  while ((said.match(/waiting for up to \d+ s more/g) ?? []).length < 2)
    said += decoder.decode((await inTime(reader.read(), "what it says")).value);
  expect(said.match(/waiting for up to (\d+) s more/g)).toEqual([
    "waiting for up to 60 s more",
    "waiting for up to 55 s more",
  ]);
  await postgres.start();
  const { value } = await inTime(child.stdout.getReader().read(), "its address");
  expect(decoder.decode(value)).toContain('"url"');
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
}, 90_000);
