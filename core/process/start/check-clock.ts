/** Compares this machine's clock with the database's: tokens, leases and times on pages use one or the other. */
import { ConfigError } from "../../operations/config.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Store } from "../../store/database.ts";
import { databaseTime } from "../../store/workers.ts";

const WARN_MS = 5000;
const REFUSE_MS = 60_000;

/** Throws ConfigError if they differ by a minute or more. */
export async function checkClock(store: Store, logger: Pick<Logger, "warn">): Promise<void> {
  const asked = Date.now();
  const there = await databaseTime(store);
  const answered = Date.now();
  const apartMs = Math.max(0, Math.abs(there - (asked + answered) / 2) - (answered - asked) / 2);
  const seconds = Math.round(apartMs / 1000);
  if (apartMs >= REFUSE_MS)
    throw new ConfigError(
      `The clocks of this machine and of the database differ by ${seconds} s: synchronise both by NTP, then start again`,
    );
  if (apartMs >= WARN_MS)
    logger.warn(
      { seconds },
      "the clocks of this machine and of the database differ: synchronise both by NTP",
    );
}
