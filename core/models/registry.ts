/**
 * Manages models and their versions. Versions count up; one of them is live; rolling back means deploying an older one.
 * A model file is adopted whole and checked before its version exists, so no half model can be deployed.
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { LIVE_ALERTS } from "../events/alert-records.ts";
import type { Alerts } from "../events/alerts.ts";
import type { EventLog, Recording } from "../events/event-log.ts";
import { inheritPrivacy, missingSubject } from "../events/privacy.ts";
import { AppError } from "../platform/errors.ts";
import { newNameOf, setDeletion } from "../store/annotations.ts";
import { setChallenger } from "../store/challengers.ts";
import type { Handle, Store, Unchanged } from "../store/database.ts";
import { deleteModel, isHiddenModel, setVersionDeletion, versionsToErase } from "../store/deletions.ts";
import { readChecked } from "../store/files/checked-read.ts";
import { modelFileOf, modelKey, namedFiles } from "../store/files/named-files.ts";
import type { FileStorage, StoredFile } from "../store/files/storage.ts";
import {
  deleteVersion,
  deploy,
  findModel,
  findVersion,
  insertVersion,
  listVersions,
  liveVersions,
  type StoredModel,
  type StoredVersion,
  setThreshold,
  undeploy,
} from "../store/models.ts";
import type { RunResult } from "../trainer/contract.ts";
import { adoptPredictions, eraseAnswers } from "../training/results/predictions-file.ts";
import { refuseChallenger, refuseDoubtful } from "./monitoring/challenger.ts";

export interface ModelsOptions {
  store: Store;
  log: EventLog;
  alerts: Pick<Alerts, "resolve">;
  /** Called before a version is deleted: its logged predictions are deleted too. */
  forget: (name: string, version: number) => Promise<unknown>;
  /** Called for each new version: its predictions are logged, whatever had its name before. */
  keep: (name: string, version: number) => void;
  files: FileStorage;
  /** Of the files on this machine. */
  folder: string;
  now: () => number;
}

export class Models {
  /** Versions looked up since the last change to a model: predictions look up the same ones repeatedly. */
  private asked = new Map<string, StoredVersion>();

  constructor(private readonly options: ModelsOptions) {
    options.log.hear((type) => {
      if (type.startsWith("model.")) this.asked = new Map();
    });
  }

  /** Removes files whose version was never registered. */
  async start(): Promise<void> {
    const { folder, store, files } = this.options;
    await mkdir(folder, { recursive: true });
    const known = new Set((await namedFiles(store, files)).map(({ key }) => basename(key)));
    for (const file of await readdir(folder))
      if (!known.has(modelFileOf(file))) await rm(join(folder, file), { force: true });
  }

  /** Stores a finished run's model file and its predictions by row; retried once. Throws StorageUnavailable. */
  async adopt(runId: string, path: string): Promise<{ sha256: string; sizeBytes: number }> {
    const { files } = this.options;
    const bytes = await readFile(path);
    const sha256 = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
    const key = modelKey({ runId, sha256 }, files);
    await adoptPredictions(files, path, key);
    // On shared storage the run's own copy stays until it is stored: cached files without a row may be evicted.
    if (files.isShared) await copyFile(path, files.pathOf(key));
    else await rename(path, files.pathOf(key));
    await files.save({ key });
    return { sha256, sizeBytes: bytes.length };
  }

  /** Gives the version its number; never deploys it. */
  async register(
    tx: Recording,
    entry: { name: string; runId: string; result: RunResult; sha256: string; sizeBytes: number },
  ): Promise<number> {
    const version = await insertVersion(tx, { ...entry, createdAt: this.options.now() });
    await inheritPrivacy(tx, entry.name);
    this.options.keep(entry.name, version);
    await tx.append("model.registered", { model: entry.name, version, runId: entry.runId });
    return version;
  }

