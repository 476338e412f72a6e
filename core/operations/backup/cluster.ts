/** Opens the database and the files that several hosts share, for commands that work on them from outside. */
import { refuseUnfinished } from "../../store/copying/copy-tables.ts";
import type { Store } from "../../store/database.ts";
import type { Bucket } from "../../store/files/bucket.ts";
import { openBucket, proveBucket, type StorageSettings } from "../../store/files/open-storage.ts";
import { placedFiles } from "../../store/files/placed-files.ts";
import { ConfigError } from "../config.ts";

export type ClusterSettings = StorageSettings & { DATABASE_URL: string };

export interface Cluster {
  store: Store;
  /** Of the database, for reading it at one moment. */
  url: string;
  bucket: Bucket;
}

/** Throws ConfigError if a setting is missing, AppError if access is refused; StoreUnavailable, StorageUnavailable. */
export async function openCluster(settings: ClusterSettings): Promise<Cluster> {
  const { DATABASE_URL: url, STORAGE_URL } = settings;
  if (!url || !STORAGE_URL) throw new ConfigError("DATABASE_URL and STORAGE_URL must both be set");
  const { openPostgres } = await import("../../store/postgres/database.ts");
  const store = await openPostgres({ url, listenUrl: "", listens: "never", warn: () => {} });
  try {
    const bucket = await openBucket(settings);
    await proveBucket(bucket);
    return { store, url, bucket };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** What is wrong with the data, in a few words: the database does not respond, or a file that it names is missing. */
export async function clusterFault({
  store,
  bucket,
}: Pick<Cluster, "store" | "bucket">): Promise<string | undefined> {
  const [fault] = await store.faults();
  if (fault) return fault;
  await refuseUnfinished(store);
  const sizes = new Map((await bucket.list("")).map(({ key, sizeBytes }) => [key, sizeBytes]));
  for (const { inBucket, known } of await placedFiles(store)) {
    const size = sizes.get(inBucket);
    if (known && size === undefined) return `${inBucket} is missing`;
    if (known && size !== known.sizeBytes)
      return `${inBucket} has ${size} bytes instead of ${known.sizeBytes}`;
  }
  return undefined;
}
