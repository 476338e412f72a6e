/**
 * Manages models and their versions. Versions count up; one of them is live; going back is deploying an older one. A
 * model file is adopted whole and checked before its version exists, so no half model can be deployed.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LIVE_ALERTS } from "../events/alert-records.ts";
import type { Alerts } from "../events/alerts.ts";
import type { EventLog } from "../events/event-log.ts";
import { syncFolder } from "../platform/disk.ts";
import type { DiskReserve } from "../platform/disk-reserve.ts";
import { AppError } from "../platform/errors.ts";
import { setChallenger } from "../store/challengers.ts";
import type { Store } from "../store/database.ts";
import {
  deleteVersion,
  deploy,
  findModel,
  findVersion,
  insertVersion,
  listModels,
  listVersions,
  liveVersions,
  type StoredModel,
  type StoredVersion,
  setThreshold,
  undeploy,
} from "../store/models.ts";
import type { RunResult } from "../trainer/contract.ts";

export interface ModelsOptions {
  /** Given up where the disk is too full for deleting. */
  diskReserve: DiskReserve;
  store: Store;
  log: EventLog;
  alerts: Pick<Alerts, "resolve">;
  /** Called before a version goes: what it was asked goes with it. */
  forget: (name: string, version: number) => Promise<void>;
  folder: string;
  now: () => number;
}

type Append = Parameters<Parameters<EventLog["record"]>[0]>[0];

export class Models {
  /** What was looked up since the last write to the database: predictions ask for the same again and again. */
  private asked = { writes: -1, versions: new Map<string, StoredVersion>() };

  constructor(private readonly options: ModelsOptions) {}

  /** Removes files whose version was never registered. */
  async start(): Promise<void> {
    const { folder, store } = this.options;
    await mkdir(folder, { recursive: true });
    const known = new Set(
      listModels(store, { before: Number.MAX_SAFE_INTEGER, limit: 1e6 })
        .flatMap(({ name }) => listVersions(store, name))
        .map(({ runId }) => `${runId}.bin`),
    );
    for (const file of await readdir(folder))
      if (!known.has(file)) await rm(join(folder, file), { force: true });
  }

