/** Opens the file storage that the settings name, and waits for a shared one that does not respond. */
import { type Config, ConfigError } from "../../operations/config.ts";
import { AppError, StorageUnavailable } from "../../platform/errors.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import { openWithRetries } from "./retry-at-start.ts";

/** Throws ConfigError if the storage refuses, or has not responded for a minute. */
export async function openFiles(config: Config, folder: string): Promise<FileStorage> {
  const { openStorage } = await import("../../store/files/open-storage.ts");
  return openWithRetries(() => openStorage(config, folder), {
    what: "The file storage",
    isWorthWaiting: (error) => error instanceof StorageUnavailable && !error.isRefusal,
  }).catch((error: unknown) => {
    throw error instanceof AppError ? new ConfigError(`STORAGE_URL: ${error.message}`) : error;
  });
}
