/** Notifies callers that wait for a run to end, whichever server ended it. */
import type { StoredRun } from "../../store/runs.ts";

export class RunEnds {
  private readonly waiting = new Map<
    string,
    { promise: Promise<StoredRun>; resolve: (run: StoredRun) => void }
  >();

  /** `find` returns the run's present state. */
  constructor(private readonly find: (id: string) => Promise<StoredRun>) {}

  /** The run once it has ended, for whatever reason. */
  async of(id: string): Promise<StoredRun> {
    await this.find(id);
    let entry = this.waiting.get(id);
    if (!entry) {
      entry = Promise.withResolvers<StoredRun>();
      this.waiting.set(id, entry);
    }
    // Checked again, because it may have ended before anybody waited.
    await this.tell(id);
    return entry.promise;
  }

  /** Resolves for those who wait, if it has ended. */
  async tell(id: string): Promise<void> {
    if (!this.waiting.has(id)) return;
    const run = await this.find(id);
    if (run.status === "queued" || run.status === "running") return;
    this.waiting.get(id)?.resolve(run);
    this.waiting.delete(id);
  }
}
