/**
 * Who runs the folds? This thread alone, or threads beside it that hold the same data. The order in which jobs are
 * given and their answers taken is the race's; who ran a job never shows in its answer.
 */
import type { RoundReport } from "../learners/trees/boosting.ts";
import type { Checkpoint } from "../samples.ts";
import { type FoldDone, type FoldJob, runFoldJob } from "./fold-job.ts";
import type { Recipe } from "./recipes.ts";
import type { TrainingData } from "./training-data.ts";

export interface CrewTask {
  /** Asked once somebody is free; null: the time is over. */
  job: () => FoldJob | null;
  onRound: (report: RoundReport) => void;
}

export interface Crew {
  /** How many jobs run at once. */
  size: number;
  /** Null where it was not begun, or given up. */
  run(task: CrewTask): Promise<FoldDone | null>;
  /** From now on a fit may be given up: something that could be kept is there. */
  spare(): void;
  isSpare(): boolean;
  close(): void;
}

export interface CrewControls {
  elapsedMs: () => number;
  stop: AbortSignal;
  checkpoint: Checkpoint;
}

/** How threads are started; null: this thread runs all. */
export type OpenCrew = (data: TrainingData, recipes: Recipe[], controls: CrewControls) => Promise<Crew>;

/** This thread, one job after the other. */
export function ownThread(data: TrainingData, recipes: Recipe[], controls: CrewControls): Crew {
  const byName = new Map(recipes.map((recipe) => [recipe.name, recipe]));
  let spare = false;
  let last: Promise<unknown> = Promise.resolve();
  const begin = async ({ job, onRound }: CrewTask) => {
    const given = job();
    if (!given) return null;
    return runFoldJob(data, byName.get(given.recipe)!, given, {
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
    close() {},
  };
}
