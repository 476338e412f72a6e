/** Opens a cluster for a command and closes it afterwards; waits for what does not respond yet. */
import { filesApart } from "../../operations/backup/backup-stream.ts";
import { type Cluster, openCluster } from "../../operations/backup/cluster.ts";
import type { Config } from "../../operations/config.ts";
import { StorageUnavailable, StoreUnavailable } from "../../platform/errors.ts";
import { openWithRetries } from "../start/retry-at-start.ts";

/** Throws AppError if access is refused, or nothing has responded for a minute. */
export async function withCluster<T>(config: Config, work: (cluster: Cluster) => Promise<T>): Promise<T> {
  if (config.DATABASE_URL && !config.STORAGE_URL) throw filesApart();
  const cluster = await openWithRetries(() => openCluster(config), {
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
