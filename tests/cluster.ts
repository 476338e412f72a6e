/**
 * Starts a whole cluster on this machine for trying: PostgreSQL, an S3 store, two servers, two workers, and nginx before
 * the servers. It prints the address, and ends everything with Ctrl-C. Nothing of it is kept.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterProxy, startClusterProxy } from "./harness/cluster-proxy.ts";
import { startS3 } from "./harness/object-store.ts";
import { startPostgres } from "./harness/postgres.ts";
import { installPrograms } from "./harness/programs.ts";

const PORT = process.env.PORT ?? "8000";
const SERVER = join(import.meta.dir, "../server.ts");

installPrograms({ "/usr/lib/postgresql": "postgresql", "/usr/sbin/nginx": "nginx-light" });
const root = mkdtempSync(join(tmpdir(), "signalbox-cluster-"));
const postgres = await startPostgres();
const s3 = await startS3();
const shared = { DATABASE_URL: postgres.url, ...s3.settings("signalbox") };
const children: Bun.Subprocess[] = [];

/** Resolves with its first line: where it listens. */
async function start(name: string, words: string[], more: Record<string, string>): Promise<string> {
  const child = Bun.spawn([process.execPath, SERVER, ...words], {
    env: { ...process.env, ...shared, DATA_DIR: join(root, name), LOG_LEVEL: "warn", PORT: "0", ...more },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const decoder = new TextDecoder();
  let said = "";
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    if (said.includes("\n")) break;
  }
  const { url } = JSON.parse(said.split("\n")[0]!) as { url: string };
  console.log(`${name.padEnd(9)} ${url}`);
  return url;
}

let proxy: ClusterProxy | null = null;
let isEnding = false;
async function end(): Promise<never> {
  if (isEnding) return new Promise(() => {});
  isEnding = true;
  console.log("ending");
  await proxy?.stop();
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => child.exited));
  await s3.stop();
  postgres.stop();
  rmSync(root, { recursive: true, force: true });
  process.exit(0);
}
process.on("SIGINT", () => void end());
process.on("SIGTERM", () => void end());

const servers = { PUBLIC_URL: `http://127.0.0.1:${PORT}`, TRAIN_CONCURRENCY: "0" };
const urls = [await start("server-1", [], servers), await start("server-2", [], servers)];
await start("worker-1", ["worker"], {});
await start("worker-2", ["worker"], {});
proxy = await startClusterProxy(Number(PORT), urls);
console.log(`\nOpen http://127.0.0.1:${PORT}/ — Ctrl-C ends everything; nothing is kept.`);
