/**
 * Stores predictions: counts per minute, the bins of the training data that rows fall into, and, as PREDICTION_LOG
 * says, the rows with their predictions. Everything is collected in memory and written once a second in one
 * transaction, so that answering never waits for the disk: a crash loses at most the last second. It never changes a
 * prediction.
 */

import type { Table } from "../../csv/types.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { Config } from "../../operations/config.ts";
import { diskFailure } from "../../platform/disk.ts";
import { DAY_MS } from "../../platform/figures.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Handle, Store } from "../../store/database.ts";
import { updateDriftDay } from "../../store/drift.ts";
import { addPredictions, findModel, findVersion, type StoredVersion } from "../../store/models.ts";
import { addPoints } from "../../store/points.ts";
import { insertPredictions, type NewPrediction, versionKey } from "../../store/predictions.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { TrainingReference } from "../../trainer/model/reference.ts";
import type { Answer, Cell, PredictRow, RowPrediction } from "../predict-rows.ts";
import type { Challenger } from "./challenger.ts";
import { addCounts, DriftCounter, type DriftCounts, noCounts } from "./drift/drift-counts.ts";
import type { References } from "./drift/references.ts";
import { ModelCounters } from "./model-counters.ts";
import { predictionId } from "./prediction-id.ts";
import { addRequest, addTraffic, measuredOf, noTraffic, type VersionTraffic } from "./version-traffic.ts";

export interface TrafficOptions {
  store: Store;
  log: EventLog;
  logger: Logger;
  config: Pick<Config, "PREDICTION_LOG" | "PREDICTION_SAMPLE">;
  references: References;
  challenger: Challenger;
  now: () => number;
}

interface PredictedBy {
  version: StoredVersion;
  model: Model;
}

/** Some rows that a version predicted in one request. */
export interface PredictedRows extends PredictedBy {
  prepared: Prepared;
  /** The rows as the model read them. */
  table: Table;
  /** By row. */
  predictions: readonly Answer["prediction"][];
  /** The number of warnings. */
  warnings: number;
  storageMode: StorageMode;
  /** A row and its prediction as JSON; called for those that are stored. */
  stored: (row: number) => Pick<NewPrediction, "cells" | "answer">;
}

/** Which rows of a request are stored; PREDICTION_LOG has the last word. */
export const STORAGE_MODES = ["full", "sampled", "off"] as const;
export type StorageMode = (typeof STORAGE_MODES)[number];
/** Of a request with more rows a sample is stored by default: it must not push out single predictions. */
export const MOST_ROWS_STORED = 1000;

/** One row that never became a table. */
export interface PredictedRow extends PredictedBy {
  /** As it came, in JSON. */
  cells: string;
  answered: RowPrediction;
}

/** Without an `id`, and `logged` false: this one is not stored, so no outcome can be reported for it. */
export interface Prediction extends Answer {
  id?: string;
  logged?: false;
}

/** What must be read before predictions of a version are recorded. */
interface Prepared {
  /** Null if the version does not record what it learned from. */
  reference: TrainingReference | null;
  /** The version that predicts the same rows; null: there is none, or this is not the live one. */
  challenger: StoredVersion | null;
}

const FLUSH_MS = 1000;
/** Written early at this size, so that a burst costs neither memory nor one long pause. */
const FLUSH_ROWS = 1000;
/** With more, rows are dropped while the disk accepts none. */
const MOST_WAITING = 10_000;
const MOST_CLASSES = 20;

export class PredictionLog {
  readonly counters = new ModelCounters();
  private versions = new Map<string, VersionTraffic>();
  private readonly prepared = new Map<string, Promise<Prepared>>();
  /** The last address is usually the next one. */
  private last: { asked: StoredVersion; traffic: VersionTraffic } | null = null;
  private waiting = 0;
  /** Versions that are being deleted, or were; models by name. */
  private readonly withheld = new Set<string>();
  private timer: Timer | null = null;
  /** Why the disk refused the last ones; null if it did not. */
  private refusal: unknown = null;
  /** The latest requested write; it follows those before it. */
  private flushing: Promise<void> = Promise.resolve();
  private readonly listeners: ((name: string, version: number) => void)[] = [];

  constructor(private readonly options: TrafficOptions) {
    // Includes deletions that can still be undone, and those of other servers: a deleted version gives out no ID.
    options.log.hear((type, data) => {
      const [model, version] = [data.model as string, (data.version as number | null | undefined) ?? null];
      if (type === "model.deleted")
        this.withheld.add(version === null ? model : keyOf({ name: model, version }));
      if (type !== "deletion.undone" || !model) return;
      this.withheld.delete(version === null ? model : keyOf({ name: model, version }));
    });
  }

