/** Turns a file into a dataset: receives it to disk, reads it in a child process, stores its profile. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CsvProfile, ReadingChoices, ReadingPreview } from "../csv/types.ts";
import type { EventLog } from "../events/event-log.ts";
import { hideUpload, missingSubject } from "../events/privacy.ts";
import { AppError, StorageUnavailable } from "../platform/errors.ts";
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
import { datasetKey } from "../store/files/named-files.ts";
import type { FileStorage } from "../store/files/storage.ts";
import { currentOwner, NO_OWNER } from "../store/ownership.ts";
import { runsOfDataset } from "../store/runs.ts";
import { claimReading, orphanedReadings } from "../store/workers.ts";
import { FileReader, type FileReaderOptions } from "./file-reader.ts";
import { FirstReadings } from "./reading/first-readings.ts";
import { ReadingEnds } from "./reading/wait-for-readings.ts";
import { type Received, receiveFile, refuseWithoutSpace } from "./receive.ts";
import { followFile } from "./receive-stream.ts";
import {
  mergedChoices,
  profileSize,
  pruneTables,
  removeFiles,
  storedFile,
  tablePath,
} from "./table-files.ts";
import { readTemporaryTable, type TemporaryTable } from "./temporary-table.ts";
import { type UploadInProgress, UploadsInProgress } from "./uploads.ts";

/** How often files that nobody is reading are looked for. */
const LOOK_MS = 1000;

export interface DatasetsOptions extends Pick<FileReaderOptions, "memoryBytes" | "readMs"> {
  store: Store;
  log: EventLog;
  logger: Logger;
  /** Called before a file is deleted: the predictions of its models are deleted too. */
  forget: (datasetId: string) => Promise<void>;
  files: FileStorage;
  /** Of the files on this machine, and of the tables made from them. */
  folder: string;
  /** The folder of the runs' checkpoints: they are deleted with their file. */
  runsFolder: string;
  /** This server among those on the same database. */
  workerId: string;
  /** False: other hosts read the uploaded files. */
  readsHere: boolean;
  maxBytes: number;
  now: () => number;
}

export interface ReceivedDataset {
  id: string;
  name: string;
  /** False: the same bytes are already a dataset. */
  isNew: boolean;
  /** Its reading; `await` throws if the file is refused. */
  ready: Promise<StoredDataset>;
}

export class Datasets {
  private readonly arrivals: UploadsInProgress;
  /** Shared with sources, whose new files are read like uploads. */
  readonly reader: FileReader;
  private readonly ends: ReadingEnds;
  private readonly readings: FirstReadings;
  private timer: Timer | null = null;

