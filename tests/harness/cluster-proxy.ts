/** Debian's nginx before several servers, by the configuration that deploy/nginx-cluster.conf recommends. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ready } from "./ready.ts";

const PROGRAM = process.env.NGINX ?? "/usr/sbin/nginx";
const RECOMMENDED = join(import.meta.dir, "../../deploy/nginx-cluster.conf");
/** Two for each viewer. */
const CONNECTIONS = 8000;

export interface ClusterProxy {
  /** With a trailing slash. */
  url: string;
  stop: () => Promise<void>;
}

/** nginx's whole configuration; `servers` are hosts with ports. */
export function clusterProxyConfig(folder: string, port: number, servers: readonly string[]): string {
  const upstream = servers.map((host) => `server ${host} max_fails=1 fail_timeout=5s;`).join(" ");
  const recommended = readFileSync(RECOMMENDED, "utf8")
    .replace(/^ {4}server server-1.*;\n {4}server server-2.*;$/m, `    ${upstream}`)
    .replace("listen 80;", `listen 127.0.0.1:${port} backlog=4096;`);
  return `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections ${CONNECTIONS}; }
http {
access_log off;
client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
${recommended}
}`;
}

/** `urls`: of the servers. Throws if it does not start, or none of them responds. */
export async function startClusterProxy(port: number, urls: readonly string[]): Promise<ClusterProxy> {
  const folder = mkdtempSync(join(tmpdir(), "signalbox-nginx-"));
  const path = join(folder, "nginx.conf");
  writeFileSync(
    path,
    clusterProxyConfig(
      folder,
      port,
      urls.map((url) => new URL(url).host),
    ),
  );
  const child = Bun.spawn([PROGRAM, "-p", folder, "-c", path], { stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}/`;
  const stop = async () => {
    child.kill("SIGTERM");
    await child.exited;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready(async () => {
      if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
      const { status } = await fetch(`${url}healthz`);
      if (status !== 200) throw new Error(`/healthz: ${status}`);
    }, "nginx");
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