  /** Calls `listener` after predictions of a version were written. */
  subscribe(listener: (name: string, version: number) => void): void {
    this.listeners.push(listener);
  }

  /** Reads what recording predictions of this version needs; once for all until the next write. */
  prepare(version: StoredVersion): Promise<Prepared> {
    const key = keyOf(version);
    let prepared = this.prepared.get(key);
    if (!prepared) {
      prepared = this.read(version);
      prepared.catch(() => this.prepared.delete(key));
      this.prepared.set(key, prepared);
    }
    return prepared;
  }

  private async read({ name, version }: StoredVersion): Promise<Prepared> {
    const [reference, challenger] = await Promise.all([
      this.options.references.of({ name, version }),
      this.challengerOf(name, version),
    ]);
    return { reference, challenger };
  }

  /** Whether a prediction of this version was recorded since the last write: then `noteRow` takes the next. */
  hasBegun(version: StoredVersion): boolean {
    return this.last?.asked === version || this.versions.has(keyOf(version));
  }

  /**
   * Counts rows and stores those that are to be stored: by row its ID, or null if it is not stored; null if none is.
   */
  note(asked: PredictedRows): (string | null)[] | null {
    const { table, predictions, warnings, storageMode, stored } = asked;
    const traffic = this.of(asked.version) ?? this.begin(asked);
    traffic.predictions += table.rows;
    this.counters.answered(traffic.name, { predictions: table.rows, warnings });
    traffic.warnings += warnings;
    traffic.drift?.counter.count(traffic.drift.counts, { table, predictions, examples: this.keepsExamples });
    this.writeSoon();
    if (storageMode === "off" || !this.keepsExamples) return null;
    const at = this.options.now();
    return predictions.map((_, row) => {
      if (!this.isKept(asked.version, storageMode)) return null;
      const id = predictionId(at);
      this.keep(traffic, { id, at, ...stored(row) });
      return id;
    });
  }

  /** How long the rows of a request took that were just noted. */
  took(version: StoredVersion, seconds: number): void {
    this.counters.took(version.name, seconds);
    const traffic = this.of(version);
    if (traffic) addRequest(traffic, seconds);
  }

  /** As `note` for one row of a version that `hasBegun`: its ID, or null if it is not stored. */
  noteRow(asked: PredictedRow): string | null {
    const { model, cells, answered } = asked;
    const traffic = this.of(asked.version)!;
    traffic.predictions += 1;
    traffic.warnings += answered.warnings.length;
    this.counters.answered(traffic.name, { predictions: 1, warnings: answered.warnings.length });
    traffic.drift?.counter.countRow(traffic.drift.counts, answered, this.keepsExamples);
    const at = this.options.now();
    this.writeSoon();
    if (!this.isKept(asked.version)) return null;
    const id = predictionId(at);
    const answer = model.classes.length > MOST_CLASSES ? storedAnswer(answered) : answered.json;
    this.keep(traffic, { id, at, cells, answer });
    return id;
  }

  private get keepsExamples(): boolean {
    return this.options.config.PREDICTION_LOG !== "off";
  }

  private writeSoon(): void {
    if (this.waiting >= FLUSH_ROWS && !this.refusal) this.flushOnTime();
    else this.timer ??= setTimeout(() => this.flushOnTime(), FLUSH_MS);
  }

  private flushOnTime(): void {
    this.flush().catch((error: unknown) =>
      this.options.logger.error({ error: String(error) }, "predictions could not be written"),
    );
  }

  private of(version: StoredVersion): VersionTraffic | null {
    if (this.last?.asked === version) return this.last.traffic;
    const traffic = this.versions.get(keyOf(version));
    if (!traffic) return null;
    this.last = { asked: version, traffic };
    return traffic;
  }

  private begin({
    version: asked,
    model,
    prepared: { reference, challenger },
  }: PredictedRows): VersionTraffic {
    const { name, version } = asked;
    const drift = reference && { counter: new DriftCounter(reference, model), counts: noCounts(reference) };
    const traffic = noTraffic({ name, version, challenger, drift });
    this.versions.set(keyOf(asked), traffic);
    this.last = { asked, traffic };
    return traffic;
  }

  private async challengerOf(name: string, version: number): Promise<StoredVersion | null> {
    const { store } = this.options;
    const model = await findModel(store, name);
    if (model?.liveVersion !== version || model.challengerVersion === null) return null;
    return findVersion(store, name, model.challengerVersion);
  }

  private keep(traffic: VersionTraffic, made: NewPrediction): void {
    traffic.waiting.push(made);
    this.waiting += 1;
    if (!traffic.challenger) return;
    const cells = new Map(Object.entries(JSON.parse(made.cells) as Record<string, Cell>));
    this.options.challenger.offer(traffic.challenger, { id: made.id, cells });
  }

