/**
 * Turns a file into a dataset: receives it to disk, reads it in a child process, stores its profile. A refused file
 * leaves nothing. Other import settings make a new version of the same file.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CsvProfile, ReadingChoices, ReadingPreview } from "../csv/types.ts";
import type { EventLog } from "../events/event-log.ts";
import { diskFailure, syncFolder } from "../platform/disk.ts";
import { AppError, errorRecord, StoreUnavailable } from "../platform/errors.ts";
import { newId } from "../platform/ids.ts";
import type { Logger } from "../platform/logger.ts";
import type { Handle, Store, Unchanged } from "../store/database.ts";
import {
  deleteDataset,
  findDataset,
  findDatasetByHash,
  insertDataset,
  insertDatasetVersion,
  type StoredDataset,
  unreadDatasets,
} from "../store/datasets.ts";
import { hiddenDatasetByHash } from "../store/deletions.ts";
import { forgetRejections, insertRejection } from "../store/rejections.ts";
import { runsOfDataset } from "../store/runs.ts";
import { claimReading, orphanedReadings } from "../store/workers.ts";
import { FileReader, type FileToRead } from "./file-reader.ts";
import { readerFailed } from "./reader-failed.ts";
import { type Received, receiveFile, refuseWithoutSpace } from "./receive.ts";
import { followFile } from "./receive-stream.ts";
import { type TableAside, tableAside } from "./table-aside.ts";
import { filePath, mergedChoices, profileSize, pruneTables, removeFiles, tablePath } from "./table-files.ts";
import { type UploadInProgress, UploadsInProgress } from "./uploads.ts";

/** Refusals that are told to whoever asks for the file. */
const REJECTIONS_KEPT = 100;
const AGAIN_MS = 1000;

export interface DatasetsOptions {
  store: Store;
  log: EventLog;
  logger: Logger;
  /** Called before a file is deleted: the predictions of its models are deleted too. */
  forget: (datasetId: string) => Promise<void>;
  folder: string;
  /** The folder of the runs' checkpoints: they are deleted with their file. */
  runsFolder: string;
  /** This server among those on the same database. */
  workerId: string;
  maxBytes: number;
  memoryBytes: number;
  now: () => number;
}

export interface ReceivedDataset {
  id: string;
  name: string;
  /** False: the same bytes are a dataset already. */
  isNew: boolean;
  /** Its reading, which `await` makes an error of where the file is refused. */
  ready: Promise<StoredDataset>;
}

export class Datasets {
  private readonly arrivals: UploadsInProgress;
  /** Shared with sources, whose new files are read as uploads are. */
  readonly reader: FileReader;
  private readonly pending = new Map<string, Promise<StoredDataset>>();
  private isStopping = false;

  constructor(private readonly options: DatasetsOptions) {
    this.arrivals = new UploadsInProgress(options);
    this.reader = new FileReader({
      ...options,
      onReport: async ({ id, name, sizeBytes: bytesTotal }, { bytesRead: bytes, rows, columns }) => {
        const known = columns ?? this.arrivals.get(id)?.columns ?? [];
        await this.arrivals.arrive({ id, name, bytes, bytesTotal, rows, columns: known });
      },
      onEnd: ({ id }) => this.arrivals.depart(id),
    });
    options.log.hear((type, data, isOurs) => {
      if (!isOurs && typeof data.datasetId === "string") this.arrivals.hear(type, data);
    });
  }

  /** Cleans up after a crash: partial files are deleted, unread datasets are read. */
  async start(): Promise<void> {
    const { store, folder } = this.options;
    await mkdir(folder, { recursive: true });
    for (const file of await readdir(folder)) {
      const [id = ""] = file.split(".");
      if (file.endsWith(".part") || file.includes(".unpacked") || !(await findDataset(store, id)))
        await rm(join(folder, file), { force: true });
    }
    // What others on the same database read is theirs.
    const reader = store.isShared ? this.options.workerId : null;
    for (const id of await unreadDatasets(store, reader)) await this.readLeft(id);
  }

