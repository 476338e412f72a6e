/** What a run needs of the model registry, which is on a floor above: where finished models go. */
import type { Recording } from "../../events/event-log.ts";
import type { RunResult } from "../../trainer/contract.ts";

export interface ModelRegistry {
  /** The version that a new one of this name will stand beside; null for a new name. */
  before(name: string): Promise<{ version: number; path: string } | null>;
  /** Erases what was deleted under this name and could still be brought back. */
  free(name: string): Promise<void>;
  /** Takes the file over. */
  adopt(runId: string, path: string): Promise<{ sha256: string; sizeBytes: number }>;
  /** Gives the version its number; never deploys it. */
  register(
    tx: Recording,
    entry: { name: string; runId: string; result: RunResult; sha256: string; sizeBytes: number },
  ): Promise<number>;
}
