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
  /** Largest population stability index of a column at the last check; null: not yet. */
  driftPsi: number | null;
  /** The run's metric on reported outcomes; null: too few outcomes. */
  liveScore: { metric: string; value: number } | null;
}

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
        ...{ driftPsi: null, liveScore: null },
      };
      this.series.set(name, series);
    }
    return series;
  }
}
