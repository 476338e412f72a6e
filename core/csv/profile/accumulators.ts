/**
 * Profiles the columns of a file: counts, moments, quantiles and commonest values, collected cell by cell in bounded
 * memory while the file streams. Never keeps a whole column: at most 20,000 sampled numbers and 10,000 distinct values.
 */

import type { ColumnPlan } from "../types.ts";
import type { ColumnAccumulator } from "./accumulator.ts";
import { NumberAccumulator } from "./number-column.ts";
import { WordAccumulator } from "./word-column.ts";

const MAX_DISTINCT = 10_000;
const MAX_DISTINCT_TOTAL = 2_000_000;
const MAX_ARENA_TOTAL = 64 * 1024 * 1024;

/** `columns`: how many share the memory. */
export function accumulatorFor(plan: ColumnPlan, columns: number): ColumnAccumulator {
  const maxDistinct = Math.max(50, Math.min(MAX_DISTINCT, Math.floor(MAX_DISTINCT_TOTAL / columns)));
  if (plan.type === "number" || plan.type === "date")
    return new NumberAccumulator(plan, maxDistinct, columns);
  return new WordAccumulator(plan, maxDistinct, Math.max(16_384, Math.floor(MAX_ARENA_TOTAL / columns)));
}
