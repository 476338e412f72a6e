/** Checks behind Debian's nginx that the proxy is believed with the secret, and a client's own headers never are. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../../core/operations/config.ts";
import { openSignalbox, type Signalbox } from "../../../../core/process/signalbox.ts";
import { createApp } from "../../../../server.ts";
import { startNginx } from "../../../e2e/nginx.ts";

const SECRET = "between-the-proxy-and-us-0123456789";
const folder = mkdtempSync(join(tmpdir(), "signalbox-auth-proxy-"));
const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(folder, { recursive: true });
});

async function listen(
  name: string,
  settings: Record<string, string>,
): Promise<{ url: string; signalbox: Signalbox }> {
  const config = readConfig({
    ...{ DATA_DIR: join(folder, name), LOG_LEVEL: "silent", METRICS_SECONDS: "3600", AUTH: "proxy" },
    ...{ TRUSTED_AUTH_SECRET: SECRET, TRUSTED_ADMINS: "carol", ...settings },
  });
  const signalbox = await openSignalbox(config, Date.now);
  const { app, sockets } = createApp(signalbox, () => {});
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, of) => app.fetch(request, { server: of }),
  });
  ends.push(async () => {
    await server.stop(true);
    await sockets.stop();
    await signalbox.close();
  });
  return { url: server.url.href, signalbox };
}

/** As deploy/nginx.conf advises: the name that was signed in with, in place of whatever the client sent. */
const SAYS_WHO = `
    auth_basic "Signalbox"; auth_basic_user_file ${folder}/people;
    proxy_set_header X-Forwarded-User $remote_user;
    proxy_set_header X-Trusted-Auth-Secret ${SECRET};`;
/** A proxy that sends the secret and passes on what the client says about itself. */
const SAYS_NOTHING = `
    underscores_in_headers on;
    proxy_set_header X-Trusted-Auth-Secret ${SECRET};`;

let [right, careless, direct, stranger] = ["", "", "", ""];
let signalbox: Signalbox;
beforeAll(async () => {
  // nginx's workers are another account, and opening a Signalbox has this process write for its own account only.
  chmodSync(folder, 0o755);
  await Bun.write(join(folder, "people"), "alice:{PLAIN}a\ncarol:{PLAIN}c\n");
  chmodSync(join(folder, "people"), 0o644);
  const upstream = await listen("trusted", { TRUSTED_PROXIES: "127.0.0.1" });
  signalbox = upstream.signalbox;
  direct = upstream.url;
  stranger = (await listen("untrusted", { TRUSTED_PROXIES: "192.0.2.1" })).url;
  const start = async (lines: string) => {
    const proxy = await startNginx(direct, { mount: "at the root", sockets: "allowed", lines });
    ends.push(proxy.stop);
    return proxy.url;
  };
  right = await start(SAYS_WHO);
  careless = await start(SAYS_NOTHING);
}, 30_000);

/** By curl, which sends a header as often as requested. */
async function curl(...options: string[]): Promise<string> {
  return new Response(Bun.spawn(["curl", "-s", ...options]).stdout).text();
}

async function ask(url: string, ...options: string[]): Promise<number> {
  return Number(await curl("-o", "/dev/null", "-w", "%{http_code}", ...options, url));
}

const sends = (...headers: string[]) => headers.flatMap((header) => ["-H", header]);

test("the proxy's user name gets its role", async () => {
  expect(await ask(`${right}api/models`, "-u", "alice:a")).toBe(200);
  expect(await ask(`${right}api/tokens`, "-u", "alice:a")).toBe(403);
  expect(await ask(`${right}api/tokens`, "-u", "carol:c")).toBe(200);
  expect(await ask(`${right}api/models`)).toBe(401);
});

test("a client's own header is replaced, not added to", async () => {
  expect(await ask(`${right}api/tokens`, "-u", "alice:a", ...sends("X-Forwarded-User: carol"))).toBe(403);
  expect(
    await ask(
      `${right}api/models`,
      "-u",
      "alice:a",
      ...sends("X-Forwarded-User: carol", "x-forwarded-user: carol"),
    ),
  ).toBe(200);
  expect(await ask(`${right}api/tokens`, "-u", "alice:a", ...sends("X_Forwarded_User: carol"))).toBe(403);
});

test("the audit log names the person who signed in", async () => {
  const body = JSON.stringify({ RETENTION_DAYS: 30 });
  const change = ["-X", "PATCH", "-H", "content-type: application/json", "-d", body];
  expect(await ask(`${right}api/settings`, "-u", "carol:c", ...change)).toBe(200);
  const audit = JSON.parse(await curl("-u", "carol:c", `${right}api/audit?limit=1`)) as object;
  expect(audit).toMatchObject({ items: [{ who: "carol", address: "127.0.0.1", via: "proxy" }] });
  expect(signalbox.config.RETENTION_DAYS).toBe(30);
});

test("a header that is sent twice or with underscores is refused even with the right secret", async () => {
  expect(await ask(`${careless}api/models`, ...sends("X-Forwarded-User: alice"))).toBe(200);
  expect(
    await ask(`${careless}api/models`, ...sends("X-Forwarded-User: alice", "X-Forwarded-User: carol")),
  ).toBe(401);
  expect(
    await ask(`${careless}api/models`, ...sends("X-Forwarded-User: alice", "X_Forwarded_User: carol")),
  ).toBe(401);
  expect(await ask(`${careless}api/models`, ...sends("X_Forwarded_User: carol"))).toBe(401);
});

test("identity headers without the secret or from an untrusted address are ignored", async () => {
  expect(await ask(`${direct}api/models`, ...sends("X-Forwarded-User: carol"))).toBe(401);
  expect(
    await ask(`${direct}api/models`, ...sends("X-Forwarded-User: carol", "X-Trusted-Auth-Secret: wrong")),
  ).toBe(401);
  expect(
    await ask(
      `${stranger}api/models`,
      ...sends("X-Forwarded-User: carol", `X-Trusted-Auth-Secret: ${SECRET}`),
    ),
  ).toBe(401);
});
