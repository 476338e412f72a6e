/** SQL of gauge samples: rows of (gauge, at, value), so that a new gauge needs no column. */
import type { Store } from "./database.ts";

export function insertSample(store: Store, sample: { gauge: string; at: number; value: number }): void {
  store.run("INSERT OR REPLACE INTO samples (gauge, at, value) VALUES ($gauge, $at, $value)", sample);
}

/** At most `points` means of equal spans of time since `from`, oldest first. */
export function sampleHistory(
  store: Store,
  range: { gauge: string; from: number; to: number; points: number },
): { at: number; value: number }[] {
  const span = Math.max(1, Math.ceil((range.to - range.from) / range.points));
  return store.all(
    `SELECT min(at) AS at, avg(value) AS value FROM samples
     WHERE gauge = $gauge AND at >= $from GROUP BY (at - $from) / $span ORDER BY at`,
    { gauge: range.gauge, from: range.from, span },
  );
}

/** Drops at most `limit` of the samples older than `before`. */
export function trimSamples(store: Store, bound: { before: number; limit: number }): number {
  return store.run(
    `DELETE FROM samples WHERE (gauge, at) IN
     (SELECT gauge, at FROM samples WHERE at < $before ORDER BY at LIMIT $limit)`,
    bound,
  ).changes;
}