  /** Reads what workers were reading that are not alive any more, where the file is here. */
  async takeUp(deadMs: number): Promise<void> {
    const { store, workerId: worker } = this.options;
    for (const id of await orphanedReadings(store, deadMs)) {
      const dataset = await findDataset(store, id);
      if (!dataset || this.pending.has(id) || !existsSync(this.pathOf(dataset))) continue;
      if (await claimReading(store, { id, worker, silentMs: deadMs })) await this.readLeft(id);
    }
  }

  private async readLeft(id: string): Promise<void> {
    const dataset = await findDataset(this.options.store, id);
    if (!dataset) return;
    this.readNew({ ...dataset, choices: {} }).catch(() => {
      // Refused: the event and the rejection that `readNew` left say why.
    });
  }

  /** A stopping server leaves unread datasets for the next start. */
  stop(): void {
    this.isStopping = true;
    this.arrivals.stop();
    this.reader.kill();
  }

  /** The file of a version. */
  pathOf(dataset: Pick<StoredDataset, "id" | "file">): string {
    return filePath(this.options.folder, dataset);
  }

  /** The CSV that a version of a dataset is read from: the file itself, or the table that was made of it. */
  tablePathOf(dataset: Pick<StoredDataset, "id" | "file" | "choices" | "profile">): string {
    const hasTable = dataset.profile?.plan.dialect.format;
    return hasTable ? tablePath(this.options.folder, dataset) : this.pathOf(dataset);
  }

  /** Converts a version's file again if its table is missing, as after a restore. */
  private async ensureTable(dataset: StoredDataset): Promise<string> {
    const path = this.tablePathOf(dataset);
    if (path !== this.pathOf(dataset) && !existsSync(path)) await this.reader.table(dataset);
    return path;
  }

  inProgress(): UploadInProgress[] {
    return this.arrivals.list();
  }

  arrival(id: string): UploadInProgress | null {
    return this.arrivals.get(id);
  }

  /** Throws AppError `missing`. */
  async find(id: string, version?: number, store: Handle = this.options.store): Promise<StoredDataset> {
    const found = await findDataset(store, id, version);
    if (!found)
      throw new AppError("missing", `Dataset ${id} does not exist`, { fix: "GET /api/datasets lists them." });
    return found;
  }

  /** As `find`, and read. Throws AppError `conflict` while it is being read. */
  async findReady(id: string, version?: number): Promise<StoredDataset & { profile: CsvProfile }> {
    const found = await this.find(id, version);
    if (!found.profile) {
      throw new AppError("conflict", `${found.name} is still being read`, {
        fix: "Try again when its status is ready.",
      });
    }
    if (found.file === null) {
      throw new AppError("conflict", `The file of version ${found.version} of ${found.name} was removed`, {
        fix: "Only the newest files of a dataset are kept: use its current version.",
      });
    }
    return found as StoredDataset & { profile: CsvProfile };
  }

  /** Receives a file. */
  async receive(request: Request, name: string | null): Promise<ReceivedDataset> {
    const { folder, maxBytes } = this.options;
    const id = newId();
    const bytesTotal = Number(request.headers.get("content-length")) || null;
    await refuseWithoutSpace(this.options.folder, bytesTotal ?? 0);
    const part = join(folder, `${id}.part`);
    try {
      const received = await receiveFile(request, {
        path: part,
        maxBytes,
        name,
        onBytes: (bytes, label) =>
          this.arrivals.arrive({ id, name: label, bytes, bytesTotal, rows: null, columns: [] }),
      });
      return await this.adopt(id, part, received);
    } catch (error) {
      await removeFiles(folder, id);
      if (error instanceof AppError)
        await this.reject(id, this.arrivals.get(id)?.name ?? name ?? "upload", error);
      throw error;
    } finally {
      this.arrivals.depart(id);
    }
  }

