/** Checks that the admin's token is shown once, only on a terminal, and that the first line is still the address. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { inTime, readUntil } from "../../../harness/deadline.ts";

setDefaultTimeout(60_000);

const ROOT = resolve(import.meta.dir, "../../../..");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "signalbox-start-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server, sends a request with the token that it prints, or with the given one, and ends it. */
async function start(settings: Record<string, string>) {
  const env = { ...process.env, DATA_DIR: folder, PORT: "0", LOG_LEVEL: "debug", AUTH: "token", ...settings };
  const child = Bun.spawn([process.execPath, "server.ts"], {
    cwd: ROOT,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const reader = child.stdout.getReader();
  let stdout = await readUntil(reader, (text) => text.includes("\n"), "the server's first line");
  const { url } = JSON.parse(stdout.split("\n")[0]!) as { url: string };
  const ask = async (token: string) =>
    (await fetch(`${url}api/tokens`, { headers: { authorization: `Bearer ${token}` } })).status;
  const end = async () => {
    child.kill("SIGTERM");
    const read = () => inTime(reader.read(), "the end of the server's output");
    for (let part = await read(); !part.done; part = await read())
      stdout += new TextDecoder().decode(part.value);
    await inTime(child.exited, "the server's end");
    const told = (await child.stderr.text()).match(/sbx_admin_[\w-]{43}/g) ?? [];
    return { stdout, told };
  };
  return { ask, end };
}

test("the token made at the first start is shown once and does not expire", async () => {
  const { stdout, told } = await (await start({})).end();
  expect(told).toHaveLength(1);
  expect(stdout).not.toContain(told[0]!);
  for (const file of readdirSync(folder).filter((name) => name.startsWith("signalbox.sqlite")))
    expect(readFileSync(join(folder, file)).includes(told[0]!)).toBe(false);
  const second = await start({});
  expect(await second.ask(told[0]!)).toBe(200);
  expect((await second.end()).told).toEqual([]);
  const other = await start({ ADMIN_TOKEN: "short" });
  expect([await other.ask(told[0]!), await other.ask("short")]).toEqual([401, 200]);
  expect((await other.end()).stdout).toContain("short enough to be guessed");
});

test("a first start that finds its port in use does not use up the token", async () => {
  const fresh = mkdtempSync(join(tmpdir(), "signalbox-taken-"));
  const holder = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const env = { ...process.env, DATA_DIR: fresh, AUTH: "token", PORT: String(holder.port) };
  const failed = Bun.spawnSync([process.execPath, "server.ts"], { cwd: ROOT, env });
  await holder.stop(true);
  expect(failed.exitCode).toBe(2);
  expect(failed.stderr.toString()).not.toContain("sbx_admin_");
  const server = await start({ DATA_DIR: fresh });
  const { told } = await server.end();
  expect(told).toHaveLength(1);
  const again = await start({ DATA_DIR: fresh });
  expect(await again.ask(told[0]!)).toBe(200);
  await again.end();
  rmSync(fresh, { recursive: true });
});
