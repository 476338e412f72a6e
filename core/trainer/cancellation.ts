/**
 * Divides long work into steps with a checkpoint between them, so that it can be cancelled within a moment. Single-row
 * predictions run the same steps without checkpoints.
 */
import type { Checkpoint } from "./samples.ts";

/** Work that yields wherever it may pause. */
export type Steps<Result> = Generator<void, Result>;

/** Runs all steps at once. */
export function runThrough<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Runs the steps with a checkpoint between them; rejects with its error after releasing what the steps hold. */
export async function runPaced<Result>(steps: Steps<Result>, checkpoint: Checkpoint): Promise<Result> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
      await checkpoint();
    }
  } finally {
    steps.return(undefined as never);
  }
}

/** Multiply-adds, or entries written, per step: about ten milliseconds. */
const WORK = 2e6;

/** Calls `work` for one range of rows after another, each of about equal cost; `cost` is the total for all rows. */
export function* inBlocks(rows: number, cost: number, work: (from: number, to: number) => void): Steps<void> {
  const size = Math.max(1, Math.floor((WORK * rows) / Math.max(cost, 1)));
  for (let from = 0; from < rows; from += size) {
    if (from > 0) yield;
    work(from, Math.min(from + size, rows));
  }
}
