/**
 * What is kept of what was predicted? Numbers by minute, and as PREDICTION_LOG says the rows with their answers. All of
 * it is gathered in memory and written once a second, in one transaction, so that answering never waits for the disk:
 * a crash loses at most the last second. It never changes an answer.
 */
import type { Answer, PredictRow } from "../answering.ts";
import type { Config } from "../config.ts";
import type { EventLog } from "../event-log.ts";
import type { Store } from "../store/database.ts";
import { addPredictions, type StoredVersion } from "../store/models.ts";
import { insertPrediction, versionKey } from "../store/predictions.ts";
import { predictionId } from "./prediction-id.ts";

export interface TrafficOptions {
  store: Store;
  log: EventLog;
  config: Pick<Config, "PREDICTION_LOG" | "PREDICTION_SAMPLE">;
  now: () => number;
}

/** Some rows, asked of a version at once. */
export interface Asked {
  version: StoredVersion;
  rows: PredictRow[];
  answers: Answer[];
}

/** `logged` false: this one is not kept, so no outcome can be told for it. */
export interface Prediction extends Answer {
  id: string;
  logged?: false;
}

interface Waiting {
  id: string;
  at: number;
  cells: PredictRow;
  answer: Answer;
}

interface VersionTraffic {
  name: string;
  version: number;
  predictions: number;
  waiting: Waiting[];
}

const FLUSH_MS = 1000;
/** Written earlier than that, so that a burst costs neither memory nor one long pause. */
const FLUSH_ROWS = 1000;
const MOST_CLASSES = 20;

export class Traffic {
  private readonly versions = new Map<string, VersionTraffic>();
  private waiting = 0;
  private timer: Timer | null = null;

  constructor(private readonly options: TrafficOptions) {}

  /** Names each answer, and keeps what is to be kept. */
  note({ version, rows, answers }: Asked): Prediction[] {
    const { name } = version;
    const key = `${name}:${version.version}`;
    const traffic = this.versions.get(key) ?? { name, version: version.version, predictions: 0, waiting: [] };
    this.versions.set(key, traffic);
    traffic.predictions += rows.length;
    const at = this.options.now();
    const predictions = answers.map((answer, row) => this.keep(traffic, { at, answer, cells: rows[row]! }));
    if (this.waiting >= FLUSH_ROWS) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), FLUSH_MS);
    return predictions;
  }

  private keep(traffic: VersionTraffic, entry: Omit<Waiting, "id">): Prediction {
    const id = predictionId(entry.at);
    if (!this.isKept()) return { id, ...entry.answer, logged: false };
    traffic.waiting.push({ id, ...entry });
    this.waiting += 1;
    return { id, ...entry.answer };
  }

  private isKept(): boolean {
    const { PREDICTION_LOG: log, PREDICTION_SAMPLE: share } = this.options.config;
    return log === "full" || (log === "sampled" && Math.random() < share);
  }

  /** Writes what has been gathered: one row and one event a version, however many were asked. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (!this.versions.size) return;
    const gathered = [...this.versions.values()];
    this.versions.clear();
    this.waiting = 0;
    this.options.log.record((append) => {
      for (const traffic of gathered) {
        const { name: model, version, predictions } = traffic;
        this.write(traffic);
        append("prediction.counted", { model, version, predictions });
      }
    });
  }

  private write({ name, version, predictions, waiting }: VersionTraffic): void {
    const { store, now } = this.options;
    addPredictions(store, { name, version, minute: Math.floor(now() / 60_000), predictions });
    // Null: it was deleted since it answered.
    const id = versionKey(store, name, version);
    if (id !== null) for (const entry of waiting) insertPrediction(store, id, stored(entry));
  }
}

function stored({ id, at, cells, answer }: Waiting) {
  const { prediction, probabilities } = answer;
  return {
    ...{ id, at, cells: JSON.stringify(Object.fromEntries(cells)) },
    answer: { prediction, ...(isStored(probabilities) && { probabilities }) },
  };
}

/** Of very many classes only the answer itself is kept. */
function isStored(probabilities: Answer["probabilities"]): boolean {
  return probabilities !== undefined && Object.keys(probabilities).length <= MOST_CLASSES;
}
