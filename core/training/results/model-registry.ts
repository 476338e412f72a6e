/** What a run needs from the model registry, which is on a floor above: where finished models go. */
import type { Recording } from "../../events/event-log.ts";
import type { RunResult } from "../../trainer/contract.ts";

export interface ModelRegistry {
  /** The existing version that a new one with this name is compared with; null for a new name. */
  before(name: string): Promise<{ version: number; path: string } | null>;
  /** Erases versions with this name that were deleted and could still be restored. */
  free(name: string): Promise<void>;
  /** Takes over the file. */
  adopt(runId: string, path: string): Promise<{ sha256: string; sizeBytes: number }>;
  /** Gives the version its number; never deploys it. */
  register(
    tx: Recording,
    entry: { name: string; runId: string; result: RunResult; sha256: string; sizeBytes: number },
  ): Promise<number>;
}