  constructor(private readonly options: DatasetsOptions) {
    this.ends = new ReadingEnds(options.store);
    const { log, logger, store, workerId } = options;
    this.arrivals = new UploadsInProgress({ log, logger, hostId: store.isShared ? workerId : undefined });
    this.reader = new FileReader({
      ...options,
      onReport: async ({ id, name, sizeBytes: bytesTotal }, { bytesRead: bytes, rows, columns }) => {
        const known = columns ?? this.arrivals.get(id)?.columns ?? [];
        await this.arrivals.arrive({ id, name, bytes, bytesTotal, rows, columns: known });
      },
      onEnd: ({ id }) => this.arrivals.depart(id),
    });
    this.readings = new FirstReadings({
      ...options,
      reader: this.reader,
      arrivals: this.arrivals,
      removeFiles: (id) => this.removeFiles(id),
    });
    options.log.hear((type, data, isOurs) => {
      if (!isOurs) this.arrivals.hear(type, data);
      if (isOurs || typeof data.datasetId !== "string") return;
      this.ends.tell(data.datasetId).catch((error: unknown) => this.warnOfReading(data.datasetId, error));
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
    // Files that others on the same database read stay theirs.
    const reader = store.isShared ? this.options.workerId : null;
    const claim = { worker: this.options.workerId, silentMs: 0 };
    for (const id of await unreadDatasets(store, reader))
      if (await claimReading(store, { id, ...claim })) await this.readLeft(id);
    if (this.options.files.isShared && this.options.readsHere)
      this.timer = setInterval(() => {
        this.takeUnclaimed().catch((error: unknown) => this.warnOfReading(null, error));
      }, LOOK_MS);
  }

  /** Reads files that nobody is reading, or that dead workers were reading, if the file is available. */
  async takeUp(deadMs: number): Promise<void> {
    const { store, files, readsHere, workerId: worker } = this.options;
    if (!readsHere) return;
    for (const id of await orphanedReadings(store, deadMs)) {
      const dataset = await findDataset(store, id);
      const isHere = dataset && (files.isShared || existsSync(this.pathOf(dataset)));
      if (!isHere || this.readings.has(id)) continue;
      if (await claimReading(store, { id, worker, silentMs: deadMs })) await this.readLeft(id);
    }
  }

  /** Reads files that servers left to any worker. */
  private async takeUnclaimed(): Promise<void> {
    const { store, workerId: worker } = this.options;
    for (const id of await this.readings.unread())
      if (await claimReading(store, { id, worker, silentMs: 0 })) await this.readLeft(id);
  }

  private async readLeft(id: string): Promise<void> {
    const dataset = await findDataset(this.options.store, id);
    if (!dataset) return;
    this.readings.read({ ...dataset, choices: {} }).catch(() => {
      // Refused: the event and the rejection that `readNew` left say why.
    });
  }

  /** A server that shuts down leaves unread datasets for the next start. */
  stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.readings.stop();
    this.arrivals.stop();
    this.reader.kill();
  }

  /** The path of a version's file on this machine, whether it is there or not. */
  pathOf(dataset: Pick<StoredDataset, "id" | "file">): string {
    return this.options.files.pathOf(datasetKey(dataset));
  }

  /** The path of a version's file, fetched if it is not here. Throws AppError. */
  fetch(dataset: StoredDataset): Promise<string> {
    return this.options.files.fetch(storedFile(dataset));
  }

  /** Keeps the file of a version on this machine until the returned function is called. */
  pin(dataset: Pick<StoredDataset, "id" | "file">): () => void {
    return this.options.files.pin(datasetKey(dataset));
  }

  /** The CSV that a version of a dataset is read from: the file itself, or the table made from it. */
  tablePathOf(dataset: Pick<StoredDataset, "id" | "file" | "choices" | "profile">): string {
    if (!dataset.profile?.plan.dialect.format) return this.pathOf(dataset);
    return tablePath(this.options.folder, dataset);
  }

  /** Converts a version's file again if its table is missing, for example after a restore. */
  async ensureTable(dataset: StoredDataset): Promise<string> {
    const path = this.tablePathOf(dataset);
    if (path === this.pathOf(dataset)) return this.fetch(dataset);
    if (!existsSync(path)) await this.reader.table(dataset);
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
    if (!found) throw missingSubject("dataset", id);
    return found;
  }

  /** As `find`, for a dataset that has been read. Throws AppError `conflict` while it is being read. */
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
    await refuseWithoutSpace(folder, bytesTotal ?? 0);
    await hideUpload(this.options.log, id, name ?? "upload");
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
      await this.removeFiles(id);
      if (error instanceof AppError)
        await this.readings.reject(id, this.arrivals.get(id)?.name ?? name ?? "upload", error);
      throw error;
    } finally {
      this.arrivals.depart(id);
    }
  }

  /** Makes a dataset of a received file, and starts to read it. */
  async adopt(id: string, part: string, received: Received): Promise<ReceivedDataset> {
    const { store, files, readsHere, workerId, now } = this.options;
    const owner = currentOwner() ?? NO_OWNER;
    const deleted = await hiddenDatasetByHash(store, received.sha256, owner.owner);
    // The same file was uploaded again: a deleted copy that could still be restored is erased at once.
    if (deleted !== null) await this.erase(deleted);
    let same = await findDatasetByHash(store, received.sha256, owner);
    if (!same) {
      const key = datasetKey({ id, file: "" });
      await rename(part, files.pathOf(key));
      await files.save({ key });
      // The same bytes may have arrived on another connection meanwhile.
      const worker = readsHere ? workerId : null;
      if (!(await insertDataset(store, { id, ...received, ...owner, worker, createdAt: now() })))
        same = await findDatasetByHash(store, received.sha256, owner);
    }
    if (same) {
      await this.removeFiles(id);
      return { id: same.id, name: same.name, isNew: false, ready: this.whenRead(same) };
    }
    const { name, sizeBytes } = received;
    const file = { id, choices: {}, name, sizeBytes, file: "" };
    const ready = readsHere ? this.readings.read(file) : this.ends.of(id);
    ready.catch(() => {
      // Whoever awaits `ready` hears it; with ?wait=0 nobody does, and the rejection is kept for GET.
    });
    return { id, name, isNew: true, ready };
  }

  /** Receives a file that is not a dataset, to be read once and removed by the caller; returns its path. */
  async receiveAside(request: Request): Promise<string> {
    const { folder, maxBytes } = this.options;
    await refuseWithoutSpace(this.options.folder, Number(request.headers.get("content-length")) || 0);
    const path = join(folder, `${newId()}.part`);
    await receiveFile(request, { path, maxBytes, name: null, onBytes: () => {} });
    return path;
  }

  /** The bytes of a file that is not a dataset, as they arrive; nothing is stored. */
  async follow(request: Request, signal: AbortSignal): Promise<AsyncGenerator<Uint8Array>> {
    const { folder, maxBytes } = this.options;
    await refuseWithoutSpace(this.options.folder, Number(request.headers.get("content-length")) || 0);
    return followFile(request, { path: join(folder, `${newId()}.part`), maxBytes, signal });
  }

  /** The table of a file in any format that is not a dataset; call `remove` after reading. Throws as reading does. */
  async readAside(chunks: AsyncIterable<Uint8Array>): Promise<TemporaryTable> {
    return readTemporaryTable(chunks, {
      path: join(this.options.folder, `${newId()}.part`),
      read: (input) => this.reader.aside(input),
    });
  }

  /** Reads the file with other import settings; `unchanged` may veto. Throws AppError if they do not fit. */
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
        throw new AppError("conflict", `A new file of ${dataset.name} arrived meanwhile`, {
          fix: "Try again.",
        });
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
    const { store, files, forget, runsFolder } = this.options;
    this.reader.kill(id);
    // First, because it can only be retried while the row exists.
    if (files.isShared) await removeFiles(files, this.options.folder, id);
    for (const run of await runsOfDataset(store, id))
      await rm(join(runsFolder, run.id), { recursive: true, force: true });
    await forget(id);
    await deleteDataset(store, id);
    await this.emptyLog(id);
    // Retried: a disk error must not keep a deleted file.
    await this.removeFiles(id).catch(() => this.removeFiles(id));
  }

  /** If the storage does not respond, its cleanup removes files without a row. */
  private async removeFiles(id: string): Promise<void> {
    const { files, folder } = this.options;
    await removeFiles(files, folder, id).catch((error: unknown) => {
      if (!(error instanceof StorageUnavailable)) throw error;
      this.warnOfReading(id, error);
    });
  }

  private warnOfReading(datasetId: unknown, error: unknown): void {
    this.options.logger.warn({ datasetId, reason: String(error) }, "a file will be checked again later");
  }

  /** Empties the write-ahead log, which still holds deleted data. */
  private async emptyLog(datasetId: string): Promise<void> {
    if (await this.options.store.purgeLog().catch(() => false)) return;
    this.options.logger.warn({ datasetId }, "the database's write-ahead log could not be emptied yet");
  }

  private whenRead(dataset: StoredDataset): Promise<StoredDataset> {
    if (this.readings.has(dataset.id)) return this.readings.end(dataset);
    const isElsewhere = dataset.status === "reading" && this.options.files.isShared;
    return isElsewhere ? this.ends.of(dataset.id) : Promise.resolve(dataset);
  }
}