  /** Throws AppError `missing`. */
  async find(name: string, store: Handle = this.options.store): Promise<StoredModel> {
    const model = await findModel(store, name);
    if (model) return model;
    const renamed = await newNameOf(store, name);
    const missing = missingSubject("model", name);
    throw renamed
      ? new AppError("missing", missing.message, { fix: `It was renamed to ${renamed}.` })
      : missing;
  }

  async findVersion(
    name: string,
    version: number,
    store: Handle = this.options.store,
  ): Promise<StoredVersion> {
    await this.find(name, store);
    const found = await findVersion(store, name, version);
    if (!found) {
      const versions = (await listVersions(store, name)).map((entry) => entry.version);
      // Versions are counted up, so a lower number was given once.
      const wasDeleted = version > 0 && versions.some((other) => other > version);
      const message = wasDeleted
        ? `${name} version ${version} was deleted`
        : `${name} has no version ${version}`;
      throw new AppError("missing", message, {
        fix: versions.length ? `Its versions are ${versions.join(", ")}.` : "Train it again.",
      });
    }
    return found;
  }

  async versions(name: string): Promise<StoredVersion[]> {
    return listVersions(this.options.store, name);
  }

  /** The version that a new one is compared with: the live one, else the newest; null for a new name. */
  async before(name: string): Promise<{ version: number; path: string } | null> {
    const versions = await listVersions(this.options.store, name);
    const live = (await findModel(this.options.store, name))?.liveVersion;
    const version = versions.find((entry) => entry.version === live) ?? versions[0];
    return version
      ? { version: version.version, path: await this.options.files.fetch(this.fileOf(version)) }
      : null;
  }

  /** The requested version, else the live one. Throws AppError `conflict` if none is live. */
  async serving(name: string, version: number | null): Promise<StoredVersion> {
    const known = this.known(name, version);
    if (known) return known;
    // Taken before the lookup: later changes are not included.
    const { asked } = this;
    const found = await this.look(name, version);
    asked.set(askedKey(name, version), found);
    return found;
  }

  /** As `serving`, without waiting: null if it was not looked up since the last change to a model. */
  known(name: string, version: number | null): StoredVersion | null {
    return this.asked.get(askedKey(name, version)) ?? null;
  }

  private async look(name: string, version: number | null): Promise<StoredVersion> {
    const model = await this.find(name);
    if (version !== null) return this.findVersion(name, version);
    if (model.liveVersion === null) {
      const newest = (await this.versions(name))[0]?.version;
      throw new AppError("conflict", `No version of ${name} is live`, {
        fix: `Deploy one with PUT /api/models/${name}/live, or choose one with ?version=.`,
        ...(newest && { example: `{"version":${newest}}` }),
      });
    }
    return this.findVersion(name, model.liveVersion);
  }

  /**
   * Makes a version live immediately. The same version again changes nothing. Throws AppError `conflict` for a
   * version with error findings that are not confirmed.
   */
  async deploy(
    name: string,
    version: number,
    {
      isConfirmed = false,
      unchanged = async () => {},
    }: { isConfirmed?: boolean; unchanged?: Unchanged } = {},
  ): Promise<StoredModel> {
    const { log, now } = this.options;
    await this.read(await this.findVersion(name, version));
    await log.record(async (tx) => {
      const { liveVersion: previous, challengerVersion } = await this.find(name, tx);
      if (previous === version) return;
      const deployed = await this.findVersion(name, version, tx);
      if (!isConfirmed) refuseDoubtful(deployed);
      await unchanged(tx);
      await deploy(tx, { name, version, at: now() });
      const type = previous !== null && version < previous ? "model.rolledback" : "model.deployed";
      await tx.append(type, { model: name, version, previous });
      if (challengerVersion === version) await this.endChallenge(tx, name, version);
      await this.endLiveAlerts(tx, name);
    });
    return this.find(name);
  }

