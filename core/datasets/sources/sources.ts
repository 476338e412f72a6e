/**
 * Stores the sources of datasets and refreshes them. A child process fetches, and another reads; a source has one
 * refresh at a time, claimed in the store. Credentials are stored encrypted and only given to that child.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { alertAction } from "../../events/alert-records.ts";
import type { Alerts } from "../../events/alerts.ts";
import type { EventLog, Recording } from "../../events/event-log.ts";
import { type Child, startChild } from "../../platform/child.ts";
import { diskFailure } from "../../platform/disk.ts";
import { AppError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Store } from "../../store/database.ts";
import { findDataset, type StoredDataset } from "../../store/datasets.ts";
import type { FileStorage } from "../../store/files/storage.ts";
import type { Sealer } from "../../store/sealed.ts";
import {
  bindDataset,
  changeSource,
  claimSource,
  deleteSource,
  endRefresh,
  findSource,
  freeOrphanedSources,
  freeSources,
  insertSource,
  listSources,
  type StoredSource,
  sealSource,
} from "../../store/sources.ts";
import type { Datasets } from "../datasets.ts";
import { refuseWithoutSpace } from "../receive.ts";
import { mergedPlace } from "./change-place.ts";
import type { Fetched, FetchInput, Validators } from "./fetch-child.ts";
import type { NewFile } from "./new-version.ts";
import {
  hasSecrets,
  type Place,
  type ShownPlace,
  type SourceRequest,
  shownPlace,
  TIME_LIMIT_SECONDS,
  tooSlow,
} from "./place.ts";
import { cutAlert, type SourceView, viewOf, withFix } from "./source-view.ts";

const FETCH_CHILD = { name: "fetch-child", module: new URL("./fetch-child.ts", import.meta.url) };
const MOST_SOURCES = 500;
/** A child ends itself at its time limit; one that computes without a pause is killed this long after it. */
const GRACE_MS = 3000;
/** Beyond its time limit a refresh still reads the file. */
const READING_MS = 3_600_000;

export interface SourcesOptions {
  store: Store;
  log: EventLog;
  alerts: Alerts;
  logger: Logger;
  datasets: Datasets;
  files: FileStorage;
  sealer: Sealer;
  /** This server among those on the same database. */
  workerId: string;
  /** Read each time: an admin may change it while the server runs. */
  config: { SOURCE_HOSTS: string[]; SOURCE_CA: string };
  folder: string;
  maxBytes: number;
  memoryBytes: number;
  now: () => number;
}

export class Sources {
  private readonly children = new Set<Child>();
  /** By source, what ends each refresh that runs here. */
  private readonly refreshing = new Map<string, AbortController>();
  private isStopping = false;

  constructor(private readonly options: SourcesOptions) {
    options.log.hear((type, data) => {
      if (type === "source.stopped") this.abort(data.sourceId as string);
    });
  }

  /** Encrypts secrets that were stored without a key; releases refreshes of the last process. */
  async start(): Promise<void> {
    const { store, sealer, workerId: worker } = this.options;
    await freeSources(store, { worker, isAlone: !store.isShared });
    for (const { id, place } of await listSources(store))
      if (sealer.isExposed(place))
        await sealSource(store, { id, place: sealer.seal(sealer.open(place, ownerOf(id)), ownerOf(id)) });
  }

  /** Releases refreshes of dead servers. */
  async takeUp(deadMs: number): Promise<void> {
    await freeOrphanedSources(this.options.store, deadMs);
  }

  stop(): void {
    this.isStopping = true;
    for (const child of this.children) child.kill();
  }

  async list(): Promise<SourceView[]> {
    return (await listSources(this.options.store)).map((source) => viewOf(source, this.options.now()));
  }

  /** Throws AppError `missing`. */
  async find(id: string): Promise<SourceView> {
    return viewOf(await this.stored(id), this.options.now());
  }

  private async stored(id: string): Promise<StoredSource> {
    const source = await findSource(this.options.store, id);
    if (!source)
      throw new AppError("missing", `Source ${id} does not exist`, { fix: "GET /api/sources lists them." });
    return source;
  }

  /** Throws AppError: `forbidden` if its host is not listed, `invalid`, `conflict` at the limit. */
  async create({ name, ...place }: SourceRequest, by: string): Promise<SourceView> {
    const { store, sealer, now } = this.options;
    await this.checkReach(place);
    if (hasSecrets(place)) this.options.sealer.requireKey();
    const id = newId();
    if ((await listSources(store)).length >= MOST_SOURCES)
      throw new AppError("conflict", `The limit of ${MOST_SOURCES} sources is reached`, {
        fix: "Delete one first.",
      });
    const shown = JSON.stringify(shownPlace(place));
    const source = {
      id,
      name,
      place: sealer.seal(place, ownerOf(id)),
      shown,
      createdBy: by,
      createdAt: now(),
    };
    await this.record(id, (tx) => insertSource(tx, source));
    return this.find(id);
  }

