/** Keeps a dataset from being deleted while a run learns from it. */
import { AppError } from "../platform/errors.ts";
import type { Handle } from "../store/database.ts";
import { runsByStatus, runsOfDataset } from "../store/runs.ts";

/** Throws AppError `conflict` if a run is queued or active. */
export async function refuseWhileTraining(
  store: Handle,
  { id, name }: { id: string; name: string },
): Promise<void> {
  const runs = await runsOfDataset(store, id);
  const busy =
    runs.find(({ status }) => status === "queued" || status === "running") ?? (await testedOn(store, id));
  if (busy) {
    throw new AppError("conflict", `Run ${busy.number} is training on ${name}`, {
      fix: "Cancel the run, or wait until it ends.",
    });
  }
}

/** The run that waits or runs and takes its test rows from it. */
async function testedOn(store: Handle, id: string) {
  const [queued, running] = [await runsByStatus(store, "queued"), await runsByStatus(store, "running")];
  return [...queued, ...running].find(({ options }) => options.testDatasetId === id);
}