  /** Moves a finished run's model file here. */
  async adopt(runId: string, path: string): Promise<{ sha256: string; sizeBytes: number }> {
    const bytes = await readFile(path);
    await rename(path, this.pathOf(runId));
    await syncFolder(this.options.folder);
    return { sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
  }

  /** Numbers the version; never deploys it. */
  register(
    append: Append,
    entry: { name: string; runId: string; result: RunResult; sha256: string; sizeBytes: number },
  ): number {
    const version = insertVersion(this.options.store, { ...entry, createdAt: this.options.now() });
    append("model.registered", { model: entry.name, version, runId: entry.runId });
    return version;
  }

  /** Throws AppError `missing`. */
  find(name: string): StoredModel {
    const model = findModel(this.options.store, name);
    if (!model)
      throw new AppError("missing", `There is no model ${name}`, { fix: "GET /api/models lists them." });
    return model;
  }

  findVersion(name: string, version: number): StoredVersion {
    this.find(name);
    const found = findVersion(this.options.store, name, version);
    if (!found) {
      const versions = listVersions(this.options.store, name).map((entry) => entry.version);
      throw new AppError("missing", `${name} has no version ${version}`, {
        fix: versions.length ? `Its versions are ${versions.join(", ")}.` : "Train it anew.",
      });
    }
    return found;
  }

  versions(name: string): StoredVersion[] {
    return listVersions(this.options.store, name);
  }

  /** What a new version is compared with: the live one, else the newest; null for a new name. */
  before(name: string): { version: number; path: string } | null {
    const versions = listVersions(this.options.store, name);
    const live = findModel(this.options.store, name)?.liveVersion;
    const version = versions.find((entry) => entry.version === live) ?? versions[0];
    return version ? { version: version.version, path: this.pathOf(version.runId) } : null;
  }

  /** The version asked for, else the live one. Throws AppError `conflict` while none is live. */
  serving(name: string, version: number | null): StoredVersion {
    const { writes } = this.options.store;
    if (this.asked.writes !== writes) this.asked = { writes, versions: new Map() };
    const key = `${version ?? "live"} ${name}`;
    const known = this.asked.versions.get(key) ?? this.look(name, version);
    this.asked.versions.set(key, known);
    return known;
  }

  private look(name: string, version: number | null): StoredVersion {
    const model = this.find(name);
    if (version !== null) return this.findVersion(name, version);
    if (model.liveVersion === null) {
      const newest = this.versions(name)[0]?.version;
      throw new AppError("conflict", `No version of ${name} is live`, {
        fix: `Deploy one with PUT /api/models/${name}/live, or ask for one with ?version=.`,
        ...(newest && { example: `{"version":${newest}}` }),
      });
    }
    return this.findVersion(name, model.liveVersion);
  }

  /** Makes a version live: at once for everybody. The same version again changes nothing. */
  async deploy(name: string, version: number, unchanged = () => {}): Promise<StoredModel> {
    const { store, log, now } = this.options;
    const target = this.findVersion(name, version);
    await this.read(target);
    const { liveVersion: previous, challengerVersion } = this.find(name);
    if (previous === version) return this.find(name);
    const type = previous !== null && version < previous ? "model.rolledback" : "model.deployed";
    log.record((append) => {
      this.findVersion(name, version);
      unchanged();
      deploy(store, { name, version, at: now() });
      append(type, { model: name, version, previous });
      if (challengerVersion === version) this.endChallenge(append, name, version);
      this.endLiveAlerts(append, name);
    });
    return this.find(name);
  }

  /** No version answers requests that name none. Throws AppError `conflict` where none is live. */
  takeOffline(name: string, unchanged = () => {}): StoredModel {
    const { store, log } = this.options;
    const { liveVersion: version, challengerVersion } = this.find(name);
    if (version === null) throw new AppError("conflict", `No version of ${name} is live`);
    log.record((append) => {
      unchanged();
      undeploy(store, name);
      append("model.undeployed", { model: name, version });
      if (challengerVersion !== null) this.endChallenge(append, name, challengerVersion);
      this.endLiveAlerts(append, name);
    });
    return this.find(name);
  }

  /**
   * From now on a version answers its second class from this probability on; null: as it was trained. Throws AppError
   * `invalid` where the version does not decide between two classes.
   */
  setThreshold(
    name: string,
    { version, threshold }: { version: number; threshold: number | null },
    unchanged = () => {},
  ): StoredVersion {
    const { store, log } = this.options;
    const { result, threshold: previous } = this.findVersion(name, version);
    if (result.task !== "binary") {
      throw new AppError("invalid", `${name} version ${version} does not choose between two classes`, {
        fix: "Only a binary model has a threshold.",
      });
    }
    if (threshold === previous) return this.findVersion(name, version);
    log.record((append) => {
      this.findVersion(name, version);
      unchanged();
      setThreshold(store, { name, version, threshold });
      append("model.thresholdchanged", { model: name, version, threshold, previous });
    });
    return this.findVersion(name, version);
  }

  /** They were about the version that is not live any more. */
  private endLiveAlerts(append: Append, name: string): void {
    for (const code of LIVE_ALERTS) this.options.alerts.resolve(code, name, append);
  }

  /** From now on a version is asked the same rows as the live one; null ends that. */
  async challenge(name: string, version: number | null): Promise<StoredModel> {
    const { store, log } = this.options;
    const { liveVersion, challengerVersion } = this.find(name);
    if (version === challengerVersion) return this.find(name);
    if (version !== null) {
      const target = this.findVersion(name, version);
      refuseChallenger(target, liveVersion === null ? null : this.findVersion(name, liveVersion));
      await this.read(target);
    }
    log.record((append) => {
      if (challengerVersion !== null) this.endChallenge(append, name, challengerVersion);
      if (version === null) return;
      this.findVersion(name, version);
      setChallenger(store, name, version);
      append("challenger.started", { model: name, version });
    });
    return this.find(name);
  }

  private endChallenge(append: Append, name: string, version: number): void {
    setChallenger(this.options.store, name, null);
    append("challenger.ended", { model: name, version });
    this.options.alerts.resolve("challenger", name, append);
  }

  /** `unchanged` may throw at the moment of the change. */
  delete(name: string, version: number, unchanged = () => {}): Promise<void> {
    return this.options.diskReserve.spend(() => this.deleteNow(name, version, unchanged));
  }

  private async deleteNow(name: string, version: number, unchanged: () => void): Promise<void> {
    const { store, log, forget } = this.options;
    const { runId } = this.findVersion(name, version);
    this.refuseLive(name, version);
    await forget(name, version);
    log.record((append) => {
      this.findVersion(name, version);
      unchanged();
      // It may have been deployed meanwhile.
      const isLive = this.refuseLive(name, version);
      if (this.find(name).challengerVersion === version) this.endChallenge(append, name, version);
      if (isLive) this.endLiveAlerts(append, name);
      deleteVersion(store, name, version);
      append("model.deleted", { model: name, version });
    });
    await rm(this.pathOf(runId), { force: true });
  }

  /** Whether it is live; the last version may go even then: there is nothing else to deploy first. */
  private refuseLive(name: string, version: number): boolean {
    const isLive = this.find(name).liveVersion === version;
    if (isLive && this.versions(name).length > 1) {
      throw new AppError("conflict", `${name} version ${version} is live`, {
        fix: "Deploy another version first.",
      });
    }
    return isLive;
  }

  /** The file's bytes, checked against its checksum. Throws AppError `conflict` where it is damaged or gone. */
  async read(version: StoredVersion): Promise<Uint8Array> {
    const bytes = await readFile(this.pathOf(version.runId)).catch((error: unknown) => {
      // Where the disk keeps it is nobody's business.
      const { code } = error as { code?: string };
      throw damaged(version, code === "ENOENT" ? "it is missing" : `it cannot be read (${code})`);
    });
    if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== version.sha256)
      throw damaged(version, "checksum differs");
    return bytes;
  }

