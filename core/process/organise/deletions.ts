/**
 * Deletes datasets, runs, models and versions. What is deleted is hidden everywhere at once; for a minute it can be
 * restored, then it is erased. A deletion that a restart interrupted continues after it.
 */
import type { EventLog } from "../../events/event-log.ts";
import type { DiskReserve } from "../../platform/disk-reserve.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Store, Unchanged } from "../../store/database.ts";
import { insertDeletion, listDeletions, removeDeletion, type StoredDeletion } from "../../store/deletions.ts";
import { forgetAnswers } from "../../store/idempotency.ts";
import { deletables, type Parts, type Subject } from "./deletable.ts";

const UNDO_MS = 60_000;
/** The delay after a failure. */
const AGAIN_MS = 5000;

export interface DeletionsOptions extends Parts {
  store: Store;
  log: EventLog;
  logger: Logger;
  /** Released if the disk is too full for deleting. */
  diskReserve: DiskReserve;
  now: () => number;
}

/** What can be restored: everything that was deleted together. */
export interface PendingDeletion {
  id: string;
  at: string;
  until: string;
  items: { kind: StoredDeletion["kind"]; subject: string; version: number | null; label: string }[];
}

export interface DeleteOptions {
  /** Erased before it resolves; nothing to undo. */
  isFinal: boolean;
  /** May throw at the moment of the change. */
  unchanged?: Unchanged;
  /** Undone together with everything that has the same number. */
  id?: string;
}

export class Deletions {
  private readonly deletables;
  private timer: Timer | null = null;
  private erasing: Promise<void> = Promise.resolve();
  private isStopping = false;

  constructor(private readonly options: DeletionsOptions) {
    this.deletables = deletables(options);
  }

  /** Continues with what is due. */
  async start(): Promise<void> {
    await this.wait();
  }

  async stop(): Promise<void> {
    this.isStopping = true;
    if (this.timer) clearTimeout(this.timer);
    await this.erasing;
  }

  /**
   * All or none; returns the ID that undoes it, null if that is impossible. Throws AppError `missing` or `conflict`,
   * and then nothing is deleted.
   */
  async delete(subjects: readonly Subject[], options: DeleteOptions): Promise<string | null> {
    const { unchanged, id = newId() } = options;
    const isFinal = options.isFinal || (await this.areFinal(subjects));
    const { log, now, diskReserve } = this.options;
    const hide = () =>
      log.record(async (tx) => {
        const at = now();
        // Stored responses about it are hidden too.
        await forgetAnswers(tx);
        for (const subject of subjects) {
          await unchanged?.(tx);
          const label = await this.deletables[subject.kind].hide(tx, subject, id);
          await insertDeletion(tx, { ...subject, id, label, at, until: isFinal ? at : at + UNDO_MS });
        }
      });
    await diskReserve.spend(hide);
    try {
      if (isFinal) await this.erase(id);
    } finally {
      await this.wait();
    }
    return isFinal ? null : id;
  }

  private async areFinal(subjects: readonly Subject[]): Promise<boolean> {
    for (const subject of subjects) if (await this.deletables[subject.kind].isFinal?.(subject)) return true;
    return false;
  }

  /** Newest first. */
  async pending(): Promise<PendingDeletion[]> {
    const byId = new Map<string, PendingDeletion>();
    for (const { id, at, until, kind, subject, version, label } of await listDeletions(this.options.store)) {
      if (until <= this.options.now()) continue;
      const times = { at: new Date(at).toISOString(), until: new Date(until).toISOString() };
      const entry = byId.get(id) ?? { id, ...times, items: [] };
      entry.items.push({ kind, subject, version: version || null, label });
      byId.set(id, entry);
    }
    return [...byId.values()];
  }

  /**
   * Restores what was deleted under this ID, or the dataset, run or model with this name. Throws AppError `missing` if
   * there is nothing to undo, or no longer.
   */
  async undo(id: string): Promise<StoredDeletion[]> {
    const { log, now } = this.options;
    return log.record(async (tx) => {
      const pending = (await listDeletions(tx)).filter(({ until }) => until > now());
      const found = pending.find((entry) => entry.id === id || nameOf(entry) === id);
      if (!found) {
        throw new AppError("missing", "There is nothing to undo", {
          fix: "A deletion can be undone for a minute; GET /api/undo lists what can be.",
        });
      }
      const items = pending.filter((entry) => entry.id === found.id);
      for (const item of items) {
        await this.deletables[item.kind].show(tx, item);
        await tx.append("deletion.undone", { kind: item.kind, ...told(item) });
      }
      await removeDeletion(tx, found.id);
      return items;
    });
  }

  /** Erases what is due, and is called again for the rest. */
  async sweep(): Promise<void> {
    const { store, now } = this.options;
    const due = (await listDeletions(store)).filter(({ until }) => until <= now());
    for (const id of new Set(due.map((entry) => entry.id))) if (!this.isStopping) await this.erase(id);
  }

  private async erase(id: string): Promise<void> {
    const { store, diskReserve } = this.options;
    for (const item of (await listDeletions(store)).filter((entry) => entry.id === id))
      await diskReserve.spend(() => this.deletables[item.kind].erase(item));
    await removeDeletion(store, id);
  }

  private async wait(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    const [next] = (await listDeletions(this.options.store)).map(({ until }) => until).sort((a, b) => a - b);
    if (next === undefined || this.isStopping) return;
    this.timer = setTimeout(() => this.sweepThenWait(), Math.max(0, next - this.options.now()));
    this.timer.unref();
  }

  private sweepThenWait(): void {
    this.erasing = this.sweep()
      .then(() => this.wait())
      .catch((error: unknown) => {
        this.options.logger.error({ error: String(error) }, "deleted data could not be erased yet");
        if (!this.isStopping) this.timer = setTimeout(() => this.sweepThenWait(), AGAIN_MS);
      });
  }
}

/** As in an address: "titanic:3". */
function nameOf({ subject, version }: Subject): string {
  return version === 0 ? subject : `${subject}:${version}`;
}

function told({ kind, subject, version, label }: StoredDeletion) {
  const model = kind === "model" || kind === "version" ? { model: subject } : {};
  const owner = kind === "dataset" ? { datasetId: subject } : kind === "run" ? { runId: subject } : model;
  return { label, ...owner, ...(version > 0 && { version }) };
}
