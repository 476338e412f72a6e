/**
 * Counts each model's predictions since the server started, for Prometheus: rows, warnings, time, drift and live score.
 * In memory only; no page reads it.
 */

export interface ModelSeries {
  model: string;
  predictions: number;
  warnings: number;
  requests: number;
  seconds: number;
  /** Requests that took up to each of PREDICTION_BUCKETS, and more than the last; not added up. */
  buckets: number[];
  /** Largest population stability index of a column at the last check; null: not yet. */
  driftPsi: number | null;
  /** The run's metric on reported outcomes; null: too few outcomes. */
  liveScore: { metric: string; value: number } | null;
}

/** Upper bounds in seconds; a small model takes some microseconds per row. */
export const PREDICTION_BUCKETS = [
  ...[0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
  Number.POSITIVE_INFINITY,
];

/** Each model is a time series: models beyond this number share one. */
const MOST_MODELS = 200;
const OTHER = "other";

export class ModelCounters {
  private readonly series = new Map<string, ModelSeries>();

  list(): ModelSeries[] {
    return [...this.series.values()];
  }

  answered(model: string, { predictions, warnings }: { predictions: number; warnings: number }): void {
    const series = this.of(model);
    series.predictions += predictions;
    series.warnings += warnings;
  }

  took(model: string, seconds: number): void {
    const series = this.of(model);
    let bucket = 0;
    while (seconds > PREDICTION_BUCKETS[bucket]!) bucket++;
    series.buckets[bucket]! += 1;
    series.requests += 1;
    series.seconds += seconds;
  }

  drifted(model: string, psi: number | null): void {
    this.of(model).driftPsi = psi;
  }

  scored(model: string, score: ModelSeries["liveScore"]): void {
    this.of(model).liveScore = score;
  }

  private of(model: string): ModelSeries {
    const name = this.series.has(model) || this.series.size < MOST_MODELS ? model : OTHER;
    let series = this.series.get(name);
    if (!series) {
      series = {
        ...{ model: name, predictions: 0, warnings: 0, requests: 0, seconds: 0 },
        ...{ driftPsi: null, liveScore: null, buckets: PREDICTION_BUCKETS.map(() => 0) },
      };
      this.series.set(name, series);
    }
    return series;
  }
}
