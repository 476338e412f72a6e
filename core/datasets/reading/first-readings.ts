/**
 * Reads files that have just arrived, in child processes: stores the first version of each, or why it was refused. Of
 * several hosts only the one that holds a reading records its end.
 */
import type { EventLog } from "../../events/event-log.ts";
import { diskFailure } from "../../platform/disk.ts";
import { AppError, errorRecord, StorageUnavailable, StoreUnavailable } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Handle, Store } from "../../store/database.ts";
import {
  deleteDataset,
  findDataset,
  insertDatasetVersion,
  type StoredDataset,
} from "../../store/datasets.ts";
import { forgetRejections, insertRejection } from "../../store/rejections.ts";
import { claimedReadings, holdsReading, unclaimedReadings } from "../../store/workers.ts";
import type { FileReader, FileToRead } from "../file-reader.ts";
import { profileSize } from "../table-files.ts";
import type { UploadsInProgress } from "../uploads.ts";
import { readerFailed } from "./reader-failed.ts";

/** Refusals that are reported to clients that ask for the file. */
const REJECTIONS_KEPT = 100;
const AGAIN_MS = 1000;

export interface FirstReadingsOptions {
  store: Store;
  log: EventLog;
  logger: Logger;
  /** This host among those on the same database. */
  workerId: string;
  reader: FileReader;
  arrivals: UploadsInProgress;
  removeFiles: (id: string) => Promise<void>;
  now: () => number;
}

export class FirstReadings {
  private readonly all = new Map<string, Promise<StoredDataset>>();
  /** Claimed here at the last look, and read by nobody. */
  private idle: ReadonlySet<string> = new Set();
  private isStopping = false;

  constructor(private readonly options: FirstReadingsOptions) {}

  /** Whether it is being read here. */
  has(id: string): boolean {
    return this.all.has(id);
  }

  /**
   * Files that servers left to any worker; and those that were claimed here at the last look too, and that nobody reads:
   * the answer to the claim was lost with the connection.
   */
  async unread(): Promise<string[]> {
    const { store, workerId } = this.options;
    const idle = (await claimedReadings(store, workerId)).filter((id) => !this.has(id));
    const lost = idle.filter((id) => this.idle.has(id));
    this.idle = new Set(idle);
    return [...(await unclaimedReadings(store)), ...lost];
  }

  /** The dataset once it is read. Throws AppError if it is refused. */
  end(dataset: StoredDataset): Promise<StoredDataset> {
    return this.all.get(dataset.id) ?? Promise.resolve(dataset);
  }

  /** A host that shuts down leaves its readings for the next start, or for others. */
  stop(): void {
    this.isStopping = true;
  }

  /** Throws AppError if the file is refused. */
  read(file: FileToRead): Promise<StoredDataset> {
    const reading = this.readAndStore(file).finally(() => {
      this.all.delete(file.id);
      this.options.arrivals.depart(file.id);
    });
    this.all.set(file.id, reading);
    return reading;
  }

  private async readAndStore(file: FileToRead): Promise<StoredDataset> {
    const { reader, arrivals, log, now } = this.options;
    const { id, name, choices } = file;
    try {
      const profile = await reader.profile(file);
      arrivals.depart(id);
      await log.record(async (tx) => {
        // Another host may have taken it over and read it.
        if (!(await this.isHeld(tx, id))) return;
        const version = await insertDatasetVersion(tx, { id, choices, profile, at: now() });
        await tx.append("dataset.uploaded", { datasetId: id, name, version, ...profileSize(profile) });
        await forgetRejections(tx);
      });
      arrivals.settled(id);
      return await this.find(file);
    } catch (error) {
      if (this.isStopping) throw error;
      if (error instanceof StoreUnavailable || error instanceof StorageUnavailable)
        return this.readAgain(file);
      return this.refuse(file, error);
    }
  }

  private async refuse(file: FileToRead, error: unknown): Promise<StoredDataset> {
    const { store, logger, arrivals, removeFiles } = this.options;
    const { id, name } = file;
    arrivals.depart(id);
    await this.find(file);
    const refusal = error instanceof AppError ? error : (diskFailure(error) ?? readerFailed(error, logger));
    if (!(await this.isHeld(store, id))) return this.find(file);
    await this.reject(id, name, refusal);
    await removeFiles(id);
    throw refusal;
  }

  /** Records why a file was refused; nothing else of it is stored. */
  async reject(id: string, name: string, error: AppError): Promise<void> {
    const rejection = { id, name, at: this.options.now(), error: errorRecord(error) };
    await this.options.log.record(async (tx) => {
      await insertRejection(tx, rejection, REJECTIONS_KEPT);
      await deleteDataset(tx, id);
      await tx.append("dataset.rejected", { datasetId: id, name, reason: error.message });
    });
  }

  private async find({ id, name }: FileToRead): Promise<StoredDataset> {
    const found = await findDataset(this.options.store, id);
    if (!found) throw new AppError("missing", `${name} was deleted while it was read`);
    return found;
  }

  private isHeld(store: Handle, id: string): Promise<boolean> {
    return holdsReading(store, { id, worker: this.options.workerId });
  }

  /** The database or the storage failed meanwhile: the result for this file is still unknown. */
  private async readAgain(file: FileToRead): Promise<StoredDataset> {
    await Bun.sleep(AGAIN_MS);
    return this.readAndStore(file);
  }
}
