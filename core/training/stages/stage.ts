/**
 * What a stage is: a verb that gets the run's context and leaves its finding in the run's work.
 * A stage knows no store, no socket, no clock of its own: all of that enters here.
 */
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
}

/** What a stage tells while it works; the parent turns each into an event. */
export type StageReport =
  /** 0..1, true work done: "12,000 of 53,940 rows"; `leftMs`: what the run will still take by its time plan, added on the way. */
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

/** Files of the run's own folder; a save is atomic. What is there after a crash is what resume builds on. */
export interface Artifacts {
  save(name: string, bytes: Uint8Array): Promise<void>;
  load(name: string): Promise<Uint8Array | null>;
}

export interface StageContext<Work> {
  options: RunOptions;
  dataset: RunDataset;
  /** What earlier stages of this run made; typed by the pipeline. */
  work: Work;
  report: (report: StageReport) => void;
  /** Aborted by Cancel: throw its reason soon. */
  cancel: AbortSignal;
  /** Aborted by Stop and keep the best: end the race with what there is. */
  stop: AbortSignal;
  /** Milliseconds since the run began, monotonic. */
  elapsedMs: () => number;
  artifacts: Artifacts;
}

export interface Stage<Work> {
  name: StageName;
  run(context: StageContext<Work>): Promise<void>;
}
