/** SQL of gauge samples: rows of (gauge, at, value), so that a new gauge needs no column. */
import type { Handle } from "./database.ts";

export async function insertSample(
  store: Handle,
  sample: { gauge: string; at: number; value: number },
): Promise<void> {
  await store.run(
    `INSERT INTO samples (gauge, at, value) VALUES ($gauge, $at, $value)
     ON CONFLICT (gauge, at) DO UPDATE SET value = excluded.value`,
    sample,
  );
}

/** Means of each minute since `from`, oldest first. */
export async function samplesByMinute(
  store: Handle,
  gauge: string,
  from: number,
): Promise<{ at: number; value: number }[]> {
  return store.all(
    `SELECT min(at) AS at, avg(value) AS value FROM samples
     WHERE gauge = $gauge AND at >= $from GROUP BY at / 60000 ORDER BY at`,
    { gauge, from },
  );
}

/** Drops at most `limit` of the samples older than `before`. */
export async function trimSamples(store: Handle, bound: { before: number; limit: number }): Promise<number> {
  return store.run(
    `DELETE FROM samples WHERE (gauge, at) IN
     (SELECT gauge, at FROM samples WHERE at < $before ORDER BY at LIMIT $limit)`,
    bound,
  );
}
