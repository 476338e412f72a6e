/**
 * Removes deleted data from the database's write-ahead log within seconds. A reader that holds
 * an old snapshot, such as a backup, is waited for.
 */
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";

const LOOK_MS = 2000;
/** Longer than a reader should take: the log says so. */
const LONG_MS = 10_000;

/** Looks every two seconds; the function returned ends that, with a last look. */
export function startPurging({ store, logger }: { store: Store; logger: Logger }): () => Promise<void> {
  let waitingSince: number | null = null;
  const look = async () => {
    if (!store.holdsDeleted) return;
    waitingSince ??= performance.now();
    if (await store.purgeLog()) {
      waitingSince = null;
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
    await lookAgain();
  };
}
