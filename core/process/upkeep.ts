/**
 * Cleans up shared files: unwanted or surplus copies on this machine, every minute; objects that no row names, once an
 * hour over all hosts. An object is given a day, because its row is written after it.
 */
import { DAY_MS } from "../platform/figures.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";
import {
  claimSweep,
  filesBeingRead,
  filesInUse,
  modelFileOf,
  namedFiles,
} from "../store/files/named-files.ts";
import type { SharedStorage } from "../store/files/shared-storage.ts";

const COPIES_MS = 60_000;
const SWEEP_MS = 3_600_000;

export interface UpkeepOptions {
  store: Store;
  files: SharedStorage;
  logger: Logger;
  now: () => number;
}

/** The returned function ends it. */
export function startUpkeep(options: UpkeepOptions): () => void {
  let isBusy = false;
  const look = async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      await tidyCopies(options);
      await sweepStorage(options);
    } catch (error) {
      options.logger.warn({ reason: String(error) }, "the stored files could not be cleaned up");
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void look(), COPIES_MS);
  return () => clearInterval(timer);
}

/** Deleted data is removed from every host's copies, and these stay below their limit. */
export async function tidyCopies({ store, files }: UpkeepOptions): Promise<void> {
  await files.forget(await wanted(store));
  await files.trim();
}

/** Removes what is older than a day and named by no row; of several hosts one does it. Returns how many. */
export async function sweepStorage({ store, files, logger, now }: UpkeepOptions): Promise<number> {
  if (!(await claimSweep(store, { now: now(), everyMs: SWEEP_MS }))) return 0;
  const old = (await files.list("")).filter(({ changedAt }) => changedAt < now() - DAY_MS);
  // Queried after the list: what was named meanwhile stays.
  const isWanted = await wanted(store);
  const lost = old.filter(({ key }) => !isWanted(key));
  for (const { key } of lost) await files.remove(key);
  const ended = await files.bucket.endUnfinished(now() - DAY_MS);
  if (lost.length || ended)
    logger.info({ files: lost.length, uploads: ended }, "files that nothing names were removed");
  return lost.length;
}

/** By key; the tables made from a dataset's files go with it, and predictions by row with their model. */
async function wanted(store: Store): Promise<(key: string) => boolean> {
  const named = (await namedFiles(store, { isShared: true })).map(({ key }) => key);
  const keys = new Set([...named, ...(await filesBeingRead(store))]);
  const datasets = new Set([...keys].filter((key) => key.startsWith("datasets/")).map(ownerOf));
  const { runs, results } = await filesInUse(store);
  return (key) => {
    if (key.startsWith("runs/")) return runs.has(key.split("/")[1]!);
    const isMade = key.startsWith("datasets/") && !key.endsWith(".csv");
    return keys.has(modelFileOf(key)) || results.has(key) || (isMade && datasets.has(ownerOf(key)));
  };
}

/** "datasets/ID.first.table" -> "datasets/ID". */
const ownerOf = (key: string) => key.split(".")[0]!;
