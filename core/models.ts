/**
 * Which models are there, and which one answers? Versions count up; one of them is live; going back is deploying an
 * older one. A model file is adopted whole and checked before its version exists, so no half model can be deployed.
 */
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "./errors.ts";
import type { EventLog } from "./event-log.ts";
import type { Feedback } from "./feedback/feedback.ts";
import type { RunResult } from "./stages/stage.ts";
import type { Store } from "./store/database.ts";
import {
  deleteVersion,
  deploy,
  findModel,
  findVersion,
  insertVersion,
  listModels,
  listVersions,
  type StoredModel,
  type StoredVersion,
} from "./store/models.ts";

export interface ModelsOptions {
  store: Store;
  log: EventLog;
  /** Told before a version goes: what it was asked goes with it. */
  feedback: Pick<Feedback, "forgetVersion">;
  folder: string;
  now: () => number;
}

type Append = Parameters<Parameters<EventLog["record"]>[0]>[0];

export class Models {
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

  /** The version asked for, else the live one. Throws AppError `conflict` while none is live. */
  serving(name: string, version: number | null): StoredVersion {
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
  async deploy(name: string, version: number): Promise<StoredModel> {
    const { store, log, now } = this.options;
    const target = this.findVersion(name, version);
    await this.read(target);
    const previous = this.find(name).liveVersion;
    if (previous === version) return this.find(name);
    const type = previous !== null && version < previous ? "model.rolledback" : "model.deployed";
    log.record((append) => {
      this.findVersion(name, version);
      deploy(store, { name, version, at: now() });
      append(type, { model: name, version, previous });
    });
    return this.find(name);
  }

  async delete(name: string, version: number): Promise<void> {
    const { store, log, feedback } = this.options;
    const { runId } = this.findVersion(name, version);
    const isLive = this.find(name).liveVersion === version;
    // The last version may go even while it is live: there is nothing else to deploy first.
    if (isLive && this.versions(name).length > 1) {
      throw new AppError("conflict", `${name} version ${version} is live`, {
        fix: "Deploy another version first.",
      });
    }
    await feedback.forgetVersion(name, version);
    log.record((append) => {
      deleteVersion(store, name, version);
      append("model.deleted", { model: name, version });
    });
    await rm(this.pathOf(runId), { force: true });
  }

  /** The file's bytes, checked against its checksum. Throws AppError `conflict` where it is damaged or gone. */
  async read(version: StoredVersion): Promise<Uint8Array> {
    const bytes = await readFile(this.pathOf(version.runId)).catch((error: unknown) => {
      throw damaged(version, String(error));
    });
    if (new Bun.CryptoHasher("sha256").update(bytes).digest("hex") !== version.sha256)
      throw damaged(version, "checksum differs");
    return bytes;
  }

  private pathOf(runId: string): string {
    return join(this.options.folder, `${runId}.bin`);
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