  /**
   * What is left out stays as it is; credentials belong to the server that they were given for. Throws AppError as
   * `create`.
   */
  async change(id: string, patch: Partial<SourceRequest>): Promise<SourceView> {
    const { sealer } = this.options;
    const source = await this.stored(id);
    const { name = source.name, ...changes } = patch;
    const old = sealer.open<Place>(source.place, ownerOf(id));
    const place = mergedPlace(old, changes);
    await this.checkReach(place);
    if (hasSecrets(place)) sealer.requireKey();
    const sealed = sealer.seal(place, ownerOf(id));
    const shown = JSON.stringify(shownPlace(place));
    await this.record(id, (tx) => changeSource(tx, { id, name, place: sealed, shown }));
    return this.find(id);
  }

  /** A change of a source, which its panel shows. */
  private record<T>(sourceId: string, change: (tx: Recording) => Promise<T>): Promise<T> {
    return this.options.log.record(async (tx) => {
      const result = await change(tx);
      await tx.append("source.changed", { sourceId });
      return result;
    });
  }

  /** Its dataset stays. Throws AppError `missing`. */
  async delete(id: string): Promise<void> {
    await this.stored(id);
    await this.record(id, async (tx) => {
      await deleteSource(tx, id);
      await this.options.alerts.resolve("source", id, tx);
    });
  }

  /**
   * Fetches the source and makes the result the next version of its dataset. Throws AppError: `conflict` during another
   * refresh, and what fetching and reading throw.
   */
  async refresh(id: string): Promise<Refreshed> {
    return (await this.begin(id)).done;
  }

  /** As `refresh`; resolves once it has started. Throws AppError: `missing`, `conflict`. */
  async begin(id: string): Promise<{ done: Promise<Refreshed> }> {
    const { now, workerId: worker } = this.options;
    const source = await this.stored(id);
    const until = now() + this.timeLimitOf(source) + READING_MS;
    if (!(await this.record(id, (tx) => claimSource(tx, { id, worker, now: now(), until }))))
      throw new AppError("conflict", `${source.name} is being refreshed`, {
        fix: "Wait until the refresh has ended.",
      });
    const stop = new AbortController();
    this.refreshing.set(id, stop);
    return { done: this.goOn(source, stop) };
  }

  private async goOn(source: StoredSource, stop: AbortController): Promise<Refreshed> {
    const { log, alerts, now } = this.options;
    const { id } = source;
    try {
      const { dataset, isChanged, validators, isCut } = await this.fetchAndRead(source, stop.signal);
      const { id: datasetId, version } = dataset;
      await log.record(async (tx) => {
        const known = validators && JSON.stringify(validators);
        await endRefresh(tx, { id, now: now(), error: null, datasetId, validators: known });
        await tx.append("source.refreshed", {
          sourceId: id,
          name: source.name,
          datasetId,
          version,
          isChanged,
        });
        await alerts.resolve("source", id, tx);
        if (isCut && version === 1) await alerts.raise(cutAlert(source.name, datasetId), tx);
      });
      return { dataset, isChanged };
    } catch (thrown) {
      const error = stop.signal.aborted ? stop.signal.reason : thrown;
      if (stop.signal.aborted)
        await this.record(id, (tx) => endRefresh(tx, { id, now: now(), error: withFix(stop.signal.reason) }));
      else if (!this.isStopping) await this.tellFailure(source, error);
      throw error;
    } finally {
      this.refreshing.delete(id);
    }
  }

  /**
   * Stops a refresh, whichever server runs it; what was fetched is dropped. Throws AppError: `missing`, `conflict` if it is
   * not being refreshed.
   */
  async stopRefresh(id: string): Promise<SourceView> {
    const { name, status } = await this.find(id);
    if (status !== "refreshing")
      throw new AppError("conflict", `${name} is not being refreshed`, {
        fix: "GET /api/sources/:id shows its state.",
      });
    await this.options.log.append("source.stopped", { sourceId: id, name });
    return this.find(id);
  }

  private abort(id: string): void {
    this.refreshing
      .get(id)
      ?.abort(
        new AppError("conflict", "The refresh was stopped", { fix: "Refresh the source to start again." }),
      );
  }

  private async tellFailure({ id, name }: StoredSource, error: unknown): Promise<void> {
    const { log, alerts, now, logger } = this.options;
    const isOurs = error instanceof AppError;
    if (!isOurs)
      logger.error({ source: id, error: String((error as Error)?.stack ?? error) }, "a refresh failed");
    const reason = isOurs ? withFix(error) : "internal error.";
    await log.record(async (tx) => {
      await endRefresh(tx, { id, now: now(), error: reason });
      await tx.append("source.changed", { sourceId: id });
      await alerts.raise(
        {
          code: "source",
          subject: id,
          severity: "error",
          sentence: `${name} could not be refreshed: ${reason}`,
          action: alertAction("source", id),
        },
        tx,
      );
    });
  }

