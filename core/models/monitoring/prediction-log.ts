/**
 * Stores predictions. Numbers by minute, into which bins of the training data the rows fell, and as PREDICTION_LOG
 * says the rows with their answers. All of it is gathered in memory and written once a second, in one transaction, so
 * that answering never waits for the disk: a crash loses at most the last second. It never changes an answer.
 */

import type { Table } from "../../csv/types.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { Config } from "../../operations/config.ts";
import { diskFailure } from "../../platform/disk.ts";
import type { Store } from "../../store/database.ts";
import { updateDriftDay } from "../../store/drift.ts";
import { addPredictions, findModel, findVersion, type StoredVersion } from "../../store/models.ts";
import { insertPredictions, type NewPrediction, versionKey } from "../../store/predictions.ts";
import type { Model } from "../../trainer/model/model.ts";
import type { Answer, Cell, PredictRow, RowAnswer, Warning } from "../answering.ts";
import type { Challenger } from "./challenger.ts";
import { addCounts, DriftCounter, type DriftCounts, noCounts } from "./drift-counts.ts";
import { predictionId } from "./prediction-id.ts";
import type { References } from "./references.ts";

export interface TrafficOptions {
  store: Store;
  log: EventLog;
  config: Pick<Config, "PREDICTION_LOG" | "PREDICTION_SAMPLE">;
  references: References;
  challenger: Challenger;
  now: () => number;
}

interface Asker {
  version: StoredVersion;
  model: Model;
}

/** Some rows, asked of a version at once. */
export interface Asked extends Asker {
  rows: PredictRow[];
  /** The same as the model read them. */
  table: Table;
  answers: Answer[];
  warnings: readonly Warning[];
}

/** One row that never became a table. */
export interface AskedRow extends Asker {
  /** As it came, in JSON. */
  cells: string;
  answered: RowAnswer;
}

/** `logged` false: this one is not kept, so no outcome can be told for it. */
export interface Prediction extends Answer {
  id: string;
  logged?: false;
}

interface VersionTraffic {
  name: string;
  version: number;
  /** The version that is asked the same; null: none is, or this is not the live one. */
  challenger: StoredVersion | null;
  predictions: number;
  /** What was said of values that were not read as they stand. */
  warnings: number;
  /** Null where the version does not know what it learned from. */
  drift: { counter: DriftCounter; counts: DriftCounts } | null;
  waiting: NewPrediction[];
}

const FLUSH_MS = 1000;
/** Written earlier than that, so that a burst costs neither memory nor one long pause. */
const FLUSH_ROWS = 1000;
/** More are not kept where the disk takes none. */
const MOST_WAITING = 10_000;
const MOST_CLASSES = 20;
export const DAY_MS = 86_400_000;

export class PredictionLog {
  private readonly versions = new Map<string, VersionTraffic>();
  /** What was asked last is mostly asked next. */
  private last: { asked: StoredVersion; traffic: VersionTraffic } | null = null;
  private waiting = 0;
  private timer: Timer | null = null;
  /** Why the disk did not take the last ones; null: it did. */
  private refusal: unknown = null;
  private readonly listeners: ((name: string, version: number) => void)[] = [];

  constructor(private readonly options: TrafficOptions) {}

  /** Calls `listener` after predictions of a version were written. */
  subscribe(listener: (name: string, version: number) => void): void {
    this.listeners.push(listener);
  }

  /** Names each answer, and keeps what is to be kept. */
  note(asked: Asked): Prediction[] {
    const { rows, table, answers } = asked;
    const traffic = this.of(asked);
    traffic.predictions += rows.length;
    traffic.warnings += asked.warnings.length;
    traffic.drift?.counter.count(traffic.drift.counts, { table, answers, examples: this.keepsExamples });
    const at = this.options.now();
    const predictions = answers.map((answer, row) => {
      const prediction: Prediction = Object.assign({ id: predictionId(at) }, answer);
      if (this.isKept()) this.keep(traffic, stored(prediction.id, { at, answer, cells: rows[row]! }));
      else prediction.logged = false;
      return prediction;
    });
    this.writeSoon();
    return predictions;
  }

