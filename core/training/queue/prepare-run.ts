/** Fetches what a training needs, from the storage too, before the run is taken from the queue. */
import { fileLeaks } from "../../csv/profile/advice/leaks.ts";
import type { Datasets } from "../../datasets/datasets.ts";
import type { StoredRun } from "../../store/runs.ts";
import { planAs } from "../options/test-plan.ts";
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
  const test = await testDatasetOf(run, datasets);
  const pins = [dataset, ...(test ? [test] : [])].map((pinned) => datasets.pin(pinned));
  const release = () => {
    for (const unpin of pins) unpin();
  };
  try {
    const path = await datasets.fetch(dataset);
    const testPath = test && (await datasets.fetch(test));
    await checkpoints.restore(attempt);
    const input: RunInput = {
      options: run.options,
      folder: checkpoints.folderOf(attempt),
      previous: await models.before(run.modelName),
      keepsColumns: true,
      file: { path, choices: dataset.choices },
      ...(test && testPath && { testFile: { path: testPath, choices: test.choices } }),
      dataset: {
        path: datasets.tablePathOf(dataset),
        name: dataset.name,
        plan,
        rows,
        sizeBytes: dataset.sizeBytes,
        columns,
        ...fileLeaks(dataset.profile),
        ...(test && {
          test: {
            path: datasets.tablePathOf(test),
            name: test.name,
            plan: planAs(test.profile.plan, plan),
            rows: test.profile.rows,
          },
        }),
      },
    };
    return { input, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** Null if the test rows are part of the dataset. Throws AppError `missing` if it was deleted. */
async function testDatasetOf({ options }: StoredRun, datasets: Datasets) {
  const { testDatasetId, testDatasetVersion } = options;
  return testDatasetId === undefined ? null : datasets.findReady(testDatasetId, testDatasetVersion);
}
