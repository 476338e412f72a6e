/**
 * Orders the training rows in memory after each tree by its leaves: the next trees split much alike, so the rows of
 * their nodes are close together and far fewer reads miss the cache. Sums are integers: the order of rows never changes
 * a tree.
 */

import type { Checkpoint } from "../../../samples.ts";
import { type Fit, TIGHT_BYTES } from "./fit.ts";
import type { Scores } from "./gradients.ts";

/** Trees drift away from the order, so it is rebuilt after this many rounds. */
const ROUNDS = 12;

export interface RowOrder {
  /** Room for the records, which are then swapped with it. */
  spare: number;
  nextRound: number;
}

/** Null if an order would not pay. */
export function openRowOrder(fit: Fit): RowOrder | null {
  const bytes = fit.train * fit.stride;
  if (bytes < TIGHT_BYTES) return null;
  return { spare: fit.scope.bytes(bytes), nextRound: 1 };
}

/** After a round whose tree was grown over the first `count` rows listed; training rows held out of it follow. */
export async function orderRows(
  fit: Fit,
  { scores, y, weights, outputs, stride }: Scores,
  {
    order,
    round,
    count,
    checkpoint,
  }: { order: RowOrder; round: number; count: number; checkpoint: Checkpoint },
): Promise<void> {
  if (round < order.nextRound) return;
  order.nextRound = round + ROUNDS;
  const { train, total, rows, heldOut } = fit;
  const { kernels } = fit.scope;
  kernels.listBelow(rows + count * 4, heldOut, total - count, train);
  kernels.gatherRecords(order.spare, fit.records, rows, train, fit.stride);
  [fit.records, order.spare] = [order.spare, fit.records];
  fit.plan.words[0] = fit.records;
  for (const column of fit.columns) {
    await checkpoint();
    kernels.gatherBytes(order.spare, column, rows, train);
    kernels.copyBytes(column, order.spare, train);
  }
  const margins = Array.from({ length: outputs }, (_, k) => scores + k * stride * 8);
  for (const numbers of [y, ...(weights === 0 ? [] : [weights]), ...margins]) {
    kernels.gatherRecords(order.spare, numbers, rows, train, 8);
    kernels.copyBytes(numbers, order.spare, train * 8);
  }
}
