/**
 * What a stage is: a function that gets the run's context and leaves its result in the run's work. A stage knows no
 * store, no socket and no clock: it gets them from the context.
 */
import type { FileLeaks } from "../../csv/profile/advice/leaks.ts";
import type { ColumnProfile, Finding, ReadingPlan } from "../../csv/types.ts";
import type { Candidate, RunOptions, StageName } from "../../trainer/contract.ts";

export { plural } from "../../platform/figures.ts";

export interface RunDataset {
  /** Absolute path of the CSV as uploaded. */
  path: string;
  name: string;
  plan: ReadingPlan;
  rows: number;
  sizeBytes: number;
  columns: ColumnProfile[];
  /** What the file alone showed to give its target away. */
  leaks?: FileLeaks;
  /** The file whose rows are the test set, where one was named. */
  test?: Pick<RunDataset, "path" | "name" | "plan" | "rows">;
}

/** What a stage reports during its work; the parent turns each into an event. */
export type StageReport =
  /**
   * 0..1, based on work actually done: "12,000 of 53,940 rows"; `leftMs`: what the run will still take by its time
   * plan, added by the runner.
   */
  | { type: "progress"; progress: number; note: string; leftMs?: number }
  | { type: "finding"; finding: Finding }
  | { type: "facts"; facts: Record<string, unknown> } // what the stage found, stored with it and shown
  | {
      type: "round";
      candidate: string;
      round: number;
      train: number;
      valid: number;
      metric: string;
      baseline: number;
    }
  | { type: "candidate"; candidate: Candidate };

/** Files of the run's own folder; a save is atomic. Resuming builds on what exists after a crash. */
export interface Artifacts {
  save(name: string, bytes: Uint8Array): Promise<void>;
  load(name: string): Promise<Uint8Array | null>;
}

export interface StageContext<Work> {
  options: RunOptions;
  dataset: RunDataset;
  /** What earlier stages of this run produced; typed by the pipeline. */
  work: Work;
  report: (report: StageReport) => void;
  /** Aborted by Cancel: throw its reason soon. */
  cancel: AbortSignal;
  /** Aborted by Finish now: end the race with the best so far. */
  stop: AbortSignal;
  /** Milliseconds since the run began, monotonic. */
  elapsedMs: () => number;
  artifacts: Artifacts;
}

export interface Stage<Work> {
  name: StageName;
  run(context: StageContext<Work>): Promise<void>;
}
