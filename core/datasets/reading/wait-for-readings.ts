/** Notifies callers that wait for the reading of a file, whichever host read it. */

import { whenReachable } from "../../platform/concurrency.ts";
import { AppError } from "../../platform/errors.ts";
import type { Store } from "../../store/database.ts";
import { findDataset, type StoredDataset } from "../../store/datasets.ts";
import { findRejection } from "../../store/rejections.ts";

interface Waiting {
  promise: Promise<StoredDataset>;
  resolve: (dataset: StoredDataset) => void;
  reject: (error: unknown) => void;
}

export class ReadingEnds {
  private readonly waiting = new Map<string, Waiting>();

  constructor(private readonly store: Store) {}

  /** The dataset once it is read. Throws AppError if it was refused or deleted. */
  of(id: string): Promise<StoredDataset> {
    let entry = this.waiting.get(id);
    if (!entry) {
      entry = Promise.withResolvers<StoredDataset>();
      this.waiting.set(id, entry);
    }
    // Checked at once, because it may have ended before anybody waited.
    this.tell(id).catch((error: unknown) => this.waiting.get(id)?.reject(error));
    return entry.promise;
  }

  /** Settles the waiting promises, if the reading has ended; once the database responds. */
  async tell(id: string): Promise<void> {
    await whenReachable(() => this.settle(id));
  }

  private async settle(id: string): Promise<void> {
    if (!this.waiting.has(id)) return;
    const dataset = await findDataset(this.store, id);
    if (dataset?.status === "reading") return;
    const rejection = dataset ? null : await findRejection(this.store, id);
    const entry = this.waiting.get(id);
    this.waiting.delete(id);
    if (dataset) return entry?.resolve(dataset);
    if (!rejection)
      return entry?.reject(new AppError("missing", `Dataset ${id} was deleted while it was read`));
    const { code, message, ...place } = rejection.error;
    entry?.reject(code === "internal" ? new Error(message) : new AppError(code, message, place));
  }
}
