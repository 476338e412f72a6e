/** Which stages does a run go through, in which order? The list is all that the rest of the program knows of them. */
import { loadTable } from "../../csv/load.ts";
import type { OpenWorkerPool } from "../../trainer/race/worker-pool.ts";
import { engineerFeatures } from "./engineer.ts";
import { evaluateModel } from "./evaluate.ts";
import { finalizeRun } from "./finalize.ts";
import { preprocessData } from "./preprocess.ts";
import { selectModel } from "./select.ts";
import type { Stage } from "./stage.ts";
import { trainModel } from "./train.ts";
import { validateData } from "./validate.ts";
import { validateModel } from "./verify.ts";
import { emptyWork, type Work } from "./work/work.ts";

export const STAGES: readonly Stage<Work>[] = [
  validateData,
  preprocessData,
  engineerFeatures,
  selectModel,
  trainModel,
  validateModel,
  evaluateModel,
  finalizeRun,
];

/** The empty work of a new run. Without a pool the run's own thread does everything. */
export function createWork(openCrew: OpenWorkerPool | null = null): Work {
  return emptyWork(loadTable, openCrew);
}

export type { Work } from "./work/work.ts";