  /** The file under the threshold that was set for the version: whoever takes it along gets the same answers. */
  async readAsServed(version: StoredVersion): Promise<Uint8Array> {
    const bytes = await this.read(version);
    if (version.threshold === null) return bytes;
    const { readModel, writeModel } = await import("../trainer/model/model-file.ts");
    return writeModel({ ...readModel(bytes), threshold: version.threshold });
  }

  /** The first live version whose file is gone: it cannot answer. */
  unreadable(): { name: string; version: number } | null {
    return liveVersions(this.options.store).find(({ runId }) => !existsSync(this.pathOf(runId))) ?? null;
  }

  private pathOf(runId: string): string {
    return join(this.options.folder, `${runId}.bin`);
  }
}

/** Throws AppError `conflict` where the two cannot answer the same question. */
function refuseChallenger(challenger: StoredVersion, live: StoredVersion | null): void {
  const { name, version, result } = challenger;
  if (!live) {
    throw new AppError("conflict", `No version of ${name} is live`, {
      fix: `Deploy one with PUT /api/models/${name}/live: a challenger is measured against it.`,
    });
  }
  if (live.version === version) {
    throw new AppError("conflict", `Version ${version} of ${name} is live itself`, {
      fix: "Name another version.",
    });
  }
  if (live.result.task !== result.task || live.result.schema.target !== result.schema.target) {
    throw new AppError(
      "conflict",
      `Versions ${live.version} and ${version} of ${name} predict different things`,
      {
        fix: "Name a version with the same target and task.",
      },
    );
  }
}

export function damaged(version: StoredVersion, reason: string): AppError {
  return new AppError(
    "conflict",
    `The file of ${version.name} version ${version.version} is damaged: ${reason}`,
    {
      fix: "Train again, or restore a backup. The other versions are not touched.",
    },
  );
}