  private async fetchAndRead(source: StoredSource, signal: AbortSignal) {
    const { datasets, store } = this.options;
    const known = source.datasetId === null ? null : await findDataset(store, source.datasetId);
    const id = newId();
    const path = join(this.options.folder, `${id}.part`);
    signal.addEventListener("abort", () => datasets.reader.kill(known?.id ?? id));
    try {
      const fetched = await this.fetch(source, { path, hasDataset: known !== null, signal });
      const { sizeBytes, sha256, validators, isCut } = fetched;
      if (!fetched.isModified && known) {
        await rm(path, { force: true });
        return { dataset: known, isChanged: false, validators, isCut };
      }
      signal.throwIfAborted();
      const notes = isCut ? ["The query returned more rows than the limit; the rest was left out."] : [];
      if (known) {
        const file = { path, sizeBytes, sha256, notes };
        return { ...(await this.addVersion(known.id, file)), validators, isCut };
      }
      // Not matched by an upload of the same bytes: two sources that start with equal files diverge later.
      const received = { name: source.name, sizeBytes, sha256: `${sha256}#${id}` };
      const { ready } = await datasets.adopt(id, path, received);
      await bindDataset(store, { id: source.id, datasetId: id });
      return { dataset: await ready, isChanged: true, validators, isCut };
    } catch (error) {
      await rm(path, { force: true });
      throw diskFailure(error) ?? error;
    }
  }

  private async addVersion(datasetId: string, file: NewFile) {
    const { addVersion } = await import("./new-version.ts");
    return addVersion(datasetId, file, this.options);
  }

  private async fetch(
    source: StoredSource,
    { path, hasDataset, signal }: { path: string; hasDataset: boolean; signal: AbortSignal },
  ): Promise<Fetched> {
    const { folder, maxBytes } = this.options;
    await refuseWithoutSpace(folder, 0);
    const validators = hasDataset && source.validators ? (JSON.parse(source.validators) as Validators) : null;
    const work = { kind: "fetch", path, maxBytes, validators } as const;
    return (await this.inChild(this.placeOf(source), work, signal)) as Fetched;
  }

  /** The file of a source, to be read once; the caller removes it. `isCut`: not all rows. Throws AppError. */
  async fetchTemporary(id: string, signal: AbortSignal): Promise<{ path: string; isCut: boolean }> {
    const source = await this.stored(id);
    const path = join(this.options.folder, `${newId()}.part`);
    try {
      const { isCut } = await this.fetch(source, { path, hasDataset: false, signal });
      return { path, isCut };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Sends a file to a place that a source could have. Throws AppError. */
  async deliver(
    place: Place,
    work: Exclude<FetchInput["work"], { kind: "fetch" }>,
    signal: AbortSignal,
  ): Promise<void> {
    await this.inChild(place, work, signal);
  }

  /** A new file for a dataset, by its ID or its name. Throws AppError. */
  async receiveVersion(idOrName: string, request: Request): Promise<Refreshed> {
    const { receiveVersion } = await import("./new-version.ts");
    return receiveVersion(idOrName, request, this.options);
  }

  private async inChild(place: Place, work: FetchInput["work"], signal: AbortSignal): Promise<unknown> {
    signal.throwIfAborted();
    const { config, memoryBytes } = this.options;
    const timeLimitMs = 1000 * (place.timeoutSeconds ?? TIME_LIMIT_SECONDS);
    let isLate = false;
    const { SOURCE_HOSTS: hosts, SOURCE_CA: caFile } = config;
    const input: FetchInput = { place, hosts, caFile, timeLimitMs, work };
    const child = startChild(FETCH_CHILD, { input, memoryBytes, onReport: () => {} });
    this.children.add(child);
    signal.addEventListener("abort", () => child.kill());
    const timer = setTimeout(() => {
      isLate = true;
      child.kill();
    }, timeLimitMs + GRACE_MS);
    try {
      return await child.result;
    } catch (error) {
      throw isLate ? tooSlow(timeLimitMs) : error;
    } finally {
      clearTimeout(timer);
      this.children.delete(child);
    }
  }

  private placeOf({ id, place }: StoredSource): Place {
    return this.options.sealer.open<Place>(place, ownerOf(id));
  }

  private timeLimitOf({ shown }: StoredSource): number {
    return 1000 * (JSON.parse(shown) as ShownPlace).timeoutSeconds;
  }

  /** Throws AppError for a place that a source could never read from. */
  async checkReach(place: Place): Promise<void> {
    const { checkReach } = await import("./checked-fetch.ts");
    await checkReach(place, this.options.config.SOURCE_HOSTS);
  }
}

export interface Refreshed {
  dataset: StoredDataset;
  isChanged: boolean;
}

const ownerOf = (id: string) => `source ${id}`;