  /** Makes a dataset of a file that came, and begins to read it. */
  async adopt(id: string, part: string, received: Received): Promise<ReceivedDataset> {
    const { store, folder, now } = this.options;
    const deleted = await hiddenDatasetByHash(store, received.sha256);
    // It is wanted anew: what could still be brought back goes at once.
    if (deleted !== null) await this.erase(deleted);
    let same = await findDatasetByHash(store, received.sha256);
    if (!same) {
      await rename(part, this.pathOf({ id, file: "" }));
      await syncFolder(folder);
      // The same bytes may have come on another connection meanwhile.
      if (!(await insertDataset(store, { id, ...received, worker: this.options.workerId, createdAt: now() })))
        same = await findDatasetByHash(store, received.sha256);
    }
    if (same) {
      await removeFiles(folder, id);
      return { id: same.id, name: same.name, isNew: false, ready: this.whenRead(same) };
    }
    const { name, sizeBytes } = received;
    const ready = this.readNew({ id, choices: {}, name, sizeBytes, file: "" });
    ready.catch(() => {
      // Whoever awaits `ready` hears it; with ?wait=0 nobody does, and the rejection is kept for GET.
    });
    return { id, name, isNew: true, ready };
  }

  /** Receives a file that is no dataset, to be read once and removed by whoever asked; its path. */
  async receiveAside(request: Request): Promise<string> {
    const { folder, maxBytes } = this.options;
    await refuseWithoutSpace(this.options.folder, Number(request.headers.get("content-length")) || 0);
    const path = join(folder, `${newId()}.part`);
    await receiveFile(request, { path, maxBytes, name: null, onBytes: () => {} });
    return path;
  }

  /** The bytes of a file that is no dataset, as they arrive; nothing is stored. */
  async follow(request: Request, signal: AbortSignal): Promise<AsyncGenerator<Uint8Array>> {
    const { folder, maxBytes } = this.options;
    await refuseWithoutSpace(this.options.folder, Number(request.headers.get("content-length")) || 0);
    return followFile(request, { path: join(folder, `${newId()}.part`), maxBytes, signal });
  }

  /** The table of a file in any format that is no dataset; `remove` it after reading. Throws as a reading does. */
  async readAside(chunks: AsyncIterable<Uint8Array>): Promise<TableAside> {
    return tableAside(chunks, {
      path: join(this.options.folder, `${newId()}.part`),
      read: (input) => this.reader.aside(input),
    });
  }

  /** Reads the same file with other import settings. `unchanged` may throw at the moment of the change. Throws AppError if they do not fit; the old version stays. */
  async reread(
    id: string,
    choices: ReadingChoices,
    unchanged: Unchanged = async () => {},
  ): Promise<StoredDataset> {
    const { log, now } = this.options;
    const dataset = await this.findReady(id);
    const merged = mergedChoices(dataset.choices, choices);
    const profile = await this.reader
      .profile({ ...dataset, choices: merged })
      .catch(async (error: unknown) => {
        await pruneTables(this.options.folder, dataset);
        throw error;
      });
    await pruneTables(this.options.folder, { ...dataset, choices: merged });
    await log.record(async (tx) => {
      const { file } = await this.find(id, undefined, tx);
      if (file !== dataset.file)
        throw new AppError("conflict", `A new file of ${dataset.name} came meanwhile`, { fix: "Try again." });
      await unchanged(tx);
      const version = await insertDatasetVersion(tx, { id, choices: merged, profile, at: now() });
      await tx.append("dataset.uploaded", {
        datasetId: id,
        name: dataset.name,
        version,
        ...profileSize(profile),
      });
    });
    return this.find(id);
  }

  /** Shows the first rows as other import settings would read them. Nothing is stored. Throws as `reread` does. */
  async preview(id: string, choices: ReadingChoices): Promise<ReadingPreview> {
    const dataset = await this.findReady(id);
    const file = { ...dataset, choices: mergedChoices(dataset.choices, choices) };
    try {
      return await this.reader.preview(file);
    } finally {
      await pruneTables(this.options.folder, dataset);
    }
  }

