/**
 * How does a model answer? Rows checked and typed as in training, predicted, counted once a second. A model file is
 * read once and kept while it is in use.
 */
import * as z from "zod";
import type { Answer, PredictRow, Warning } from "./answering.ts";
import type { EventLog } from "./event-log.ts";
import { newId } from "./ids.ts";
import { damaged, type Models } from "./models.ts";
import type { Store } from "./store/database.ts";
import { addPredictions, type StoredVersion } from "./store/models.ts";
import type { Model } from "./trainer/model.ts";

const CELL = z.union([
  z.string(),
  z.custom<number>((value) => typeof value === "number"),
  z.boolean(),
  z.null(),
]);
const MAX_ROWS = 100_000;

/** A row by column name. A column may be called `__proto__`: rows are maps, never objects. */
const ROW = z
  .custom<object>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value),
    "a row must be an object of values by column name",
  )
  .transform((row, context): PredictRow => {
    const cells: PredictRow = new Map();
    for (const [name, value] of Object.entries(row)) {
      const cell = CELL.safeParse(value);
      if (cell.success) cells.set(name, cell.data);
      else
        context.addIssue({
          code: "custom",
          path: [name],
          message: "must be text, a number, true, false or null",
        });
    }
    return cells;
  });
const ROWS = z.strictObject({
  rows: z.array(ROW).min(1).max(MAX_ROWS, `at most ${MAX_ROWS} rows at a time`),
});

/** `{rows: [...]}`, or one bare row: a column called "rows" then holds a cell, not a list. */
export const PREDICT_REQUEST = z.unknown().transform((body, context): PredictRow[] => {
  const isList =
    typeof body === "object" && body !== null && Array.isArray((body as { rows?: unknown }).rows);
  const parsed = isList
    ? ROWS.transform(({ rows }) => rows).safeParse(body)
    : ROW.transform((row) => [row]).safeParse(body);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: "custom", path, message });
  return z.NEVER;
});

export interface Prediction extends Answer {
  id: string;
}

export interface ServingOptions {
  store: Store;
  log: EventLog;
  models: Models;
  now: () => number;
}

const COUNT_MS = 1000;
const MODELS_KEPT = 8;

export class Serving {
  private readonly loaded = new Map<string, Promise<Model>>();
  private readonly counts = new Map<string, { name: string; version: number; predictions: number }>();
  private timer: Timer | null = null;

  constructor(private readonly options: ServingOptions) {}

  stop(): void {
    this.count();
  }

  /** Throws AppError: missing, conflict (none is live), invalid (a row has no known feature). */
  async predict(
    version: StoredVersion,
    rows: PredictRow[],
    options: { explain: boolean },
  ): Promise<{ predictions: Prediction[]; warnings: Warning[] }> {
    const [model, { answerRows }] = await Promise.all([this.load(version), import("./answering.ts")]);
    const { answers, warnings } = answerRows(model, rows, options);
    this.note(version, rows.length);
    return { predictions: answers.map((answer) => ({ id: newId(), ...answer })), warnings };
  }

  /** The version's model, read and checked at its first use. */
  load(version: StoredVersion): Promise<Model> {
    const key = version.runId;
    let model = this.loaded.get(key);
    if (!model) {
      model = this.read(version);
      model.catch(() => this.loaded.delete(key));
      this.loaded.set(key, model);
      const oldest = this.loaded.keys().next().value;
      if (this.loaded.size > MODELS_KEPT && oldest !== undefined) this.loaded.delete(oldest);
    }
    return model;
  }

  private async read(version: StoredVersion): Promise<Model> {
    const bytes = await this.options.models.read(version);
    // Loaded at the first prediction: a server that starts needs no trainer.
    const { DamagedFileError, readModel } = await import("./trainer/model-file.ts");
    try {
      return readModel(bytes);
    } catch (error) {
      throw error instanceof DamagedFileError ? damaged(version, error.message) : error;
    }
  }

  private note(version: StoredVersion, predictions: number): void {
    const key = `${version.name}:${version.version}`;
    const entry = this.counts.get(key) ?? { name: version.name, version: version.version, predictions: 0 };
    entry.predictions += predictions;
    this.counts.set(key, entry);
    this.timer ??= setTimeout(() => this.count(), COUNT_MS);
  }

  /** One row and one event a second and version, however many were asked. */
  private count(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const { store, log, now } = this.options;
    if (!this.counts.size) return;
    log.record((append) => {
      for (const { name, version, predictions } of this.counts.values()) {
        addPredictions(store, { name, version, minute: Math.floor(now() / 60_000), predictions });
        append("prediction.counted", { model: name, version, predictions });
      }
    });
    this.counts.clear();
  }
}
