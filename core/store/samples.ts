/** SQL of gauge samples: rows of (gauge, at, value), so that a new gauge needs no column. */
import type { Store } from "./database.ts";

export function insertSample(store: Store, sample: { gauge: string; at: number; value: number }): void {
  store.run("INSERT OR REPLACE INTO samples (gauge, at, value) VALUES ($gauge, $at, $value)", sample);
}

/** Means of each minute since `from`, oldest first. */
export function samplesByMinute(store: Store, gauge: string, from: number): { at: number; value: number }[] {
  return store.all(
    `SELECT min(at) AS at, avg(value) AS value FROM samples
     WHERE gauge = $gauge AND at >= $from GROUP BY at / 60000 ORDER BY at`,
    { gauge, from },
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
