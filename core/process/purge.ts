/**
 * Removes deleted data from the database's file and write-ahead log within seconds. It waits for readers that hold an
 * old snapshot, such as a backup.
 */
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";

const LOOK_MS = 2000;
/** Longer than a reader should take: then the log reports it. */
const LONG_MS = 10_000;
/** For a large file with constant deletions, the maximum share of the time that this may take. */
const PAUSES = 8;

/** Checks every two seconds; the returned function ends that, with a last check. */
export function startPurging({ store, logger }: { store: Store; logger: Logger }): () => Promise<void> {
  let waitingSince: number | null = null;
  let restsUntil = 0;
  const look = async () => {
    const startedAt = performance.now();
    if (!store.holdsDeleted || startedAt < restsUntil) return;
    waitingSince ??= startedAt;
    if (await store.purgeLog()) {
      waitingSince = null;
      restsUntil = performance.now() + PAUSES * (performance.now() - startedAt);
      return;
    }
    const waitedMs = performance.now() - waitingSince;
    if (waitedMs < LONG_MS || waitedMs >= LONG_MS + LOOK_MS) return;
    logger.warn({}, "deleted data stays in the write-ahead log until another process has finished reading");
  };
  const lookAgain = () =>
    look().catch((error: unknown) =>
      logger.error({ error: String(error) }, "the write-ahead log could not be emptied"),
    );
  const timer = setInterval(lookAgain, LOOK_MS);
  return async () => {
    clearInterval(timer);
    restsUntil = 0;
    await lookAgain();
  };
}
