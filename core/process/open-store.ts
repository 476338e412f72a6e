/**
 * Opens the store that the settings name: SQLite in the data folder, or PostgreSQL, whose driver is loaded only then. A
 * database that does not answer is waited for.
 */
import { type Config, ConfigError } from "../operations/config.ts";
import { AppError, StoreUnavailable } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";
import type { Store } from "../store/database.ts";

const WAIT_MS = 60_000;
const TELL_EVERY_MS = 5000;
const LOOK_EVERY_MS = 1000;

interface StoreSource {
  config: Pick<Config, "DATABASE_URL" | "LISTEN_URL">;
  folder: string;
  logger: Pick<Logger, "warn">;
}

/** Throws ConfigError where the database refuses, or has not answered for a minute; AppError for a folder's own. */
export async function openStore({ config, folder, logger }: StoreSource): Promise<Store> {
  if (!config.DATABASE_URL) return (await import("../store/sqlite/database.ts")).openSqlite(folder);
  const { openPostgres } = await import("../store/postgres/database.ts");
  const warn: Logger["warn"] = (about, message) => logger.warn(about, message);
  const open = () => openPostgres({ url: config.DATABASE_URL, listenUrl: config.LISTEN_URL, warn });
  const begin = performance.now();
  for (let told = 0; ; ) {
    try {
      return await open();
    } catch (error) {
      const waitedMs = performance.now() - begin;
      if (!(error instanceof StoreUnavailable) || waitedMs > WAIT_MS) throw refusal(error);
      if (waitedMs >= told) {
        told = waitedMs + TELL_EVERY_MS;
        const seconds = Math.round((WAIT_MS - waitedMs) / 1000);
        process.stderr.write(`signalbox: ${error.message}; waiting for up to ${seconds} s more\n`);
      }
      await Bun.sleep(LOOK_EVERY_MS);
    }
  }
}

/** What an operator can mend in the settings, in one line. */
function refusal(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  return new ConfigError(
    [`DATABASE_URL: ${error.message}`, error.place.fix?.replace(/\.$/, "")].filter(Boolean).join(". "),
  );
}
