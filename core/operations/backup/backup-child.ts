/**
 * The child process that makes a backup: it gets the folder as an argument and writes the archive to stdout. With the
 * further argument "cluster" it reads the location of a cluster's data from stdin: secrets must not be visible in the
 * list of processes.
 */

import { failCommand, writeOut } from "../terminal.ts";
import type { ClusterSettings } from "./cluster.ts";

/** Writes the archive to stdout. `source`: "cluster" reads where the data is from stdin. */
export async function runBackupChild(folder: string, source?: string): Promise<void> {
  if (source === "cluster") return packShared(folder, (await Bun.stdin.json()) as ClusterSettings);
  const { packBackup } = await import("./backup.ts");
  await writeParts(packBackup(folder, Date.now));
}

async function packShared(folder: string, settings: ClusterSettings): Promise<void> {
  const [{ openCluster }, { packCluster }] = await Promise.all([
    import("./cluster.ts"),
    import("./pack-cluster.ts"),
  ]);
  const cluster = await openCluster(settings);
  try {
    await writeParts(packCluster(cluster, folder, Date.now));
  } finally {
    await cluster.store.close();
  }
}

async function writeParts(parts: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const part of parts) if (!writeOut(part)) return;
}

if (import.meta.main) await runBackupChild(process.argv[2]!, process.argv[3]).catch(failCommand);
