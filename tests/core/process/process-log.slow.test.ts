/** What an operator finds in the log: the start, what failed, what was made, the end; no secret and no cell of data. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { passengersCsv } from "../../harness/app.ts";
import { ServerProcess, waitForEvent } from "../../harness/process.ts";

setDefaultTimeout(60_000);

const SECRET = "sbx_admin_a-secret-that-nobody-may-see";
const servers: ServerProcess[] = [];
afterAll(() => Promise.all(servers.map((server) => server.remove())));

async function started(settings: Record<string, string> = {}): Promise<ServerProcess> {
  const server = new ServerProcess({ LOG_LEVEL: "info", ...settings });
  servers.push(server);
  await server.start();
  return server;
}

const messages = (server: ServerProcess) => server.logged().map(({ msg }) => msg);
const put = (server: ServerProcess, path: string, body: string | Uint8Array<ArrayBuffer>) =>
  server.ask(path, { method: "PUT", body, headers: { authorization: `Bearer ${SECRET}` } });

test("the log names what was read, trained, deployed and refused", async () => {
  const server = await started({
    AUTH: "token",
    ADMIN_TOKEN: SECRET,
    WEBHOOK_URL: "https://hooks.example/services/SECRETPATH",
  });
  const authorization = `Bearer ${SECRET}`;
  await (await put(server, "/api/train/crew.csv?target=Survived&budgetSeconds=2", passengersCsv(300))).text();
  const deployed = await server.ask("/api/models/crew/live", {
    method: "PUT",
    headers: { authorization, "content-type": "application/json" },
    body: '{"version":1}',
  });
  expect(deployed.status).toBe(200);
  await put(server, "/api/upload?name=empty.csv", "");
  await server.ask("/api/runs", { headers: { authorization: "Bearer guessed-token" } });
  await server.ask("/api/models/nobody", { headers: { authorization } });
  expect(await server.end("SIGTERM")).toBe(0);

  const log = server.logged();
  const line = (msg: string) => log.find((entry) => entry.msg === msg);
  expect(line("started")).toMatchObject({ level: "info", settings: { AUTH: "token", ADMIN_TOKEN: "set" } });
  expect(line("upload read")).toMatchObject({ rows: 300, columns: 6 });
  expect(line("run finished")).toMatchObject({ model: "crew", version: 1, durationMs: expect.any(Number) });
  expect(line("model deployed")).toMatchObject({ model: "crew", version: 1 });
  expect(line("upload refused")).toBeDefined();
  expect(line("sign-in refused")).toMatchObject({ address: "127.0.0.1" });
  expect(log.filter(({ msg }) => msg === "request failed").map(({ status, path }) => [status, path])).toEqual(
    [
      [400, "/api/upload"],
      [401, "/api/runs"],
      [404, "/api/models/nobody"],
    ],
  );
  expect(messages(server).slice(-2)).toEqual(["shutting down", "stopped"]);
  expect(messages(server)).not.toContain("request");
  const text = JSON.stringify(log);
  for (const secret of [SECRET, "SECRETPATH", "guessed-token", "Survived", "female"])
    expect(text).not.toContain(secret);
});

test("the level debug logs each request", async () => {
  const server = await started({ LOG_LEVEL: "debug" });
  await server.ask("/api/status");
  await server.end("SIGTERM");
  expect(server.logged()).toContainEqual(
    expect.objectContaining({
      level: "debug",
      msg: "request",
      method: "GET",
      path: "/api/status",
      status: 200,
    }),
  );
});

test("a run that the machine ends leaves a log line, whether its process or the server was killed", async () => {
  const server = await started({ RESUME: "0" });
  const trained = put(server, "/api/train/crew.csv?target=Survived&budgetSeconds=60", passengersCsv(2000))
    .then((answer) => answer.text())
    .catch(() => "broken");
  const scored = await waitForEvent(server, "candidate.scored", 0);
  for (const child of runProcesses(server)) process.kill(child, "SIGKILL");
  await waitForEvent(server, "run.failed", scored.seq);
  await trained;
  expect(server.logged().find(({ msg }) => msg === "run failed")).toMatchObject({
    level: "error",
    durationMs: expect.any(Number),
  });
  expect(JSON.stringify(server.logged())).toContain(
    "killed by SIGKILL: the machine probably ran out of memory",
  );
  const { items } = await server.json<{ items: { id: string; error: { message: string } }[] }>("/api/runs");
  expect(items[0]!.error.message).toContain("killed by SIGKILL");

  const { seq } = await server.json<{ seq: number }>("/api/status");
  await server.ask(`/api/runs/${items[0]!.id}/resume`, { method: "POST" });
  await waitForEvent(server, "candidate.scored", seq);
  await server.end("SIGKILL");
  await server.start();
  await server.end("SIGTERM");
  expect(server.logged()).toContainEqual(
    expect.objectContaining({
      level: "warn",
      msg: "run interrupted",
      runId: items[0]!.id,
      reason: expect.stringContaining("without shutting down"),
    }),
  );
});

/** The server's children that train. */
function runProcesses(server: ServerProcess): number[] {
  const { stdout } = Bun.spawnSync(["pgrep", "-P", String(server.pid), "-f", "run-child"]);
  return stdout.toString().split("\n").filter(Boolean).map(Number);
}