  /** Takes the model offline: requests without a version are refused. Throws AppError `conflict` if none is live. */
  async takeOffline(name: string, unchanged: Unchanged = async () => {}): Promise<StoredModel> {
    await this.options.log.record(async (tx) => {
      const { liveVersion: version, challengerVersion } = await this.find(name, tx);
      if (version === null) throw new AppError("conflict", `No version of ${name} is live`);
      await unchanged(tx);
      await undeploy(tx, name);
      await tx.append("model.undeployed", { model: name, version });
      if (challengerVersion !== null) await this.endChallenge(tx, name, challengerVersion);
      await this.endLiveAlerts(tx, name);
    });
    return this.find(name);
  }

  /**
   * Sets the probability from which a version predicts its second class; null: as trained. Throws AppError `invalid` if
   * the version does not decide between two classes.
   */
  async setThreshold(
    name: string,
    { version, threshold }: { version: number; threshold: number | null },
    unchanged: Unchanged = async () => {},
  ): Promise<StoredVersion> {
    await this.options.log.record(async (tx) => {
      const { result, threshold: previous } = await this.findVersion(name, version, tx);
      if (result.task !== "binary") {
        throw new AppError("invalid", `${name} version ${version} does not choose between two classes`, {
          fix: "Only a binary model has a threshold.",
        });
      }
      if (threshold === previous) return;
      await unchanged(tx);
      await setThreshold(tx, { name, version, threshold });
      await tx.append("model.thresholdchanged", { model: name, version, threshold, previous });
    });
    return this.findVersion(name, version);
  }

  /** Resolves alerts about the version that was live before. */
  private async endLiveAlerts(tx: Recording, name: string): Promise<void> {
    for (const code of LIVE_ALERTS) await this.options.alerts.resolve(code, name, tx);
  }

  /** Makes a version predict the same rows as the live one; null ends that. */
  async challenge(name: string, version: number | null): Promise<StoredModel> {
    const { liveVersion, challengerVersion: before } = await this.find(name);
    if (version === before) return this.find(name);
    if (version !== null) {
      const target = await this.findVersion(name, version);
      refuseChallenger(target, liveVersion === null ? null : await this.findVersion(name, liveVersion));
      await this.read(target);
    }
    await this.options.log.record(async (tx) => {
      const { challengerVersion } = await this.find(name, tx);
      if (challengerVersion === version) return;
      if (challengerVersion !== null) await this.endChallenge(tx, name, challengerVersion);
      if (version !== null) await this.beginChallenge(tx, name, version);
    });
    return this.find(name);
  }

  private async beginChallenge(tx: Recording, name: string, version: number): Promise<void> {
    const target = await this.findVersion(name, version, tx);
    // Another version may have been deployed meanwhile.
    const { liveVersion } = await this.find(name, tx);
    refuseChallenger(target, liveVersion === null ? null : await this.findVersion(name, liveVersion, tx));
    await setChallenger(tx, name, version);
    await tx.append("challenger.started", { model: name, version });
  }

  private async endChallenge(tx: Recording, name: string, version: number): Promise<void> {
    await setChallenger(tx, name, null);
    await tx.append("challenger.ended", { model: name, version });
    await this.options.alerts.resolve("challenger", name, tx);
  }

  /** Hides the model with all of its versions; returns its name. Throws AppError `missing`. */
  async hide(tx: Recording, name: string, deletion: string): Promise<string> {
    const { challengerVersion } = await this.find(name, tx);
    if (challengerVersion !== null) await this.endChallenge(tx, name, challengerVersion);
    await this.endLiveAlerts(tx, name);
    await setDeletion(tx, { kind: "model", subject: name }, deletion);
    await tx.append("model.deleted", { model: name, version: null });
    return name;
  }

  /** Resolves alerts that were raised under a model's former name. */
  async renamed(tx: Recording, from: string): Promise<void> {
    await this.endLiveAlerts(tx, from);
    await this.options.alerts.resolve("challenger", from, tx);
  }

  show(tx: Handle, name: string): Promise<void> {
    return setDeletion(tx, { kind: "model", subject: name }, null);
  }

