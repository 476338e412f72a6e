/** The work of each stage, in the order of the record. Everything else imports stages from here. */
import { loadCachedTable } from "../../csv/columns/column-cache.ts";
import { loadTable } from "../../csv/columns/load.ts";
import { STAGE_NAMES, type StageName } from "../../trainer/contract.ts";
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

const WORK: Record<StageName, Stage<Work>> = {
  "Data validation": validateData,
  "Data preprocessing": preprocessData,
  "Feature engineering": engineerFeatures,
  "Model selection": selectModel,
  Training: trainModel,
  "Model validation": validateModel,
  "Performance evaluation": evaluateModel,
  Finalizing: finalizeRun,
};

export const STAGES: readonly Stage<Work>[] = STAGE_NAMES.map((name) => WORK[name]);

/** The empty work of a new run. Without a pool the run's own thread does everything. */
export function createWork(
  openPool: OpenWorkerPool | null = null,
  { keepsColumns = false }: { keepsColumns?: boolean } = {},
): Work {
  return emptyWork(keepsColumns ? loadCachedTable : loadTable, openPool);
}

export type { Work } from "./work/work.ts";
