/** Fetches what a training needs, from the storage too, before the run is taken from the queue. */
import type { Datasets } from "../../datasets/datasets.ts";
import type { StoredRun } from "../../store/runs.ts";
import type { ModelRegistry } from "../results/model-registry.ts";
import type { RunInput } from "../run.ts";
import type { Attempt, Checkpoints } from "./checkpoints.ts";

interface Sources {
  datasets: Datasets;
  models: ModelRegistry;
  checkpoints: Checkpoints;
}

/** `release`: the file may be evicted from this machine again. Throws AppError, StorageUnavailable. */
export async function prepareRun(
  run: StoredRun,
  attempt: Attempt,
  { datasets, models, checkpoints }: Sources,
): Promise<{ input: RunInput; release: () => void }> {
  const dataset = await datasets.findReady(run.datasetId, run.datasetVersion);
  const { plan, rows, columns } = dataset.profile;
  const release = datasets.pin(dataset);
  try {
    const path = await datasets.fetch(dataset);
    await checkpoints.restore(attempt);
    const input: RunInput = {
      options: run.options,
      folder: checkpoints.folderOf(attempt),
      previous: await models.before(run.modelName),
      keepsColumns: true,
      file: { path, choices: dataset.choices },
      dataset: {
        path: datasets.tablePathOf(dataset),
        name: dataset.name,
        plan,
        rows,
        sizeBytes: dataset.sizeBytes,
        columns,
      },
    };
    return { input, release };
  } catch (error) {
    release();
    throw error;
  }
}
