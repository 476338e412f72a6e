/** Debian's nginx before a server, by the configuration that deploy/nginx.conf recommends. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = process.env.NGINX ?? "/usr/sbin/nginx";
const SNIPPET = readFileSync(join(import.meta.dirname, "../../deploy/nginx.conf"), "utf8");

export interface Proxy {
  /** The URL of Signalbox, with a trailing slash. */
  url: string;
  stop: () => Promise<void>;
}

export type Mount = "at the root" | "path kept" | "path taken away";

/** `sockets`: whether it passes on upgrades to a WebSocket. `lines` are added to the server's. */
export async function startNginx(
  upstream: string,
  { mount, sockets, lines = "" }: { mount: Mount; sockets: "allowed" | "forbidden"; lines?: string },
): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-nginx-"));
  const port = await freePort();
  const { host } = new URL(upstream);
  const server = configuration(mount, sockets)
    .replace("listen 80;", `listen 127.0.0.1:${port};${lines}`)
    .replace("server 127.0.0.1:8000;", `server ${host};`);
  const path = join(folder, "nginx.conf");
  writeFileSync(
    path,
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}\n` +
      `http { access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;\n${server}\n}`,
  );
  const child = spawn(PROGRAM, ["-p", folder, "-c", path], { stdio: ["ignore", "inherit", "inherit"] });
  await reachable(port, child);
  return {
    url: `http://127.0.0.1:${port}${mount === "at the root" ? "" : "/tools/signalbox"}/`,
    stop: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(mount: Mount, sockets: "allowed" | "forbidden"): string {
  const below = SNIPPET.replace(/ {4}# At the root:\n {4}location[^}]+\}\n/, "").replace(
    /^( {4})# (location = |location \/tools| {4}proxy_pass|\})/gm,
    "$1$2",
  );
  const mounted =
    mount === "at the root"
      ? SNIPPET
      : mount === "path kept"
        ? below
        : below.replace("proxy_pass http://signalbox;", "proxy_pass http://signalbox/;");
  return sockets === "allowed"
    ? mounted
    : mounted.replace(/^ {4}proxy_set_header (Upgrade|Connection) .*$/gm, "");
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Resolves when somebody listens there; rejects if the process has ended instead. */
async function reachable(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
  }
  throw new Error(`${PROGRAM} ended with ${child.exitCode}: install Debian's nginx, or name one in NGINX`);
}
