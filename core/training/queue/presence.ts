/**
 * Shows the other servers on the same database that this one is alive, and judges which of them are not. All times are the
 * database's. Only who has had the database for as long itself may judge: else its own loss would look like theirs.
 */
import type { Logger } from "../../platform/logger.ts";
import type { Store } from "../../store/database.ts";
import { beat, removeWorker, type StoredWorker } from "../../store/workers.ts";

const BEAT_MS = 5000;
/** Silent for so long, a worker is dead: what it had is taken up by others. */
export const DEAD_MS = 20_000;

/** A server or worker, the same after a restart on the same data folder. */
export type WorkerIdentity = Pick<StoredWorker, "id" | "host" | "role" | "version">;

export interface PresenceOptions {
  store: Store;
  worker: WorkerIdentity;
  logger: Logger;
  /** Takes up what dead workers had; asked after each beat. */
  takeUp: (deadMs: number) => Promise<void>;
}

export class Presence {
  private timer: Timer | null = null;
  /** Since when every beat came through; null: the last one did not. */
  private since: number | null = null;
  private lastBeat = 0;
  private beating: Promise<void> = Promise.resolve();

  constructor(private readonly options: PresenceOptions) {}

  /** Nothing to do where nobody else is on the database. */
  async start(): Promise<void> {
    if (!this.options.store.isShared) return;
    await this.beat();
    this.timer = setInterval(() => {
      this.beating = this.beat();
    }, BEAT_MS);
  }

  /** Did the database take the last word that this process lives? */
  get isCurrent(): boolean {
    return !this.options.store.isShared || this.since !== null;
  }

  /** It leaves properly: others need not wait to find out. */
  async stop(): Promise<void> {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    await this.beating;
    await removeWorker(this.options.store, this.options.worker.id).catch((error: unknown) =>
      this.options.logger.warn(
        { reason: String(error) },
        "the database was not told that this server leaves",
      ),
    );
  }

  private async beat(): Promise<void> {
    const { store, worker, logger, takeUp } = this.options;
    const now = performance.now();
    // A process that was stopped in between cannot say that it had the database.
    if (now - this.lastBeat > 2 * BEAT_MS) this.since = null;
    this.lastBeat = now;
    try {
      await beat(store, worker);
      this.since ??= now;
      if (performance.now() - this.since >= DEAD_MS) await takeUp(DEAD_MS);
    } catch (error) {
      this.since = null;
      logger.warn({ reason: String(error) }, "the database was not told that this server is alive");
    }
  }
}
