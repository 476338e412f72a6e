/** The error for a file whose reader failed. */
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";

/** A defect of ours, or a reader that was killed: the file is refused even so, so that nothing hangs. */
export function readerFailed(error: unknown, logger: Logger): AppError {
  logger.error({ error: String(error), cause: String((error as Error).cause ?? "") }, "reading failed");
  return new AppError("invalid", "The file could not be read: its reader failed", {
    fix: "Check that it is a CSV. If it is, the server's log has the reason.",
  });
}
