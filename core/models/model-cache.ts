/** Keeps loaded models in memory. A model file is read and checked when first used and kept while it is in use. */

import type { StoredVersion } from "../store/models.ts";
import type { Model } from "../trainer/model/model.ts";
import { damaged, type Models } from "./registry.ts";

const MODELS_KEPT = 8;

export class ModelCache {
  private readonly loaded = new Map<string, Promise<Model>>();
  /** Models of `loaded` that have finished loading. */
  private readonly ready = new WeakMap<Promise<Model>, Model>();

  /** The same model under the threshold that was set for it: one object, because prepared data is cached by it. */
  private readonly adjusted = new WeakMap<Model, Model>();

  constructor(private readonly models: Models) {}

  /** Null: it must be loaded first. */
  peek(version: StoredVersion): Model | null {
    const loaded = this.loaded.get(version.runId);
    const model = loaded && this.ready.get(loaded);
    return model ? this.under(version, model) : null;
  }

  /** The least recently used one is evicted first. Throws AppError `conflict` if the file is damaged. */
  async load(version: StoredVersion): Promise<Model> {
    return this.under(version, await this.loadFile(version));
  }

  /** By the threshold that was set for the version; without one as trained. */
  private under({ threshold }: StoredVersion, model: Model): Model {
    if (threshold === null || threshold === model.threshold) return model;
    const known = this.adjusted.get(model);
    if (known?.threshold === threshold) return known;
    const adjusted = { ...model, threshold };
    this.adjusted.set(model, adjusted);
    return adjusted;
  }

  private loadFile(version: StoredVersion): Promise<Model> {
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
