/**
 * Compares this server's SECRET_KEY with that of the others on the same database: what one of them encrypts all must be
 * able to read. What is compared is a text that was encrypted with it, never the key.
 */
import { ConfigError } from "../../operations/config.ts";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import { keepValue, keptValue, type Store } from "../../store/database.ts";
import type { Sealer } from "../../store/sealed.ts";
import { listWorkers } from "../../store/workers.ts";
import { DEAD_MS } from "../../training/queue/presence.ts";

const MARK = "secretKeyMark";
const OWNER = "the servers of this database";

/**
 * Throws ConfigError if another server runs with another key. A server alone on the database may introduce a new one.
 */
export async function checkSecretKey(
  store: Store,
  sealer: Sealer,
  { own, logger }: { own: string; logger: Pick<Logger, "warn"> },
): Promise<void> {
  const seal = () => sealer.seal(OWNER, OWNER);
  const kept = await keptValue(store, MARK, seal);
  if (sealer.isExposed(kept)) return keepValue(store, MARK, seal());
  try {
    sealer.open(kept, OWNER);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const others = (await listWorkers(store)).filter(({ id, silentMs }) => id !== own && silentMs < DEAD_MS);
    if (others.length > 0)
      throw new ConfigError(
        `SECRET_KEY differs from that of ${others[0]!.role} ${others[0]!.host}: set the same value on every server and worker`,
      );
    logger.warn(
      {},
      "SECRET_KEY has changed: credentials that were stored with the one before must be entered again",
    );
    await keepValue(store, MARK, seal());
  }
}
