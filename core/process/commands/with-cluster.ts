/** Opens a cluster for a command and closes it afterwards; what does not answer yet is waited for. */
import { filesApart } from "../../operations/backup/backup-stream.ts";
import { type Cluster, openCluster } from "../../operations/backup/cluster.ts";
import type { Config } from "../../operations/config.ts";
import { StorageUnavailable, StoreUnavailable } from "../../platform/errors.ts";
import { openPatiently } from "../start/patient.ts";

/** Throws AppError where one refuses, or has not answered for a minute. */
export async function withCluster<T>(config: Config, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  if (config.DATABASE_URL && !config.STORAGE_URL) throw filesApart();
  const cluster = await openPatiently(() => openCluster(config), {
    what: "The database or the file storage",
    isWorthWaiting: (error) =>
      error instanceof StoreUnavailable || (error instanceof StorageUnavailable && !error.isRefusal),
  });
  try {
    return await work(cluster);
  } finally {
    await cluster.store.close();
  }
}
