/** Names this server among those on the same database. The name stays with the data folder, which one process holds. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { newId } from "../../platform/ids.ts";
import { VERSION } from "../../platform/version.ts";
import type { WorkerIdentity } from "../../training/queue/presence.ts";

/** A server answers requests, and trains unless TRAIN_CONCURRENCY=0; a worker only reads files and trains. */
export type Role = "server" | "worker";

/** Leases of a dead process with this folder are known to be this one's. */
export function workerIdentity(folder: string, role: Role): WorkerIdentity {
  const path = join(folder, "worker-id");
  if (!existsSync(path)) writeFileSync(path, newId());
  return { id: readFileSync(path, "utf8"), host: hostname(), role, version: VERSION };
}
