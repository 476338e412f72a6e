/**
 * Opens the store that the settings name: SQLite in the data folder, or PostgreSQL, whose driver is only then loaded.
 * Waits for a database that does not respond.
 */
import { type Config, ConfigError } from "../../operations/config.ts";
import { AppError, StoreUnavailable } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Store } from "../../store/database.ts";
import { openWithRetries } from "./retry-at-start.ts";
import type { Role } from "./worker-identity.ts";

interface StoreSource {
  config: Pick<Config, "DATABASE_URL" | "LISTEN_URL">;
  folder: string;
  role: Role;
  logger: Pick<Logger, "warn">;
}

/** Throws ConfigError if the database refuses, or has not responded for a minute; AppError for errors of the folder. */
export async function openStore({ config, folder, role, logger }: StoreSource): Promise<Store> {
  if (!config.DATABASE_URL) return (await import("../../store/sqlite/database.ts")).openSqlite(folder);
  const { openPostgres } = await import("../../store/postgres/database.ts");
  const warn: Logger["warn"] = (about, message) => logger.warn(about, message);
  const open = () =>
    openPostgres({
      url: config.DATABASE_URL,
      listenUrl: config.LISTEN_URL,
      listens: role === "worker" ? "never" : "always",
      warn,
    });
  const isWorthWaiting = (error: unknown) => error instanceof StoreUnavailable;
  return openWithRetries(open, { what: "The database", isWorthWaiting }).catch((error: unknown) => {
    throw refusal(error);
  });
}

/** What an operator can fix in the settings, in one line. */
function refusal(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  return new ConfigError(
    [`DATABASE_URL: ${error.message}`, error.place.fix?.replace(/\.$/, "")].filter(Boolean).join(". "),
  );
}