  /** Stores nothing more of a version that is being deleted; the returned function reverses that. */
  withhold(version: Pick<StoredVersion, "name" | "version">): () => void {
    this.withheld.add(keyOf(version));
    return () => this.withheld.delete(keyOf(version));
  }

  /** From now on predictions of this version are stored again. */
  keepAgain(version: Pick<StoredVersion, "name" | "version">): void {
    this.withheld.delete(version.name);
    this.withheld.delete(keyOf(version));
  }

  private isKept(version: StoredVersion, storageMode: StorageMode = "full"): boolean {
    const { withheld } = this;
    if (withheld.size && (withheld.has(version.name) || withheld.has(keyOf(version)))) return false;
    // The disk accepts nothing: an ID would be given out for a row that may be lost.
    if (this.refusal && this.waiting >= MOST_WAITING) return false;
    const { PREDICTION_LOG: log, PREDICTION_SAMPLE: share } = this.options.config;
    const isWhole = log === "full" && storageMode === "full";
    return isWhole || (log !== "off" && storageMode !== "off" && Math.random() < share);
  }

  /** As `flush`, before a row is looked up. Throws the disk's error. */
  async settle(): Promise<void> {
    await this.flush();
    if (this.refusal) throw this.refusal;
  }

  /** Writes what was collected: one row and one event per version, however many predictions there were. */
  flush(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const before = this.flushing.catch(() => {
      // The caller gets the error.
    });
    this.flushing = before.then(() => this.flushNow());
    return this.flushing;
  }

  private async flushNow(): Promise<void> {
    if (!this.versions.size) return;
    const gathered = this.versions;
    const { waiting } = this;
    // Predictions from now on are collected separately.
    this.versions = new Map();
    this.prepared.clear();
    this.last = null;
    this.waiting = 0;
    try {
      await this.options.log.record(async (tx) => {
        for (const traffic of gathered.values()) {
          const { name: model, version, predictions, warnings } = traffic;
          await this.write(tx, traffic);
          await tx.append("prediction.counted", {
            ...{ model, version, predictions },
            ...(warnings > 0 && { warnings }),
          });
        }
        const measured = [...gathered.values()].flatMap(measuredOf);
        await addPoints(tx, this.options.now(), measured);
      });
    } catch (error) {
      this.takeBack(gathered, waiting);
      if (!diskFailure(error)) throw error;
      this.refusal = error;
      this.wait();
      return;
    }
    this.refusal = null;
    for (const { name, version } of gathered.values())
      for (const listener of this.listeners) listener(name, version);
  }

  /** What was not written goes before what arrived since. */
  private takeBack(gathered: Map<string, VersionTraffic>, waiting: number): void {
    for (const [key, since] of this.versions) {
      const before = gathered.get(key);
      if (before) addTraffic(before, since);
    }
    this.versions = new Map([...this.versions, ...gathered]);
    this.last = null;
    this.waiting += waiting;
  }

  /** The disk refused it: it waits for the next attempt, and beyond MOST_WAITING rows no more are stored. */
  private wait(): void {
    this.timer ??= setTimeout(() => this.flushOnTime(), FLUSH_MS);
  }

  private async write(
    tx: Handle,
    { name, version, predictions, drift, waiting }: VersionTraffic,
  ): Promise<void> {
    const { now } = this.options;
    await addPredictions(tx, { name, version, minute: Math.floor(now() / 60_000), predictions });
    // Null: it was deleted since it predicted.
    const id = await versionKey(tx, name, version);
    if (id === null) return;
    await insertPredictions(tx, id, waiting);
    if (!drift) return;
    await updateDriftDay<DriftCounts>(tx, { versionId: id, day: Math.floor(now() / DAY_MS) }, (known) => {
      if (known) addCounts(known, drift.counts);
      return known ?? drift.counts;
    });
  }
}

const keyOf = ({ name, version }: Pick<StoredVersion, "name" | "version">) => `${name}:${version}`;

/** A row as JSON, for `stored`. */
export function storedCells(cells: PredictRow): string {
  // Without a prototype, a column called __proto__ is an ordinary one.
  const row = Object.create(null) as Record<string, Cell>;
  for (const [name, cell] of cells) row[name] = cell;
  return JSON.stringify(row);
}

/** With very many classes only the prediction itself is stored. */
export function storedAnswer({ prediction, probabilities }: Answer): string {
  const isShort = probabilities !== undefined && Object.keys(probabilities).length <= MOST_CLASSES;
  return JSON.stringify(isShort ? { prediction, probabilities } : { prediction });
}