  /**
   * Hides one version, and with the last one the name. Throws AppError `missing`, or `conflict` if others could be
   * live.
   */
  async hideVersion(
    tx: Recording,
    { name, version }: { name: string; version: number },
    deletion: string,
  ): Promise<string> {
    await this.findVersion(name, version, tx);
    const { liveVersion, challengerVersion } = await this.find(name, tx);
    const isLast = (await listVersions(tx, name)).length === 1;
    // The last version may be deleted even if it is live: there is nothing else to deploy first.
    if (liveVersion === version && !isLast) {
      throw new AppError("conflict", `${name} version ${version} is live`, {
        fix: "Deploy another version first.",
      });
    }
    if (challengerVersion === version) await this.endChallenge(tx, name, version);
    if (liveVersion === version) await this.endLiveAlerts(tx, name);
    await setVersionDeletion(tx, { name, version }, deletion);
    if (isLast) await setDeletion(tx, { kind: "model", subject: name }, deletion);
    await tx.append("model.deleted", { model: name, version });
    return `${name} version ${version}`;
  }

  async showVersion(tx: Handle, { name, version }: { name: string; version: number }): Promise<void> {
    await setVersionDeletion(tx, { name, version }, null);
    await this.show(tx, name);
    const { liveVersion } = await this.find(name, tx);
    // Another version, the live one, was deleted meanwhile.
    if (liveVersion !== null && !(await findVersion(tx, name, liveVersion))) await undeploy(tx, name);
  }

  /** Permanently deletes a hidden version, or with 0 all of them; the name goes with the last. */
  async erase(name: string, version: number): Promise<void> {
    const { store, files, forget } = this.options;
    const versions = await versionsToErase(store, { name, version });
    for (const entry of versions) {
      await forget(name, entry.version);
      const key = modelKey(entry, files);
      // From a bucket first, because it can only be retried while the row exists.
      if (files.isShared) await files.remove(key);
      await deleteVersion(store, name, entry.version);
      if (!files.isShared) await files.remove(key);
      await eraseAnswers(files, key);
    }
    if (!(await versionsToErase(store, { name, version: 0 })).length) await deleteModel(store, name);
  }

  /** Erases versions deleted under this name that could still be restored: the name is used again. */
  async free(name: string): Promise<void> {
    if (await isHiddenModel(this.options.store, name)) await this.erase(name, 0);
  }

  /** The file's bytes, checked against its checksum. Throws AppError `conflict` if it is damaged or missing. */
  async read(version: StoredVersion): Promise<Uint8Array> {
    const bytes = await readChecked(this.options.files, this.fileOf(version));
    if (typeof bytes === "string") throw damaged(version, bytes);
    return bytes;
  }

  /** The file with the threshold that was set for the version: an export predicts the same. */
  async readAsServed(version: StoredVersion): Promise<Uint8Array> {
    const bytes = await this.read(version);
    if (version.threshold === null) return bytes;
    const { readModel, writeModel } = await import("../trainer/model/model-file.ts");
    return writeModel({ ...readModel(bytes), threshold: version.threshold });
  }

  /** The first live version whose file is missing: it cannot predict. */
  async unreadable(): Promise<{ name: string; version: number } | null> {
    const { store, files } = this.options;
    // A bucket is not asked each time: what is missing there is found when it is needed, and by `check`.
    if (files.isShared) return null;
    const isMissing = (version: { runId: string; sha256: string }) =>
      !existsSync(files.pathOf(modelKey(version, files)));
    return (await liveVersions(store)).find(isMissing) ?? null;
  }

  private fileOf(version: Pick<StoredVersion, "runId" | "sha256" | "sizeBytes">): Required<StoredFile> {
    const { sha256, sizeBytes } = version;
    return { key: modelKey(version, this.options.files), sha256, sizeBytes };
  }
}

const askedKey = (name: string, version: number | null) => `${version ?? "live"} ${name}`;

export function damaged(version: StoredVersion, reason: string): AppError {
  return new AppError(
    "conflict",
    `The file of ${version.name} version ${version.version} is damaged: ${reason}`,
    {
      fix: "Train again, or restore a backup. Other versions are not affected.",
    },
  );
}
