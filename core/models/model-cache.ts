/** Which models are in memory? A model file is read and checked at its first use and kept while it is in use. */

import type { StoredVersion } from "../store/models.ts";
import type { Model } from "../trainer/model/model.ts";
import { damaged, type Models } from "./registry.ts";

const MODELS_KEPT = 8;

export class ModelCache {
  private readonly loaded = new Map<string, Promise<Model>>();
  /** Those of `loaded` that are there already. */
  private readonly ready = new WeakMap<Promise<Model>, Model>();

  constructor(private readonly models: Models) {}

  /** Null: it must be loaded first. */
  peek({ runId }: StoredVersion): Model | null {
    const loaded = this.loaded.get(runId);
    return (loaded && this.ready.get(loaded)) ?? null;
  }

  /** The one that was used longest ago goes first. Throws AppError `conflict` where the file is damaged. */
  load(version: StoredVersion): Promise<Model> {
    const key = version.runId;
    const model = this.loaded.get(key) ?? this.read(version);
    this.loaded.delete(key);
    this.loaded.set(key, model);
    model.then(
      (read) => this.ready.set(model, read),
      () => this.loaded.delete(key),
    );
    const oldest = this.loaded.keys().next().value;
    if (this.loaded.size > MODELS_KEPT && oldest !== undefined) this.loaded.delete(oldest);
    return model;
  }

  private async read(version: StoredVersion): Promise<Model> {
    const bytes = await this.models.read(version);
    // Loaded at the first prediction: a server that starts needs no trainer.
    const { DamagedFileError, readModel } = await import("../trainer/model/model-file.ts");
    try {
      return readModel(bytes);
    } catch (error) {
      throw error instanceof DamagedFileError ? damaged(version, error.message) : error;
    }
  }
}