  /** Rows as strings, columns in the plan's order; `next` is the offset of the next page. */
  async rows(
    dataset: StoredDataset & { profile: CsvProfile },
    page: { offset: number; limit: number },
  ): Promise<{ rows: string[][]; next: number | null }> {
    const { readPage } = await import("../csv/preview.ts");
    const rows = await readPage(await this.ensureTable(dataset), dataset.profile.plan, page);
    const end = page.offset + rows.length;
    return { rows, next: end < dataset.profile.rows && rows.length > 0 ? end : null };
  }

  /** Row and file of a hidden dataset, overwritten in the database and its log too; runs keep what they learned. */
  async erase(id: string): Promise<void> {
    const { store, forget, runsFolder } = this.options;
    this.reader.kill(id);
    for (const run of await runsOfDataset(store, id))
      await rm(join(runsFolder, run.id), { recursive: true, force: true });
    await forget(id);
    await deleteDataset(store, id);
    await this.emptyLog(id).catch((error: unknown) => this.warnOfLog(id, error));
    // Retried: a disk error must not keep a deleted file.
    await removeFiles(this.options.folder, id).catch(() => removeFiles(this.options.folder, id));
  }

  /** Empties the write-ahead log, which still holds deleted data. */
  private async emptyLog(id: string): Promise<void> {
    if (!(await this.options.store.purgeLog())) this.warnOfLog(id, "another process reads");
  }

  private warnOfLog(id: string, reason: unknown): void {
    const told = { datasetId: id, reason: String(reason) };
    this.options.logger.warn(told, "the database's write-ahead log could not be emptied");
  }

  private whenRead(dataset: StoredDataset): Promise<StoredDataset> {
    return this.pending.get(dataset.id) ?? Promise.resolve(dataset);
  }

  private readNew(file: FileToRead): Promise<StoredDataset> {
    const reading = this.readAndStore(file).finally(() => {
      this.pending.delete(file.id);
      this.arrivals.depart(file.id);
    });
    this.pending.set(file.id, reading);
    return reading;
  }

  private async readAndStore(file: FileToRead): Promise<StoredDataset> {
    const { store, log, now } = this.options;
    const { id, name, choices } = file;
    try {
      const profile = await this.reader.profile(file);
      this.arrivals.depart(id);
      await log.record(async (tx) => {
        const version = await insertDatasetVersion(tx, { id, choices, profile, at: now() });
        await tx.append("dataset.uploaded", { datasetId: id, name, version, ...profileSize(profile) });
        await forgetRejections(tx);
      });
      this.arrivals.settled(id);
      return await this.find(id);
    } catch (error) {
      if (this.isStopping) throw error;
      if (error instanceof StoreUnavailable) return this.readAgain(file);
      this.arrivals.depart(id);
      if (!(await findDataset(store, id)))
        throw new AppError("missing", `${name} was deleted while it was read`);
      const refusal =
        error instanceof AppError ? error : (diskFailure(error) ?? readerFailed(error, this.options.logger));
      await this.reject(id, name, refusal);
      await removeFiles(this.options.folder, id);
      throw refusal;
    }
  }

  /** The database went away meanwhile: nothing is known of the file's fate yet. */
  private async readAgain(file: FileToRead): Promise<StoredDataset> {
    await Bun.sleep(AGAIN_MS);
    return this.readAndStore(file);
  }

  private async reject(id: string, name: string, error: AppError): Promise<void> {
    const rejection = { id, name, at: this.options.now(), error: errorRecord(error) };
    await this.options.log.record(async (tx) => {
      await insertRejection(tx, rejection, REJECTIONS_KEPT);
      await deleteDataset(tx, id);
      await tx.append("dataset.rejected", { datasetId: id, name, reason: error.message });
    });
  }
}
