/** Types of the messages between the pool and its fold threads. */
import type { RoundReport } from "../../trainer/learners/trees/boosting.ts";
import type { FoldDone, FoldJob } from "../../trainer/race/fold-job.ts";
import type { TrainingData } from "../../trainer/race/training-data.ts";

/** Indexes into the control array. */
export const STOPPED = 0;
export const SPARE = 1;

export type ToThread =
  /** `epochMs`: when the run began, by the machine's clock. */
  { kind: "open"; data: TrainingData; control: Int32Array; epochMs: number } | { kind: "job"; job: FoldJob };

export type FromThread =
  | { kind: "round"; report: RoundReport }
  | { kind: "done"; done: FoldDone | null }
  | { kind: "failed"; reason: string };
