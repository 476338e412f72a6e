/**
 * Fits an increasing curve from scores to observed shares: isotonic regression by pooling adjacent violators (Barlow
 * 1972; Zadrozny and Elkan 2002), with straight lines between the middles of the pools (centred isotonic regression,
 * Oron and Flournoy 2017), so that different scores rarely become equal.
 */

/** Knots, both ascending, from 0 to 1. */
export interface IsotonicCurve {
  from: Float64Array;
  to: Float64Array;
}

interface Pool {
  rows: number;
  hits: number;
  scores: number;
}

/**
 * `scores` in [0, 1], `hits` 0 or 1. No pool becomes certain: a share is never nearer to 0 or 1 than its number of rows
 * allows.
 */
export function fitIsotonic(scores: Float64Array, hits: Float64Array, weights?: Float64Array): IsotonicCurve {
  const pools = poolViolators(scores, hits, weights);
  const from = [0];
  const to = [0];
  for (const { rows, hits: count, scores: sum } of pools) {
    const share = Math.min(Math.max(count / rows, 1 / (rows + 2)), (rows + 1) / (rows + 2));
    from.push(sum / rows);
    to.push(Math.max(share, to[to.length - 1]));
  }
  to[0] = to[1] / 2;
  from.push(1);
  to.push((1 + to[to.length - 1]) / 2);
  return { from: Float64Array.from(from), to: Float64Array.from(to) };
}

function poolViolators(scores: Float64Array, hits: Float64Array, weights?: Float64Array): Pool[] {
  const order = Int32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b] || a - b);
  const pools: Pool[] = [];
  for (let i = 0; i < order.length; ) {
    let pool: Pool = { rows: 0, hits: 0, scores: 0 };
    const score = scores[order[i]];
    for (; i < order.length && scores[order[i]] === score; i++) {
      const weight = weights ? weights[order[i]] : 1;
      pool = {
        rows: pool.rows + weight,
        hits: pool.hits + weight * hits[order[i]],
        scores: pool.scores + weight * score,
      };
    }
    for (
      let last = pools.at(-1);
      last && last.hits * pool.rows >= pool.hits * last.rows;
      last = pools.at(-1)
    ) {
      pools.pop();
      pool = {
        rows: pool.rows + last.rows,
        hits: pool.hits + last.hits,
        scores: pool.scores + last.scores,
      };
    }
    pools.push(pool);
  }
  return pools;
}

/** The curve at a score; flat beyond its ends. */
export function isotonicAt({ from, to }: IsotonicCurve, score: number): number {
  let [low, high] = [0, from.length - 1];
  if (!(score > from[low])) return to[low];
  if (score >= from[high]) return to[high];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (from[middle] <= score) low = middle;
    else high = middle;
  }
  const share = (score - from[low]) / (from[high] - from[low]);
  return to[low] + share * (to[high] - to[low]);
}
