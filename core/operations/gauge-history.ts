/**
 * Keeps the last day of a gauge as means per minute, in memory, because each drawing of the machine's panel needs all
 * of them. A young history is shown by the minute, a whole day in steps of ten.
 */
const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
export const HISTORY_POINTS = 144;

export interface HistoryPoint {
  at: number;
  value: number;
}

export class GaugeHistory {
  /** Minute since 1970 -> sum and number of its samples, oldest first. */
  private readonly minutes = new Map<number, { sum: number; count: number }>();

  add(at: number, value: number): void {
    const minute = Math.floor(at / MINUTE_MS);
    const known = this.minutes.get(minute);
    if (known) {
      known.sum += value;
      known.count += 1;
      return;
    }
    this.minutes.set(minute, { sum: value, count: 1 });
    for (const oldest of this.minutes.keys()) {
      if (oldest > minute - DAY_MINUTES) break;
      this.minutes.delete(oldest);
    }
  }

  /** At most 144 means of equal spans, oldest first; a span without a sample is left out. */
  points(): HistoryPoint[] {
    const all = [...this.minutes];
    if (!all.length) return [];
    const first = all[0]![0];
    const step = Math.ceil((all.at(-1)![0] - first + 1) / HISTORY_POINTS);
    const points: { at: number; sum: number; count: number }[] = [];
    for (const [minute, { sum, count }] of all) {
      const at = (first + Math.floor((minute - first) / step) * step) * MINUTE_MS;
      const last = points.at(-1);
      if (last?.at !== at) points.push({ at, sum, count });
      else {
        last.sum += sum;
        last.count += count;
      }
    }
    return points.map(({ at, sum, count }) => ({ at, value: sum / count }));
  }
}
