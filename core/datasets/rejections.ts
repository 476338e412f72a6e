/** Keeps which files were refused lately, and why. Nothing else of them is kept. */
import { AppError, type ErrorRecord, errorRecord } from "../platform/errors.ts";
import type { Logger } from "../platform/logger.ts";

export interface Rejection {
  id: string;
  name: string;
  at: number;
  error: ErrorRecord;
}

const KEPT = 100;

export class Rejections {
  private readonly byId = new Map<string, Rejection>();

  add({ id, name, at }: Omit<Rejection, "error">, error: AppError): void {
    this.byId.delete(id);
    this.byId.set(id, { id, name, at, error: errorRecord(error) });
    const oldest = this.byId.keys().next().value;
    if (this.byId.size > KEPT && oldest) this.byId.delete(oldest);
  }

  get(id: string): Rejection | null {
    return this.byId.get(id) ?? null;
  }

  last(): Rejection | null {
    return [...this.byId.values()].at(-1) ?? null;
  }

  clear(): void {
    this.byId.clear();
  }
}

/** A defect of ours, or a reader that was killed: the file is refused all the same, so that nothing hangs. */
export function readerFailed(error: unknown, logger: Logger): AppError {
  logger.error({ error: String(error), cause: String((error as Error).cause ?? "") }, "reading failed");
  return new AppError("invalid", "The file could not be read: its reader failed", {
    fix: "Check that it is a CSV. If it is, the server's log has the reason.",
  });
}