  /** The same for one row. */
  noteRow(asked: AskedRow): { id: string; isKept: boolean } {
    const { model, cells, answered } = asked;
    const traffic = this.of(asked);
    traffic.predictions += 1;
    traffic.warnings += answered.warnings.length;
    traffic.drift?.counter.countRow(traffic.drift.counts, answered, this.keepsExamples);
    const at = this.options.now();
    const id = predictionId(at);
    const isKept = this.isKept();
    if (isKept) {
      const answer = model.classes.length > MOST_CLASSES ? storedAnswer(answered) : answered.json;
      this.keep(traffic, { id, at, cells, answer });
    }
    this.writeSoon();
    return { id, isKept };
  }

  private get keepsExamples(): boolean {
    return this.options.config.PREDICTION_LOG !== "off";
  }

  private writeSoon(): void {
    if (this.waiting >= FLUSH_ROWS && !this.refusal) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  private of({ version, model }: Asker): VersionTraffic {
    if (this.last?.asked === version) return this.last.traffic;
    const key = `${version.name}:${version.version}`;
    const traffic = this.versions.get(key) ?? this.begin(version, model);
    this.versions.set(key, traffic);
    this.last = { asked: version, traffic };
    return traffic;
  }

  private begin({ name, version }: StoredVersion, model: Model): VersionTraffic {
    const reference = this.options.references.of({ name, version });
    const drift = reference && { counter: new DriftCounter(reference, model), counts: noCounts(reference) };
    const challenger = this.challengerOf(name, version);
    return { name, version, challenger, predictions: 0, warnings: 0, drift, waiting: [] };
  }

  private challengerOf(name: string, version: number): StoredVersion | null {
    const { store } = this.options;
    const model = findModel(store, name);
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

  private isKept(): boolean {
    const { PREDICTION_LOG: log, PREDICTION_SAMPLE: share } = this.options.config;
    return log === "full" || (log === "sampled" && Math.random() < share);
  }

  /** As `flush`, for whoever looks for a row next. Throws what the disk said where it did not take it. */
  settle(): void {
    this.flush();
    if (this.refusal) throw this.refusal;
  }

  /** Writes what has been gathered: one row and one event a version, however many were asked. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (!this.versions.size) return;
    const gathered = [...this.versions.values()];
    try {
      this.options.log.record((append) => {
        for (const traffic of gathered) {
          const { name: model, version, predictions, warnings } = traffic;
          this.write(traffic);
          append("prediction.counted", {
            ...{ model, version, predictions },
            ...(warnings > 0 && { warnings }),
          });
        }
      });
    } catch (error) {
      if (!diskFailure(error)) throw error;
      this.refusal = error;
      this.wait();
      return;
    }
    this.refusal = null;
    this.versions.clear();
    this.last = null;
    this.waiting = 0;
    for (const listener of this.listeners) for (const { name, version } of gathered) listener(name, version);
  }

  /** The disk did not take it: numbers wait for the next time; rows too, while they are few. */
  private wait(): void {
    this.timer = setTimeout(() => this.flush(), FLUSH_MS);
    if (this.waiting <= MOST_WAITING) return;
    for (const traffic of this.versions.values()) traffic.waiting = [];
    this.waiting = 0;
  }

  private write({ name, version, predictions, drift, waiting }: VersionTraffic): void {
    const { store, now } = this.options;
    addPredictions(store, { name, version, minute: Math.floor(now() / 60_000), predictions });
    // Null: it was deleted since it answered.
    const id = versionKey(store, name, version);
    if (id === null) return;
    insertPredictions(store, id, waiting);
    if (!drift) return;
    updateDriftDay<DriftCounts>(store, { versionId: id, day: Math.floor(now() / DAY_MS) }, (known) => {
      if (known) addCounts(known, drift.counts);
      return known ?? drift.counts;
    });
  }
}

function stored(
  id: string,
  { at, cells, answer }: { at: number; cells: PredictRow; answer: Answer },
): NewPrediction {
  // Without a prototype even a column called __proto__ is one like any other.
  const row = Object.create(null) as Record<string, Cell>;
  for (const [name, cell] of cells) row[name] = cell;
  return { id, at, cells: JSON.stringify(row), answer: storedAnswer(answer) };
}

/** Of very many classes only the answer itself is kept. */
function storedAnswer({ prediction, probabilities }: Answer): string {
  const isShort = probabilities !== undefined && Object.keys(probabilities).length <= MOST_CLASSES;
  return JSON.stringify(isShort ? { prediction, probabilities } : { prediction });
}
