/** SQL of gauge samples as servers kept them before `points.ts`: they are dropped when their time is over. */
import type { Handle } from "./database.ts";

/** Drops at most `limit` of the samples older than `before`. */
export async function trimSamples(store: Handle, bound: { before: number; limit: number }): Promise<number> {
  return store.run(
    `DELETE FROM samples WHERE (gauge, at) IN
     (SELECT gauge, at FROM samples WHERE at < $before ORDER BY at LIMIT $limit)`,
    bound,
  );
}
