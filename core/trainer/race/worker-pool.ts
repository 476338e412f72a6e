/**
 * Defines the pool that runs folds: this thread alone, or with threads beside it that hold the same data. The race
 * decides the order in which jobs start and results are taken; which thread ran a job never affects its result.
 */
import type { RoundReport } from "../learners/trees/boosting.ts";
import type { Checkpoint } from "../samples.ts";
import type { CandidateConfig } from "./candidate-configs.ts";
import { type FoldDone, type FoldJob, runFoldJob } from "./fold-job.ts";
import type { TrainingData } from "./training-data.ts";

export interface WorkerPoolTask {
  /** Called when a worker is free; null: the time limit is reached. */
  job: () => FoldJob | null;
  onRound: (report: RoundReport) => void;
}

export interface WorkerPool {
  /** How many jobs run at once. */
  size: number;
  /** Null if it was not started, or was given up. */
  run(task: WorkerPoolTask): Promise<FoldDone | null>;
  /** From now on a fit may be given up: another result exists. */
  spare(): void;
  isSpare(): boolean;
  /** Switches to other data while idle; code that has run before stays warm. */
  hold(data: TrainingData, candidateConfigs: CandidateConfig[]): void;
  close(): void;
}

export interface WorkerPoolControls {
  elapsedMs: () => number;
  stop: AbortSignal;
  checkpoint: Checkpoint;
}

/** How threads are started; null: this thread runs everything. */
export type OpenWorkerPool = (
  data: TrainingData,
  candidateConfigs: CandidateConfig[],
  controls: WorkerPoolControls,
) => Promise<WorkerPool>;

/** This thread, one job after the other. */
export function ownThread(
  data: TrainingData,
  candidateConfigs: CandidateConfig[],
  controls: WorkerPoolControls,
): WorkerPool {
  let held = heldFor(data, candidateConfigs);
  let spare = false;
  let last: Promise<unknown> = Promise.resolve();
  const begin = async ({ job, onRound }: WorkerPoolTask) => {
    const given = job();
    if (!given) return null;
    return runFoldJob(held.data, held.candidateConfigs.get(given.candidateConfig)!, given, {
      ...controls,
      isStopped: () => controls.stop.aborted,
      isSpare: () => spare,
      onRound,
    });
  };
  return {
    size: 1,
    run(task) {
      const done = last.then(() => begin(task));
      last = done.catch(() => null);
      return done;
    },
    spare: () => {
      spare = true;
    },
    isSpare: () => spare,
    hold: (other, configs) => {
      held = heldFor(other, configs);
    },
    close() {},
  };
}

/** What a worker thread needs: the data, and its candidates by name. */
export function heldFor(data: TrainingData, candidateConfigs: readonly CandidateConfig[]) {
  return { data, candidateConfigs: new Map(candidateConfigs.map((config) => [config.name, config])) };
}
