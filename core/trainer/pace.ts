/**
 * Cuts long work into steps so that it can be cancelled within a moment. Into steps, with a checkpoint between them.
 * What serves a single row runs the same steps without pauses.
 */
import type { Checkpoint } from "./samples.ts";

/** Work that yields wherever it may pause. */
export type Steps<Result> = Generator<void, Result>;

/** All steps at once. */
export function runThrough<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** With a checkpoint between the steps; rejects with its error, after what the steps hold was given back. */
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

/** Multiply-adds, or entries written, of a step: some ten milliseconds. */
const WORK = 2e6;

/** Calls `work` for one range of rows after another, each with about as much to do; `cost` is that of all rows. */
export function* inBlocks(rows: number, cost: number, work: (from: number, to: number) => void): Steps<void> {
  const size = Math.max(1, Math.floor((WORK * rows) / Math.max(cost, 1)));
  for (let from = 0; from < rows; from += size) {
    if (from > 0) yield;
    work(from, Math.min(from + size, rows));
  }
}
